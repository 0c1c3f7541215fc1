"""How attempts end that bring no result: failed, delayed, parked, given back, or lost with their worker.

All of it is fenced: `JobLost` is raised, and nothing changed, if the job was cancelled or taken over meanwhile.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Final

from domain.calls import Role
from domain.entities import Job, JobFailure
from domain.errors import JobErrorCode, JobLost, WorkDelayed, WorkFailed, WorkParked
from domain.lifecycle import JobKind, JobState
from domain.protocols import WORKER, Wake
from domain.work import MAX_LOST_LEASES, backoff_seconds
from storage import jobs as job_rows
from storage.calls import pause_of
from storage.jobs import LostJob, Spent
from storage.scenes import scene_by_id
from storage.transaction import lock_accounts
from workflow.asking import asking
from workflow.context import Context
from workflow.jobs import cancel_taken_job, reject_taken_video, wants_image_of
from workflow.taking import taken_script
from workflow.unit import Unit, command

_MOST_BAD_OUTPUTS: Final = 2


@command
async def record_failure(unit: Unit, job: Job, *, failed: WorkFailed) -> JobState:
    """Plan another attempt, or fail for good; a failed video is rejected with the reason. Answers the new state.

    Raises:
        JobLost.
    """
    await taken_script(job.script_id)
    if await _cancelled_as_overtaken(unit, job):
        return JobState.CANCELLED
    failure = JobFailure(failed.code, failed.message, failed.retryable)
    if failed.retryable and job.attempt < _most_attempts(job, failed):
        seconds = backoff_seconds(job.attempt, jitter=random.random(), asked=failed.retry_after)
        if not await job_rows.retry_job_later(job, seconds=seconds, failure=failure, spent=Spent.ATTEMPT):
            raise JobLost
        await unit.record_job(job, JobState.RETRYING, previous=JobState.RUNNING, actor=WORKER)
        return JobState.RETRYING
    await _fail(unit, job, failure)
    return JobState.FAILED


@command
async def record_delay(unit: Unit, job: Job, *, delayed: WorkDelayed) -> None:
    """It could not begin, through no fault of its own: it is due again later, no attempt is lost. Raises `JobLost`.

    If it was to wait for the end of a pause that has ended meanwhile, it is due at once: nobody would wake it.
    """
    await taken_script(job.script_id)
    if await _cancelled_as_overtaken(unit, job):
        return
    if delayed.paused is not None:
        await lock_accounts()
        if await pause_of(Role(delayed.paused)) is None:
            await _return_to_queue(unit, job, seconds=0, spent=Spent.NOTHING)
            return
    failure = JobFailure(delayed.code, delayed.message, True)
    if not await job_rows.retry_job_later(job, seconds=delayed.seconds, failure=failure, spent=Spent.NOTHING):
        raise JobLost
    await unit.record_job(job, JobState.RETRYING, previous=JobState.RUNNING, actor=WORKER)


@command
async def record_parked(unit: Unit, job: Job, *, parked: WorkParked) -> None:
    """It waits for a person. Raises `JobLost`."""
    await taken_script(job.script_id)
    failure = JobFailure(parked.code, parked.message, True)
    if not await job_rows.stop_running_job(job, JobState.PARKED, failure=failure, now=unit.now):
        raise JobLost
    await unit.record_job(job, JobState.PARKED, previous=JobState.RUNNING, actor=WORKER)


def _most_attempts(job: Job, failed: WorkFailed) -> int:
    """What came back unusable twice will hardly be better the third time, and costs each time."""
    return min(job.max_attempts, _MOST_BAD_OUTPUTS) if failed.code is JobErrorCode.BAD_OUTPUT else job.max_attempts


async def _cancelled_as_overtaken(unit: Unit, job: Job) -> bool:
    """Cancel an image job that an edit has overtaken, rather than to try it again."""
    if job.kind is not JobKind.GENERATE_IMAGE:
        return False
    scene = await scene_by_id(job.subject_id)
    if scene is None or wants_image_of(scene, job):
        return False
    if not await cancel_taken_job(unit, job, actor=WORKER, states=frozenset({JobState.RUNNING})):
        raise JobLost
    return True


async def _fail(unit: Unit, job: Job, failure: JobFailure) -> None:
    if not await job_rows.stop_running_job(job, JobState.FAILED, failure=failure, now=unit.now):
        raise JobLost
    await unit.record_job(job, JobState.FAILED, previous=JobState.RUNNING, actor=WORKER)
    if job.kind is JobKind.COMPILE_VIDEO:
        await reject_taken_video(unit, job.subject_id, failure.message, actor=WORKER)


@asking
async def release_lost_jobs(
    context: Context, *, owner_prefix: str | None = None, held: Collection[Wake] = frozenset()
) -> int:
    """Give jobs whose worker is gone back to the queue; answers how many.

    Without `owner_prefix` those whose lease ran out; with it all of such owners, which the caller knows to be dead.
    What the caller itself holds is renewed instead: its lease ran out while the machine was asleep. A job that loses
    worker after worker is failed in the end: it may be what kills them.
    """
    released = 0
    for lost in await job_rows.jobs_with_lost_leases(owner_prefix=owner_prefix):
        if Wake(lost.job.id, lost.job.fence) in held:
            await job_rows.renew_lease(lost.job.id, fence=lost.job.fence)
            continue
        try:
            await _release(context, lost)
            released += 1
        except JobLost:  # its worker came back, or another sweep was faster
            continue
    return released


@command
async def _release(unit: Unit, lost: LostJob) -> None:
    job = lost.job
    await taken_script(job.script_id)
    if await _cancelled_as_overtaken(unit, job):
        return
    if lost.lost_leases >= MAX_LOST_LEASES:
        message = f"The worker died {lost.lost_leases + 1} times while doing this. See the server's log for why."
        await _fail(unit, job, JobFailure(JobErrorCode.INTERNAL, message, True))
        return
    seconds = max(0, lost.lost_leases - 3) * 0.5
    await _return_to_queue(unit, job, seconds=seconds, spent=Spent.LEASE)


@command
async def give_back(unit: Unit, job: Job) -> None:
    """Return a job unfinished, due again at once: the worker is told to stop. Costs nothing. Raises `JobLost`."""
    await taken_script(job.script_id)
    if not await _cancelled_as_overtaken(unit, job):
        await _return_to_queue(unit, job, seconds=0, spent=Spent.NOTHING)


async def _return_to_queue(unit: Unit, job: Job, *, seconds: float, spent: Spent) -> None:
    if not await job_rows.retry_job_later(job, seconds=seconds, failure=None, spent=spent):
        raise JobLost
    await unit.record_job(job, JobState.RETRYING, previous=JobState.RUNNING, actor=WORKER)
    if not seconds:
        unit.wake(job.id, job.fence + 1)
