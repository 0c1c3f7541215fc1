"""Runs one ffmpeg command and nothing else: progress, time limits, cancellation, and a clean end in every case.

When `run_ffmpeg` returns or raises, the process is gone and reaped. ffmpeg is started through `child.py`, and dies
with the thread that runs the event loop: run the loop in the main thread.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import imageio_ffmpeg  # type: ignore[import-untyped]

from domain.errors import JobErrorCode, WorkFailed
from video import child
from video.failures import ffmpeg_failed, ffmpeg_missing, stalled, too_slow

log = logging.getLogger(__name__)

STDERR_KEPT = 8192
LINE_KEPT = 1024
LONGEST_IDENTIFICATION_SECONDS = 20.0
LAUNCHER = [sys.executable, "-I", "-S", str(Path(child.__file__).resolve())]
OnFrame = Callable[[int], Awaitable[None]]
OnFailure = Callable[[str, int, str], WorkFailed]
T = TypeVar("T")
_IDENTITIES: dict[tuple[str, int, int, int], str] = {}


def find_ffmpeg(override: str | None = None) -> str:
    """The path of the binary: `override` if given, else the one that comes with `imageio-ffmpeg`.

    Raises `WorkFailed` when it is not there or cannot be executed. Blocks for milliseconds: call it once, at start.
    """
    try:
        binary = Path(override or imageio_ffmpeg.get_ffmpeg_exe()).absolute()
    except RuntimeError:
        raise ffmpeg_missing("none is installed") from None
    if not binary.is_file() or not os.access(binary, os.X_OK):
        raise ffmpeg_missing(f"there is no program at {binary}")
    return str(binary)


async def identify(binary: str) -> str:
    """What tells this build of ffmpeg from others: a hash of its version, its settings and its libraries' versions.

    Found once for each program file. Raises `WorkFailed` when it cannot be started.
    """
    return hashlib.sha256((await _said_of_itself(binary)).encode()).hexdigest()[:16]


async def version_of(binary: str) -> str:
    """For people: `9.0`. Raises as `identify` does."""
    words = (await _said_of_itself(binary)).split()
    return words[2] if words[:2] == ["ffmpeg", "version"] and len(words) > 2 else "unknown"


async def _said_of_itself(binary: str) -> str:
    try:
        status = os.stat(binary)
    except OSError:
        raise ffmpeg_missing("it is not there any more") from None
    known = (binary, status.st_ino, status.st_size, status.st_mtime_ns)
    if known not in _IDENTITIES:
        process = await start_program([binary, "-hide_banner", "-version"], None)
        assert process.stdout is not None
        assert process.stderr is not None
        last_words = asyncio.create_task(tail(process.stderr))
        try:
            async with asyncio.timeout(LONGEST_IDENTIFICATION_SECONDS):
                said = await tail(process.stdout)
                await process.wait()
        except TimeoutError:
            raise ffmpeg_missing("it does not say which version it is") from None
        finally:
            await end_process(process, last_words)
        if process.returncode == child.CANNOT_START:
            raise ffmpeg_missing("it could not be started")
        _IDENTITIES[known] = said
    return _IDENTITIES[known]


async def run_ffmpeg(
    arguments: Sequence[str],
    *,
    subject: str,
    timeout: float | None = None,
    stall_timeout: float = 120.0,
    on_frame: OnFrame | None = None,
    on_microsecond: OnFrame | None = None,
    failure: OnFailure = ffmpeg_failed,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a command that writes `-progress` to its standard output; `on_frame` gets the number of frames done.

    `on_microsecond` gets how much of the output is done, for sound has no frames. It runs in `folder`, if that
    matters. `failure` makes the error of `subject`, exit code and last words. `environment` is added to the little
    that it sees of ours.

    `subject` begins the messages of failures: "Scene 3". Raises `WorkFailed` for a failed, killed, stalled or late
    process, and whatever `on_frame` raises.
    """
    process = await start_program(arguments, folder, environment=environment)
    assert process.stdout is not None
    assert process.stderr is not None
    last_words = asyncio.create_task(tail(process.stderr))
    try:
        async with asyncio.timeout(timeout) as whole:
            await _follow(
                process, process.stdout, subject, stall_timeout, {b"frame": on_frame, b"out_time_us": on_microsecond}
            )
    except TimeoutError:
        if whole.expired():
            raise too_slow(subject, timeout or 0) from None
        raise
    finally:
        await end_process(process, last_words)
    if process.returncode != 0:
        words = last_words.result()
        log.error("%s: ffmpeg ended with %s: %s", subject, process.returncode, words)
        raise failure(subject, process.returncode or 0, words)


async def start_program(
    arguments: Sequence[str],
    folder: Path | None,
    *,
    stdin: int = DEVNULL,
    environment: Mapping[str, str] | None = None,
    memory: int = 0,
) -> Process:
    """Start a program through `child.py`, in `folder` if given. `memory` is the most bytes of data it and each of its
    children may hold, 0 for no limit. To be ended with `end_process`. Raises `WorkFailed`."""
    # Nothing secret and nothing that changes ffmpeg's behaviour (FFREPORT, the language) reaches it.
    kept = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"} | dict(environment or {})
    command = [*LAUNCHER, str(os.getpid()), str(memory), *arguments]
    try:
        return await asyncio.create_subprocess_exec(
            *command, stdin=stdin, stdout=PIPE, stderr=PIPE, env=kept, cwd=folder
        )
    except OSError as error:
        raise WorkFailed(
            JobErrorCode.INTERNAL, f"ffmpeg could not be started: {error.strerror}.", retryable=True
        ) from None


async def _follow(
    process: Process,
    stdout: asyncio.StreamReader,
    subject: str,
    stall_timeout: float,
    receivers: Mapping[bytes, OnFrame | None],
) -> None:
    """Read progress until the process ends. Only what moves on counts: a process that repeats itself is stalled."""
    loop = asyncio.get_running_loop()
    seen: dict[bytes, bytes] = {}
    try:
        async with asyncio.timeout(stall_timeout) as silence:
            async for report in _reports(stdout):
                if report == seen:
                    continue
                seen = report
                silence.reschedule(None)  # the receiver's time is not ffmpeg's
                for key, receive in receivers.items():
                    if receive is not None and report.get(key, b"").isdigit():
                        await receive(int(report[key]))
                silence.reschedule(loop.time() + stall_timeout)
            await process.wait()
    except TimeoutError:
        if silence.expired():
            raise stalled(subject, stall_timeout) from None
        raise


async def _reports(stdout: asyncio.StreamReader) -> AsyncIterator[dict[bytes, bytes]]:
    """What has been done so far, once for each block of progress: frames, time and bytes."""
    report: dict[bytes, bytes] = {}
    rest = b""
    while chunk := await stdout.read(4096):
        *lines, rest = (rest[-LINE_KEPT:] + chunk).split(b"\n")
        for line in lines:
            key, _, value = line.strip().partition(b"=")
            if key in (b"frame", b"out_time_us", b"total_size"):
                report[key] = value
            elif key == b"progress":
                yield dict(report)


async def tail(stream: asyncio.StreamReader) -> str:
    """The last words of a stream, read to its end."""
    kept = bytearray()
    while chunk := await stream.read(4096):
        kept += chunk
        del kept[:-STDERR_KEPT]
    return kept.decode("utf-8", "replace").strip()


async def end_process(process: Process, last_words: asyncio.Task[str] | None = None) -> None:
    """Kill what still runs, empty the pipes (they close only at their end) and reap, even while being cancelled."""

    async def finish() -> None:
        if process.returncode is None:
            _kill(process)
        while process.stdout is not None and await process.stdout.read(65536):
            pass
        if last_words is not None:
            await last_words
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()

    await even_if_cancelled(finish())


def _kill(process: Process) -> None:
    """The group, and the process by itself: it may not have got as far as having its own group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        process.kill()


async def even_if_cancelled(work: Awaitable[T]) -> T:
    """Wait for `work` to its end. A cancellation that arrives meanwhile is raised after it."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return task.result()
