"""Commands on jobs: what a person may do about machine work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from domain.entities import Job, Scene
from domain.errors import IllegalTransition, JobErrorCode, StateConflict
from domain.events import EventKind
from domain.lifecycle import (
    ACTIVE_JOB_STATES,
    ENDED_JOB_STATES,
    RETRYABLE_JOB_STATES,
    Entity,
    JobKind,
    JobState,
    Status,
)
from domain.protocols import WORKER, Actor
from storage.calls import give_up_unsettled, try_paused_providers
from storage.images import images_of_scenes
from storage.jobs import active_jobs, cancel_job_row, job_by_id, jobs_parked_for, latest_jobs, requeue_job
from storage.scenes import scene_by_id
from storage.videos import reject_video, video_by_id
from workflow.taking import taken_job, taken_script
from workflow.unit import Unit, command

CANCELLED_VIDEO = "It was cancelled. Ask for a new video when you want one."
_ENDED_VIDEO = (
    "A video's job that has ended is not retried. Ask for a new video instead; what is finished of this one is used."
)


@command
async def retry_job(unit: Unit, *, job_id: int, actor: Actor) -> Job:
    """Send a failed or parked job back into the queue, with all its attempts again.

    One that waits to be tried again by itself is tried at once. A cancelled one may be retried too, as long as nothing
    else does its work: nothing else would bring it back. Where the job says that an answer was lost, this is the
    decision to ask again; and a paused provider is tried again at once. A video's job is retried only while it waits:
    once it has ended its video is rejected for good.

    Raises:
        NotFound.
        IllegalTransition: the job neither failed nor waits.
        StateConflict: a video's job that has ended (ask for a new video), or one that newer work or an edit has
            overtaken.
    """
    job = await taken_job(job_id)
    if job.kind is JobKind.COMPILE_VIDEO and job.state in ENDED_JOB_STATES:
        raise StateConflict(_ENDED_VIDEO)
    if job.state not in RETRYABLE_JOB_STATES:
        hint = "Only a job that has failed, or waits to be tried again, can be retried."
        raise IllegalTransition("job", job.state, JobState.QUEUED, hint=hint)
    match job.kind:
        case JobKind.GENERATE_IMAGE:
            await _require_work_for_image(job)
        case JobKind.SEGMENT_SCRIPT:
            if (await latest_jobs(Entity.SCRIPT, [job.subject_id]))[job.subject_id].id != job.id:
                raise StateConflict("A newer job does this work already.")
        case JobKind.COMPILE_VIDEO:
            pass  # no other job makes this video
        case kind:
            assert_never(kind)
    if job.failure is not None and job.failure.code is JobErrorCode.ANSWER_LOST:
        await give_up_unsettled(job.id)
    await try_paused_providers()
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
    return scene.removed_at is None and scene.status is Status.APPROVED and scene.text_sha256 == job.text_sha256


async def has_usable_image(scene: Scene) -> bool:
    """One of the present text that is not rejected."""
    return bool((await usable_images([scene]))[scene.id])


async def is_served(scene: Scene) -> bool:
    """It has a usable image, or one of its present text is coming."""
    return bool(await served_scenes([scene]))


async def served_scenes(scenes: Sequence[Scene]) -> set[int]:
    """The ids of those that have a usable image, or one of their present text coming."""
    usable = await usable_images(scenes)
    return {scene_id for scene_id, images in usable.items() if images} | await scenes_with_image_coming(scenes)


async def usable_images(scenes: Sequence[Scene]) -> dict[int, set[int]]:
    """By scene the ids of its images of the present text that are not rejected."""
    found = await images_of_scenes([scene.id for scene in scenes])
    return {
        scene_id: {image.id for image in images if image.status is not Status.REJECTED and not image.stale}
        for scene_id, images in found.items()
    }


async def scenes_with_image_coming(scenes: Sequence[Scene]) -> set[int]:
    """The ids of those for whose present text a job is making one."""
    texts = {scene.id: scene.text_sha256 for scene in scenes}
    jobs = await active_jobs(Entity.SCENE, *texts)
    return {job.subject_id for job in jobs if job.text_sha256 == texts[job.subject_id]}


async def _as_it_is_now(job_id: int) -> Job:
    job = await job_by_id(job_id)
    assert job is not None, "jobs are never deleted"
    return job
