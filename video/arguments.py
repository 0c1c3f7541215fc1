"""Which ffmpeg command makes what. Pure: lists of arguments in, nothing runs here.

A scene is made in two commands. `still_arguments` encodes one closed GOP of the picture, with no B-frames and a
constant quantiser: after the first frame every macroblock is skipped, so all its frames decode to the same pixels.
`hold_arguments` repeats that GOP by stream copy for as long as the scene lasts. `join_arguments` puts the segments
one after another by stream copy, which is sound because all of them were encoded with the same settings.

Every command must give the same bytes for the same inputs: no dates, no version tags, no metadata of the pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg  # type: ignore[import-untyped]

from video.timeline import RenderSpec, Segment

# P-frames at 22, I-frames 22 - 6 * log2(2) = 16: what the first frame left over is below what the others would code.
ENCODING = {
    "vcodec": "libx264",
    "preset": "veryfast",
    "qp": 22,
    "bf": 0,
    "x264-params": "ipratio=2:rc-lookahead=0:mbtree=0:weightp=0:scenecut=0:open-gop=0",
    "pix_fmt": "yuv420p",
    "colorspace": "bt709",
    "color_primaries": "bt709",
    "color_trc": "bt709",
    "color_range": "tv",
    "flags": "+bitexact+cgop",
    "fps_mode": "passthrough",
}
MP4 = {"f": "mp4", "fflags": "+bitexact", "map_metadata": -1}
TICKS_A_FRAME = 512  # timestamps count in 1/(512 fps) s, so a frame boundary is always a whole tick
TO_YUV = {"out_color_matrix": "bt709", "out_range": "tv"}
SLIVER = 0.025
BACKDROP_SHRINK = 16
BACKDROP_BRIGHTNESS = 0.5


def gop_frames(spec: RenderSpec, segment: Segment) -> int:
    """How many frames are encoded for a segment: a second of it, which is also how finely players can seek."""
    return min(spec.fps, segment.frames)


def still_arguments(
    *, ffmpeg_binary: str, picture: Path, output: Path, spec: RenderSpec, frames: int, threads: int
) -> list[str]:
    """Encode `frames` frames of a PNG picture. The demuxer is pinned: a playlist named .png is not opened as one."""
    source = ffmpeg.input(_url(picture), f="png_pipe", framerate=spec.fps, protocol_whitelist="file", threads=threads)
    held = (
        _fitted(source, spec)
        .filter("loop", loop=frames - 1, size=1, start=0)
        .filter("settb", f"1/{spec.fps}")
        .filter("setpts", "N")
    )
    stream = ffmpeg.output(
        held,
        _url(output),
        **ENCODING,
        **MP4,
        **{"frames:v": frames, "g": spec.fps, "keyint_min": spec.fps, "video_track_timescale": _timescale(spec)},
        threads=threads,
    )
    return _command(stream, ffmpeg_binary, "-xerror", "-filter_complex_threads", str(threads))


def hold_arguments(*, ffmpeg_binary: str, gop: Path, output: Path, spec: RenderSpec, frames: int) -> list[str]:
    """Repeat one GOP up to `frames` frames. Without B-frames any prefix of a GOP decodes, so the last may be cut."""
    source = ffmpeg.input(_url(gop), f="mp4", stream_loop=-1, protocol_whitelist="file")
    stream = ffmpeg.output(
        source.video, _url(output), c="copy", **MP4, **{"frames:v": frames, "video_track_timescale": _timescale(spec)}
    )
    return _command(stream, ffmpeg_binary)


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


def join_arguments(*, ffmpeg_binary: str, list_name: str, output: Path, spec: RenderSpec) -> list[str]:
    """Join the listed segments by stream copy, with the index in front so that players can start at once.

    To be run in the folder of the list: the demuxer reads `?` and `#` in a longer path as parts of a URL.
    """
    source = ffmpeg.input(f"file:{list_name}", f="concat", safe=1, protocol_whitelist="file")
    stream = ffmpeg.output(
        source.video, _url(output), c="copy", **MP4, movflags="+faststart", video_track_timescale=_timescale(spec)
    )
    return _command(stream, ffmpeg_binary)


def _fitted(source: Any, spec: RenderSpec) -> Any:
    """The whole picture, undistorted, over a dim and blurred copy of itself that fills the frame.

    A picture that is all but as wide as the frame fills it, and loses at most `SLIVER` of one side: bars of a few
    pixels look like a mistake. Transparent parts become black. The colours are taken as sRGB whatever the file says
    of itself. Sizes are expressions because ffmpeg may turn the picture first, as its metadata asks.
    """
    width, height = spec.width, spec.height
    fills = f"lt(abs(log(iw*{height}/(ih*{width}))),{SLIVER})"
    filling = {"w": f"max(1,trunc(min(iw,ih*{width}/{height})))", "h": f"max(1,trunc(min(ih,iw*{height}/{width})))"}
    opaque = (
        source.filter("setparams", range="pc", color_primaries="bt709", color_trc="bt709")
        .filter("format", "gbrap")
        .filter("premultiply", inplace=1)
        .filter("format", "gbrp")
        .split()
    )
    picture = (
        opaque[0]
        .filter("crop", w=f"if({fills},{filling['w']},iw)", h=f"if({fills},{filling['h']},ih)")
        .filter(
            "scale",
            w=f"if({fills},{width},max(2,2*round(min({width},{height}*iw/ih)/2)))",
            h=f"if({fills},{height},max(2,2*round(min({height},{width}*ih/iw)/2)))",
            flags="lanczos+accurate_rnd+full_chroma_int+bitexact",
            **TO_YUV,
        )
        .filter("format", "yuv420p")
    )
    backdrop = _blurred(opaque[1].filter("crop", **filling), spec)
    centred = {"x": "2*trunc((main_w-overlay_w)/4)", "y": "2*trunc((main_h-overlay_h)/4)"}
    # `premultiply` marks its frames, and `overlay` would then take the black level off their last columns.
    return ffmpeg.filter([backdrop, picture], "overlay", **centred, format="yuv420", alpha="straight").filter(
        "setsar", 1
    )


def _blurred(source: Any, spec: RenderSpec) -> Any:
    """Blurred at a sixteenth of the size, which costs next to nothing."""
    width, height = (max(16, side // BACKDROP_SHRINK) for side in (spec.width, spec.height))
    return (
        source.filter("scale", w=width, h=height, flags="area")
        .filter("gblur", sigma=width / 30)
        .filter("colorchannelmixer", **dict.fromkeys(("rr", "gg", "bb"), BACKDROP_BRIGHTNESS))
        .filter("scale", w=spec.width, h=spec.height, flags="bicubic+accurate_rnd+full_chroma_int+bitexact", **TO_YUV)
        .filter("format", "yuv420p")
    )


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
