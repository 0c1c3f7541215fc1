"""Scenes are cut, merged and moved while others decide, edit, ask for a video and workers bring pictures."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from domain.entities import Image, Job, Scene
from domain.lifecycle import ACTIVE_JOB_STATES, Entity, JobState, Status
from domain.protocols import LOCAL
from storage import models
from tests.lifecycle.test_races import code_of, outcome
from tests.world import World
from workflow import arranging, images, reading, scenes, videos

REFUSALS = {"ok", "STATE_CONFLICT", "VERSION_CONFLICT", "INVALID", "NOT_FOUND"}
Work = Coroutine[Any, Any, object]


async def present(script_id: int) -> list[Scene]:
    return (await reading.scenes_of_scripts([script_id]))[script_id]


async def words(script_id: int) -> str:
    return "".join(scene.text + scene.gap for scene in await present(script_id))


async def assert_sound(world: World, script_id: int) -> None:
    """What holds whatever came first."""
    found = await present(script_id)
    assert [scene.order for scene in found] == list(range(1, len(found) + 1))
    rows = await models.Scene.filter(script_id=script_id).values("id", "removed_at")
    gone = {row["id"] for row in rows if row["removed_at"] is not None}
    assert {scene.id for scene in found} | gone == {row["id"] for row in rows}
    active = await models.Job.filter(
        script_id=script_id, subject="scene", state__in=[state.value for state in ACTIVE_JOB_STATES]
    ).values_list("subject_id", flat=True)
    assert not gone.intersection(active), "nobody works for a removed scene"
    folder = world.context.media.folder
    files = {path.relative_to(folder).as_posix() for path in (folder / "images").rglob("*.png")}
    assert files == {row["file_path"] for row in await models.Image.all().values("file_path")}
    await assert_videos_were_of_what_was_approved(script_id)


async def assert_videos_were_of_what_was_approved(script_id: int) -> None:
    """In the log's order, a video is created only while all scenes that were there were approved, and of those."""
    statuses: dict[int, str] = {}
    pins = {video.id: video.pins for video in (await reading.videos_of_scripts([script_id]))[script_id]}
    for event in await reading.events_after(0, limit=100_000, script_id=script_id):
        if event.subject is Entity.SCENE:
            statuses[event.subject_id] = event.new
            if event.kind.value == "removed":
                del statuses[event.subject_id]
        if event.subject is Entity.VIDEO and event.kind.value == "created":
            assert set(statuses.values()) == {"approved"}
            assert {pin.scene_id for pin in pins[event.subject_id]} == set(statuses)


async def both(first: Awaitable[str], second: Awaitable[str], *, turned: bool) -> tuple[str, str]:
    """Their outcomes; `turned` starts the second one first."""
    if turned:
        b, a = await asyncio.gather(second, first)
        return a, b
    a, b = await asyncio.gather(first, second)
    return a, b


async def test_of_many_equal_splits_one_wins(world: World) -> None:
    scene = await world.a_scene()
    before = await words(scene.script_id)
    answers = await asyncio.gather(
        *(
            code_of(arranging.split_scene(world.context, scene_id=scene.id, at=at, expected_version=1, actor=LOCAL))
            for at in range(1, 21)
        )
    )
    assert Counter(answers) == {"ok": 1, "VERSION_CONFLICT": 19}
    assert len(await present(scene.script_id)) == 2
    assert await words(scene.script_id) == before
    await assert_sound(world, scene.script_id)


async def test_of_many_equal_merges_one_wins(world: World) -> None:
    script = await world.a_script(scene_texts=("One.", "Two.", "Three."))
    ids = [scene.id for scene in await present(script.id)]
    before = await words(script.id)
    answers = await asyncio.gather(
        *(code_of(arranging.merge_scenes(world.context, scene_ids=ids[:2], actor=LOCAL)) for _ in range(20))
    )
    assert answers.count("ok") == 1
    assert set(answers) <= REFUSALS
    assert [scene.id for scene in await present(script.id)] == [ids[0], ids[2]]
    assert await words(script.id) == before


async def test_overlapping_merges_lose_no_word(world: World) -> None:
    for turned in (False, True) * 5:
        script = await world.a_script(scene_texts=("One.", "Two.", "Three.", "Four."))
        ids = [scene.id for scene in await present(script.id)]
        before = await words(script.id)
        one = code_of(arranging.merge_scenes(world.context, scene_ids=ids[:3], actor=LOCAL))
        other = code_of(arranging.merge_scenes(world.context, scene_ids=ids[2:], actor=LOCAL))
        outcomes = await both(one, other, turned=turned)
        assert "ok" in outcomes
        assert await words(script.id) == before
        await assert_sound(world, script.id)


@pytest.mark.parametrize("arrange", ["split", "merge"])
@pytest.mark.parametrize("rival", ["approve", "edit"])
async def test_who_decided_on_a_version_is_told_of_the_other(world: World, arrange: str, rival: str) -> None:
    """Both say which version they saw: one of them wins, never both."""
    for turned in (False, True) * 5:
        script = await world.a_script(scene_texts=("One fox.", "Two foxes."))
        first, second = await present(script.id)
        before = await words(script.id)
        command: Work
        if arrange == "split":
            command = arranging.split_scene(world.context, scene_id=first.id, at=4, expected_version=1, actor=LOCAL)
        else:
            command = arranging.merge_scenes(
                world.context, scene_ids=[first.id, second.id], expected_versions=[1, 1], actor=LOCAL
            )
        other: Work
        if rival == "approve":
            other = scenes.approve_scene(world.context, scene_id=first.id, expected_version=1, actor=LOCAL)
        else:
            other = scenes.update_scene(world.context, scene_id=first.id, text="X", expected_version=1, actor=LOCAL)
        outcomes = await both(code_of(command), code_of(other), turned=turned)
        assert sorted(outcomes) == ["VERSION_CONFLICT", "ok"]
        if outcomes[0] == "ok" or rival == "approve":
            assert await words(script.id) == before
        await assert_sound(world, script.id)


async def test_no_order_is_lost_to_a_split(world: World) -> None:
    """The new scene is not in the order that was asked for: either it is there first, or the order is declined."""
    for turned in (False, True) * 5:
        script = await world.a_script(scene_texts=("One fox.", "Two.", "Three."))
        ids = [scene.id for scene in await present(script.id)]
        split = code_of(arranging.split_scene(world.context, scene_id=ids[0], at=4, actor=LOCAL))
        move = code_of(arranging.reorder_scenes(world.context, script_id=script.id, scene_ids=ids[::-1], actor=LOCAL))
        outcomes = await both(split, move, turned=turned)
        assert outcomes in (("ok", "ok"), ("ok", "INVALID"))
        texts = [scene.text for scene in await present(script.id)]
        moved = ["Three.", "Two.", "One", "fox."]
        assert texts == (moved if outcomes[1] == "ok" else ["One", "fox.", "Two.", "Three."])
        await assert_sound(world, script.id)


async def test_of_two_choices_the_last_holds(world: World) -> None:
    image = await world.an_image(Status.APPROVED)
    await images.generate_image(world.context, scene_id=image.scene_id, actor=LOCAL)
    other = await world.picture_of(image.scene_id)
    await images.approve_image(world.context, image_id=other.id, actor=LOCAL)
    for _ in range(10):
        choices = [
            code_of(images.choose_image(world.context, image_id=each.id, actor=LOCAL)) for each in (image, other)
        ]
        assert await asyncio.gather(*choices) == ["ok", "ok"]
        found = (await reading.images_of_scenes([image.scene_id]))[image.scene_id]
        last = await models.Decision.filter(subject="image").order_by("-id").first().values("subject_id")
        chosen = reading.chosen_of(found)
        assert chosen is not None
        assert last is not None
        assert chosen.id == last["subject_id"]


async def a_held_job(world: World) -> tuple[list[Scene], Job]:
    """The picture job of the second of two scenes, in a worker's hands."""
    script = await world.a_script(scene_texts=("One fox.", "Two foxes."))
    first, second = await present(script.id)
    for scene in (first, second):
        await scenes.approve_scene(world.context, scene_id=scene.id, actor=LOCAL)
    return [first, second], await world.claim(await world.last_job(Entity.SCENE, second.id))


async def test_a_worker_loses_the_picture_of_a_scene_that_was_merged(world: World) -> None:
    seen: Counter[str] = Counter()
    for turned in (False, True) * 10:
        found, job = await a_held_job(world)
        ids = [scene.id for scene in found]
        record = outcome(world.picture_by(job))
        merge = code_of(arranging.merge_scenes(world.context, scene_ids=ids, actor=LOCAL))
        recorded, merged = await both(record, merge, turned=turned)
        assert merged == "ok"
        seen[recorded] += 1
        state = (await reading.read_job(job.id)).state
        drawn = (await reading.images_of_scenes([ids[1]]))[ids[1]]
        if recorded == "recorded":
            assert (state, len(drawn)) == (JobState.SUCCEEDED, 1)
        else:
            assert (recorded, state, drawn) == ("JobLost", JobState.CANCELLED, [])
        await assert_sound(world, found[0].script_id)
    assert set(seen) <= {"recorded", "JobLost"}
    assert seen["JobLost"] > 0


async def test_a_worker_that_comes_after_the_merge(world: World) -> None:
    found, job = await a_held_job(world)
    task_first = await world.claim(await world.last_job(Entity.SCENE, found[0].id))
    await arranging.merge_scenes(world.context, scene_ids=[scene.id for scene in found], actor=LOCAL)
    assert await outcome(world.picture_by(job)) == "JobLost"
    assert await outcome(world.picture_by(task_first)) == "JobLost", "its scene has other words now"
    assert await models.Image.all().count() == 0
    assert world.bell.rings[-1].cancelled or any(ring.cancelled for ring in world.bell.rings), "the worker is told"
    await assert_sound(world, found[0].script_id)


async def test_a_storm(world: World) -> None:
    """Everything at once, round after round: declined or done, never half of it, and nothing fails."""
    rng = random.Random(7)
    script = await world.a_ready_script(5)
    for round_number in range(12):
        found = await present(script.id)
        drawn = [image for some in (await reading.images_of_scenes([scene.id for scene in found])).values()
                 for image in some]  # fmt: skip
        queued = models.Job.filter(script_id=script.id, state="queued", subject="scene").limit(3)
        held = [await world.claim(await reading.read_job(row["id"])) for row in await queued.values("id")]
        work = [*(_something(world, rng, found, drawn) for _ in range(10)),
                *(code_of(_recorded(world, job)) for job in held)]  # fmt: skip
        answers = await asyncio.gather(*work)
        assert set(answers) <= REFUSALS | {"lost"}, (round_number, answers)
        await assert_sound(world, script.id)


async def _recorded(world: World, job: Job) -> None:
    assert await outcome(world.picture_by(job)) in ("recorded", "JobLost")


def _something(world: World, rng: random.Random, found: list[Scene], drawn: list[Image]) -> Awaitable[str]:
    context, scene, image = world.context, rng.choice(found), rng.choice(drawn)
    ids = [each.id for each in found]
    start = rng.randrange(len(ids))
    makers: list[Callable[[], Work]] = [
        lambda: arranging.split_scene(context, scene_id=scene.id, at=max(1, len(scene.text) // 2), actor=LOCAL),
        lambda: arranging.merge_scenes(context, scene_ids=ids[start : start + 2], actor=LOCAL),
        lambda: arranging.reorder_scenes(
            context, script_id=scene.script_id, scene_ids=rng.sample(ids, len(ids)), actor=LOCAL
        ),
        lambda: images.choose_image(context, image_id=image.id, actor=LOCAL),
        lambda: images.approve_image(context, image_id=image.id, accept_stale=True, actor=LOCAL),
        lambda: scenes.approve_scene(context, scene_id=scene.id, actor=LOCAL),
        lambda: scenes.approve_scene(context, scene_id=scene.id, actor=LOCAL),
        lambda: scenes.update_scene(context, scene_id=scene.id, text=f"Edit {rng.random()} of it.", actor=LOCAL),
        lambda: videos.create_video(context, script_id=scene.script_id, actor=LOCAL),
        lambda: images.generate_image(context, scene_id=scene.id, actor=LOCAL),
    ]
    return code_of(rng.choice(makers)())
