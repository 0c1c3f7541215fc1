"""Why a render failed, as a `WorkFailed` that names what is at fault and what a person can do about it.

The words are stored and shown to people: no paths of this machine and no raw output of ffmpeg, which the log has.
"""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import JobErrorCode, WorkFailed
from video.child import CANNOT_START

FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FULL_DISK_CODES = (-signal.SIGXFSZ, 256 - errno.ENOSPC, 256 - errno.EFBIG)  # how newer versions of ffmpeg exit
FULL_DISK_WORDS = ("No space left on device", "Disk quota exceeded", "File too large")
NO_MEMORY_WORDS = ("Cannot allocate memory", "MemoryError", "Unable to allocate")
BAD_INPUT_WORDS = ("Invalid data found when processing input", "Error submitting packet to decoder")
NOT_HELPED_BY_REPEATING = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR)


def ffmpeg_failed(subject: str, returncode: int, stderr: str) -> WorkFailed:
    """`subject` is "Scene 3" or "The video"; a negative `returncode` is the signal that ended the process."""
    said = any(words in stderr for words in FULL_DISK_WORDS)
    if said or returncode in FULL_DISK_CODES:
        return disk_full(subject)
    if returncode < 0:
        return WorkFailed(
            JobErrorCode.INTERNAL,
            f"{subject} could not be rendered: ffmpeg was ended from outside by {_signal_name(-returncode)}. "
            "If this happens again, the machine is probably short of memory.",
            retryable=True,
        )
    if any(words in stderr for words in NO_MEMORY_WORDS):
        return out_of_memory(subject)
    if returncode == CANNOT_START:
        return ffmpeg_missing("it could not be started")
    if any(words in stderr for words in BAD_INPUT_WORDS):
        return bad_picture(subject, "ffmpeg cannot read it")
    return WorkFailed(
        JobErrorCode.INTERNAL,
        f"{subject} could not be rendered: ffmpeg gave up with exit code {returncode}. The worker's log has its words.",
        retryable=False,
    )


def maker_died(subject: str, code: int, words: str) -> WorkFailed:
    """The process that makes frames ended without a word; a negative `code` is the signal that ended it."""
    if code < 0 or any(sign in words for sign in NO_MEMORY_WORDS + FULL_DISK_WORDS):
        return ffmpeg_failed(subject, code, words)
    return WorkFailed(
        JobErrorCode.INTERNAL,
        f"{subject} could not be rendered: the process that makes its frames ended by itself. The worker's log has its "
        "words.",
        retryable=False,
    )


def out_of_memory(subject: str) -> WorkFailed:
    return WorkFailed(
        JobErrorCode.INTERNAL,
        f"{subject} could not be rendered: there is not enough memory for it. Ask for a smaller video, or use a "
        "smaller picture.",
        retryable=False,
    )


def disk_full(subject: str) -> WorkFailed:
    return WorkFailed(
        JobErrorCode.STORAGE,
        f"{subject} could not be rendered: the disk is full. Free some space, then ask for the video again.",
        retryable=False,
    )


def too_little_space(needed: int, free: int) -> WorkFailed:
    return WorkFailed(
        JobErrorCode.STORAGE,
        f"The video needs about {needed / 1e6:,.0f} MB of disk space while it is rendered, and {free / 1e6:,.0f} MB "
        "are free. Free some space, then ask for the video again.",
        retryable=False,
    )


def storage_failed(subject: str, error: OSError) -> WorkFailed:
    """What the operating system said about a file, without saying which."""
    if error.errno in FULL_DISK:
        return disk_full(subject)
    reason = error.strerror or type(error).__name__
    return WorkFailed(
        JobErrorCode.STORAGE,
        f"{subject} could not be rendered: a file could not be read or written ({reason}).",
        retryable=error.errno not in NOT_HELPED_BY_REPEATING,
    )


@contextmanager
def file_trouble(subject: str) -> Iterator[None]:
    """Turn an `OSError` of our own file work into a `WorkFailed`. Keep foreign code, which has its own, out of it."""
    try:
        yield
    except OSError as error:
        raise storage_failed(subject, error) from None


def bad_picture(subject: str, reason: str) -> WorkFailed:
    return WorkFailed(
        JobErrorCode.BAD_OUTPUT,
        f"{subject}: its picture cannot be used: {reason}. Approve another picture, then ask for the video again.",
        retryable=False,
    )


def bad_caption(subject: str, reason: str) -> WorkFailed:
    """The next attempt draws it anew."""
    return WorkFailed(
        JobErrorCode.INTERNAL,
        f"{subject} could not be rendered: the drawing of its caption {reason}.",
        retryable=True,
    )


def missing_picture(subject: str) -> WorkFailed:
    return WorkFailed(
        JobErrorCode.STORAGE,
        f"{subject}: the file of its picture is missing. Bring it back, or approve another picture; then ask for the "
        "video again.",
        retryable=False,
    )


def bad_video(reason: str) -> WorkFailed:
    """What ffmpeg made is not what was asked for, although it said that all went well."""
    return WorkFailed(
        JobErrorCode.BAD_OUTPUT,
        f"The video that was rendered is not right and was thrown away: {reason}.",
        retryable=True,
    )


def bad_segment(subject: str, reason: str) -> WorkFailed:
    """What a maker made is not what it was asked for, although it said that all went well."""
    return WorkFailed(
        JobErrorCode.BAD_OUTPUT,
        f"{subject} was rendered, but not right, and was thrown away: {reason}.",
        retryable=True,
    )


def too_slow(subject: str, seconds: float) -> WorkFailed:
    return WorkFailed(
        JobErrorCode.TIMED_OUT,
        f"{subject} was not rendered within {seconds:g} seconds and was stopped. The machine may be overloaded.",
        retryable=True,
    )


def stalled(subject: str, seconds: float) -> WorkFailed:
    return WorkFailed(
        JobErrorCode.TIMED_OUT,
        f"{subject} could not be rendered: ffmpeg made no progress for {seconds:g} seconds and was stopped. "
        "The machine or its disk may be overloaded.",
        retryable=True,
    )


def ffmpeg_missing(reason: str) -> WorkFailed:
    return WorkFailed(
        JobErrorCode.INTERNAL,
        f"ffmpeg cannot be used: {reason}. Check the setting FFMPEG_BINARY, or leave it out to use the one installed "
        "with the program.",
        retryable=False,
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
