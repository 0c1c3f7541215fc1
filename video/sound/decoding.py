"""Runs ffmpeg on a file that nobody has looked into, within bounds, and tells its faults from this machine's."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from domain.errors import JobErrorCode, WorkFailed
from video.child import CANNOT_START
from video.failures import FULL_DISK_WORDS, ffmpeg_failed
from video.runner import run_ffmpeg
from video.sound.bounded import bounded

MEMORY: Final = 1024 * 1024 * 1024
CPU_SECONDS: Final = 120


class Undecodable(WorkFailed):
    """The file is at fault, not this machine. `greedy`: decoding it takes more than it may."""

    def __init__(self, *, greedy: bool) -> None:
        super().__init__(JobErrorCode.BAD_OUTPUT, "The sound cannot be decoded.", retryable=False)
        self.greedy = greedy


async def decode(
    command: Sequence[str], *, subject: str, most_written: int, timeout: float, folder: Path | None = None
) -> None:
    """Run `command`. Raises `Undecodable` or, when this machine is at fault, another `WorkFailed`."""
    within = bounded(command, memory=MEMORY, seconds=CPU_SECONDS, written=most_written)
    await run_ffmpeg(within, subject=subject, timeout=timeout, stall_timeout=timeout, failure=_failure, folder=folder)


def _failure(subject: str, returncode: int, stderr: str) -> WorkFailed:
    if returncode == CANNOT_START or any(words in stderr for words in FULL_DISK_WORDS):
        return ffmpeg_failed(subject, returncode, stderr)
    greedy = returncode in (-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGXFSZ) or "Cannot allocate memory" in stderr
    return Undecodable(greedy=greedy)
