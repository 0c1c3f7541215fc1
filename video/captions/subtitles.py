"""The captions of a whole video as WebVTT and SubRip files. Pure; both are UTF-8 with line feeds."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from video.captions.cues import Cue
from video.captions.scripts import is_right_to_left

_RLM = "\u200f"


@dataclass(frozen=True, slots=True)
class Subtitle:
    """Lines shown from one frame of the video, counted from 0, up to another, which is no longer of it."""

    lines: tuple[str, ...]
    first_frame: int
    end_frame: int


def subtitles_of(cues: Iterable[Cue], window_first_frame: int) -> tuple[Subtitle, ...]:
    """A scene's cues at their place in the video; `window_first_frame` is where the scene's speech window begins."""
    return tuple(
        Subtitle(cue.lines, window_first_frame + cue.first_frame, window_first_frame + cue.first_frame + cue.frames)
        for cue in cues
    )


def webvtt(subtitles: Sequence[Subtitle], fps: int) -> str:
    """A WebVTT file. Times are rounded to milliseconds; no two cues overlap that did not before."""
    blocks = ["WEBVTT"]
    for number, subtitle in enumerate(subtitles, start=1):
        times = f"{_time(subtitle.first_frame, fps, '.')} --> {_time(subtitle.end_frame, fps, '.')}"
        lines = [html.escape(line, quote=False) for line in _clean(subtitle)]
        blocks.append("\n".join([str(number), times, *lines]))
    return "\n\n".join(blocks) + "\n"


def srt(subtitles: Sequence[Subtitle], fps: int) -> str:
    """A SubRip file. It has no escapes, so what players would take for markup is kept apart by an invisible joiner."""
    blocks = []
    for number, subtitle in enumerate(subtitles, start=1):
        times = f"{_time(subtitle.first_frame, fps, ',')} --> {_time(subtitle.end_frame, fps, ',')}"
        lines = [line.replace("<", "<\u2060").replace("{\\", "{\u2060\\") for line in _clean(subtitle)]
        blocks.append("\n".join([str(number), times, *lines]))
    return "\n\n".join(blocks) + ("\n" if blocks else "")


def _clean(subtitle: Subtitle) -> list[str]:
    """Lines without control characters, which could end a cue, and none empty. In a text written from right to left,
    each line says so, whatever it begins with."""
    mark = _RLM if is_right_to_left("".join(subtitle.lines)) else ""
    lines = []
    for line in subtitle.lines:
        visible = "".join(char if char >= " " and char not in "\x7f\x85\u2028\u2029" else " " for char in line)
        words = " ".join(visible.encode("utf-8", "replace").decode().split(" ")).strip()
        if words:
            lines.append(mark + words)
    return lines


def _time(frame: int, fps: int, point: str) -> str:
    milliseconds = round(Fraction(frame * 1000, fps))
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"
