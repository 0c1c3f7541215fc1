"""Commands on jobs: what a person may do about machine work."""

from __future__ import annotations

from domain.entities import Job
from domain.errors import IllegalTransition, StateConflict
from domain.events import EventKind
from domain.lifecycle import (
    ACTIVE_JOB_STATES,
    RETRYABLE_JOB_STATES,
    Entity,
    JobKind,
    JobState,
    Status,
)
from domain.protocols import Actor
from storage.jobs import cancel_job_row, job_by_id, latest_jobs, requeue_job
from storage.scenes import scene_by_id
from storage.videos import reject_video, video_by_id
from workflow.taking import taken_job
from workflow.unit import Unit, command

CANCELLED_VIDEO = "It was cancelled. Ask for a new video when you want one."


@command
async def retry_job(unit: Unit, *, job_id: int, actor: Actor) -> Job:
    """Send a failed or parked segmentation or image job back into the queue, with all its attempts again.

    A cancelled segmentation may be retried too: nothing else would ever give its script scenes.

    Raises:
        NotFound.
        IllegalTransition: the job did not fail.
        StateConflict: a video's job (ask for a new video), or one that newer work or an edit has overtaken.
    """
    job = await taken_job(job_id)
    if job.kind is JobKind.COMPILE_VIDEO:
        raise StateConflict("A video's job is not retried. Ask for a new video instead.")
    cancelled_segmentation = job.kind is JobKind.SEGMENT_SCRIPT and job.state is JobState.CANCELLED
    if job.state not in RETRYABLE_JOB_STATES and not cancelled_segmentation:
        raise IllegalTransition("job", job.state, JobState.QUEUED, hint="Only a failed or parked job can be retried.")
    if job.kind is JobKind.GENERATE_IMAGE:
        await _require_present_text(job)
    elif (await latest_jobs(Entity.SCRIPT, [job.subject_id]))[job.subject_id].id != job.id:
        raise StateConflict("A newer job does this work already.")
    if not await requeue_job(job, now=unit.now):
        raise IllegalTransition("job", job.state, JobState.QUEUED)
    unit.record_job(job, JobState.QUEUED, previous=job.state, actor=actor)
    unit.wake(job.id, job.fence + 1)
    return await _as_it_is_now(job.id)


@command
async def cancel_job(unit: Unit, *, job_id: int, actor: Actor) -> Job:
    """End a job that has not ended; a result that arrives later is discarded. A video's cancellation rejects it.

    Raises:
        NotFound.
        IllegalTransition: the job has ended.
    """
    job = await taken_job(job_id)
    if job.state not in ACTIVE_JOB_STATES:
        raise IllegalTransition("job", job.state, JobState.CANCELLED, hint="It has ended already.")
    await cancel_taken_job(unit, job, actor=actor)
    if job.kind is JobKind.COMPILE_VIDEO:
        await reject_taken_video(unit, job.subject_id, CANCELLED_VIDEO, actor=actor)
    return await _as_it_is_now(job.id)


async def cancel_taken_job(unit: Unit, job: Job, *, actor: Actor) -> None:
    """Part of a command that has taken the job's script."""
    if not await cancel_job_row(job, now=unit.now):
        raise IllegalTransition("job", job.state, JobState.CANCELLED)
    unit.record_job(job, JobState.CANCELLED, previous=job.state, actor=actor)
    unit.stop_worker_of(job.id)


async def reject_taken_video(unit: Unit, video_id: int, error: str, *, actor: Actor) -> None:
    """pending → rejected with the reason, as part of a command that has taken the video's script."""
    video = await video_by_id(video_id)
    if video is None or not await reject_video(video_id, error, now=unit.now):
        return
    unit.record(
        EventKind.STATUS_CHANGED, Entity.VIDEO, video.id, script_id=video.script_id, version=video.version + 1,
        previous=video.status.value, new=Status.REJECTED.value, actor=actor,
    )  # fmt: skip


async def _require_present_text(job: Job) -> None:
    scene = await scene_by_id(job.subject_id)
    if scene is None or scene.status is not Status.APPROVED or scene.text_sha256 != job.text_sha256:
        raise StateConflict("The scene was edited since. Approve it again; that makes an image of its present text.")


async def _as_it_is_now(job_id: int) -> Job:
    job = await job_by_id(job_id)
    assert job is not None, "jobs are never deleted"
    return job
