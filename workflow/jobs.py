"""Commands on jobs: what a person may do about machine work."""

from __future__ import annotations

from domain.entities import Job, Scene
from domain.errors import IllegalTransition, JobErrorCode, StateConflict
from domain.events import EventKind
from domain.lifecycle import (
    ACTIVE_JOB_STATES,
    RETRYABLE_JOB_STATES,
    Entity,
    JobKind,
    JobState,
    Status,
)
from domain.protocols import WORKER, Actor
from storage.calls import end_all_pauses, give_up_unsettled
from storage.images import images_of_scene
from storage.jobs import active_jobs, cancel_job_row, job_by_id, jobs_parked_for, latest_jobs, requeue_job
from storage.scenes import scene_by_id
from storage.videos import reject_video, video_by_id
from workflow.taking import taken_job, taken_script
from workflow.unit import Unit, command

CANCELLED_VIDEO = "It was cancelled. Ask for a new video when you want one."


@command
async def retry_job(unit: Unit, *, job_id: int, actor: Actor) -> Job:
    """Send a failed or parked segmentation or image job back into the queue, with all its attempts again.

    A cancelled one may be retried too, as long as nothing else does its work: nothing else would bring it back. Where
    an answer was lost, this is the decision to ask again; and a paused provider is tried again at once.

    Raises:
        NotFound.
        IllegalTransition: the job did not fail.
        StateConflict: a video's job (ask for a new video), or one that newer work or an edit has overtaken.
    """
    job = await taken_job(job_id)
    if job.kind is JobKind.COMPILE_VIDEO:
        raise StateConflict("A video's job is not retried. Ask for a new video instead.")
    if job.state not in RETRYABLE_JOB_STATES:
        raise IllegalTransition("job", job.state, JobState.QUEUED, hint="Only a job that has failed can be retried.")
    if job.kind is JobKind.GENERATE_IMAGE:
        await _require_work_for_image(job)
    elif (await latest_jobs(Entity.SCRIPT, [job.subject_id]))[job.subject_id].id != job.id:
        raise StateConflict("A newer job does this work already.")
    await give_up_unsettled(job.id)
    await end_all_pauses()
    await _requeue(unit, job, actor=actor)
    return await _as_it_is_now(job.id)


@command
async def cancel_job(unit: Unit, *, job_id: int, actor: Actor) -> Job:
    """End a job that has not ended; a result that arrives later is discarded. A video's cancellation rejects it.

    Raises:
        NotFound.
        IllegalTransition: the job has ended.
    """
    job = await taken_job(job_id)
    if not await cancel_taken_job(unit, job, actor=actor):
        job = await _as_it_is_now(job.id)
        raise IllegalTransition("job", job.state, JobState.CANCELLED, hint="It has ended already.")
    if job.kind is JobKind.COMPILE_VIDEO:
        await reject_taken_video(unit, job.subject_id, CANCELLED_VIDEO, actor=actor)
    return await _as_it_is_now(job.id)


async def resume_jobs_at_budget(unit: Unit, script_id: int, *, actor: Actor) -> None:
    """Send the script's jobs that wait for a higher budget back into the queue; each looks again whether it fits."""
    for job in await jobs_parked_for(JobErrorCode.BUDGET_REACHED, script_id=script_id):
        await _requeue(unit, job, actor=actor)


@command
async def resume_all_jobs_at_budget(unit: Unit, *, script_id: int) -> None:
    """At a worker's start, when the budget of all may have been raised."""
    await taken_script(script_id)
    await resume_jobs_at_budget(unit, script_id, actor=WORKER)


async def _requeue(unit: Unit, job: Job, *, actor: Actor) -> None:
    if not await requeue_job(job, now=unit.now):
        raise IllegalTransition("job", job.state, JobState.QUEUED)
    await unit.record_job(job, JobState.QUEUED, previous=job.state, actor=actor)
    unit.wake(job.id, job.fence + 1)


async def cancel_taken_job(
    unit: Unit, job: Job, *, actor: Actor, states: frozenset[JobState] = ACTIVE_JOB_STATES
) -> bool:
    """Part of a command that has taken the job's script. Answers whether it was still in one of these states.

    Claims do not take the script: a worker may begin or end an attempt between reading the job and cancelling it.
    """
    while job.state in states:
        if await cancel_job_row(job, now=unit.now):
            await unit.record_job(job, JobState.CANCELLED, previous=job.state, actor=actor)
            unit.stop_worker_of(job)
            return True
        job = await _as_it_is_now(job.id)
    return False


async def reject_taken_video(unit: Unit, video_id: int, error: str, *, actor: Actor) -> None:
    """pending → rejected with the reason, as part of a command that has taken the video's script."""
    video = await video_by_id(video_id)
    if video is None or not await reject_video(video_id, error, now=unit.now):
        return
    unit.record(
        EventKind.STATUS_CHANGED, Entity.VIDEO, video.id, script_id=video.script_id, version=video.version + 1,
        previous=video.status.value, new=Status.REJECTED.value, actor=actor,
    )  # fmt: skip


async def _require_work_for_image(job: Job) -> None:
    """The scene must still want a picture of the job's text, and no other job may be making one unasked."""
    scene = await scene_by_id(job.subject_id)
    if scene is None or not wants_image_of(scene, job):
        raise StateConflict("The scene was edited since. Approve it again; that makes an image of its present text.")
    others = [other for other in await active_jobs(Entity.SCENE, scene.id) if other.id != job.id]
    if job.prompt is None and any(other.text_sha256 == job.text_sha256 for other in others):
        raise StateConflict("Another job is making an image of this scene already.")
    if job.state is JobState.CANCELLED and await has_usable_image(scene):
        raise StateConflict("This scene has an image of its present text. Ask for another one if you want more.")


def wants_image_of(scene: Scene, job: Job) -> bool:
    """False once an edit has overtaken the job."""
    return scene.status is Status.APPROVED and scene.text_sha256 == job.text_sha256


async def has_usable_image(scene: Scene) -> bool:
    """One of the present text that is not rejected."""
    images = await images_of_scene(scene.id)
    return any(image.status is not Status.REJECTED and not image.stale for image in images)


async def has_image_coming(scene: Scene) -> bool:
    """A job is making one of the present text."""
    return any(job.text_sha256 == scene.text_sha256 for job in await active_jobs(Entity.SCENE, scene.id))


async def _as_it_is_now(job_id: int) -> Job:
    job = await job_by_id(job_id)
    assert job is not None, "jobs are never deleted"
    return job
