"""From a timeline to a finished file: check, render each segment, join, check again, publish.

The file appears under its name complete or not at all. Whatever happens, nothing is left behind: no partial file,
no segment, no process. Only a SIGKILL of this process can leave a `render-*` folder in `work_dir` and a
`.NAME.*.partial` beside the output; whoever owns those folders may delete such files when no render is running.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from video.arguments import gop_frames, hold_arguments, join_arguments, join_list, still_arguments
from video.checks import VideoFacts, check_picture, check_video
from video.failures import file_trouble, too_little_space, too_slow
from video.runner import OnFrame, run_ffmpeg
from video.timeline import Segment, Timeline, TimelineScene

RENDERING_SHARE, JOINING_SHARE, CHECKING_SHARE = 0.9, 0.08, 0.02  # of the fraction that is reported
FRAME_BYTES, KEYFRAME_BYTES_A_PIXEL = 100, 0.25
VIDEO = "The video"
T = TypeVar("T")


class Step(StrEnum):
    PREPARING = "preparing"
    RENDERING = "rendering"
    JOINING = "joining"
    CHECKING = "checking"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a render is: `fraction` from 0 to 1 never goes back, `completed` of `total` scenes are rendered."""

    step: Step
    fraction: float
    completed: int
    total: int


OnProgress = Callable[[Progress], Awaitable[None] | None]


async def render_video(
    timeline: Timeline,
    *,
    output: Path,
    work_dir: Path,
    ffmpeg: str,
    on_progress: OnProgress | None = None,
    threads: int = 1,
    parallel: int = 1,
    timeout: float = 3600.0,
    stall_timeout: float = 120.0,
) -> VideoFacts:
    """Render `timeline` to `output` (an MP4, replaced if it is there) and return what was made.

    At most `parallel` processes of `threads` threads each run at once. `timeout` is for the whole render,
    `stall_timeout` for a process that does not get on, both in seconds. Raises `WorkFailed`; what `on_progress`
    raises ends the render too.
    """
    render = _Render(timeline, ffmpeg, threads, parallel, stall_timeout, _Reporter(timeline, on_progress))
    partial = output.with_name(f".{output.name}.{secrets.token_hex(4)}.partial")
    folder: Path | None = None
    try:
        async with asyncio.timeout(timeout) as clock:
            with file_trouble(VIDEO):
                _check_space(timeline, work_dir, output.parent)
                folder = Path(tempfile.mkdtemp(prefix="render-", dir=work_dir))
            facts = await render.make(folder, partial)
        # Not in a thread, which a cancellation could not stop: from here on there is no way back.
        with file_trouble(VIDEO):
            _publish(partial, output)
        return facts
    except TimeoutError:
        if clock.expired():
            raise too_slow(VIDEO, timeout) from None
        raise
    finally:
        with suppress(OSError):
            partial.unlink()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass
class _Reporter:
    """Adds up the frames of all segments. One report at a time: a slow receiver must not get them in another order."""

    timeline: Timeline
    receiver: OnProgress | None
    step: Step = Step.PREPARING
    done: dict[int, float] = field(default_factory=dict)
    completed: int = 0
    joined: float = 0.0
    checked: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def enter(self, step: Step) -> None:
        self.step = step
        await self.report()

    async def rendered(self, segment: Segment, share: float) -> None:
        self.done[segment.index] = max(self.done.get(segment.index, 0.0), min(share, 1.0) * segment.frames)
        self.completed += share >= 1.0
        await self.report()

    async def report(self) -> None:
        if self.receiver is None:
            return
        async with self.lock:
            rendered = sum(self.done.values()) / self.timeline.total_frames
            fraction = RENDERING_SHARE * rendered + JOINING_SHARE * self.joined + CHECKING_SHARE * self.checked
            answer = self.receiver(Progress(self.step, min(1.0, fraction), self.completed, len(self.timeline.scenes)))
            if inspect.isawaitable(answer):
                await answer


@dataclass(frozen=True)
class _Render:
    timeline: Timeline
    ffmpeg: str
    threads: int
    parallel: int
    stall_timeout: float
    reporter: _Reporter

    async def make(self, folder: Path, partial: Path) -> VideoFacts:
        """Make the video in `partial`, with its bytes on the disk, using `folder` for what it consists of."""
        await self.reporter.enter(Step.PREPARING)
        await _each(self.timeline.scenes, self.parallel, self._check_picture)
        await self.reporter.enter(Step.RENDERING)
        await _each(self.timeline.segments, self.parallel, lambda segment: self._render_segment(segment, folder))
        await self.reporter.enter(Step.JOINING)
        await self._join(folder, partial)
        await self.reporter.enter(Step.CHECKING)
        facts = await asyncio.to_thread(check_video, partial, self.timeline)
        await asyncio.to_thread(_flush, partial)
        self.reporter.checked = 1.0
        await self.reporter.report()
        return facts

    async def _check_picture(self, scene: TimelineScene) -> None:
        await asyncio.to_thread(check_picture, scene)

    async def _render_segment(self, segment: Segment, folder: Path) -> None:
        spec, scene = self.timeline.spec, segment.scene
        subject = f"Scene {scene.number}"
        frames = gop_frames(spec, segment)
        made = folder / _segment_name(segment)
        gop = made if frames == segment.frames else made.with_suffix(".gop.mp4")

        async def encoded(frame: int) -> None:
            await self.reporter.rendered(segment, 0.99 * min(1.0, frame / frames))

        still = still_arguments(
            ffmpeg_binary=self.ffmpeg, picture=scene.picture, output=gop, spec=spec, frames=frames, threads=self.threads
        )
        await self._run(still, subject, folder, encoded)
        if gop != made:
            hold = hold_arguments(ffmpeg_binary=self.ffmpeg, gop=gop, output=made, spec=spec, frames=segment.frames)
            await self._run(hold, subject, folder)
            with file_trouble(subject):
                gop.unlink()
        await self.reporter.rendered(segment, 1.0)

    async def _join(self, folder: Path, partial: Path) -> None:
        segment_list = folder / "segments.ffconcat"
        named = [(_segment_name(segment), segment) for segment in self.timeline.segments]
        with file_trouble(VIDEO):
            segment_list.write_text(join_list(self.timeline.spec, named), encoding="ascii")

        async def joined(frame: int) -> None:
            self.reporter.joined = min(1.0, frame / self.timeline.total_frames)
            await self.reporter.report()

        arguments = join_arguments(
            ffmpeg_binary=self.ffmpeg, list_name=segment_list.name, output=partial, spec=self.timeline.spec
        )
        await self._run(arguments, VIDEO, folder, joined)

    async def _run(self, arguments: list[str], subject: str, folder: Path, on_frame: OnFrame | None = None) -> None:
        limit = self.stall_timeout
        await run_ffmpeg(arguments, subject=subject, stall_timeout=limit, on_frame=on_frame, folder=folder)


async def _each(items: Iterable[T], parallel: int, work: Callable[[T], Awaitable[None]]) -> None:
    """Do `work` for every item, at most `parallel` at once. The first failure stops the others and is raised."""
    waiting = iter(items)

    async def take() -> None:
        for item in waiting:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, parallel)):
                group.create_task(take())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _segment_name(segment: Segment) -> str:
    return f"segment_{segment.index:06d}.mp4"


def _check_space(timeline: Timeline, *folders: Path) -> None:
    """An estimate on the safe side for usual pictures: the segments and the joined video exist at the same time."""
    spec = timeline.spec
    keyframes = sum(-(-segment.frames // spec.fps) for segment in timeline.segments)
    video = int(keyframes * spec.width * spec.height * KEYFRAME_BYTES_A_PIXEL + timeline.total_frames * FRAME_BYTES)
    devices = [folder.stat().st_dev for folder in folders]
    for folder, device in zip(folders, devices, strict=True):
        needed, free = video * devices.count(device), shutil.disk_usage(folder).free
        if free < needed:
            raise too_little_space(needed, free)


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
