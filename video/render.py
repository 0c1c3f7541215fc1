"""From a timeline to a finished file: take what is cached, make the rest, join, check, publish.

The file appears under its name complete or not at all. Whatever happens, nothing is left behind but finished segments
in the cache, from which a retry goes on: no partial file, no process. Only a SIGKILL of this process can leave a
`render-*` folder in `work_dir` and a `.NAME.*.partial` beside the output; whoever owns those folders may delete such
files when no render is running.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from threading import Event

from domain.errors import JobErrorCode, WorkFailed
from video.arguments import join_arguments, join_list
from video.cache import SegmentCache, seal
from video.checks import VideoFacts, check_picture, check_segment, check_video, picture_facts
from video.failures import bad_video, disk_full, file_trouble, too_slow
from video.frames.motion import choose_path
from video.orders import Overlay, SegmentKind, SegmentOrder
from video.pool import COMMAND, Maker
from video.progress import Meter, OnProgress, Progress, Step, cost
from video.runner import even_if_cancelled, identify, run_ffmpeg
from video.space import check_space, is_full
from video.timeline import Segment, Timeline
from video.work import each, in_runs

__all__ = ["Progress", "Rendered", "Step", "render_video"]

VIDEO = "The video"
WORTH_A_MAKER = 5000.0
"""In the milliseconds of `video.progress.cost`: for less, starting another process is not worth it."""
Prepare = Callable[[Sequence[SegmentOrder]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was made: the facts of the file, the timeline with all that was settled on the way, a key that is the same
    for the same pictures, and how many segments were made anew and taken from the cache."""

    facts: VideoFacts
    timeline: Timeline
    key: str
    made: int
    reused: int


@dataclass(frozen=True, slots=True)
class _Item:
    """A segment, what is to be made of it, and the name of its file."""

    segment: Segment
    order: SegmentOrder
    subject: str

    @property
    def name(self) -> str:
        return f"segment_{self.segment.index:06d}.mp4"


async def render_video(
    timeline: Timeline,
    *,
    output: Path,
    work_dir: Path,
    ffmpeg: str,
    cache: SegmentCache | None = None,
    overlays: Mapping[int, Sequence[Overlay]] | None = None,
    prepare: Prepare | None = None,
    audio: Path | None = None,
    on_progress: OnProgress | None = None,
    threads: int = 1,
    parallel: int = 1,
    timeout: float = 3600.0,
    stall_timeout: float = 120.0,
    maker: tuple[str, ...] = COMMAND,
) -> Rendered:
    """Render `timeline` to `output` (an MP4, replaced if it is there) and return what was made.

    `overlays` are laid over the bodies of scenes, by the scene's index in the timeline; `prepare` is awaited with the
    orders that will be made, before any is, so that the pictures of their overlays can be there. `audio` is a
    finished AAC track in an MP4 file, as long as the video; it is not encoded again.

    At most `parallel` processes of `threads` threads each encode at once. `timeout` is for the whole render,
    `stall_timeout` for a process that does not get on, both in seconds. `work_dir` should be on one file system with
    the cache. A scene's hash is believed: the picture is read, and compared with it, only when it is rendered.
    Raises `WorkFailed`; what `on_progress` and `prepare` raise ends the render too.
    """
    meter = Meter(len(timeline.scenes), on_progress, max(1, parallel))
    partial = output.with_name(f".{output.name}.{secrets.token_hex(4)}.partial")
    folder: Path | None = None
    try:
        async with asyncio.timeout(timeout) as clock:
            with file_trouble(VIDEO):
                folder = Path(tempfile.mkdtemp(prefix="render-", dir=work_dir))
            render = _Render(folder, ffmpeg, threads, max(1, parallel), stall_timeout, maker, cache, meter)
            rendered = await render.make(timeline, partial, overlays or {}, prepare, audio)
        # Not in a thread, which a cancellation could not stop: from here on there is no way back.
        with file_trouble(VIDEO):
            _publish(partial, output)
        return rendered
    except TimeoutError:
        if clock.expired():
            raise too_slow(VIDEO, timeout) from None
        raise
    finally:
        with suppress(OSError):
            partial.unlink()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        if cache is not None:
            cache.shrink()


@dataclass
class _Render:
    folder: Path
    ffmpeg: str
    threads: int
    parallel: int
    stall_timeout: float
    maker: tuple[str, ...]
    cache: SegmentCache | None
    meter: Meter
    encoding: bytes | None = None
    owners: dict[str, str] = field(default_factory=dict)

    async def make(
        self,
        timeline: Timeline,
        partial: Path,
        overlays: Mapping[int, Sequence[Overlay]],
        prepare: Prepare | None,
        audio: Path | None,
    ) -> Rendered:
        """Make the video in `partial`, with its bytes on the disk."""
        await self.meter.enter(Step.PREPARING)
        settled = await self._settled(timeline)
        self.owners = {str(scene.picture.absolute()): scene.subject for scene in reversed(settled.scenes)}
        orders = settled.orders(ffmpeg=await identify(self.ffmpeg), threads=self.threads, overlays=overlays)
        items = [
            _Item(segment, order, settled.subject(segment))
            for segment, order in zip(settled.segments, orders, strict=True)
        ]
        missing = await self._missing(items)
        self.meter.expect([(item.segment.index, item.order) for item in missing], total_frames=settled.total_frames)
        self.meter.completed = len(settled.scenes) - sum(map(_is_body, missing))
        with file_trouble(VIDEO):
            await asyncio.to_thread(self._check_space, items, missing, partial, audio)
        await self._check_pictures(settled, missing)
        if prepare is not None and missing:
            await prepare([item.order for item in missing])
        await self.meter.enter(Step.RENDERING)
        await self._make_all(missing)
        await self.meter.enter(Step.JOINING)
        await self._join(settled, items, partial, audio)
        await self.meter.enter(Step.CHECKING)
        facts = await asyncio.to_thread(check_video, partial, settled, sound=audio is not None, decode=bool(missing))
        await asyncio.to_thread(_flush, partial)
        await self.meter.joined(1.0)
        key = hashlib.sha256("".join(order.key for order in orders).encode()).hexdigest()
        return Rendered(facts, settled, key, len(missing), len(items) - len(missing))

    async def _settled(self, timeline: Timeline) -> Timeline:
        """The same with the hash of every picture and the path of every camera."""
        scenes = list(timeline.scenes)

        async def settle(index: int) -> None:
            scene = scenes[index]
            moves = timeline.moves(scene)
            if scene.sha256 is None or (moves and not scene.path):
                facts = await asyncio.to_thread(picture_facts, scene)
                sha256 = scene.sha256 or facts.sha256
                aspect = facts.aspect * timeline.spec.height / timeline.spec.width
                path = scene.path or (choose_path(sha256, aspect) if moves else "")
                scenes[index] = replace(scene, sha256=sha256, path=path)

        await each(range(len(scenes)), self.parallel, settle)
        return replace(timeline, scenes=tuple(scenes))

    async def _missing(self, items: Sequence[_Item]) -> list[_Item]:
        """Those that are not in the cache. The others are put in place, where nobody can take them away."""
        cache, stop = self.cache, Event()
        if cache is None:
            return list(items)

        def take() -> list[_Item]:
            return [item for item in items if stop.is_set() or not cache.take(item.order.key, self.folder / item.name)]

        taking = asyncio.ensure_future(asyncio.to_thread(take))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:  # nothing may be put into the folder while it is being removed
            stop.set()
            await even_if_cancelled(taking)
            raise

    def _check_space(self, items: Sequence[_Item], missing: Sequence[_Item], partial: Path, audio: Path | None) -> None:
        there = {item.segment.index for item in items} - {item.segment.index for item in missing}
        known = sum((self.folder / item.name).stat().st_size for item in items if item.segment.index in there)
        known += audio.stat().st_size if audio is not None else 0
        check_space(
            [item.order for item in missing], known=known, work=self.folder, output=partial.parent, cache=self.cache
        )

    async def _check_pictures(self, timeline: Timeline, missing: Sequence[_Item]) -> None:
        shown = sorted({index for item in missing for index in item.segment.scenes})

        async def check(index: int) -> None:
            await asyncio.to_thread(check_picture, timeline.scenes[index])

        await each(shown, self.parallel, check)

    async def _make_all(self, missing: Sequence[_Item]) -> None:
        """Each maker gets a run of neighbours, so that it has their pictures still at hand."""
        costs = sum(cost(item.order) for item in missing)
        runs = in_runs(missing, min(self.parallel, len(missing), ceil(costs / WORTH_A_MAKER)))

        async def work(mine: int) -> None:
            maker = Maker(self.ffmpeg, self.folder, self.stall_timeout, self.maker)
            try:
                while item := runs.next(mine):
                    await self._make(item, maker)
            finally:
                await maker.aclose()

        await each(range(runs.count), runs.count, work)

    async def _make(self, item: _Item, maker: Maker) -> None:
        made = self.folder / item.name

        async def on_frame(frame: int) -> None:
            await self.meter.rendered(item.segment.index, frame)

        try:
            await maker.make(item.order, made, item.subject, on_frame, self.owners)
        except WorkFailed as failure:
            if failure.code is JobErrorCode.INTERNAL and is_full(self.folder):  # it may not even have room to say so
                raise disk_full(item.subject) from None
            raise
        encoding = await asyncio.to_thread(check_segment, made, item.order, item.subject)
        self.encoding = self.encoding or encoding
        if encoding != self.encoding:
            raise bad_video("its segments were not encoded alike")
        if self.cache is not None:
            with file_trouble(item.subject):
                await asyncio.to_thread(seal, made)
            await asyncio.to_thread(self.cache.keep, item.order.key, made)
        await self.meter.finished(item.segment.index, scene=_is_body(item))

    async def _join(self, timeline: Timeline, items: Sequence[_Item], partial: Path, audio: Path | None) -> None:
        segment_list = self.folder / "segments.ffconcat"
        with file_trouble(VIDEO):
            text = join_list(timeline.spec, [(item.name, item.segment) for item in items])
            segment_list.write_text(text, encoding="ascii")

        async def joined(frame: int) -> None:
            await self.meter.joined(0.8 * frame / timeline.total_frames)

        arguments = join_arguments(
            ffmpeg_binary=self.ffmpeg, list_name=segment_list.name, output=partial, spec=timeline.spec, audio=audio
        )
        await run_ffmpeg(
            arguments, subject=VIDEO, stall_timeout=self.stall_timeout, on_frame=joined, folder=self.folder
        )


def _is_body(item: _Item) -> bool:
    return item.segment.kind is SegmentKind.BODY


def _flush(path: Path) -> None:
    with file_trouble(VIDEO), path.open("rb+") as file:
        os.fsync(file.fileno())


def _publish(partial: Path, output: Path) -> None:
    os.replace(partial, output)
    folder = os.open(output.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
