"""Every way in which a render can end badly: it says why, and nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import psutil
import pytest
import uvloop

from domain.errors import JobErrorCode, WorkFailed
from video.checks import check_video, inspect_video
from video.failures import ffmpeg_failed
from video.render import Progress, render_video
from video.runner import find_ffmpeg, run_ffmpeg
from video.timeline import Timeline

Render = Callable[..., Awaitable[Path]]
Running = Callable[..., Awaitable[psutil.Process]]
HD = (1280, 720)


@pytest.fixture
def long_timeline(a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline]) -> Timeline:
    """Some seconds of work."""
    picture = a_picture(size=(640, 360), noise=True)
    return a_timeline(*[picture] * 30, size=HD, fps=60, seconds=2)


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
    rendering = asyncio.ensure_future(render(long_timeline, stall_timeout=1.0))
    (await running_ffmpeg()).suspend()
    with pytest.raises(WorkFailed, match=r"Scene 1 .* no progress for 1 seconds") as failure:
        await rendering
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.TIMED_OUT, True)
    assert_nothing_left()


async def test_a_process_that_only_repeats_itself_is_stalled(a_program: Callable[[str], str]) -> None:
    program = a_program("while :; do echo frame=1; echo progress=continue; sleep 0.02; done")
    frames: list[int] = []

    async def receive(frame: int) -> None:
        frames.append(frame)

    with pytest.raises(WorkFailed, match="no progress"):
        await run_ffmpeg([program], subject="Scene 1", stall_timeout=0.3, on_frame=receive)
    assert frames == [1]
    assert psutil.Process().children(recursive=True) == []


async def test_one_command_can_have_a_limit_of_its_own(a_program: Callable[[str], str]) -> None:
    with pytest.raises(WorkFailed, match=r"Scene 4 was not rendered within 0\.2 seconds"):
        await run_ffmpeg([a_program("sleep 60 & sleep 60")], subject="Scene 4", timeout=0.2)
    assert not [process for process in psutil.Process().children(recursive=True) if process.is_running()]


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
    assert os.getpgid(child.pid) == child.pid
    assert os.getsid(child.pid) == os.getsid(0)
    assert set(child.environ()) == {"PATH", "LC_ALL"}
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
from video.timeline import RenderSpec, Timeline, TimelineScene

timeline = Timeline(RenderSpec(1280, 720, 60, 2), (TimelineScene(1, {picture!r}),) * 50)
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


@pytest.fixture
def a_full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KB. Only root may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or os.geteuid()
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder]).returncode
    ):
        pytest.skip("no permission to mount a small file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs")
@pytest.mark.parametrize("place", ["output", "work_dir"])
async def test_a_disk_that_runs_full(
    place: str,
    a_full_disk: Path,
    a_picture: Callable[..., Path],
    a_timeline: Callable[..., Timeline],
    render: Render,
) -> None:
    timeline = a_timeline(a_picture(noise=True, size=(320, 180)), size=(320, 180), seconds=8)
    with pytest.raises(WorkFailed, match=r"disk is full\. Free some space") as failure:
        await render(timeline, **{place: a_full_disk / "video.mp4" if place == "output" else a_full_disk})
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.STORAGE, False)
    assert list(a_full_disk.iterdir()) == []


async def test_a_file_that_may_not_grow(
    a_picture: Callable[..., Path],
    a_timeline: Callable[..., Timeline],
    render: Render,
    assert_nothing_left: Callable[[], None],
) -> None:
    timeline = a_timeline(a_picture(noise=True, size=(320, 180)), size=(320, 180), seconds=8)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(WorkFailed, match=r"Scene 1 .* disk is full") as failure:
            await render(timeline)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert failure.value.code == JobErrorCode.STORAGE
    assert_nothing_left()


async def test_too_little_space_is_noticed_before_anything_is_done(
    long_timeline: Timeline,
    render: Render,
    monkeypatch: pytest.MonkeyPatch,
    assert_nothing_left: Callable[[], None],
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10**7, 10**7))
    with pytest.raises(WorkFailed, match=r"needs about 28 MB .* 10 MB are free") as failure:
        await render(long_timeline)
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.STORAGE, False)
    assert_nothing_left()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 0", "it cannot be read back|could not be read or written"),
        ("kill -SEGV $$", "SIGSEGV"),
        ("echo 'x: Invalid data found when processing input' >&2; exit 183", "Scene 1: its picture cannot be used"),
        ("echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 228", "disk is full"),
    ],
)
async def test_what_ffmpeg_says_and_how_it_ends(
    script: str,
    message: str,
    a_program: Callable[[str], str],
    a_picture: Callable[..., Path],
    a_timeline: Callable[..., Timeline],
    render: Render,
    assert_nothing_left: Callable[[], None],
) -> None:
    with pytest.raises(WorkFailed, match=message):
        await render(a_timeline(a_picture()), ffmpeg=a_program(script))
    assert_nothing_left()


async def test_a_video_that_is_not_what_was_asked_for_is_not_accepted(
    a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline], render: Render
) -> None:
    picture = a_picture()
    video = await render(a_timeline(picture, picture))
    for wrong, reason in (
        (a_timeline(picture), "number of frames is 10, not 5"),
        (a_timeline(picture, picture, size=(64, 64)), "size"),
        (a_timeline(picture, picture, fps=50, seconds=0.1), "length in seconds"),
    ):
        with pytest.raises(WorkFailed, match=reason) as failure:
            check_video(video, wrong)
        assert (failure.value.code, failure.value.retryable) == (JobErrorCode.BAD_OUTPUT, True)
    content = video.read_bytes()
    video.write_bytes(content[:-20])
    with pytest.raises(WorkFailed, match="BAD_OUTPUT"):
        check_video(video, a_timeline(picture, picture))
    video.write_bytes(b"\x00" * 5000)
    with pytest.raises(WorkFailed, match="cannot be read back"):
        check_video(video, a_timeline(picture, picture))


def test_finding_ffmpeg(tmp_path: Path, ffmpeg_binary: str) -> None:
    assert find_ffmpeg(None) == find_ffmpeg("") == ffmpeg_binary
    assert find_ffmpeg(sys.executable) == sys.executable
    (tmp_path / "no-program").write_text("")
    for override in (tmp_path / "missing", tmp_path, tmp_path / "no-program"):
        with pytest.raises(WorkFailed, match="FFMPEG_BINARY"):
            find_ffmpeg(str(override))


async def test_a_program_that_cannot_be_executed(tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_bytes(b"\x00\x01not a program")
    program.chmod(0o755)
    with pytest.raises(WorkFailed, match="could not be started") as failure:
        await run_ffmpeg([str(program)], subject="Scene 1")
    assert not failure.value.retryable


def test_the_signal_of_a_file_that_may_not_grow_is_a_full_disk() -> None:
    assert ffmpeg_failed("Scene 1", -signal.SIGXFSZ, "").code == JobErrorCode.STORAGE
