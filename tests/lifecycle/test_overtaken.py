"""Work that an edit has overtaken: nothing is made of a text that nobody approved, nothing is made twice, and there is
always a way on."""

from __future__ import annotations

import asyncio

import pytest

from domain.entities import Job, Scene
from domain.errors import JobErrorCode, JobLost, StateConflict, VersionConflict, WorkFailed
from domain.lifecycle import Entity, JobState, Status
from domain.protocols import LOCAL
from storage import models
from storage.media import MediaStore
from tests.world import World
from workflow import images, jobs, reading, scenes, work

FAILED = WorkFailed(JobErrorCode.PROVIDER_UNAVAILABLE, "It is away.", retryable=True)


async def a_running_image_job(world: World) -> tuple[Scene, Job]:
    scene = await world.a_scene(approved=True)
    return scene, await world.claim(await world.last_job(Entity.SCENE, scene.id))


async def edit(world: World, scene: Scene, text: str) -> None:
    await scenes.update_scene(world.context, scene_id=scene.id, text=text, actor=LOCAL)


async def approve(world: World, scene: Scene) -> Job | None:
    return (await scenes.approve_scene(world.context, scene_id=scene.id, actor=LOCAL)).job


async def state_of(job: Job) -> JobState:
    return (await reading.read_job(job.id)).state


@pytest.mark.parametrize("ended_by", ["failure", "death", "stop"])
async def test_an_overtaken_job_is_cancelled_instead_of_tried_again(world: World, ended_by: str) -> None:
    scene, job = await a_running_image_job(world)
    await edit(world, scene, "Another text, not approved yet.")
    if ended_by == "failure":
        assert await work.record_failure(world.context, job, failed=FAILED) is JobState.CANCELLED
    elif ended_by == "death":
        await work.release_lost_jobs(world.context, owner_prefix="test")
    else:
        await work.give_back(world.context, job)
    assert await state_of(job) is JobState.CANCELLED
    again = await approve(world, scene)
    assert again is not None
    await world.picture_of(scene.id)
    found = (await reading.images_of_scenes([scene.id]))[scene.id]
    assert [image.stale for image in found] == [False]


async def test_a_job_that_begins_after_an_edit_asks_for_nothing(world: World) -> None:
    scene, job = await a_running_image_job(world)
    await edit(world, scene, "Another text, not approved yet.")
    with pytest.raises(JobLost):
        await work.picture_task(world.context, job)
    assert await state_of(job) is JobState.CANCELLED
    await edit(world, scene, scene.text)
    assert await approve(world, scene) is not None


async def test_a_cancelled_image_job_can_be_retried(world: World) -> None:
    job = await world.a_job(JobState.QUEUED)
    await jobs.cancel_job(world.context, job_id=job.id, actor=LOCAL)
    await jobs.retry_job(world.context, job_id=job.id, actor=LOCAL)
    assert await world.picture_of(job.subject_id)
    assert await state_of(job) is JobState.SUCCEEDED


async def test_a_retry_that_newer_work_has_overtaken_is_declined(world: World) -> None:
    failed = await world.a_job(JobState.FAILED)
    await images.generate_image(world.context, scene_id=failed.subject_id, actor=LOCAL)
    with pytest.raises(StateConflict, match="Another job"):
        await jobs.retry_job(world.context, job_id=failed.id, actor=LOCAL)


async def test_rejecting_a_stale_image_starts_no_second_job(world: World) -> None:
    image = await world.an_image(stale=True)
    scene = await reading.read_scene(image.scene_id)
    assert await approve(world, scene) is not None
    rejection = await images.reject_image(world.context, image_id=image.id, feedback="old", actor=LOCAL)
    assert rejection.job is None
    assert await models.Job.filter(subject="scene", state="queued").count() == 1


async def test_pictures_made_at_the_same_time_are_numbered_apart(world: World) -> None:
    scene, first = await a_running_image_job(world)
    second = await world.claim(await images.generate_image(world.context, scene_id=scene.id, actor=LOCAL))
    tasks = [await work.picture_task(world.context, job) for job in (first, second)]
    assert [task.request.attempt for task in tasks] == [1, 2]


async def test_a_stale_image_is_not_accepted_for_a_text_that_was_not_seen(world: World) -> None:
    image = await world.an_image(stale=True)
    seen = (await reading.read_scene(image.scene_id)).version
    await scenes.update_scene(world.context, scene_id=image.scene_id, text="A third text.", actor=LOCAL)
    with pytest.raises(VersionConflict):
        await images.approve_image(
            world.context, image_id=image.id, accept_stale=True, expected_scene_version=seen, actor=LOCAL
        )
    assert (await reading.read_image(image.id)).status is Status.PENDING


async def test_a_claim_between_reading_and_cancelling_is_no_conflict(world: World) -> None:
    for _ in range(20):
        scene = await world.a_scene(approved=True)
        job = await world.last_job(Entity.SCENE, scene.id)
        claim = work.claim_job(world.context, job_id=job.id, fence=job.fence, owner="test")
        await asyncio.gather(edit(world, scene, "Edited."), claim)
        assert (await reading.read_scene(scene.id)).status is Status.PENDING


async def test_one_key_for_two_scenes_at_once_is_a_conflict_for_one(world: World) -> None:
    pair = [await world.a_scene(approved=True) for _ in range(2)]
    answers = await asyncio.gather(
        *(images.generate_image(world.context, scene_id=scene.id, idempotency_key="k", actor=LOCAL) for scene in pair),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["IdempotencyConflict", "Job"]


async def test_a_polite_stop_costs_a_job_nothing(world: World) -> None:
    job = await world.a_job(JobState.QUEUED)
    for _ in range(30):
        job = await world.claim(await reading.read_job(job.id))
        await work.give_back(world.context, job)
    row = await models.Job.get(id=job.id).values("attempt", "lost_leases", "state")
    assert row == {"attempt": 0, "lost_leases": 0, "state": "retrying"}


async def test_a_file_whose_record_fails_goes_back_to_staging(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction is undone, and the paid picture is still there to be recorded."""
    scene, job = await a_running_image_job(world)
    staged = await world.context.media.stage_bytes("picture.png", b"paid for")

    async def record() -> None:
        await work.record_image(
            world.context, job, staged=staged, width=1, height=1, prompt="p", text_sha256=scene.text_sha256
        )

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no events today")

    with monkeypatch.context() as broken_log:
        broken_log.setattr("workflow.unit.append_events", broken)
        with pytest.raises(RuntimeError):
            await record()
    media: MediaStore = world.context.media
    assert staged.path.read_bytes() == b"paid for"
    assert not list((media.folder / "images").rglob("*.png"))
    await record()
    assert len(list((media.folder / "images").rglob("*.png"))) == 1
