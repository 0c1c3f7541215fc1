"""Progress reports, thinned out: each one is a write to the database and a message to every reader."""

from __future__ import annotations

import time
from typing import Final

import structlog

from domain.entities import Job
from workflow.context import Context
from workflow.work import JobProgress, StorageError, report_progress

SHORTEST_PAUSE_SECONDS: Final = 0.25


_log = structlog.get_logger(__name__)


class Reporter:
    """Reports for one attempt. A new step is always told, a mere advance at most four times a second."""

    def __init__(self, context: Context, job: Job) -> None:
        self._context = context
        self._job = job
        self._last = 0.0
        self._step: str | None = None

    async def report(
        self, fraction: float, completed: int, total: int, step: str, *, seconds_left: float | None = None
    ) -> None:
        """`fraction` is 0 to 1. Raises `JobLost`."""
        now = time.monotonic()
        if step == self._step and now - self._last < SHORTEST_PAUSE_SECONDS:
            return
        self._last, self._step = now, step
        progress = JobProgress(min(1.0, max(0.0, fraction)), completed, total, step, seconds_left)
        try:
            await report_progress(self._context, self._job, progress)
        except (StorageError, OSError) as error:  # not worth an attempt: the next report says more anyway
            _log.debug("progress not reported", error=type(error).__name__)
