"""Every state against every command, over both faces: what is allowed works, what is not changes nothing.

The states come from the domain's tables; what is expected of each pair is written out here, once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from domain.lifecycle import STATUSES, Entity, JobState, Status
from storage import models
from tests.faces import Faces, open_faces
from tests.world import World

FACES = ("rest", "graphql")

Case = tuple[str, str, str | None]
"""Command, state, and the code with which it is declined; None where it is taken."""

CONFLICT = "STATE_CONFLICT"

EXPECTED: dict[str, dict[str, str | None]] = {
    "update_script": {"draft": None, "approved": CONFLICT},
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
    "retry_job": {
        "queued": CONFLICT, "running": CONFLICT, "retrying": CONFLICT, "parked": None, "succeeded": CONFLICT,
        "failed": None, "cancelled": None,
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
        case "update_script" | "approve_script" | "create_video":
            return (await world.a_script(approved=state == "approved")).id
        case "update_scene" | "approve_scene":
            return (await world.a_scene(approved=state == "approved")).id
        case "retry_job" | "cancel_job":
            return (await world.a_job(JobState(state))).id
        case _:
            return (await world.an_image(Status(words[0]), stale="stale" in words)).id


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
        "update_script": Entity.SCRIPT, "approve_script": Entity.SCRIPT, "create_video": Entity.SCRIPT,
        "update_scene": Entity.SCENE, "approve_scene": Entity.SCENE, "approve_image": Entity.IMAGE,
        "accept_stale_image": Entity.IMAGE, "reject_image": Entity.IMAGE,
    }  # fmt: skip
    for command, entity in by_command.items():
        assert {state.removesuffix(" stale") for state in EXPECTED[command]} == statuses[entity]
    for command in ("retry_job", "cancel_job"):
        assert set(EXPECTED[command]) == {state.value for state in JobState}


@pytest.mark.parametrize(("command", "state", "code"), CASES, ids=[f"{c}-{s.replace(' ', '-')}" for c, s, _ in CASES])
async def test_a_command_in_a_state(world: World, faces: Faces, command: str, state: str, code: str | None) -> None:
    for face in FACES:
        entity_id = await in_state(world, command, state)
        before, rung = await everything(), len(world.bell.rings)
        assert await faces.by(face, command, entity_id) == code, face
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
            assert await faces.by(face, command, entity_id) == "NOT_FOUND", (command, entity_id)


@pytest.mark.parametrize(
    ("command", "state"), [("approve_script", "draft"), ("update_scene", "pending"), ("approve_image", "pending")]
)
async def test_a_decision_on_another_version_is_declined(world: World, faces: Faces, command: str, state: str) -> None:
    for face in FACES:
        entity_id = await in_state(world, command, state)
        before = await everything()
        assert await faces.by(face, command, entity_id, expected_version=7) == "VERSION_CONFLICT"
        assert await everything() == before
        assert await faces.by(face, command, entity_id, expected_version=1) is None
