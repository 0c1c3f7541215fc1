"""Renders that are stopped from outside: killed, cancelled, frozen or late. Nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest
import uvloop

from domain.errors import JobErrorCode, WorkFailed
from video.checks import inspect_video
from video.render import Progress, render_video
from video.runner import run_ffmpeg
from video.timeline import Timeline

Render = Callable[..., Awaitable[Path]]
Running = Callable[..., Awaitable[psutil.Process]]


async def test_a_killed_ffmpeg_can_be_tried_again(
    long_timeline: Timeline, render: Render, running_ffmpeg: Running, assert_nothing_left: Callable[[], None]
) -> None:
    rendering = asyncio.ensure_future(render(long_timeline, parallel=2))
    await asyncio.sleep(0.2)
    (await running_ffmpeg()).kill()
    with pytest.raises(WorkFailed, match=r"^INTERNAL: Scene \d+ could not be rendered: .* SIGKILL") as failure:
        await rendering
    assert failure.value.retryable
    assert_nothing_left()


@pytest.mark.parametrize("delay", [0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.5])
async def test_a_cancelled_render_leaves_nothing(
    delay: float, long_timeline: Timeline, render: Render, assert_nothing_left: Callable[[], None]
) -> None:
    rendering = asyncio.ensure_future(render(long_timeline, parallel=2))
    await asyncio.sleep(delay)
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering
    assert_nothing_left()


async def test_being_cancelled_twice_does_not_leave_a_process(
    long_timeline: Timeline, render: Render, running_ffmpeg: Running, assert_nothing_left: Callable[[], None]
) -> None:
    rendering = asyncio.ensure_future(render(long_timeline))
    await running_ffmpeg()
    while not rendering.done():
        rendering.cancel()
        await asyncio.sleep(0)
    assert rendering.cancelled()
    assert_nothing_left()


@pytest.mark.parametrize("step", ["joining", "checking"])
async def test_a_render_cancelled_near_its_end_leaves_nothing(
    step: str,
    a_picture: Callable[..., Path],
    a_timeline: Callable[..., Timeline],
    render: Render,
    assert_nothing_left: Callable[[], None],
) -> None:
    reached = asyncio.Event()

    async def wait_there(progress: Progress) -> None:
        if progress.step == step:
            reached.set()
            await asyncio.sleep(60)

    rendering = asyncio.ensure_future(render(a_timeline(a_picture()), on_progress=wait_there))
    await reached.wait()
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering
    assert_nothing_left()


async def test_a_render_that_takes_too_long_is_stopped(
    long_timeline: Timeline, render: Render, assert_nothing_left: Callable[[], None]
) -> None:
    with pytest.raises(WorkFailed, match=r"The video was not rendered within 0\.4 seconds") as failure:
        await render(long_timeline, timeout=0.4)
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.TIMED_OUT, True)
    assert_nothing_left()


async def test_a_frozen_ffmpeg_is_stopped(
    long_timeline: Timeline, render: Render, running_ffmpeg: Running, assert_nothing_left: Callable[[], None]
) -> None:
    rendering = asyncio.ensure_future(render(long_timeline, stall_timeout=10.0))
    (await running_ffmpeg()).suspend()
    with pytest.raises(WorkFailed, match=r"Scene 1 .* no progress for 10 seconds") as failure:
        await rendering
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.TIMED_OUT, True)
    assert_nothing_left()


async def test_a_process_that_only_repeats_itself_is_stalled(a_program: Callable[[str], str]) -> None:
    program = a_program("while :; do echo frame=1; echo progress=continue; sleep 0.02; done")
    frames: list[int] = []
    before = set(psutil.Process().children(recursive=True))

    async def receive(frame: int) -> None:
        frames.append(frame)

    with pytest.raises(WorkFailed, match="no progress"):
        await run_ffmpeg([program], subject="Scene 1", stall_timeout=0.3, on_frame=receive)
    assert frames == [1]
    assert set(psutil.Process().children(recursive=True)) <= before


async def test_one_command_can_have_a_limit_of_its_own(a_program: Callable[[str], str]) -> None:
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(WorkFailed, match=r"Scene 4 was not rendered within 0\.2 seconds"):
        await run_ffmpeg([a_program("sleep 60 & sleep 60")], subject="Scene 4", timeout=0.2)
    assert set(psutil.Process().children(recursive=True)) <= before


async def test_a_flood_of_words_is_bounded_and_kept_from_people(
    a_program: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    program = a_program(
        "head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero | tr '\\0' y >&2; echo end >&2; exit 3"
    )
    with pytest.raises(WorkFailed, match="exit code 3") as failure:
        await run_ffmpeg([program], subject="Scene 1")
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.INTERNAL, False)
    assert len(failure.value.message) < 300
    assert caplog.text.strip().endswith("yyyend")
    assert len(caplog.text) < 10_000


async def test_ffmpeg_runs_politely_in_a_group_of_its_own(
    long_timeline: Timeline, render: Render, running_ffmpeg: Running
) -> None:
    rendering = asyncio.ensure_future(render(long_timeline))
    child = await running_ffmpeg()
    child.suspend()
    assert child.nice() == 19
    assert os.getpgid(child.pid) == child.ppid()  # that of its maker
    assert os.getsid(child.pid) == os.getsid(0)
    assert "HOME" not in child.environ()
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering


@pytest.mark.skipif(sys.platform != "linux", reason="children are tied to their parent on Linux only")
async def test_ffmpeg_dies_with_a_killed_parent(
    long_timeline: Timeline, work_dir: Path, output: Path, ffmpeg_binary: str, running_ffmpeg: Running
) -> None:
    picture, places = long_timeline.scenes[0].picture, {"output": output, "work_dir": work_dir}
    program = f"""
import asyncio
from pathlib import Path, PosixPath
from video.render import render_video
from domain.rendering import Motion, RenderSpec, Transition
from video.timeline import Timeline, TimelineScene

spec = RenderSpec(1280, 720, 60, scene_seconds=2, motion=Motion.HOLD, transition=Transition.CUT)
timeline = Timeline(spec, (TimelineScene(1, {picture!r}),) * 50)
asyncio.run(render_video(timeline, **{places!r}, ffmpeg={ffmpeg_binary!r}))
"""
    root = Path(sys.modules[render_video.__module__].__file__ or "").parent.parent
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=root)
    child = await running_ffmpeg(parent.pid)
    child.suspend()  # it cannot end by itself
    parent.kill()
    parent.wait()
    async with asyncio.timeout(5):
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.01)
    assert not output.exists()


def test_it_works_under_uvloop(
    a_picture: Callable[..., Path],
    a_timeline: Callable[..., Timeline],
    long_timeline: Timeline,
    render: Render,
    output: Path,
    assert_nothing_left: Callable[[], None],
) -> None:
    async def both() -> None:
        assert inspect_video(await render(a_timeline(a_picture()))).frames == 5
        output.unlink()
        with pytest.raises(WorkFailed, match="not rendered within"):
            await render(long_timeline, timeout=0.4)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(both())
    assert_nothing_left()
