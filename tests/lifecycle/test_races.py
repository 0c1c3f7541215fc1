"""Commands that meet: one of many equal decisions wins, and no video is made of a text that nobody approved."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

from domain.errors import DomainError, ErrorCode
from domain.lifecycle import Entity, JobState, Status
from domain.protocols import LOCAL, Wake
from storage import models
from tests.world import World
from workflow import images, jobs, reading, scenes, scripts, videos, work


async def code_of(command: object) -> str:
    """`ok`, or the code with which it was declined."""
    try:
        await command  # type: ignore[misc]
    except DomainError as declined:
        return declined.code.value
    return "ok"


async def test_of_fifty_approvals_of_a_scene_one_wins(world: World) -> None:
    scene = await world.a_scene()
    answers = await asyncio.gather(
        *(code_of(scenes.approve_scene(world.context, scene_id=scene.id, actor=LOCAL)) for _ in range(50))
    )
    assert Counter(answers) == {"ok": 1, ErrorCode.STATE_CONFLICT: 49}
    assert await models.Job.filter(subject="scene").count() == 1
    assert await models.Decision.filter(subject="scene").count() == 1
    assert await models.Event.filter(subject="scene", kind="status_changed").count() == 1


async def test_no_video_is_ever_made_of_an_unapproved_text(world: World) -> None:
    """An edit races the request for a video; whoever is first, the other sees it."""
    outcomes: Counter[str] = Counter()
    script = await world.a_ready_script(2)
    scene = (await reading.scenes_of_scripts([script.id]))[script.id][0]
    for round_number in range(200):
        text = f"Edited in round {round_number}."
        ask = code_of(videos.create_video(world.context, script_id=script.id, actor=LOCAL))
        edit = code_of(scenes.update_scene(world.context, scene_id=scene.id, text=text, actor=LOCAL))
        if round_number % 2:
            asked, edited = await asyncio.gather(ask, edit)
        else:
            edited, asked = await asyncio.gather(edit, ask)
        assert edited == "ok"
        outcomes[asked] += 1
        await approve_again(world, script.id, scene.id)
    assert set(outcomes) == {"ok", "STATE_CONFLICT"}, "each was first at times"
    assert outcomes.total() == 200
    await assert_events_tell_of_no_unapproved_video(script.id)


async def assert_events_tell_of_no_unapproved_video(script_id: int) -> None:
    """In the log's order, a video is created only while all scenes are approved."""
    pending: set[int] = set()
    log = models.Event.filter(script_id=script_id).order_by("id")
    for event in await log.values("subject", "subject_id", "new", "kind"):
        if event["subject"] == "scene" and event["kind"] != "edited":
            (pending.add if event["new"] == "pending" else pending.discard)(event["subject_id"])
        if event["subject"] == "video" and event["kind"] == "created":
            assert not pending, "a video was asked for while a scene was pending"


async def approve_again(world: World, script_id: int, scene_id: int) -> None:
    """Accept the stale image, approve the scene: nothing is made anew; and end what was started."""
    chosen = reading.chosen_of((await reading.images_of_scenes([scene_id]))[scene_id])
    assert chosen is not None
    await images.approve_image(world.context, image_id=chosen.id, actor=LOCAL, accept_stale=True)
    approval = await scenes.approve_scene(world.context, scene_id=scene_id, actor=LOCAL)
    assert approval.job is None
    video = (await reading.newest_videos([script_id])).get(script_id)
    if video is not None and video.status is Status.PENDING:
        await jobs.cancel_job(world.context, job_id=(await world.last_job(Entity.VIDEO, video.id)).id, actor=LOCAL)


async def test_of_two_workers_one_claims_and_the_late_one_records_nothing(world: World) -> None:
    job = await world.a_job(JobState.QUEUED)
    claims = await asyncio.gather(
        *(work.claim_job(world.context, job_id=job.id, fence=job.fence, owner=f"w{n}") for n in range(10))
    )
    (held,) = [claim for claim in claims if claim is not None]
    assert await work.release_lost_jobs(world.context, owner_prefix="w") == 1
    again = await world.claim(await reading.read_job(job.id))
    assert again.fence > held.fence
    staged = await world.context.media.stage_bytes("late.png", b"late")
    late = work.record_image(
        world.context, held, staged=staged, width=1, height=1, prompt="p", text_sha256=held.text_sha256 or ""
    )
    assert await outcome(late) == "JobLost"
    assert await models.Image.all().count() == 0
    assert staged.path.exists(), "a refused result is not promoted"


async def outcome(recording: object) -> str:
    try:
        await recording  # type: ignore[misc]
    except Exception as error:
        return type(error).__name__
    return "recorded"


async def test_the_same_key_creates_once_however_many_ask(world: World) -> None:
    created = await asyncio.gather(
        *(
            scripts.create_script(world.context, title="T", content="Text.", actor=LOCAL, idempotency_key="k")
            for _ in range(20)
        )
    )
    assert len({script.id for script in created}) == 1
    assert await models.Script.all().count() == 1
    other = scripts.create_script(world.context, title="T", content="Other.", actor=LOCAL, idempotency_key="k")
    assert await code_of(other) == ErrorCode.IDEMPOTENCY_CONFLICT


async def test_a_result_after_a_cancellation_is_discarded(world: World) -> None:
    job = await world.a_job(JobState.RUNNING)
    await jobs.cancel_job(world.context, job_id=job.id, actor=LOCAL)
    assert world.bell.rings[-1].cancelled == {Wake(job.id, job.fence)}
    staged = await world.context.media.stage_bytes("late.png", b"late")
    held = replace(job, state=JobState.RUNNING)
    late = work.record_image(
        world.context, held, staged=staged, width=1, height=1, prompt="p", text_sha256=held.text_sha256 or ""
    )
    assert await outcome(late) == "JobLost"
    assert (await reading.read_job(job.id)).state is JobState.CANCELLED
