"""Which ffmpeg command joins segments to a video. Pure: lists of arguments in, nothing runs here.

Stream copy is sound because all segments were encoded with the same settings, in closed groups, at a constant frame
rate. The same inputs give the same bytes: no dates, no version tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped]

from domain.rendering import RenderSpec
from video.timeline import Segment

MP4 = {"f": "mp4", "fflags": "+bitexact", "map_metadata": -1}
TICKS_A_FRAME = 512  # timestamps count in 1/(512 fps) s, so a frame boundary is always a whole tick


def join_list(spec: RenderSpec, segments: Sequence[tuple[str, Segment]]) -> str:
    """The concat demuxer's list of (file name, segment). Names are relative to the list and need no quoting.

    Durations are written out because the demuxer adds up rounded ones: over a thousand scenes that would show.
    """
    lines = ["ffconcat version 1.0"]
    for name, segment in segments:
        start = _microseconds(segment.first_frame, spec.fps)
        end = _microseconds(segment.first_frame + segment.frames, spec.fps)
        lines += [f"file {name}", f"duration {end - start}us"]
    return "\n".join(lines) + "\n"


def join_arguments(
    *, ffmpeg_binary: str, list_name: str, output: Path, spec: RenderSpec, audio: Path | None = None
) -> list[str]:
    """Join the listed segments and the sound by stream copy, with the index in front so that players can start at once.

    To be run in the folder of the list: the demuxer reads `?` and `#` in a longer path as parts of a URL.
    """
    source = ffmpeg.input(f"file:{list_name}", f="concat", safe=1, protocol_whitelist="file")
    streams = [source.video]
    if audio is not None:
        streams.append(ffmpeg.input(_url(audio), f="mp4", protocol_whitelist="file").audio)
    stream = ffmpeg.output(
        *streams, _url(output), c="copy", **MP4, movflags="+faststart", video_track_timescale=_timescale(spec)
    )
    return _command(stream, ffmpeg_binary)


def _command(stream: Any, binary: str, *options: str) -> list[str]:
    start = [binary, "-hide_banner", "-nostdin", "-loglevel", "error", "-progress", "pipe:1", "-stats_period", "0.5"]
    arguments: list[str] = stream.compile(cmd=[*start, *options], overwrite_output=True)
    return arguments


def _url(path: Path) -> str:
    """With the protocol named, no part of a path can be taken for one."""
    return f"file:{path.absolute()}"


def _timescale(spec: RenderSpec) -> int:
    return spec.fps * TICKS_A_FRAME


def _microseconds(frame: int, fps: int) -> int:
    return round(Fraction(frame * 1_000_000, fps))
