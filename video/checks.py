"""Nothing is believed that can be looked at: pictures before rendering, the video after it.

The pictures come from providers and are not trusted: each must be the file that was approved, and its maker decodes it
in full (`video.frames.stills`). ffmpeg's exit code is not trusted either: what it made is read back, packet by packet.
These functions block; they run in threads.
"""

from __future__ import annotations

import hashlib
import stat
import struct
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

from video.failures import bad_picture, bad_segment, bad_video, missing_picture, storage_failed
from video.orders import SegmentOrder
from video.timeline import Timeline, TimelineScene

PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
MOST_PIXELS = 40_000_000
MOST_BYTES = 256_000_000
BT709, LIMITED_RANGE = 1, 1
SLICES, IDR = (1, 2, 3, 4, 5), 5  # NAL unit types of H.264
COLOURS = (BT709, BT709, BT709, LIMITED_RANGE)


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What a picture file says at its beginning, and its hash. Sizes are in pixels, before it is turned upright."""

    sha256: str
    width: int
    height: int

    @property
    def aspect(self) -> float:
        return self.width / self.height


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """Of the sound in a video: `duration` in seconds is what is played, without the encoder's priming."""

    codec: str
    duration: Fraction


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
    closed_groups: bool
    index_first: bool
    sound: SoundFacts | None = None

    @property
    def duration_seconds(self) -> float:
        return float(self.duration)


def check_picture(scene: TimelineScene) -> None:
    """Raise `WorkFailed`, naming the scene, unless its picture begins as a PNG of sane size and has the hash that the
    scene has for it. It is decoded where it is used."""
    facts = picture_facts(scene)
    if scene.sha256 is not None and facts.sha256 != scene.sha256.lower():
        raise bad_picture(scene.subject, "the file is not the one that was approved")


def picture_facts(scene: TimelineScene) -> PictureFacts:
    """Without decoding it. Raises `WorkFailed` unless it begins as a PNG of sane size."""
    content = _content(scene)
    width, height = _size(scene.subject, content)
    return PictureFacts(hashlib.sha256(content).hexdigest(), width, height)


def inspect_video(path: Path) -> VideoFacts:
    """Read every packet of an MP4 file. Raises `WorkFailed` when it cannot be read as a video."""
    try:
        byte_size = path.stat().st_size
        with opened(path) as container:
            stream = container.streams.video[0]
            context, time_base = stream.codec_context, stream.time_base or Fraction(0)
            tracks = container.streams.audio
            pictures = _pictures(container, stream)
            return VideoFacts(
                width=context.width,
                height=context.height,
                fps=stream.average_rate or Fraction(0),
                frames=pictures.frames,
                duration=(stream.duration or 0) * time_base,
                byte_size=byte_size,
                codec=context.name,
                pixel_format=context.pix_fmt or "",
                colours=(context.color_primaries, context.color_trc, context.colorspace, context.color_range),
                even_frames=pictures.even,
                closed_groups=pictures.closed,
                index_first=_index_first(path),
                sound=_sound(tracks[0]) if tracks else None,
            )
    except (av.FFmpegError, IndexError):
        raise bad_video("it cannot be read back") from None
    except OSError as error:
        raise storage_failed("The video", error) from None


def check_video(path: Path, timeline: Timeline, *, sound: bool = False, decode: bool = True) -> VideoFacts:
    """The facts of a video that is exactly what the timeline asks for. Raises `WorkFailed` for any other.

    `decode` tries its first and its last frames too.
    """
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
        ("independence of groups of frames", facts.closed_groups, True),
        ("place of the index", facts.index_first, True),
        ("sound", facts.sound, SoundFacts("aac", timeline.duration) if sound else None),
    )
    for what, found, wanted in expectations:
        if found != wanted:
            raise bad_video(f"its {what} is {found}, not {wanted}")
    if decode:
        _check_ends(path, spec.fps)
    return facts


def check_segment(path: Path, order: SegmentOrder, subject: str) -> bytes:
    """Raise `WorkFailed` unless a segment can be joined: whole, of closed groups, its frames evenly spaced.

    Returns how it was encoded, which must be the same for all segments of a video.
    """
    try:
        with opened(path) as container:
            stream = container.streams.video[0]
            pictures = _pictures(container, stream)
            encoding = stream.codec_context.extradata or b""
            ticks = pictures.step * (stream.time_base or 0)
    except (av.FFmpegError, IndexError):
        raise bad_segment(subject, "it cannot be read back") from None
    except OSError as error:
        raise storage_failed(subject, error) from None
    if pictures.frames != order.frames:
        raise bad_segment(subject, f"it has {pictures.frames} frames, not {order.frames}")
    if not (pictures.even and pictures.closed and ticks in (Fraction(1, order.fps), 0)):
        raise bad_segment(subject, "its frames are not where they should be")
    return encoding


def _content(scene: TimelineScene) -> bytes:
    try:
        status = scene.picture.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
            raise bad_picture(scene.subject, "it is not a file")
        if status.st_size > MOST_BYTES:
            raise bad_picture(scene.subject, f"the file is larger than {MOST_BYTES // 1_000_000} MB")
        return scene.picture.read_bytes()
    except FileNotFoundError:
        raise missing_picture(scene.subject) from None
    except OSError as error:
        raise storage_failed(scene.subject, error) from None


def _size(subject: str, content: bytes) -> tuple[int, int]:
    if not content.startswith(PNG_START) or len(content) < len(PNG_START) + 8:
        raise bad_picture(subject, "it is not a PNG file")
    width, height = struct.unpack_from(">II", content, len(PNG_START))
    # Pillow has limits of its own, but at some sizes it only warns.
    if not 0 < width * height <= MOST_PIXELS:
        raise bad_picture(subject, f"{width} x {height} pixels are too few or too many")
    return width, height


def opened(path: Path) -> av.container.InputContainer:
    """An MP4 file and nothing else: no playlist, no other protocol. Raises `av.FFmpegError`."""
    return av.open(f"file:{path.absolute()}", format="mp4", options={"protocol_whitelist": "file"})


@dataclass(frozen=True, slots=True)
class _Pictures:
    """What the packets of a video say. `step` is from one frame to the next in ticks, 0 for a single frame."""

    frames: int
    step: int
    even: bool
    closed: bool


def _pictures(container: av.container.InputContainer, stream: av.VideoStream) -> _Pictures:
    """Of a group is closed: it begins with an IDR picture, and nothing that comes after that is shown before it."""
    moments: list[int] = []
    group, closed = None, True
    for packet in container.demux(stream):
        if packet.pts is None:
            continue
        moments.append(packet.pts)
        if packet.is_keyframe:
            group = packet.pts
            closed = closed and _is_idr(packet)
        closed = closed and group is not None and packet.pts >= group
    moments.sort()
    steps = {after - before for before, after in pairwise(moments)}
    return _Pictures(len(moments), max(steps, default=0), moments[:1] == [0] and len(steps) <= 1, closed)


def _is_idr(packet: av.Packet[Any]) -> bool:
    """Whether the first slice of a packet, NAL units with four bytes of length each, is of an IDR picture."""
    data = memoryview(packet)
    while len(data) > 4:
        kind = data[4] & 31
        if kind in SLICES:
            return kind == IDR
        data = data[4 + int.from_bytes(data[:4], "big") :]
    return False


def _sound(track: av.AudioStream) -> SoundFacts:
    return SoundFacts(track.codec_context.name, (track.duration or 0) * (track.time_base or Fraction(0)))


def _check_ends(path: Path, fps: int) -> None:
    """Decode the first frame and the last group: whole segments of one encoder stand or fall together."""
    try:
        with opened(path) as container:
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
