"""Nothing is believed that can be looked at: pictures before rendering, the video after it.

The pictures come from providers and are not trusted, so they are decoded in full by Pillow before ffmpeg sees them.
ffmpeg's exit code is not trusted either: what it made is read back, packet by packet. These functions block; they
run in threads.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import av
from PIL import Image

from video.failures import bad_picture, bad_video, missing_picture, storage_failed
from video.timeline import Timeline, TimelineScene

PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
MOST_PIXELS = 40_000_000
MOST_BYTES = 256_000_000
BT709, LIMITED_RANGE = 1, 1
COLOURS = (BT709, BT709, BT709, LIMITED_RANGE)


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a video file holds. `colours` are primaries, transfer, matrix and range as H.264 numbers them."""

    width: int
    height: int
    fps: Fraction
    frames: int
    duration: Fraction
    byte_size: int
    codec: str
    pixel_format: str
    colours: tuple[int, int, int, int]
    even_frames: bool
    index_first: bool

    @property
    def duration_seconds(self) -> float:
        return float(self.duration)


def check_picture(scene: TimelineScene) -> None:
    """Decode a scene's picture in full. Raises `WorkFailed`, naming the scene, unless it is a whole PNG of sane size.

    With a hash in the scene, it must also be the very file that was approved.
    """
    subject = f"Scene {scene.number}"
    try:
        if scene.picture.stat().st_size > MOST_BYTES:
            raise bad_picture(subject, f"the file is larger than {MOST_BYTES // 1_000_000} MB")
        content = scene.picture.read_bytes()
    except FileNotFoundError:
        raise missing_picture(subject) from None
    except OSError as error:
        raise storage_failed(subject, error) from None
    if scene.sha256 is not None and hashlib.sha256(content).hexdigest() != scene.sha256.lower():
        raise bad_picture(subject, "the file is not the one that was approved")
    if not content.startswith(PNG_START) or len(content) < len(PNG_START) + 8:
        raise bad_picture(subject, "it is not a PNG file")
    width, height = struct.unpack_from(">II", content, len(PNG_START))
    # Pillow has limits of its own, but at some sizes it only warns.
    if not 0 < width * height <= MOST_PIXELS:
        raise bad_picture(subject, f"{width} x {height} pixels are too few or too many")
    try:
        with Image.open(BytesIO(content), formats=["PNG"]) as image:
            image.load()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        raise bad_picture(subject, "it is a damaged or incomplete PNG file") from None


def inspect_video(path: Path) -> VideoFacts:
    """Read every packet of an MP4 file. Raises `WorkFailed` when it cannot be read as a video."""
    try:
        byte_size = path.stat().st_size
        with av.open(f"file:{path.absolute()}", format="mp4", options={"protocol_whitelist": "file"}) as container:
            stream = container.streams.video[0]
            context, time_base = stream.codec_context, stream.time_base or Fraction(0)
            moments = sorted(packet.pts for packet in container.demux(stream) if packet.pts is not None)
            steps = {after - before for before, after in pairwise(moments)}
            return VideoFacts(
                width=context.width,
                height=context.height,
                fps=stream.average_rate or Fraction(0),
                frames=len(moments),
                duration=(stream.duration or 0) * time_base,
                byte_size=byte_size,
                codec=context.name,
                pixel_format=context.pix_fmt or "",
                colours=(context.color_primaries, context.color_trc, context.colorspace, context.color_range),
                even_frames=moments[:1] == [0] and (len(steps) <= 1),
                index_first=_index_first(path),
            )
    except (av.FFmpegError, IndexError):
        raise bad_video("it cannot be read back") from None
    except OSError as error:
        raise storage_failed("The video", error) from None


def check_video(path: Path, timeline: Timeline) -> VideoFacts:
    """The facts of a video that is exactly what the timeline asks for. Raises `WorkFailed` for any other."""
    facts = inspect_video(path)
    spec = timeline.spec
    expectations: tuple[tuple[str, object, object], ...] = (
        ("size", (facts.width, facts.height), (spec.width, spec.height)),
        ("number of frames", facts.frames, timeline.total_frames),
        ("length in seconds", facts.duration, timeline.duration),
        ("frame rate", facts.fps, spec.fps),
        ("codec", (facts.codec, facts.pixel_format), ("h264", "yuv420p")),
        ("colour tagging", facts.colours, COLOURS),
        ("spacing of frames", facts.even_frames, True),
        ("place of the index", facts.index_first, True),
    )
    for what, found, wanted in expectations:
        if found != wanted:
            raise bad_video(f"its {what} is {found}, not {wanted}")
    _check_ends(path, spec.fps)
    return facts


def _check_ends(path: Path, fps: int) -> None:
    """Decode the first frame and the last second: whole segments of one encoder stand or fall together."""
    try:
        with av.open(f"file:{path.absolute()}", format="mp4", options={"protocol_whitelist": "file"}) as container:
            stream = container.streams.video[0]
            first = next(container.decode(stream))
            last = first.pts or 0
            container.seek(stream.duration or 0, stream=stream)
            for frame in container.decode(stream):
                last = frame.pts or 0
            if last * (stream.time_base or 0) != (stream.duration or 0) * (stream.time_base or 0) - Fraction(1, fps):
                raise bad_video("its last frame cannot be shown")
    except (av.FFmpegError, StopIteration):
        raise bad_video("its pictures cannot be decoded") from None


def _index_first(path: Path) -> bool:
    """Whether the `moov` box precedes `mdat`, so that a player can start before it has the whole file."""
    with path.open("rb") as file:
        while len(header := file.read(8)) == 8:
            size, kind = struct.unpack(">I4s", header)
            if kind in (b"moov", b"mdat"):
                return bool(kind == b"moov")
            if size < 8:
                return False
            file.seek(size - 8, 1)
    return False
