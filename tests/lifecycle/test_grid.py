"""Every state against every command, over both faces: what is allowed works, what is not changes nothing.

The states come from the domain's tables; what is expected of each pair is written out here, once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from domain.lifecycle import STATUSES, Entity, JobState, Status
from domain.protocols import LOCAL
from storage import models
from tests.faces import COMMANDS, Faces, open_faces
from tests.world import World
from workflow import arranging, images, reading, scenes

FACES = ("rest", "graphql")

Case = tuple[str, str, str | None]
"""Command, state, and the code with which it is declined; None where it is taken."""

CONFLICT = "STATE_CONFLICT"

EXPECTED: dict[str, dict[str, str | None]] = {
    "update_script": {"draft": None, "approved": CONFLICT},
    "fund_script": {"draft": None, "approved": None},
    "approve_script": {"draft": None, "approved": CONFLICT},
    "create_video": {"draft": CONFLICT, "approved": CONFLICT},  # approved, but without scenes yet
    "update_scene": {"pending": None, "approved": None},
    "approve_scene": {"pending": None, "approved": CONFLICT},
    "approve_image": {
        "pending": None, "approved": CONFLICT, "rejected": CONFLICT,
        "pending stale": CONFLICT, "approved stale": CONFLICT, "rejected stale": CONFLICT,
    },
    "accept_stale_image": {
        "pending": None, "approved": CONFLICT, "rejected": CONFLICT,
        "pending stale": None, "approved stale": None, "rejected stale": CONFLICT,
    },
    "reject_image": {
        "pending": None, "approved": CONFLICT, "rejected": CONFLICT,
        "pending stale": None, "approved stale": CONFLICT, "rejected stale": CONFLICT,
    },
    "split_scene": {"pending": None, "approved": None},
    "merge_scenes": {"pending": None, "approved": None},
    "reorder_scenes": {"draft": CONFLICT, "approved": None},
    "choose_image": {
        "pending": CONFLICT, "approved": None, "rejected": CONFLICT,  # approved, and another one is the chosen one
        "pending stale": CONFLICT, "approved stale": CONFLICT, "rejected stale": CONFLICT,
    },
    "duplicate_script": {"draft": None, "approved": None},
    "archive_script": {"draft": None, "approved": CONFLICT},  # approved, and being cut into scenes
    "retry_job": {
        "queued": CONFLICT, "running": CONFLICT, "retrying": None, "parked": None, "succeeded": CONFLICT,
        "failed": None, "cancelled": None,
    },
    "retry_video_job": {
        "queued": CONFLICT, "running": CONFLICT, "retrying": None, "parked": None, "succeeded": CONFLICT,
        "failed": CONFLICT, "cancelled": CONFLICT,
    },
    "cancel_job": {
        "queued": None, "running": None, "retrying": None, "parked": None, "succeeded": CONFLICT,
        "failed": CONFLICT, "cancelled": CONFLICT,
    },
}  # fmt: skip

CASES: list[Case] = [(command, state, code) for command, states in EXPECTED.items() for state, code in states.items()]


@pytest_asyncio.fixture
async def faces(world: World) -> AsyncIterator[Faces]:
    async with open_faces(world.context) as opened:
        yield opened


async def in_state(world: World, command: str, state: str) -> int:
    """The id of something in this state."""
    words = state.split()
    match command:
        case (
            "update_script" | "fund_script" | "approve_script" | "create_video" | "duplicate_script" | "archive_script"
        ):
            return (await world.a_script(approved=state == "approved")).id
        case "update_scene" | "approve_scene" | "split_scene":
            return (await world.a_scene(approved=state == "approved")).id
        case "merge_scenes":
            return await a_script_of_two(world, approved=state == "approved")
        case "reorder_scenes":
            return (await a_script_of_two(world)) if state == "approved" else (await world.a_script()).id
        case "choose_image" if state == "approved":
            return await an_earlier_image(world)
        case "retry_job" | "retry_video_job" | "cancel_job":
            return (await world.a_job(JobState(state), of_video=command == "retry_video_job")).id
        case _:
            return (await world.an_image(Status(words[0]), stale="stale" in words)).id


async def a_script_of_two(world: World, *, approved: bool = False) -> int:
    script = await world.a_script(scene_texts=("A fox slept.", "It woke."))
    if approved:
        for scene in (await reading.scenes_of_scripts([script.id]))[script.id]:
            await scenes.approve_scene(world.context, scene_id=scene.id, actor=LOCAL)
    return script.id


async def an_earlier_image(world: World) -> int:
    """Approved, before another one of its scene."""
    image = await world.an_image(Status.APPROVED)
    await images.generate_image(world.context, scene_id=image.scene_id, actor=LOCAL)
    other = await world.picture_of(image.scene_id)
    await images.approve_image(world.context, image_id=other.id, actor=LOCAL)
    return image.id


async def more_of(command: str, entity_id: int) -> dict[str, Any]:
    """What the command needs besides what is always the same: the scenes of a script, the other way round to move."""
    if command not in ("merge_scenes", "reorder_scenes"):
        return {}
    found = (await reading.scenes_of_scripts([entity_id]))[entity_id] if entity_id < 2**31 else []
    ids = [scene.id for scene in found] or [entity_id, entity_id + 1]
    return {"scene_ids": ids[::-1] if command == "reorder_scenes" else ids}


async def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, but for the counter that only serialises commands."""
    tables = (models.Script, models.Scene, models.Image, models.Video, models.Job, models.Decision, models.Event)
    rows = {table.__name__: [dict(row) for row in await table.all().order_by("id").values()] for table in tables}
    for script in rows["Script"]:
        del script["revision"]
    return rows


def test_the_grid_is_complete() -> None:
    statuses = {entity: {status.value for status in STATUSES[entity]} for entity in STATUSES}
    by_command = {
        "update_script": Entity.SCRIPT, "fund_script": Entity.SCRIPT, "approve_script": Entity.SCRIPT,
        "create_video": Entity.SCRIPT,
        "update_scene": Entity.SCENE, "approve_scene": Entity.SCENE, "approve_image": Entity.IMAGE,
        "accept_stale_image": Entity.IMAGE, "reject_image": Entity.IMAGE, "split_scene": Entity.SCENE,
        "merge_scenes": Entity.SCENE, "reorder_scenes": Entity.SCRIPT, "choose_image": Entity.IMAGE,
        "duplicate_script": Entity.SCRIPT, "archive_script": Entity.SCRIPT,
    }  # fmt: skip
    for command, entity in by_command.items():
        assert {state.removesuffix(" stale") for state in EXPECTED[command]} == statuses[entity]
    for command in ("retry_job", "retry_video_job", "cancel_job"):
        assert set(EXPECTED[command]) == {state.value for state in JobState}


@pytest.mark.parametrize(("command", "state", "code"), CASES, ids=[f"{c}-{s.replace(' ', '-')}" for c, s, _ in CASES])
async def test_a_command_in_a_state(world: World, faces: Faces, command: str, state: str, code: str | None) -> None:
    for face in FACES:
        entity_id = await in_state(world, command, state)
        more = await more_of(command, entity_id)
        before, rung = await everything(), len(world.bell.rings)
        assert await faces.by(face, command, entity_id, **more) == code, face
        after = await everything()
        if code is None:
            assert len(after["Event"]) > len(before["Event"])
            assert len(world.bell.rings) == rung + 1
        else:
            assert after == before
            assert len(world.bell.rings) == rung


@pytest.mark.parametrize("face", FACES)
async def test_unknown_ids_are_not_found(faces: Faces, face: str) -> None:
    for command in EXPECTED:
        for entity_id in (999, 0, 2**31, 2**63, 10**30):
            more = await more_of(command, entity_id)
            assert await faces.by(face, command, entity_id, **more) == "NOT_FOUND", (command, entity_id)


@pytest.mark.parametrize("face", FACES)
async def test_nothing_is_done_with_what_was_removed(world: World, faces: Faces, face: str) -> None:
    image = await world.an_image(Status.APPROVED)
    split = await arranging.split_scene(world.context, scene_id=image.scene_id, at=5, actor=LOCAL)
    ids = [split.new_scene.id, split.scene.id]
    script_id = split.scene.script_id
    await arranging.reorder_scenes(world.context, script_id=script_id, scene_ids=ids, actor=LOCAL)
    await arranging.merge_scenes(world.context, scene_ids=ids, actor=LOCAL)
    before, rung = await everything(), len(world.bell.rings)
    for command, known in COMMANDS.items():
        if known.entity in ("scene", "image"):
            removed = image.scene_id if known.entity == "scene" else image.id
            assert await faces.by(face, command, removed) == CONFLICT, command
    assert await faces.by(face, "merge_scenes", script_id, scene_ids=ids) == "INVALID"
    assert await faces.by(face, "merge_scenes", script_id, scene_ids=ids[::-1]) == CONFLICT
    assert await faces.by(face, "reorder_scenes", script_id, scene_ids=ids) == "INVALID"
    assert await everything() == before
    assert len(world.bell.rings) == rung


@pytest.mark.parametrize(
    ("command", "state"),
    [
        ("approve_script", "draft"), ("update_scene", "pending"), ("approve_image", "pending"),
        ("split_scene", "pending"), ("archive_script", "draft"),
    ],
)  # fmt: skip
async def test_a_decision_on_another_version_is_declined(world: World, faces: Faces, command: str, state: str) -> None:
    for face in FACES:
        entity_id = await in_state(world, command, state)
        before = await everything()
        assert await faces.by(face, command, entity_id, expected_version=7) == "VERSION_CONFLICT"
        assert await everything() == before
        assert await faces.by(face, command, entity_id, expected_version=1) is None
