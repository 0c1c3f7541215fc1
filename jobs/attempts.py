"""One attempt of one job: claim it, keep its lease, do it in time, and see to it that it ends in a visible state."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import assert_never

import structlog

from domain.entities import Job
from domain.errors import JobErrorCode, JobLost, WorkDelayed, WorkFailed, WorkParked
from domain.lifecycle import JobKind
from domain.protocols import Wake
from domain.work import LEASE, RENEWAL, deadline
from jobs.compile_video import compile_video
from jobs.generate_image import generate_image
from jobs.progress import Reporter
from jobs.segment_script import segment_script
from jobs.tools import Handler, Tools
from workflow.work import (
    StorageError,
    claim_job,
    database_failure,
    give_back,
    record_delay,
    record_failure,
    record_parked,
    renew_lease,
)

_DATABASE_PAUSE_SECONDS = 2.0

_log = structlog.get_logger(__name__)


class Attempts:
    """The attempts that this worker is at. `owner` names it in the leases."""

    def __init__(self, tools: Tools, *, owner: str) -> None:
        self._tools = tools
        self._owner = owner
        # By job and fence: after a long freeze a job can come back while its lost attempt is not quite at its end.
        self._running: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._begun = 0
        self._stopping = False

    async def attempt(self, wake: Wake, *, decided: Callable[[], Awaitable[None]]) -> None:
        """Claim the job, unless someone else has it or it is not due any more, and work on it to some end.

        `decided` is called in between, when it is clear who has the job. Raises `StorageError` or `OSError` if that
        cannot be known.
        """
        self._begun += 1
        try:
            job = await claim_job(self._tools.context, job_id=wake.job_id, fence=wake.fence, owner=self._owner)
            await decided()
            if job is not None:
                await self._run(job)
        finally:
            self._begun -= 1

    @property
    def held(self) -> frozenset[Wake]:
        """The jobs that this worker is at, with the fences of their claims."""
        return frozenset(Wake(*key) for key in self._running)

    def cancel(self, wake: Wake) -> None:
        """Stop working on this attempt of this job, if this worker is: a person cancelled it."""
        if task := self._running.get((wake.job_id, wake.fence)):
            task.cancel()

    async def stop(self) -> None:
        """Give all jobs back, so that another worker goes on with them at once."""
        self._stopping = True
        if self._running and self._tools.rules.patience_seconds:
            most = self._tools.rules.patience_seconds
            _log.info("stopping; paid calls under way may end", jobs=len(self._running), at_most_seconds=most)
        for task in self._running.values():
            task.cancel()
        while self._begun:
            await asyncio.sleep(0.01)

    def hurry(self) -> None:
        """Do not wait for paid calls under way: their answers are lost."""
        for task in self._running.values():
            task.cancel()

    async def _run(self, job: Job) -> None:
        """Never raises but for a cancellation of this very call."""
        with structlog.contextvars.bound_contextvars(job_id=job.id, script_id=job.script_id):
            _log.info("job started", kind=job.kind.value, attempt=job.attempt)
            work = asyncio.create_task(self._work(job))
            self._running[job.id, job.fence] = work
            if self._stopping:
                work.cancel()
            keeper = asyncio.create_task(_keep_lease(job, work))
            try:
                await asyncio.wait([work])
                keeper.cancel()
                await self._settle(job, work)
            finally:
                keeper.cancel()
                del self._running[job.id, job.fence]

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
                # Whoever cancelled it has taken it from us; if nobody has, another attempt may begin at once.
                await give_back(self._tools.context, job)
                _log.info("job given back")
                return
            match work.exception():
                case None:
                    _log.info("job succeeded")
                case JobLost():
                    _log.info("job was cancelled or taken over; its result is discarded")
                case WorkFailed() as failed:
                    await self._record(job, failed)
                case WorkDelayed() as delayed:
                    await record_delay(self._tools.context, job, delayed=delayed)
                    _log.info("job delayed", code=delayed.code.value, seconds=delayed.seconds)
                case WorkParked() as parked:
                    await record_parked(self._tools.context, job, parked=parked)
                    _log.warning("job waits for a person", code=parked.code.value, reason=parked.message)
                case Exception() as error if database_failure(error):
                    message = "The database did not answer for a moment; the job goes on by itself."
                    delayed = WorkDelayed(JobErrorCode.STORAGE, message, seconds=_DATABASE_PAUSE_SECONDS)
                    await record_delay(self._tools.context, job, delayed=delayed)
                    _log.warning("job interrupted by the database", error=type(error).__name__)
                case StorageError() as error:
                    await self._record(job, WorkFailed(JobErrorCode.STORAGE, str(error), retryable=True))
                case error:
                    _log.error("job met an unexpected error", trace=_trace_of(error))
                    message = "Something unexpected went wrong; the server's log has the details."
                    await self._record(job, WorkFailed(JobErrorCode.INTERNAL, message, retryable=True))
        except JobLost:
            _log.info("job was cancelled or taken over")
        except Exception as error:
            # The lease runs out, and the sweep of whichever worker comes first takes care of the job.
            _log.error("the end of the job could not be recorded", trace=_trace_of(error))

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
        except Exception as error:
            _log.warning("lease not renewed", error=type(error).__name__)
            if asyncio.get_running_loop().time() - renewed > LEASE.total_seconds():
                work.cancel()
                return


def _trace_of(error: BaseException) -> str:
    """What went wrong where, without the messages: they can hold what people wrote, or a key."""
    following = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{_trace_of(following)}\nwhich led to\n" if following else ""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{before}{type(error).__module__}.{type(error).__qualname__}\n{frames}"


def handler_of(kind: JobKind) -> Handler:
    match kind:
        case JobKind.SEGMENT_SCRIPT:
            return segment_script
        case JobKind.GENERATE_IMAGE:
            return generate_image
        case JobKind.COMPILE_VIDEO:
            return compile_video
    assert_never(kind)
