"""When what of a video is seen and heard: its timeline, and where words are in it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Final

from domain.rendering import SceneLook
from video.captions.pacing import reading_seconds
from video.timeline import Place, Timeline, TimelineScene
from workflow.speeches import SpokenText
from workflow.work import VideoTask

CARD_SECONDS: Final = 3.2
"""How long the title card is shown, with the transition out of it."""


def timeline_of(
    task: VideoTask, texts: Sequence[str], pictures: Sequence[Path], clips: Sequence[SpokenText | None],
    card: tuple[Path, str] | None,
) -> Timeline:  # fmt: skip
    """`texts` (what is said or read), `pictures` and `clips` go with the scenes of the task; `card` is the picture of
    the title card, with its hash.
    """
    looks = {look.scene_id: look for look in task.spec.scenes}
    scenes = [] if card is None else [TimelineScene(0, card[0], sha256=card[1], seconds=CARD_SECONDS)]
    parts = zip(task.words.scenes, task.images, texts, pictures, clips, strict=True)
    for number, (words, image, text, picture, clip) in enumerate(parts, 1):
        look = looks.get(words.scene_id, SceneLook(words.scene_id))
        scenes.append(
            TimelineScene(
                number,
                picture,
                sha256=image.sha256,
                seconds=look.seconds,
                narration_seconds=None if clip is None else Fraction(str(round(clip.seconds, 6))),
                reading_seconds=reading_seconds(text),
                motion=look.motion,
                transition=look.transition,
            )
        )
    return Timeline(task.spec, tuple(scenes))


def words_frames(place: Place, clip: SpokenText | None) -> int:
    """For how many frames a scene's words are there: while they are spoken, else all of their window."""
    if clip is None:
        return place.window_frames
    return min(place.window_frames, ceil(clip.seconds * place.fps))


def words_first_frame(place: Place) -> int:
    """In the video."""
    return place.body_first_frame + place.window_first_frame
