"""One attempt of one job: claim it, keep its lease, do it in time, and see to it that it ends in a visible state."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import assert_never

import structlog

from domain.entities import Job
from domain.errors import JobErrorCode, JobLost, WorkFailed
from domain.lifecycle import JobKind
from domain.work import LEASE, RENEWAL, deadline
from jobs.compile_video import compile_video
from jobs.generate_image import generate_image
from jobs.progress import Reporter
from jobs.segment_script import segment_script
from jobs.tools import Handler, Tools
from workflow.work import StorageError, claim_job, give_back, record_failure, renew_lease

_log = structlog.get_logger(__name__)


class Attempts:
    """The attempts that this worker is at. `owner` names it in the leases."""

    def __init__(self, tools: Tools, *, owner: str) -> None:
        self._tools = tools
        self._owner = owner
        self._running: dict[int, asyncio.Task[None]] = {}
        self._stopping = False

    @property
    def running(self) -> Mapping[int, asyncio.Task[None]]:
        return self._running

    async def claim(self, job_id: int, fence: int) -> Job | None:
        """None: someone else has it, it is not due any more, or this worker is stopping."""
        if self._stopping:
            return None
        return await claim_job(self._tools.context, job_id=job_id, fence=fence, owner=self._owner)

    async def run(self, job: Job) -> None:
        """Never raises but for a cancellation of this very call."""
        with structlog.contextvars.bound_contextvars(job_id=job.id, script_id=job.script_id):
            _log.info("job started", kind=job.kind.value, attempt=job.attempt)
            work = asyncio.create_task(self._work(job))
            self._running[job.id] = work
            keeper = asyncio.create_task(_keep_lease(job, work))
            try:
                await asyncio.wait([work])
                keeper.cancel()
                await self._settle(job, work)
            finally:
                keeper.cancel()
                del self._running[job.id]

    def cancel(self, job_id: int) -> None:
        """Stop working on this job, if this worker is: a person cancelled it."""
        if task := self._running.get(job_id):
            task.cancel()

    async def stop(self) -> None:
        """Give all jobs back, so that another worker goes on with them at once."""
        self._stopping = True
        for task in self._running.values():
            task.cancel()
        while self._running:
            await asyncio.sleep(0.01)

    async def _work(self, job: Job) -> None:
        try:
            async with asyncio.timeout(deadline(job.kind).total_seconds()) as clock:
                await handler_of(job.kind)(self._tools, job, Reporter(self._tools.context, job))
        except TimeoutError:
            if not clock.expired():
                raise
            minutes = int(deadline(job.kind).total_seconds() // 60)
            raise WorkFailed(
                JobErrorCode.TIMED_OUT, f"It took longer than {minutes} minutes.", retryable=True
            ) from None

    async def _settle(self, job: Job, work: asyncio.Task[None]) -> None:
        """What the attempt's end means for the job's row."""
        try:
            if work.cancelled():
                _log.info("job stopped")
                if self._stopping:
                    await give_back(self._tools.context, job)
                return
            match work.exception():
                case None:
                    _log.info("job succeeded")
                case JobLost():
                    _log.info("job was cancelled or taken over; its result is discarded")
                case WorkFailed() as failed:
                    await self._record(job, failed)
                case error:
                    _log.error("job met an unexpected error", exc_info=error)
                    message = "Something unexpected went wrong; the server's log has the details."
                    await self._record(job, WorkFailed(JobErrorCode.INTERNAL, message, retryable=True))
        except JobLost:
            _log.info("job was cancelled or taken over")
        except StorageError as error:
            # The lease runs out, and the sweep of whichever worker comes first takes care of the job.
            _log.error("the end of the job could not be recorded", error=str(error))

    async def _record(self, job: Job, failed: WorkFailed) -> None:
        state = await record_failure(self._tools.context, job, failed=failed)
        _log.warning("job attempt failed", code=failed.code.value, reason=failed.message, state=state.value)


async def _keep_lease(job: Job, work: asyncio.Task[None]) -> None:
    """Renew until cancelled; stop the work once the job is not ours, or the lease could not be renewed in time."""
    renewed = asyncio.get_running_loop().time()
    while not work.done():
        await asyncio.sleep(RENEWAL.total_seconds())
        try:
            await renew_lease(job)
            renewed = asyncio.get_running_loop().time()
        except JobLost:
            work.cancel()
            return
        except StorageError as error:
            _log.warning("lease not renewed", error=str(error))
            if asyncio.get_running_loop().time() - renewed > LEASE.total_seconds():
                work.cancel()
                return


def handler_of(kind: JobKind) -> Handler:
    match kind:
        case JobKind.SEGMENT_SCRIPT:
            return segment_script
        case JobKind.GENERATE_IMAGE:
            return generate_image
        case JobKind.COMPILE_VIDEO:
            return compile_video
    assert_never(kind)
