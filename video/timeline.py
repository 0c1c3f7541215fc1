"""What a video consists of, in whole frames: scenes that overlap where they change, and the segments they fall into.

Pure values: no files are opened, no process is started. A scene lasts a whole number of frames and shares those of a
transition with its neighbour:

    scene   |T in|          body           |T out|
            |    |lead|speech window|tail  |     |

Motion runs over the whole scene, so that it never stops in a transition. Captions and narration live in the speech
window of the body alone: a changed caption leaves the transitions as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import ceil, floor
from pathlib import Path
from typing import Final

from domain.rendering import Motion, RenderSpec, Transition
from video.orders import Overlay, SegmentKind, SegmentOrder, Shot

LEAD_SECONDS: Final = Fraction(3, 20)
TAIL_SECONDS: Final = Fraction(7, 20)
CLOSING_SECONDS: Final = Fraction(1)
"""How long the last picture takes to go dark."""
SECONDS_WITHOUT_WORDS: Final = Fraction(4)
"""The speech window of a scene that nothing sets the length of."""
HALF: Final = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class TimelineScene:
    """One scene: the number that people know it by (0: the title card), its picture, and the picture's SHA-256.

    `seconds` is a length set by hand; without it, and without one in the spec, the length of the narration sets the
    scene's, or else how long a reader needs. `motion` and `transition`, which leads into the scene, are the spec's if
    None; `path` names how the camera moves.
    """

    number: int
    picture: Path
    sha256: str | None = None
    seconds: float | None = None
    narration_seconds: Fraction | None = None
    reading_seconds: Fraction | None = None
    motion: Motion | None = None
    transition: Transition | None = None
    path: str = ""

    @property
    def subject(self) -> str:
        """How messages begin."""
        return f"Scene {self.number}" if self.number else "The title card"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scene is in the video: `frames` from `first_frame`, the first `coming` and the last `going` shared.

    Over the last `closing` frames of its body it goes dark: the video ends with it.
    """

    first_frame: int
    frames: int
    coming: int
    going: int
    fps: int
    closing: int = 0

    @property
    def body_first_frame(self) -> int:
        """In the video."""
        return self.first_frame + self.coming

    @property
    def body_frames(self) -> int:
        """What is not shared with a neighbour; at least one."""
        return self.frames - self.coming - self.going

    @property
    def window_first_frame(self) -> int:
        """Where captions and narration begin, in frames of the body."""
        return min(_pauses(self.fps)[0], self.body_frames // 8)

    @property
    def window_frames(self) -> int:
        """How long captions and narration may last; at least one."""
        tail = min(_pauses(self.fps)[1], self.body_frames // 4)
        return self.body_frames - self.window_first_frame - tail - self.closing


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of whole frames, made by one process into one file. `index` counts from 0 in playing order.

    `scenes` are places in the timeline's scenes: one for a body, two for a transition.
    """

    index: int
    kind: SegmentKind
    first_frame: int
    frames: int
    scenes: tuple[int, ...]


@dataclass(frozen=True)
class Timeline:
    """Scenes in playing order. Raises `ValueError` without any."""

    spec: RenderSpec
    scenes: tuple[TimelineScene, ...]

    def __post_init__(self) -> None:
        if not self.scenes:
            raise ValueError("a video needs at least one scene")

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """One a scene, in playing order."""
        shared = (0, *self._transitions, 0)
        first = 0
        places: list[Place] = []
        for scene, fixed, coming, going in zip(self.scenes, self._set_by_hand, shared, shared[1:], strict=False):
            frames, closing = fixed or 0, self._closing if len(places) == len(self.scenes) - 1 else 0
            if fixed is None or scene.narration_seconds is not None:
                frames = max(frames, coming + self._body_needed(scene) + closing + going)
            closing = min(closing, (frames - coming - going) // 4)
            places.append(Place(first, frames, coming, going, self.spec.fps, closing))
            first += frames - going
        return tuple(places)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """A body for each scene, and a transition after it where there is one: together all frames of the video."""
        found: list[Segment] = []
        for index, place in enumerate(self.places):
            body = Segment(len(found), SegmentKind.BODY, place.body_first_frame, place.body_frames, (index,))
            found.append(body)
            if place.going:
                kind = _KINDS[self._transition_into(index + 1)]
                after = body.first_frame + body.frames
                found.append(Segment(len(found), kind, after, place.going, (index, index + 1)))
        return tuple(found)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What could not be as it was asked for, in words for a person."""
        return tuple(
            f"{scene.subject} lasts {place.frames / self.spec.fps:.1f} s, longer than it was set to: "
            "its narration needs that long."
            for scene, fixed, place in zip(self.scenes, self._set_by_hand, self.places, strict=True)
            if fixed is not None and place.frames > fixed
        )

    @property
    def total_frames(self) -> int:
        """Of the video."""
        last = self.places[-1]
        return last.first_frame + last.frames

    @property
    def duration(self) -> Fraction:
        """In seconds, exactly as many as the frames last."""
        return Fraction(self.total_frames, self.spec.fps)

    def moves(self, scene: TimelineScene) -> bool:
        """Whether the camera moves over its picture."""
        return (scene.motion or self.spec.motion) is not Motion.HOLD

    def subject(self, segment: Segment) -> str:
        """What messages about a segment begin with."""
        scenes = [self.scenes[index] for index in segment.scenes]
        if len(scenes) == 1:
            return scenes[0].subject
        return f"The transition to scene {scenes[1].number}"

    def orders(
        self, *, ffmpeg: str, threads: int, overlays: Mapping[int, Sequence[Overlay]] | None = None
    ) -> tuple[SegmentOrder, ...]:
        """What is to be made, one order for each segment. `overlays` are of a body, by its scene's index.

        Raises `ValueError` unless every scene has the hash of its picture.
        """
        spec, laid = self.spec, overlays or {}
        return tuple(
            SegmentOrder(
                kind=segment.kind,
                width=spec.width,
                height=spec.height,
                fps=spec.fps,
                quality=spec.quality,
                fill=spec.fill,
                frames=segment.frames,
                shots=tuple(self._shot(index, segment) for index in segment.scenes),
                overlays=tuple(laid.get(segment.scenes[0], ())) if segment.kind is SegmentKind.BODY else (),
                threads=threads,
                ffmpeg=ffmpeg,
            )
            for segment in self.segments
        )

    def _shot(self, index: int, segment: Segment) -> Shot:
        scene, place = self.scenes[index], self.places[index]
        if scene.sha256 is None:
            raise ValueError(f"the picture of {scene.subject} has no hash")
        motion = scene.motion or self.spec.motion
        frames, first = place.frames, segment.first_frame - place.first_frame
        if motion is Motion.HOLD:  # one frame is like another: neighbours' lengths must not make a difference
            frames, first = segment.frames, 0
        path = "" if motion is Motion.HOLD else scene.path
        return Shot(scene.picture, scene.sha256.lower(), motion, path, frames, first)

    @cached_property
    def _set_by_hand(self) -> tuple[int | None, ...]:
        """Frames of the scenes whose length is set by hand.

        What rounding takes from one it gives to the next, so that errors do not add up over many scenes. All other
        lengths are whole frames from the start: when one of them changes, no other scene does.
        """
        lengths: list[int | None] = []
        owed = Fraction(0)
        for scene in self.scenes:
            seconds = self.spec.scene_seconds if scene.seconds is None else scene.seconds
            if seconds is None:
                lengths.append(None)
                continue
            exact = Fraction(str(seconds)) * self.spec.fps + owed
            frames = max(1, floor(exact + HALF))
            owed = exact - frames if exact >= HALF else Fraction(0)
            lengths.append(frames)
        return tuple(lengths)

    @cached_property
    def _transitions(self) -> tuple[int, ...]:
        """Frames of the transition between each scene and the next; 0 is a cut."""
        wanted = floor(Fraction(str(self.spec.transition_seconds)) * self.spec.fps + HALF)
        found = []
        for index, pair in enumerate(pairwise(self._set_by_hand), start=1):
            # At least a third of each scene is its own.
            possible = min([wanted, *(frames // 3 for frames in pair if frames is not None)])
            found.append(possible if possible > 1 and self._transition_into(index) is not Transition.CUT else 0)
        return tuple(found)

    @property
    def _closing(self) -> int:
        """Frames of going dark at the end: none in a video of hard cuts."""
        return 0 if self.spec.transition is Transition.CUT else floor(CLOSING_SECONDS * self.spec.fps + HALF)

    def _transition_into(self, index: int) -> Transition:
        return self.scenes[index].transition or self.spec.transition

    def _body_needed(self, scene: TimelineScene) -> int:
        """Frames for what is said or read, and for the pauses before and after it."""
        words = scene.narration_seconds
        if words is None:
            words = SECONDS_WITHOUT_WORDS if scene.reading_seconds is None else scene.reading_seconds
        return ceil(words * self.spec.fps) + sum(_pauses(self.spec.fps))


def _pauses(fps: int) -> tuple[int, int]:
    """Frames before and after what is said or read."""
    return floor(LEAD_SECONDS * fps + HALF), floor(TAIL_SECONDS * fps + HALF)


_KINDS: Final = {Transition.CROSSFADE: SegmentKind.CROSSFADE, Transition.FADE_BLACK: SegmentKind.FADE_BLACK}
