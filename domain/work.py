"""How often and how long machine work is tried."""

from __future__ import annotations

from datetime import timedelta

from domain.lifecycle import JobKind

LEASE = timedelta(seconds=20)
"""How long a worker owns a job without renewing, by the database's clock."""

RENEWAL = timedelta(seconds=5)

MAX_LOST_LEASES = 20
"""How often a job's worker may die before the job is given up: it may be what kills the worker."""

_FIRST_BACKOFF = 2.0
_LONGEST_BACKOFF = 300.0


def max_attempts(kind: JobKind) -> int:
    """Automatic attempts before a job fails for good; lost workers do not count."""
    return 3 if kind is JobKind.COMPILE_VIDEO else 4


def deadline(kind: JobKind) -> timedelta:
    """How long one attempt may take before it is stopped and counted as timed out.

    A long film in 4K takes hours; what hangs in it is found by ffmpeg's own limit.
    """
    return timedelta(hours=12) if kind is JobKind.COMPILE_VIDEO else timedelta(minutes=10)


def backoff_seconds(failures: int, *, jitter: float, asked: float | None = None) -> float:
    """Seconds before the next attempt: 2, 8, 32 … up to 300, ± 25 % by `jitter` in 0..1, never less than `asked`."""
    planned: float = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 4 ** max(0, failures - 1))
    planned *= 0.75 + 0.5 * jitter
    return max(planned, asked or 0.0)
