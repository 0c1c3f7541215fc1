"""Captions and titles as pictures with transparency: what is to be drawn, and drawing it.

`caption_lettering` and `title_lettering` decide everything and know the picture's hash; `render_overlays` draws those
that are not there yet, all in one run of ffmpeg, whose libass orders and shapes the letters of every script.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final, TypeVar

from fontTools.ttLib import TTLibError  # type: ignore[import-untyped]
from PIL import Image

from domain.errors import JobErrorCode, WorkFailed
from domain.rendering import Captions
from video.captions.ass import FRAMES_A_SECOND, AssFrame, AssLine, ass_file, visible
from video.captions.cues import balanced
from video.captions.drawing import Drawn, finish, position_of
from video.captions.fonts import FontFile, FontLibrary, Run, locale_of
from video.captions.looks import LOOKS, TITLE, Look, em_pixels, safe_area, title_em_pixels
from video.captions.scripts import script_of
from video.captions.typefaces import Typeface, make_typeface
from video.failures import file_trouble
from video.runner import run_ffmpeg

OVERLAY_VERSION: Final = 1
"""To be raised when the same lettering gives other pixels than before."""
SUBJECT: Final = "The captions"
TITLE_CELLS: Final = {True: 24, False: 15}
_ABOVE, _BELOW = 2.0, 1.2
_GLOW_REACH: Final = 2.2
"""How far a blurred shade is to be seen, in its own sizes."""
_LINE_PITCH: Final = 1.27
# Scripts with marks high above or far below their letters need more room between lines.
_PITCHES: Final = {
    "Arabic": 1.5,
    "Devanagari": 1.5,
    "Bengali": 1.5,
    "Thai": 1.5,
    "Lao": 1.5,
    "Khmer": 1.6,
    "Burmese": 1.7,
    "Tibetan": 1.6,
    "Chinese": 1.36,
    "Japanese": 1.36,
    "Korean": 1.36,
}
_NO_FONTS: Final = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>'
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lettering:
    """All that decides the pixels of one overlay.

    `em` is the letters' size and `base` the base line of the last line, in pixels of the video, whose size is `width`
    and `height`; lines wider than `room` pixels are drawn smaller. `ffmpeg` identifies the build.
    """

    lines: tuple[tuple[Run, ...], ...]
    look: Look
    em: float
    pitch: float
    base: float
    room: float
    width: int
    height: int
    ffmpeg: str

    @property
    def sha256(self) -> str:
        """Of what it is made of; fonts count by their content, not by where they lie."""
        runs = [[(run.text, run.font.sha256, run.font.index) for run in line] for line in self.lines]
        values = {
            **{field.name: getattr(self, field.name) for field in dataclasses.fields(self)},
            "lines": runs,
            "look": dataclasses.asdict(self.look),
            "version": OVERLAY_VERSION,
        }
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def caption_lettering(
    lines: Sequence[str],
    *,
    style: Captions,
    width: int,
    height: int,
    library: FontLibrary,
    ffmpeg: str,
    context: str = "",
) -> Lettering | None:
    """How a cue's lines are drawn; None if there is nothing to draw, or no font for all of it.

    `context` is the text that the lines are from (the scene's, or the whole script's): it tells Japanese from Chinese.
    """
    if style is Captions.NONE:
        return None
    look, em, safe = LOOKS[style], em_pixels(style, width, height), safe_area(width, height)
    runs = _runs(lines, library, context, title=False)
    if runs is None:
        return None
    edge = look.box.above if look.box else look.outline + look.glow * _GLOW_REACH
    side = look.box.side if look.box else look.outline + look.glow * _GLOW_REACH
    return Lettering(
        lines=runs,
        look=look,
        em=round(em, 2),
        pitch=_pitch(lines),
        base=round(safe.bottom - (0.25 + edge) * em),
        room=round(safe.right - safe.left - 2 * side * em, 2),
        width=width,
        height=height,
        ffmpeg=ffmpeg,
    )


def title_lettering(title: str, *, width: int, height: int, library: FontLibrary, ffmpeg: str) -> Lettering | None:
    """How a title is drawn in the middle of the frame, in a display serif if that has its letters; None as above."""
    wide = width * 10 >= height * 8
    lines = balanced(title, TITLE_CELLS[wide])
    runs = _runs(lines, library, title, title=True)
    if runs is None:
        return None
    em = title_em_pixels(width, height)
    pitch = max(1.16, _pitch(lines) - 0.1)
    # The middle of the letters, with the rule below them, is in the middle of the frame.
    base = height * 0.5 + ((len(lines) - 1) * pitch / 2 + 0.1) * em
    return Lettering(runs, TITLE, round(em, 2), pitch, round(base), round(width * 0.82, 2), width, height, ffmpeg)


def _runs(
    lines: Sequence[str], library: FontLibrary, context: str, *, title: bool
) -> tuple[tuple[Run, ...], ...] | None:
    locale = locale_of(context or "".join(lines))
    drawn = [text for line in lines if (text := " ".join(visible(line).split()))]
    found = [library.runs(line, locale=locale, title=title) for line in drawn]
    whole = [runs for runs in found if runs]
    return tuple(whole) if whole and len(whole) == len(found) else None


def _pitch(lines: Sequence[str]) -> float:
    return max((_PITCHES.get(script_of(char) or "", _LINE_PITCH) for line in lines for char in line), default=1.0)


async def render_overlays(
    letterings: Sequence[Lettering], *, folder: Path, ffmpeg: str, threads: int = 1, timeout: float | None = None
) -> dict[str, Drawn]:
    """Draw each lettering once, as `{sha256}.png` in `folder`; those that are there already are not drawn again.

    The answer is by `sha256`, without those that turned out to have no ink. Files appear whole or not at all.

    Raises:
        WorkFailed: ffmpeg or the disk failed, or a font cannot be used.
    """
    wanted, known = await _in_thread(functools.partial(_known, letterings, folder))
    missing = {key: lettering for key, lettering in wanted.items() if key not in known}
    sizes = {(lettering.width, lettering.height) for lettering in missing.values()}
    for size in sorted(sizes):
        batch = {key: each for key, each in missing.items() if (each.width, each.height) == size}
        known |= await _render_batch(batch, folder, ffmpeg, threads, timeout)
    return known


def _known(
    letterings: Sequence[Lettering], folder: Path, stop: threading.Event
) -> tuple[dict[str, Lettering], dict[str, Drawn]]:
    """All that are wanted, and what of them is there already."""
    wanted = {lettering.sha256: lettering for lettering in letterings if not stop.is_set()}
    known: dict[str, Drawn] = {}
    for key in wanted:
        if not stop.is_set() and (drawn := position_of(folder / f"{key}.png", key)):
            known[key] = drawn
    return wanted, known


async def _render_batch(
    batch: dict[str, Lettering], folder: Path, ffmpeg: str, threads: int, timeout: float | None
) -> dict[str, Drawn]:
    """In two passes if a line turned out wider than its room: the second is with what it can take at most."""
    with file_trouble(SUBJECT), tempfile.TemporaryDirectory(prefix="captions-", ignore_cleanup_errors=True) as name:
        work = Path(name)
        faces = await _in_thread(functools.partial(_typefaces, list(batch.values()), work))
        found: dict[str, Drawn] = {}
        for likely in (True, False):
            sheet = await _in_thread(functools.partial(_sheet, batch, faces, likely, work))
            await run_ffmpeg(
                _arguments(ffmpeg, sheet.width, sheet.height, len(sheet.frames), threads),
                subject=SUBJECT,
                timeout=timeout,
                folder=work,
                environment={"FONTCONFIG_FILE": str(work / "fonts.conf")},
            )
            drawn, too_wide = await _in_thread(functools.partial(_finish, sheet, work, folder))
            found |= drawn
            batch = {key: batch[key] for key in too_wide if likely}
            if not batch:
                break
        return found


def _arguments(ffmpeg: str, width: int, height: int, frames: int, threads: int) -> list[str]:
    """To be run in the folder of `captions.ass`: names in filters would need escaping."""
    canvas = f"color=c=black:s={width}x{height}:r={FRAMES_A_SECOND},format=rgb24"
    quiet = [ffmpeg, "-hide_banner", "-nostdin", "-loglevel", "error", "-progress", "pipe:1"]
    drawing = ["-filter_threads", f"{threads}", "-f", "lavfi", "-i", canvas]
    filters = ["-vf", "ass=captions.ass:fontsdir=fonts:shaping=complex"]
    output = ["-frames:v", f"{frames}", "-c:v", "png", "-compression_level", "1", "-threads", f"{threads}"]
    return [*quiet, *drawing, *filters, *output, "-f", "image2", "-start_number", "0", "%06d.png"]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What one run of ffmpeg draws: a frame for each lettering, on a canvas of this size."""

    letterings: dict[str, Lettering]
    frames: list[AssFrame]
    width: int
    height: int


Faces = dict[tuple[FontFile, int], Typeface]


def _sheet(letterings: dict[str, Lettering], faces: Faces, likely: bool, work: Path, stop: threading.Event) -> _Sheet:
    """Written to `captions.ass` in `work`."""
    sizes = {key: _fitting_em(lettering, faces, likely) for key, lettering in letterings.items()}
    tallest = max(
        ((len(each.lines) - 1) * each.pitch + _ABOVE + _BELOW) * sizes[key] for key, each in letterings.items()
    )
    height = 2 * ceil(tallest / 2)
    frames = [_frame(lettering, sizes[key], height, faces) for key, lettering in letterings.items()]
    width = next(iter(letterings.values())).width
    if not stop.is_set():
        (work / "captions.ass").write_text(ass_file(frames, width, height), encoding="utf-8")
    return _Sheet(letterings, frames, width, height)


def _typefaces(letterings: Sequence[Lettering], work: Path, stop: threading.Event) -> Faces:
    folder = work / "fonts"
    folder.mkdir()
    (work / "fonts.conf").write_text(_NO_FONTS)
    needed: dict[tuple[FontFile, int], set[str]] = {}
    for lettering in letterings:
        for run in (run for line in lettering.lines for run in line):
            needed.setdefault((run.font, lettering.look.weight), set()).update(run.text)
    faces: Faces = {}
    for number, ((font, weight), letters) in enumerate(needed.items()):
        if stop.is_set():
            break
        try:
            faces[font, weight] = make_typeface(
                font, weight=weight, letters=letters, name=f"face{number}", folder=folder
            )
        except (TTLibError, ValueError, KeyError, AssertionError, AttributeError, TypeError, EOFError):
            raise WorkFailed(
                JobErrorCode.INTERNAL,
                f"{SUBJECT} could not be drawn: the font {font.path.name} is damaged. Replace or remove it, then ask "
                "for the video again.",
                retryable=False,
            ) from None
    return faces


def _fitting_em(lettering: Lettering, faces: Faces, likely: bool) -> float:
    """The size at which the widest line keeps to its room, and all lines to the upper edge of the safe area."""

    def width(run: Run) -> float:
        face = faces[run.font, lettering.look.weight]
        return face.likely_width(run.text) if likely else face.most_width(run.text)

    widest = max(sum(map(width, line)) for line in lettering.lines)
    ems_high = (len(lettering.lines) - 1) * lettering.pitch + 1.3
    space = lettering.base - safe_area(lettering.width, lettering.height).top
    em = min(lettering.em, lettering.room / widest if widest else lettering.em, space / ems_high)
    return round(max(em, 1.0), 2)


def _frame(lettering: Lettering, em: float, height: int, faces: Faces) -> AssFrame:
    last = height - ceil(_BELOW * em)
    count = len(lettering.lines)
    lines = tuple(
        AssLine(
            tuple((faces[run.font, lettering.look.weight].name, run.text) for run in line),
            x=lettering.width / 2,
            base=round(last - (count - 1 - index) * lettering.pitch * em),
        )
        for index, line in enumerate(lettering.lines)
    )
    return AssFrame(lines, lettering.look, em)


def _finish(sheet: _Sheet, work: Path, folder: Path, stop: threading.Event) -> tuple[dict[str, Drawn], list[str]]:
    """The overlays in their files, and the keys of those whose words are wider than they may be."""
    found: dict[str, Drawn] = {}
    too_wide: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    for index, ((key, lettering), frame) in enumerate(zip(sheet.letterings.items(), sheet.frames, strict=True)):
        if stop.is_set():
            break
        with Image.open(work / f"{index:06}.png", formats=["PNG"]) as canvas:
            pixels = finish(canvas, frame, top=round(lettering.base) - frame.lines[-1].base)
        if pixels is None:
            continue
        if pixels.width > lettering.width - 2 * safe_area(lettering.width, lettering.height).left + 1:
            too_wide.append(key)
        partial = folder / f"{key}.{os.getpid()}.partial"
        try:
            pixels.save(partial)
            partial.replace(folder / f"{key}.png")
        finally:
            partial.unlink(missing_ok=True)
        found[key] = Drawn(folder / f"{key}.png", key, pixels.x, pixels.y, pixels.width, pixels.height)
    return found, too_wide


async def _in_thread(work: Callable[[threading.Event], T]) -> T:
    """Run `work` in a thread and wait for its end even when cancelled, so that nothing is written afterwards."""
    stop = threading.Event()
    task: asyncio.Task[T] = asyncio.create_task(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([task])
        raise
