"""A system in this process: real database, media and commands; the worker's part is played by the test.

Builders take things to where a test begins and say only what it is about: `await world.a_scene(approved=True)`.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from PIL import Image as Pictures

from domain.entities import Image, Job, JobFailure, Scene, Script, Video
from domain.errors import JobErrorCode, WorkFailed
from domain.lifecycle import Entity, JobState, Status
from domain.protocols import LOCAL, Limits, Ring
from domain.rendering import Captions, Motion, Narration, RenderSpec, Transition
from domain.segmentation import CutPoint, Segmentation
from storage.database import close_database, open_database
from storage.jobs import stop_running_job
from storage.media import MediaStore
from storage.migrate import migrate
from storage.videos import VideoFile
from workflow import images, jobs, reading, scenes, scripts, videos, work
from workflow.context import Context

TINY = RenderSpec(
    64, 36, 10, motion=Motion.HOLD, transition=Transition.CUT, captions=Captions.NONE, narration=Narration.OFF,
    scene_seconds=0.2,
)  # fmt: skip
"""The least that is a video."""


class Clock:
    """The time for people."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class RecordingBell:
    """Keeps what would have been told to other processes."""

    rings: list[Ring] = field(default_factory=list)

    async def ring(self, ring: Ring) -> None:
        self.rings.append(ring)


@dataclass
class World:
    """The open system and its builders."""

    context: Context
    bell: RecordingBell
    numbers: count[int] = field(default_factory=lambda: count(1))

    def limited(self, **limits: int) -> Context:
        """The same system, taking less."""
        return replace(self.context, limits=Limits(**limits))

    # --- builders ------------------------------------------------------------------------------------------------

    async def a_script(self, *, approved: bool = False, scene_texts: tuple[str, ...] = ()) -> Script:
        """A draft, or an approved script; with scenes if texts are given."""
        content = "".join(f"{text}\n\n" for text in scene_texts) or "Once there was a fox.\n\nIt slept."
        script = await scripts.create_script(self.context, title="A tale", content=content, actor=LOCAL)
        if not approved and not scene_texts:
            return script
        approval = await scripts.approve_script(self.context, script_id=script.id, actor=LOCAL)
        if scene_texts:
            ends = [sum(len(text) + 2 for text in scene_texts[: place + 1]) for place in range(len(scene_texts))]
            job = await self.claim(approval.job)
            cuts = tuple(CutPoint(end, f"Scene {place}") for place, end in enumerate(ends, 1))
            await work.record_segmentation(self.context, job, segmentation=Segmentation(cuts))
        return await reading.read_script(script.id)

    async def a_scene(self, *, approved: bool = False) -> Scene:
        """The only scene of its script."""
        script = await self.a_script(scene_texts=("A fox sleeps under the old oak.",))
        scene = (await reading.scenes_of_scripts([script.id]))[script.id][0]
        if approved:
            return (await scenes.approve_scene(self.context, scene_id=scene.id, actor=LOCAL)).scene
        return scene

    async def an_image(self, status: Status = Status.PENDING, *, stale: bool = False) -> Image:
        """Of an approved scene, or of one that was edited since."""
        scene = await self.a_scene(approved=True)
        image = await self.picture_of(scene.id)
        if status is Status.APPROVED:
            image = await images.approve_image(self.context, image_id=image.id, actor=LOCAL)
        if status is Status.REJECTED:
            image = (await images.reject_image(self.context, image_id=image.id, actor=LOCAL)).image
        if stale:
            await scenes.update_scene(self.context, scene_id=scene.id, text="The fox woke up.", actor=LOCAL)
        return await reading.read_image(image.id)

    async def a_ready_script(self, number_of_scenes: int = 2) -> Script:
        """Every scene approved and with an approved image."""
        texts = tuple(f"Scene number {number} of the tale." for number in range(1, number_of_scenes + 1))
        script = await self.a_script(scene_texts=texts)
        for scene in (await reading.scenes_of_scripts([script.id]))[script.id]:
            await scenes.approve_scene(self.context, scene_id=scene.id, actor=LOCAL)
            image = await self.picture_of(scene.id)
            await images.approve_image(self.context, image_id=image.id, actor=LOCAL)
        return await reading.read_script(script.id)

    async def a_video(self, status: Status = Status.PENDING) -> Video:
        script = await self.a_ready_script()
        request = await videos.create_video(self.context, script_id=script.id, actor=LOCAL)
        assert request.job is not None
        if status is Status.APPROVED:
            await self.finish_video(request.job)
        if status is Status.REJECTED:
            await self.fail(request.job)
        return await reading.read_video(request.video.id)

    async def a_job(self, state: JobState, *, of_video: bool = False) -> Job:
        """An image job of an approved scene, or the job of a video."""
        if of_video:
            job = await self.last_job(Entity.VIDEO, (await self.a_video()).id)
        else:
            job = await self.last_job(Entity.SCENE, (await self.a_scene(approved=True)).id)
        match state:
            case JobState.RUNNING:
                await self.claim(job)
            case JobState.RETRYING:
                running = replace(await self.claim(job), attempt=1)
                failed = WorkFailed(JobErrorCode.PROVIDER_UNAVAILABLE, "It is away.", retryable=True)
                await work.record_failure(self.context, running, failed=failed)
            case JobState.PARKED:
                running = await self.claim(job)
                await park(running)
            case JobState.SUCCEEDED if of_video:
                await self.finish_video(job)
            case JobState.SUCCEEDED:
                await self.picture_of(job.subject_id)
            case JobState.FAILED:
                await self.fail(job)
            case JobState.CANCELLED:
                await jobs.cancel_job(self.context, job_id=job.id, actor=LOCAL)
            case JobState.QUEUED:
                pass
        found = await reading.read_job(job.id)
        assert found.state is state
        return found

    async def a_running_job(self) -> Job:
        """An image job that a worker of the name `test` holds."""
        return await self.claim(await self.a_job(JobState.QUEUED))

    # --- the worker's part ---------------------------------------------------------------------------------------

    async def last_job(self, subject: Entity, subject_id: int) -> Job:
        return (await reading.latest_jobs(subject, [subject_id]))[subject_id]

    async def claim(self, job: Job) -> Job:
        claimed = await work.claim_job(self.context, job_id=job.id, fence=job.fence, owner="test")
        assert claimed is not None
        return claimed

    async def picture_of(self, scene_id: int) -> Image:
        """Do the scene's last image job: a real PNG, another colour each time."""
        return await self.picture_by(await self.claim(await self.last_job(Entity.SCENE, scene_id)))

    async def picture_by(self, job: Job) -> Image:
        """The same for a job that is held already."""
        task = await work.picture_task(self.context, job)
        staged = await self.context.media.stage_bytes("picture.png", a_png(next(self.numbers)))
        return await work.record_image(
            self.context, job, staged=staged, width=8, height=8, prompt="a fox", text_sha256=task.text_sha256
        )

    async def finish_video(self, job: Job) -> None:
        claimed = await self.claim(job)
        staged = await self.context.media.stage_bytes("video.mp4", b"not looked into here")
        file = VideoFile(staged.sha256, 160, 90, 1.0, staged.byte_size)
        await work.record_video(self.context, claimed, staged=staged, file=file)

    async def fail(self, job: Job) -> None:
        """For good."""
        claimed = await self.claim(job)
        failed = WorkFailed(JobErrorCode.BAD_OUTPUT, "It was no picture.", retryable=False)
        assert await work.record_failure(self.context, claimed, failed=failed) is JobState.FAILED


async def park(job: Job) -> None:
    """What a worker does when a person must decide about an attempt."""
    failure = JobFailure(JobErrorCode.PROVIDER_UNAVAILABLE, "The answer was lost.", True)
    assert await stop_running_job(job, JobState.PARKED, failure=failure, now=datetime.now(UTC))


def a_png(number: int) -> bytes:
    """8 × 8 pixels of one colour; the number decides which."""
    buffer = io.BytesIO()
    Pictures.new("RGB", (8, 8), (number * 37 % 256, number * 91 % 256, number * 53 % 256)).save(buffer, "PNG")
    return buffer.getvalue()


@asynccontextmanager
async def open_world(
    database_url: str, media: Path, limits: Limits | None = None, *, migrated: bool = False
) -> AsyncIterator[World]:
    """Migrate, unless that is done, and open everything, and close it again."""
    if not migrated:
        await migrate(database_url)
    await open_database(database_url)
    try:
        store = MediaStore(media)
        await store.prepare()
        bell = RecordingBell()
        yield World(Context(bell, Clock(), limits or Limits(), store, render=TINY), bell)
    finally:
        await close_database()
