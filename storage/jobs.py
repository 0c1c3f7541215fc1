"""Machine work: leases, fences and the queue's truth.

Every write of a worker is fenced: `WHERE id AND fence AND state = running`. A worker that was frozen or cut off while
another took over misses it and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tortoise.expressions import F, Q
from tortoise.functions import Max
from tortoise.queryset import QuerySet

from domain.entities import Job, JobFailure
from domain.errors import JobErrorCode
from domain.lifecycle import ACTIVE_JOB_STATES, DUE_JOB_STATES, Entity, JobKind, JobState
from domain.paging import Page, decode_place, encode_place
from domain.protocols import Wake
from domain.work import LEASE, max_attempts
from storage import models
from storage.rows import JOB_FIELDS, is_storable_id, to_job
from storage.transaction import database_now_ms


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work about to be queued. The optional fields are for pictures: see `Job`."""

    kind: JobKind
    subject: Entity
    subject_id: int
    script_id: int
    text_sha256: str | None = None
    prompt: str | None = None
    feedback: str | None = None
    replaces_id: int | None = None


@dataclass(frozen=True, slots=True)
class JobProgress:
    """`fraction` is 0 to 1; `completed` of `total` in units of the kind's own; `step` one word for people.

    `seconds_left` is an estimate, None where there is none.
    """

    fraction: float
    completed: int
    total: int
    step: str | None
    seconds_left: float | None = None


async def insert_job(new: NewJob, *, now: datetime) -> Job:
    """Queued and due at once."""
    row = await models.Job.create(
        kind=new.kind.value, state=JobState.QUEUED.value, subject=new.subject.value, subject_id=new.subject_id,
        script_id=new.script_id, text_sha256=new.text_sha256, prompt=new.prompt, feedback=new.feedback,
        replaces_id=new.replaces_id, attempt=0, max_attempts=max_attempts(new.kind), lost_leases=0, fence=0,
        due_at_ms=await database_now_ms(), progress_fraction=0.0, progress_completed=0, progress_total=0, version=1,
        queued_at=now,
    )  # fmt: skip
    job = await job_by_id(row.id)
    assert job is not None
    return job


async def job_by_id(job_id: int) -> Job | None:
    return (await jobs_by_id([job_id])).get(job_id)


async def jobs_by_id(job_ids: Sequence[int]) -> dict[int, Job]:
    wanted = [job_id for job_id in job_ids if is_storable_id(job_id)]
    rows = await models.Job.filter(id__in=wanted).values(*JOB_FIELDS)
    return {row["id"]: to_job(row) for row in rows}


async def job_version(job_id: int) -> int:
    row = await models.Job.get(id=job_id).values("version")
    version: int = row["version"]
    return version


async def latest_jobs(subject: Entity, subject_ids: Sequence[int]) -> dict[int, Job]:
    """The job that each subject started last."""
    query = models.Job.filter(subject=subject.value, subject_id__in=list(subject_ids))
    newest = await query.annotate(newest=Max("id")).group_by("subject_id").values("subject_id", "newest")
    jobs = await jobs_by_id([row["newest"] for row in newest])
    return {job.subject_id: job for job in jobs.values()}


async def number_of_job(job: Job) -> int:
    """Which job of its kind this is for its subject, from 1."""
    query = models.Job.filter(kind=job.kind.value, subject=job.subject.value, subject_id=job.subject_id)
    return await query.filter(id__lte=job.id).count()


async def active_jobs(subject: Entity, *subject_ids: int) -> list[Job]:
    """Not ended, oldest first."""
    query = models.Job.filter(subject=subject.value, subject_id__in=subject_ids, state__in=_names(ACTIVE_JOB_STATES))
    return [to_job(row) for row in await query.order_by("id").values(*JOB_FIELDS)]


async def active_job_ids(script_id: int | None) -> list[int]:
    """Of one script or of all, oldest first."""
    query = models.Job.filter(state__in=_names(ACTIVE_JOB_STATES))
    if script_id is not None:
        query = query.filter(script_id=script_id)
    return [row["id"] for row in await query.order_by("id").values("id")]


async def jobs_parked_for(code: JobErrorCode, *, script_id: int | None = None) -> list[Job]:
    """Jobs that wait for a person for this reason, oldest first."""
    query = models.Job.filter(state=JobState.PARKED.value, error_code=code.value)
    if script_id is not None:
        query = query.filter(script_id=script_id)
    return [to_job(row) for row in await query.order_by("id").values(*JOB_FIELDS)]


async def page_of_jobs(
    *, first: int, after: str | None, states: Collection[JobState] | None, script_id: int | None
) -> Page[Job]:
    """Newest first."""
    condition = Q()
    if states is not None:
        condition &= Q(state__in=_names(states))
    if script_id is not None:
        condition &= Q(script_id=script_id)
    query = models.Job.filter(condition)
    total = await query.count()
    if after is not None:
        (last_id,) = decode_place("jobs", after, int)
        query = query.filter(id__lt=last_id)
    rows = await query.order_by("-id").limit(first + 1).values(*JOB_FIELDS)
    jobs = tuple(to_job(row) for row in rows[:first])
    cursors = tuple(encode_place("jobs", [job.id]) for job in jobs)
    return Page(jobs, cursors, len(rows) > first, after is not None, total)


# --- the queue ---------------------------------------------------------------------------------------------------


async def due_jobs(limit: int) -> list[Wake]:
    """Waiting jobs whose time has come, the longest due first."""
    query = models.Job.filter(state__in=_names(DUE_JOB_STATES), due_at_ms__lte=await database_now_ms())
    rows = await query.order_by("due_at_ms", "id").limit(limit).values("id", "fence")
    return [Wake(row["id"], row["fence"]) for row in rows]


async def milliseconds_to_next_due() -> int | None:
    """Until the next waiting job falls due or the next lease runs out; None when none will.

    What is due already does not count: it is in the queue.
    """
    now_ms = await database_now_ms()
    waiting = models.Job.filter(state__in=_names(DUE_JOB_STATES), due_at_ms__gt=now_ms).order_by("due_at_ms")
    running = models.Job.filter(state=JobState.RUNNING.value).order_by("lease_until_ms")
    first_due = await waiting.first().values("due_at_ms")
    first_lease = await running.first().values("lease_until_ms")
    times = [row[name] for row, name in ((first_due, "due_at_ms"), (first_lease, "lease_until_ms")) if row]
    return max(0, min(times) - now_ms) if times else None


async def claim_job(job_id: int, *, fence: int, owner: str, now: datetime) -> Job | None:
    """Take a due job for one attempt; None if someone else has it, it is not due, or it has changed since."""
    now_ms = await database_now_ms()
    query = models.Job.filter(id=job_id, fence=fence, state__in=_names(DUE_JOB_STATES), due_at_ms__lte=now_ms)
    count = await query.update(
        state=JobState.RUNNING.value, fence=F("fence") + 1, attempt=F("attempt") + 1, lease_owner=owner,
        lease_until_ms=now_ms + _LEASE_MS, due_at_ms=None, progress_fraction=0.0, progress_completed=0,
        progress_total=0, progress_step=None, progress_seconds_left=None, error_code=None, error_message=None,
        error_retryable=None, version=F("version") + 1, started_at=now, finished_at=None,
    )  # fmt: skip
    return await job_by_id(job_id) if count else None


async def renew_lease(job_id: int, *, fence: int) -> bool:
    """False: the job is not ours any more."""
    query = models.Job.filter(id=job_id, fence=fence, state=JobState.RUNNING.value)
    return await query.update(lease_until_ms=await database_now_ms() + _LEASE_MS) == 1


async def is_held(job: Job) -> bool:
    """Whether the job is still run by whoever claimed it with this fence."""
    return await _running(job).exists()


async def write_progress(job_id: int, *, fence: int, progress: JobProgress) -> bool:
    """Renews the lease as well. False: the job is not ours any more."""
    query = models.Job.filter(id=job_id, fence=fence, state=JobState.RUNNING.value)
    count = await query.update(
        progress_fraction=progress.fraction, progress_completed=progress.completed, progress_total=progress.total,
        progress_step=progress.step, progress_seconds_left=progress.seconds_left,
        lease_until_ms=await database_now_ms() + _LEASE_MS, version=F("version") + 1,
    )  # fmt: skip
    return count == 1


@dataclass(frozen=True, slots=True)
class LostJob:
    """A job whose worker is gone, and how often that has happened to it."""

    job: Job
    lost_leases: int


async def jobs_with_lost_leases(*, owner_prefix: str | None = None, limit: int = 100) -> list[LostJob]:
    """Running jobs whose lease ran out; with `owner_prefix` all running jobs of such owners, whatever their lease."""
    query = models.Job.filter(state=JobState.RUNNING.value)
    if owner_prefix is None:
        query = query.filter(lease_until_ms__lt=await database_now_ms())
    else:
        query = query.filter(lease_owner__startswith=owner_prefix)
    rows = await query.order_by("id").limit(limit).values(*JOB_FIELDS, "lost_leases")
    return [LostJob(to_job({name: row[name] for name in JOB_FIELDS}), row["lost_leases"]) for row in rows]


# --- moves -------------------------------------------------------------------------------------------------------


async def succeed_job(job: Job, *, note: str | None, now: datetime) -> bool:
    """running → succeeded, fenced."""
    count = await _running(job).update(
        state=JobState.SUCCEEDED.value, progress_fraction=1.0, progress_completed=F("progress_total"),
        lease_owner=None, lease_until_ms=None, note=note, version=F("version") + 1, finished_at=now,
    )  # fmt: skip
    return count == 1


class Spent(Enum):
    """What giving a job back costs it."""

    ATTEMPT = "attempt"
    LEASE = "lease"
    """The worker died: that is counted apart."""
    NOTHING = "nothing"


async def retry_job_later(job: Job, *, seconds: float, failure: JobFailure | None, spent: Spent) -> bool:
    """running → retrying, fenced."""
    count = await _running(job).update(
        state=JobState.RETRYING.value, fence=F("fence") + 1, due_at_ms=await database_now_ms() + int(seconds * 1000),
        attempt=F("attempt") - (0 if spent is Spent.ATTEMPT else 1),
        lost_leases=F("lost_leases") + (1 if spent is Spent.LEASE else 0), lease_owner=None,
        lease_until_ms=None, version=F("version") + 1, **_failure_columns(failure),
    )  # fmt: skip
    return count == 1


async def stop_running_job(job: Job, state: JobState, *, failure: JobFailure, now: datetime) -> bool:
    """running → failed or parked, fenced."""
    count = await _running(job).update(
        state=state.value, fence=F("fence") + 1, lease_owner=None, lease_until_ms=None, version=F("version") + 1,
        finished_at=now if state is JobState.FAILED else None, **_failure_columns(failure),
    )  # fmt: skip
    return count == 1


async def cancel_job_row(job: Job, *, now: datetime) -> bool:
    """From the state that `job` was read in to cancelled; a result that arrives later misses its fence.

    False: a worker has claimed it, or given it back, meanwhile.
    """
    count = await models.Job.filter(id=job.id, state=job.state.value, fence=job.fence).update(
        state=JobState.CANCELLED.value, fence=F("fence") + 1, due_at_ms=None, lease_owner=None, lease_until_ms=None,
        version=F("version") + 1, finished_at=now,
    )  # fmt: skip
    return count == 1


async def requeue_job(job: Job, *, now: datetime) -> bool:
    """From an ended or parked state back into the queue, with all its attempts again."""
    count = await models.Job.filter(id=job.id, state=job.state.value, fence=job.fence).update(
        state=JobState.QUEUED.value, fence=F("fence") + 1, attempt=0, lost_leases=0,
        due_at_ms=await database_now_ms(), progress_fraction=0.0, progress_completed=0, progress_total=0,
        progress_step=None, note=None, version=F("version") + 1, queued_at=now, started_at=None, finished_at=None,
        **_failure_columns(None),
    )  # fmt: skip
    return count == 1


_LEASE_MS = int(LEASE.total_seconds() * 1000)


def _running(job: Job) -> QuerySet[models.Job]:
    return models.Job.filter(id=job.id, fence=job.fence, state=JobState.RUNNING.value)


def _names(states: Iterable[JobState]) -> list[str]:
    return [state.value for state in states]


def _failure_columns(failure: JobFailure | None) -> dict[str, str | bool | None]:
    return {
        "error_code": failure.code.value if failure else None,
        "error_message": failure.message if failure else None,
        "error_retryable": failure.retryable if failure else None,
    }
