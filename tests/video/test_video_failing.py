"""Renders that fail by themselves: full disks, broken programs, wrong videos. They say what a person can do."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from domain.errors import JobErrorCode, WorkFailed
from video.checks import check_video
from video.failures import ffmpeg_failed
from video.runner import find_ffmpeg, run_ffmpeg
from video.timeline import Timeline

Render = Callable[..., Awaitable[Path]]


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
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = a_picture(noise=True, size=(320, 180))
    timeline = a_timeline(*[picture] * 9, size=(320, 180), seconds=1)
    monkeypatch.setattr("video.render.check_space", lambda *args, **kwargs: None)
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
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
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
        ("exit 0", "Scene 1 (could not be rendered|was rendered, but not right)"),
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
