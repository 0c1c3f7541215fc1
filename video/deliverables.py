"""What goes with a finished video: a poster, one frame that tells most, and a preview, a few moving seconds.

Both are taken from the video itself, at the beginnings of scenes' bodies: there a group of frames begins, so that
finding one costs the decoding of one frame, and no caption is in the way yet.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from video.cache import SegmentCache
from video.checks import opened
from video.failures import bad_video, file_trouble
from video.render import Rendered
from video.runner import even_if_cancelled
from video.timeline import Timeline

POSTER_CANDIDATES: Final = 6
POSTER_LONGEST_SIDE: Final = 1920
POSTER_QUALITY: Final = 88
PREVIEW_SCENES: Final = 6
PREVIEW_SCENE_SECONDS: Final = 0.75
PREVIEW_FPS: Final = 8
PREVIEW_LONGEST_SIDE: Final = 320
PREVIEW_QUALITIES: Final = (70, 50, 30, 10)
MOST_PREVIEW_BYTES: Final = 1_000_000
VIDEO: Final = "The video"
VERSION: Final = 1
"""To be raised when the same video gives other pictures than before."""

Pixels = NDArray[np.uint8]
Make = Callable[[Path, Timeline, Event], bytes]


@dataclass(frozen=True, slots=True)
class Still:
    """A finished picture file. Sizes are in pixels; `frames` is 1 unless it moves."""

    path: Path
    width: int
    height: int
    frames: int
    byte_size: int


class _Stopped(Exception):
    """Nobody wants the result any more."""


async def make_poster(video: Path, rendered: Rendered, output: Path, *, cache: SegmentCache | None = None) -> Still:
    """Write the most telling of some frames of the video as a JPEG. Raises `WorkFailed`."""
    return await _made(_poster, "JPEG", video, rendered, output, cache)


async def make_preview(video: Path, rendered: Rendered, output: Path, *, cache: SegmentCache | None = None) -> Still:
    """Write a few seconds of some scenes as an animated WebP of less than 1 MB. Raises `WorkFailed`."""
    return await _made(_preview, "WEBP", video, rendered, output, cache)


async def _made(
    make: Make, form: str, video: Path, rendered: Rendered, output: Path, cache: SegmentCache | None
) -> Still:
    """Under its name complete or not at all; a cancellation waits for the end of the work, which comes at once."""
    stop = Event()
    key = hashlib.sha256(f"{form} {VERSION} {rendered.key}".encode()).hexdigest()

    def work() -> Still:
        content = cache.read(key) if cache is not None else None
        if content is None:
            content = make(video, rendered.timeline, stop)
            if cache is not None:
                cache.write(key, content)
        facts = _inspected(content, form, output)
        partial = output.with_name(f".{output.name}.{secrets.token_hex(4)}.partial")
        try:
            with file_trouble(VIDEO):
                with partial.open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                if stop.is_set():
                    raise _Stopped
                os.replace(partial, output)
        finally:
            with suppress(OSError):
                partial.unlink()
        return facts

    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        stop.set()
        with suppress(Exception):
            await even_if_cancelled(working)
        with suppress(OSError):
            output.unlink()
        raise


def _poster(video: Path, timeline: Timeline, stop: Event) -> bytes:
    starts = _spread(_starts(timeline), POSTER_CANDIDATES)

    def interest(start: int) -> float:
        return _interest(next(_frames(video, timeline, start, 1, 1, PREVIEW_LONGEST_SIDE, stop)))

    best = max(starts, key=interest) if len(starts) > 1 else starts[0]
    packed = BytesIO()
    chosen = next(_frames(video, timeline, best, 1, 1, POSTER_LONGEST_SIDE, stop))
    Image.fromarray(chosen).save(packed, "JPEG", quality=POSTER_QUALITY, optimize=True)
    return packed.getvalue()


def _preview(video: Path, timeline: Timeline, stop: Event) -> bytes:
    fps = timeline.spec.fps
    step = max(1, round(fps / PREVIEW_FPS))
    count = max(1, round(PREVIEW_SCENE_SECONDS * fps / step))
    moving = [
        Image.fromarray(frame)
        for start in _spread(_starts(timeline), PREVIEW_SCENES)
        for frame in _frames(video, timeline, start, count, step, PREVIEW_LONGEST_SIDE, stop)
    ]
    for quality in PREVIEW_QUALITIES:
        packed = BytesIO()
        moving[0].save(
            packed, "WEBP", save_all=True, append_images=moving[1:], duration=round(1000 * step / fps), loop=0,
            quality=quality, method=2,
        )  # fmt: skip
        if stop.is_set():
            raise _Stopped
        if len(packed.getbuffer()) < MOST_PREVIEW_BYTES:
            break
    return packed.getvalue()


def _starts(timeline: Timeline) -> list[int]:
    """The first frames of the bodies, the title card's only if there are no others."""
    starts = [
        place.body_first_frame for scene, place in zip(timeline.scenes, timeline.places, strict=True) if scene.number
    ]
    return starts or [place.body_first_frame for place in timeline.places]


def _spread(items: Sequence[int], most: int) -> list[int]:
    count = min(most, len(items))
    return [items[index * len(items) // count] for index in range(count)]


def _frames(
    video: Path, timeline: Timeline, first: int, count: int, step: int, longest: int, stop: Event
) -> Iterator[Pixels]:
    """`count` frames from `first` on, about every `step`th, as RGB; fewer where the video ends. Raises `WorkFailed`."""
    scale = min(1.0, longest / max(timeline.spec.width, timeline.spec.height))
    width, height = (max(2, 2 * round(side * scale / 2)) for side in (timeline.spec.width, timeline.spec.height))
    wanted, given = first, 0
    try:
        with opened(video) as container:
            stream = container.streams.video[0]
            ticks = 1 / (timeline.spec.fps * (stream.time_base or 1))
            container.seek(int(first * ticks), stream=stream)
            if count > 1:  # what no other frame is made from need not be decoded, nor its blocks smoothed
                stream.codec_context.skip_frame = "NONREF"
                stream.codec_context.options = {"skip_loop_filter": "all"}
            for frame in container.decode(stream):
                if stop.is_set():
                    raise _Stopped
                if round((frame.pts or 0) / ticks) >= wanted:
                    yield _rgb(frame, width, height)
                    wanted, given = wanted + step, given + 1
                if given == count:
                    return
    except av.FFmpegError:
        raise bad_video("its pictures cannot be decoded") from None


def _rgb(frame: av.VideoFrame, width: int, height: int) -> Pixels:
    small = frame.reformat(width, height, "rgb24", src_colorspace="ITU709", interpolation="AREA")
    return small.to_ndarray()  # type: ignore[return-value]


def _interest(pixels: Pixels) -> float:
    """Contrast and colourfulness (Hasler and Süsstrunk, 2003), less for what is all but black or white."""
    small = pixels.astype(np.float32)
    red, green, blue = small[..., 0], small[..., 1], small[..., 2]
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    across, along = red - green, (red + green) / 2 - blue
    colour = np.hypot(across.std(), along.std()) + 0.3 * np.hypot(across.mean(), along.mean())
    balance = 1 - abs(float(luma.mean()) - 118) / 137
    return float((luma.std() + 0.5 * colour) * max(0.1, balance))


def _inspected(content: bytes, form: str, path: Path) -> Still:
    """Read back in full. Raises `WorkFailed`."""
    try:
        with Image.open(BytesIO(content), formats=[form]) as image:
            frames = int(getattr(image, "n_frames", 1))
            for number in range(frames):
                image.seek(number)
                image.load()
            return Still(path, image.width, image.height, frames, len(content))
    except (OSError, ValueError, SyntaxError, EOFError):
        raise bad_video("a picture of it cannot be read back") from None
