"""The words of a video as people see them: pictures laid over the scenes, files of subtitles, and the title card."""

from __future__ import annotations

import asyncio
import os
import time
import wave
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from domain.rendering import Captions
from jobs.timing import words_first_frame, words_frames
from video.captions.cues import Cue, cues_of, line_limits
from video.captions.fonts import FontLibrary
from video.captions.hearing import Pause, heard, pauses_of
from video.captions.overlays import Lettering, caption_lettering, render_overlays, title_lettering
from video.orders import Overlay
from video.timeline import Timeline
from video.title_card import make_dark
from workflow.speeches import SpokenText
from workflow.work import VideoTask

KEPT_BYTES: Final = 200_000_000
KEPT_SECONDS: Final = 2 * 3600
"""For so long what was used is kept whatever its size: another video that is being made may need it yet."""
FADE_SECONDS: Final = 0.16
CARD_LEAD_SECONDS, CARD_FADE_SECONDS = 0.35, 0.5


@dataclass(frozen=True, slots=True)
class SceneCues:
    """The captions of one scene. Cues count frames from `first_frame`, which is the video's."""

    first_frame: int
    cues: tuple[Cue, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Lettering over `frames` of a scene's body, from its frame `first` on. `scene` is a place in the timeline, `key`
    the lettering's hash."""

    scene: int
    first: int
    frames: int
    fade: int
    lettering: Lettering
    key: str


@dataclass(frozen=True, slots=True)
class Captioning:
    """What is drawn over a video. `texts` and `clips` go with the task's scenes.

    `cards` is 1 if the timeline begins with a title card, else 0.
    """

    task: VideoTask
    timeline: Timeline
    texts: Sequence[str]
    clips: Sequence[SpokenText | None]
    fonts: FontLibrary
    ffmpeg: str
    cards: int

    def cues(self) -> list[SceneCues]:
        """One for each scene of the task, whether they are drawn or not."""
        spec = self.task.spec
        style = Captions.PLAIN if spec.captions is Captions.NONE else spec.captions
        limits = line_limits(style, spec.width, spec.height)
        found = []
        for place, text, clip in zip(self.timeline.places[self.cards :], self.texts, self.clips, strict=True):
            cues = cues_of(text, frames=words_frames(place, clip), fps=spec.fps, limits=limits)
            if clip is not None:
                cues = heard(cues, _pauses(clip.path), fps=spec.fps)
            found.append(SceneCues(words_first_frame(place), cues))
        return found

    def notes(self) -> tuple[str, ...]:
        """What cannot be drawn for want of a font."""
        if self.task.spec.captions is Captions.NONE:
            return ()
        return tuple(
            f"There is no font here for {found.script} ({found.characters}): captions with it are left out of the "
            f"picture, but are in the subtitle files. {found.remedy}"
            for found in self.fonts.missing_glyphs("\n".join(self.texts))
        )

    async def overlays(self, cues: Sequence[SceneCues], *, folder: Path, binary: str) -> dict[int, list[Overlay]]:
        """By the scene's place in the timeline. Drawn into `folder`, where what is there already is used again."""
        wanted = await asyncio.to_thread(self._wanted, cues)
        folder.mkdir(parents=True, exist_ok=True)
        drawn = await render_overlays([each.lettering for each in wanted], folder=folder, ffmpeg=binary)
        found: dict[int, list[Overlay]] = {}
        for each in wanted:
            if (picture := drawn.get(each.key)) is not None:
                overlay = Overlay(
                    picture.picture, picture.sha256, picture.x, picture.y, each.first, each.frames,
                    fade_frames=each.fade,
                )  # fmt: skip
                found.setdefault(each.scene, []).append(overlay)
        if (closing := self.timeline.places[-1].closing) > 1:
            dark = await asyncio.to_thread(make_dark, folder, width=self.task.spec.width, height=self.task.spec.height)
            first = self.timeline.places[-1].body_frames - closing
            # It would be there for as long again, but the video is over: it only comes.
            overlay = Overlay(*dark, 0, 0, first, 2 * closing, fade_frames=closing)
            found.setdefault(len(self.timeline.places) - 1, []).append(overlay)
        return found

    def _wanted(self, cues: Sequence[SceneCues]) -> list[_Wanted]:
        """Blocks: with many captions it takes seconds."""
        title = self._title() if self.cards else None
        wanted = [] if title is None else [title]
        for index, scene in enumerate(cues, self.cards):
            wanted += self._captions(index, scene)
        return wanted

    def _title(self) -> _Wanted | None:
        spec, place = self.task.spec, self.timeline.places[0]
        lettering = lettering_of_title(self.task, self.fonts, self.ffmpeg)
        if lettering is None:
            return None
        lead = min(round(CARD_LEAD_SECONDS * spec.fps), place.body_frames // 4)
        fade = self._fade(0, CARD_FADE_SECONDS)
        return _Wanted(0, lead, place.body_frames - lead, fade, lettering, lettering.sha256)

    def _captions(self, index: int, scene: SceneCues) -> list[_Wanted]:
        spec, place = self.task.spec, self.timeline.places[index]
        text = self.texts[index - self.cards]
        found = []
        for cue in scene.cues:
            lettering = caption_lettering(
                cue.lines, style=spec.captions, width=spec.width, height=spec.height, library=self.fonts,
                ffmpeg=self.ffmpeg, context=text,
            )  # fmt: skip
            if lettering is not None:
                first = place.window_first_frame + cue.first_frame
                fade = self._fade(index, FADE_SECONDS)
                found.append(_Wanted(index, first, cue.frames, fade, lettering, lettering.sha256))
        return found

    def _fade(self, index: int, seconds: float) -> int:
        """Over a picture that does not move, every frame of a fade would cost as much as a second without one."""
        moves = self.timeline.moves(self.timeline.scenes[index])
        return round(seconds * self.task.spec.fps) if moves else 0


def lettering_of_title(task: VideoTask, fonts: FontLibrary, ffmpeg: str) -> Lettering | None:
    """How the title card's title is drawn; None if nothing can be drawn of it, or not all. Blocks."""
    spec = task.spec
    return title_lettering(task.words.title or "", width=spec.width, height=spec.height, library=fonts, ffmpeg=ffmpeg)


def why_no_card(title: str, fonts: FontLibrary) -> tuple[str, ...]:
    """What to say of a title card that would have been empty. Blocks."""
    return tuple(
        f"There is no font here for {found.script} ({found.characters}) in the title: the title card is left out. "
        f"{found.remedy}"
        for found in fonts.missing_glyphs(title)
    ) or ("The title has nothing that can be seen: the title card is left out.",)


def _pauses(path: Path) -> tuple[Pause, ...]:
    try:
        return pauses_of(path)
    except (OSError, EOFError, wave.Error):  # then captions change when they should have been read
        return ()


async def forget_oldest(folder: Path) -> None:
    """Keep what was drawn for captions to a size: what was not used for longest goes first."""
    await asyncio.to_thread(_forget_oldest, folder)


def _forget_oldest(folder: Path) -> None:
    with suppress(OSError):
        files = sorted(_files_in(folder), key=lambda each: each[0].st_mtime_ns)
        size = sum(status.st_size for status, _ in files)
        in_use_since = time.time() - KEPT_SECONDS
        for status, path in files:
            if size <= KEPT_BYTES or status.st_mtime > in_use_since:
                return
            path.unlink(missing_ok=True)
            size -= status.st_size


def _files_in(folder: Path) -> list[tuple[os.stat_result, Path]]:
    """Without those that go meanwhile."""
    found = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            found.append((path.stat(), path))
    return found
