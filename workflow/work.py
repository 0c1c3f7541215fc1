"""What workers may do: claim a job, say how far it is, and record how it ended.

Every record is fenced: if the job was cancelled or taken over meanwhile it raises `JobLost`, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from domain.entities import Deliverable, Image, Job, MediaFile, Music, Script, Words
from domain.errors import JobErrorCode, JobLost, WorkFailed
from domain.events import EventKind
from domain.generation import PromptRequest, SegmentationRequest
from domain.lifecycle import INITIAL, Entity, JobState, Status
from domain.protocols import WORKER, Ring
from domain.rendering import RenderSpec
from domain.segmentation import LossyCuts, Segmentation, scenes_from_cuts
from domain.text import as_one_line
from storage import jobs as job_rows
from storage.calls import forget_answer, unneeded_answers
from storage.errors import MediaMissing, StorageError
from storage.images import NewImage, image_by_id, image_key, images_by_id, insert_image
from storage.jobs import JobProgress
from storage.media import StagedFile
from storage.music import music_by_id
from storage.scenes import insert_scenes, scenes_of_script
from storage.scripts import script_by_id, write_script
from storage.settle import settle
from storage.videos import VideoFile, finish_video, video_by_id, video_key, words_of_video
from workflow.asking import asking
from workflow.context import Context
from workflow.endings import give_back, record_delay, record_failure, record_parked, release_lost_jobs
from workflow.jobs import cancel_taken_job, wants_image_of
from workflow.reading import database_failure
from workflow.taking import taken_scene, taken_script, taken_video
from workflow.unit import Unit, command
from workflow.videos import words_of_pins

ANSWERS_OF_VIDEOS_KEPT: Final = timedelta(days=30)
"""For so long what a video has paid for and not used, when it ended in vain, waits for the script's next one."""

__all__ = [
    "JobProgress",
    "MediaMissing",
    "PictureTask",
    "StagedFile",
    "StorageError",
    "VideoFile",
    "VideoTask",
    "claim_job",
    "database_failure",
    "due_jobs",
    "forget_answers",
    "give_back",
    "milliseconds_to_next_due",
    "picture_task",
    "record_delay",
    "record_failure",
    "record_image",
    "record_parked",
    "record_segmentation",
    "record_video",
    "release_lost_jobs",
    "renew_lease",
    "report_progress",
    "segmentation_task",
    "settle",
    "video_key",
    "video_task",
]


@dataclass(frozen=True, slots=True)
class PictureTask:
    """What a picture is to be made from. `own_prompt` is a person's, to be used as it stands."""

    request: PromptRequest
    own_prompt: str | None
    text_sha256: str


due_jobs = asking(job_rows.due_jobs)
milliseconds_to_next_due = asking(job_rows.milliseconds_to_next_due)


# --- holding a job -----------------------------------------------------------------------------------------------


@asking
async def claim_job(context: Context, *, job_id: int, fence: int, owner: str) -> Job | None:
    """Take a due job for one attempt; None if it is not to be had."""
    job = await job_rows.claim_job(job_id, fence=fence, owner=owner, now=context.clock.now())
    if job is not None:
        await context.bell.ring(Ring(progressed=frozenset({job.id}), script_ids=frozenset({job.script_id})))
    return job


@asking
async def renew_lease(job: Job) -> None:
    """Raises `JobLost`."""
    if not await job_rows.renew_lease(job.id, fence=job.fence):
        raise JobLost


@asking
async def report_progress(context: Context, job: Job, progress: JobProgress) -> None:
    """Raises `JobLost`. Callers throttle: each call is a write."""
    if not await job_rows.write_progress(job.id, fence=job.fence, progress=progress):
        raise JobLost
    await context.bell.ring(Ring(progressed=frozenset({job.id})))


# --- what is to be done ------------------------------------------------------------------------------------------


@asking
async def segmentation_task(context: Context, job: Job) -> SegmentationRequest:
    script = await script_by_id(job.subject_id)
    if script is None:
        raise JobLost
    return SegmentationRequest(script.content, context.limits.max_scenes)


@asking
async def picture_task(context: Context, job: Job) -> PictureTask:
    """The scene as it is now, its neighbours, and what was said about the rejected picture.

    Raises:
        JobLost: an edit has overtaken the job, which is cancelled: nothing is made of a text that nobody approved.
    """
    scenes = await scenes_of_script(job.script_id)  # one statement: nothing is merged between scene and neighbours
    place = next((place for place, other in enumerate(scenes) if other.id == job.subject_id), None)
    if place is None or not wants_image_of(scenes[place], job):
        await _cancel_overtaken(context, job=job)
        raise JobLost
    scene, script = scenes[place], await script_by_id(job.script_id)
    rejected = await image_by_id(job.replaces_id) if job.replaces_id is not None else None
    request = PromptRequest(
        text=scene.text,
        title=scene.title,
        order=scene.order,
        attempt=await job_rows.number_of_job(job),
        text_before=scenes[place - 1].text if place > 0 else None,
        text_after=scenes[place + 1].text if place + 1 < len(scenes) else None,
        style=script.style if script is not None else None,
        feedback=job.feedback,
        rejected_prompt=rejected.prompt or None if rejected is not None else None,
    )
    return PictureTask(request, job.prompt, scene.text_sha256)


@asking
@command
async def _cancel_overtaken(unit: Unit, *, job: Job) -> None:
    await taken_script(job.script_id)
    await cancel_taken_job(unit, job, actor=WORKER)


@asking
async def forget_answers(context: Context, *, job_id: int | None = None) -> None:
    """Remove the kept answers of a job that has succeeded, or all that no work will want any more."""
    ended_before = context.clock.now() - ANSWERS_OF_VIDEOS_KEPT
    for call_id, key in (await unneeded_answers(job_id, ended_before=ended_before)).items():
        with suppress(WorkFailed):  # the next sweep tries again
            await context.media.remove(key)
            await forget_answer(call_id)


@dataclass(frozen=True, slots=True)
class VideoTask:
    """All that a video is made from, as it was when it was asked for. `images` and the words' scenes go together."""

    video_id: int
    spec: RenderSpec
    images: tuple[Image, ...]
    words: Words
    music: Music | None


@asking
async def video_task(context: Context, job: Job) -> VideoTask:
    """What the job's video was pinned to.

    One of an earlier version gets its scenes' present texts and this installation's look.
    """
    video = await video_by_id(job.subject_id)
    if video is None or video.status is not Status.PENDING:
        raise JobLost
    images = await images_by_id([pin.image_id for pin in video.pins])
    spec = video.spec or context.render
    return VideoTask(
        video.id,
        spec,
        tuple(replace(images[pin.image_id], sha256=pin.sha256) for pin in video.pins),
        await words_of_video(video.id) or await words_of_pins(video.script_id, video.pins),
        None if spec.music_id is None else await music_by_id(spec.music_id),
    )


# --- how it ended ------------------------------------------------------------------------------------------------


@command
async def record_segmentation(unit: Unit, job: Job, *, segmentation: Segmentation) -> None:
    """Store the scenes; the script's title too, if it has none.

    Raises:
        JobLost.
        WorkFailed: the cuts lose words, or are too many.
    """
    script = await taken_script(job.subject_id)
    await _succeed(unit, job, note=segmentation.note)
    try:
        drafts = scenes_from_cuts(script.content, segmentation.cuts)
    except LossyCuts as error:
        raise WorkFailed(JobErrorCode.BAD_OUTPUT, f"The scenes would lose words: {error}.", retryable=True) from None
    if len(drafts) > unit.limits.max_scenes:
        message = f"{len(drafts)} scenes were found; at most {unit.limits.max_scenes} are accepted."
        raise WorkFailed(JobErrorCode.BAD_OUTPUT, message, retryable=True)
    most = unit.limits.max_title_chars
    titled = [replace(draft, title=as_one_line(draft.title or "", most=most)) for draft in drafts]
    for scene in await insert_scenes(script.id, titled, status=INITIAL[Entity.SCENE], now=unit.now):
        unit.record_created(Entity.SCENE, scene.id, script_id=script.id, status=scene.status, actor=WORKER)
    if script.title is None and (title := as_one_line(segmentation.title or "", most=most)) is not None:
        await _set_title(unit, script, title)


async def _set_title(unit: Unit, script: Script, title: str) -> None:
    await write_script(replace(script, title=title), previous=script.status, now=unit.now)
    unit.record(
        EventKind.EDITED, Entity.SCRIPT, script.id, script_id=script.id, version=script.version + 1,
        previous=script.status.value, new=script.status.value, actor=WORKER,
    )  # fmt: skip


@command
async def record_image(
    unit: Unit, job: Job, *, staged: StagedFile, width: int, height: int, prompt: str, text_sha256: str
) -> Image:
    """Give the staged picture its row and its place; it waits for a decision.

    Raises:
        JobLost, WorkFailed (the media folder).
    """
    script, scene = await taken_scene(job.subject_id, removed_too=True)  # its jobs were cancelled: this one is lost
    await _succeed(unit, job, note=None)
    new = NewImage(
        scene.id,
        script.id,
        prompt,
        text_sha256,
        staged.sha256,
        width,
        height,
        staged.byte_size,
        job.replaces_id,
        job.id,
    )
    image = await insert_image(new, status=INITIAL[Entity.IMAGE], now=unit.now)
    unit.record_created(Entity.IMAGE, image.id, script_id=script.id, status=image.status, actor=WORKER)
    unit.promote(staged, image_key(scene.id, image.id))
    return image


@command
async def record_video(
    unit: Unit, job: Job, *, staged: StagedFile, file: VideoFile,
    others: Mapping[Deliverable, StagedFile] = MappingProxyType({}), note: str | None = None,
) -> None:  # fmt: skip
    """pending → approved with its MP4 and what comes with it.

    Raises:
        JobLost, WorkFailed (the media folder).
    """
    video = await taken_video(job.subject_id)
    await _succeed(unit, job, note=note)
    keys = {kind: video_key(video.id, kind.value) for kind in others}
    files = {kind: MediaFile(keys[kind], other.sha256, other.byte_size) for kind, other in others.items()}
    if not await finish_video(video.id, file, files, now=unit.now):
        raise JobLost
    unit.record(
        EventKind.STATUS_CHANGED, Entity.VIDEO, video.id, script_id=video.script_id, version=video.version + 1,
        previous=video.status.value, new=Status.APPROVED.value, actor=WORKER,
    )  # fmt: skip
    for kind, other in others.items():
        unit.promote(other, keys[kind])
    unit.promote(staged, video_key(video.id))


async def _succeed(unit: Unit, job: Job, *, note: str | None) -> None:
    if not await job_rows.succeed_job(job, note=note, now=unit.now):
        raise JobLost
    await unit.record_job(job, JobState.SUCCEEDED, previous=JobState.RUNNING, actor=WORKER)
