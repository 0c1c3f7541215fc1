"""Money as people see it, the same over both faces: what was spent, what a decision may cost, budgets, pauses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from domain.calls import Role
from domain.lifecycle import Entity, JobState, Status
from domain.protocols import LOCAL
from storage import models
from tests.faces import Faces, open_faces
from tests.spending import run_into_budget, spend, use_up_quota, with_machines
from tests.world import World
from workflow import images, reading, scenes, scripts

FACES = ("rest", "graphql")
MONEY = "cost { amount currency calls unknownCalls }"
ESTIMATE = "estimate { amount currency calls }"


@dataclass(frozen=True)
class Seen:
    """What both faces say; they say the same, or the test has failed."""

    faces: Faces

    async def of(self, kind: str, entity_id: int) -> dict[str, Any]:
        """The money of one thing, in the words of REST."""
        selection = {"script": f"style budget {MONEY} {ESTIMATE}", "scene": ESTIMATE, "job": f"note {MONEY}"}
        fields = selection.get(kind, f"{MONEY} {ESTIMATE}")
        told = await self.faces.query(f'{{ {kind}(id: "{kind}_{entity_id}") {{ {fields} }} }}')
        over_graphql: dict[str, Any] = told[kind]
        if "cost" in over_graphql:
            over_graphql["cost"]["unknown_calls"] = over_graphql["cost"].pop("unknownCalls")
        over_rest = await self._over_rest(kind, entity_id)
        assert {name: over_rest[name] for name in over_graphql} == over_graphql
        return over_graphql

    async def _over_rest(self, kind: str, entity_id: int) -> dict[str, Any]:
        path = f"/api/{kind}s/{entity_id}"
        if kind == "scene":
            path = f"/api/scripts/{(await reading.read_scene(entity_id)).script_id}/scenes"
        if kind == "image":
            path = f"/api/scenes/{(await reading.read_image(entity_id)).scene_id}/images"
        found = (await self.faces.http.get(path)).json()
        return found if isinstance(found, dict) else next(item for item in found if item["id"] == entity_id)

    async def of_video(self, script_id: int, **render: str) -> dict[str, Any] | None:
        """What a video of it would cost."""
        asked = ", ".join(
            f'{name}: "{value}"' if name == "voice" else f"{name}: {value.upper()}" for name, value in render.items()
        )
        field = f"videoEstimate(render: {{{asked}}}) {{ amount currency calls }}"
        query = f'{{ script(id: "script_{script_id}") {{ {field} }} }}'
        estimate: dict[str, Any] | None = (await self.faces.query(query))["script"]["videoEstimate"]
        told = await self.faces.http.get(f"/api/scripts/{script_id}/video-estimate", params=render)
        assert told.raise_for_status().json() == estimate
        return estimate

    async def cost(self, kind: str, entity_id: int) -> tuple[str | None, int, int]:
        cost = (await self.of(kind, entity_id))["cost"]
        assert cost["currency"] == "USD"
        return cost["amount"], cost["calls"], cost["unknown_calls"]

    async def calls_estimated(self, kind: str, entity_id: int) -> int | None:
        """None where there is no estimate; an estimate of no calls is nothing, all others are something."""
        estimate = (await self.of(kind, entity_id))["estimate"]
        if estimate is None:
            return None
        assert (float(estimate["amount"]) > 0) is (estimate["calls"] > 0)
        calls: int = estimate["calls"]
        return calls


@pytest_asyncio.fixture
async def seen(world: World) -> AsyncIterator[Seen]:
    """Faces of a system whose machines cost something."""
    async with open_faces(with_machines(world.context)) as opened:
        yield Seen(opened)


async def test_what_was_spent(world: World, seen: Seen) -> None:
    job = await world.a_running_job()
    assert await seen.cost("job", job.id) == await seen.cost("script", job.script_id) == ("0", 0, 0)
    await spend(world.context, job, model="writer", tokens=1)
    await spend(world.context, job)
    image = await world.picture_by(job)
    for kind, entity_id in (("job", job.id), ("image", image.id), ("script", job.script_id)):
        assert await seen.cost(kind, entity_id) == ("2.00125", 2, 0)

    rejection = await images.reject_image(world.context, image_id=image.id, actor=LOCAL)
    assert rejection.job is not None
    again = await world.claim(rejection.job)
    await spend(world.context, again, model="a model nobody knows")
    assert await seen.cost("job", again.id) == (None, 1, 1), "unknown is not nothing"
    assert await seen.cost("script", job.script_id) == ("2.00125", 3, 1), "a lower bound"
    assert await seen.cost("image", image.id) == ("2.00125", 2, 0)
    other = await world.a_running_job()
    assert await seen.cost("script", other.script_id) == ("0", 0, 0)


async def test_a_refused_call_costs_nothing_and_an_own_picture_neither(world: World, seen: Seen) -> None:
    job = await world.a_running_job()
    await use_up_quota(world.context, job)
    assert await seen.cost("job", job.id) == ("0", 0, 0)
    image = await world.an_image()
    await models.Image.filter(id=image.id).update(job_id=None)
    assert await seen.cost("image", image.id) == ("0", 0, 0)


async def test_what_a_decision_would_start(world: World, seen: Seen) -> None:
    script = await world.a_script()
    assert await seen.calls_estimated("script", script.id) == 1
    await scripts.approve_script(world.context, script_id=script.id, actor=LOCAL)
    assert await seen.calls_estimated("script", script.id) is None

    scene = await world.a_scene()
    assert await seen.calls_estimated("scene", scene.id) == 2
    await scenes.approve_scene(world.context, scene_id=scene.id, actor=LOCAL)
    assert await seen.calls_estimated("scene", scene.id) is None

    image = await world.picture_of(scene.id)
    assert await seen.calls_estimated("image", image.id) == 2
    await scenes.update_scene(world.context, scene_id=scene.id, text="The fox woke.", actor=LOCAL)
    assert await seen.calls_estimated("scene", scene.id) == 2
    assert await seen.calls_estimated("image", image.id) == 0, "its scene is not approved"
    await scenes.approve_scene(world.context, scene_id=scene.id, actor=LOCAL)
    assert await seen.calls_estimated("image", image.id) == 0, "one of the present text is coming"
    await images.approve_image(world.context, image_id=image.id, actor=LOCAL, accept_stale=True)
    assert await seen.calls_estimated("image", image.id) is None


async def test_a_scene_that_has_its_picture_costs_nothing(world: World, seen: Seen) -> None:
    image = await world.an_image()
    text = (await reading.read_scene(image.scene_id)).text
    for changed in ("The fox woke.", text):
        await scenes.update_scene(world.context, scene_id=image.scene_id, text=changed, actor=LOCAL)
    assert await seen.calls_estimated("scene", image.scene_id) == 0
    approval = await scenes.approve_scene(world.context, scene_id=image.scene_id, actor=LOCAL)
    assert approval.job is None


@pytest.mark.parametrize("stale", [False, True])
@pytest.mark.parametrize("status", [Status.PENDING, Status.APPROVED, Status.REJECTED])
async def test_an_estimate_says_what_happens(world: World, seen: Seen, status: Status, stale: bool) -> None:
    image = await world.an_image(status, stale=stale)
    estimated = await seen.calls_estimated("image", image.id)
    if estimated is None:
        assert await seen.faces.rest("reject_image", image.id) == "STATE_CONFLICT"
        return
    started = (await images.reject_image(world.context, image_id=image.id, actor=LOCAL)).job
    assert (started is not None) is (estimated > 0)


async def test_machines_that_cost_nothing(world: World) -> None:
    scene = await world.a_scene()
    async with open_faces(world.context) as faces:
        estimate = (await Seen(faces).of("scene", scene.id))["estimate"]
    assert estimate == {"amount": "0", "currency": "USD", "calls": 0}


@pytest.mark.parametrize("face", FACES)
async def test_style_and_budget(world: World, seen: Seen, face: str) -> None:
    script = await world.a_script()

    async def after(**changes: Any) -> tuple[str | None, str | None]:
        assert await seen.faces.by(face, "fund_script", script.id, **changes) is None
        told = await seen.of("script", script.id)
        return told["style"], told["budget"]

    assert await after() == ("Ink on paper.", "12.5")
    assert await after(style=None, budget=0.1) == ("Ink on paper.", "0.1")
    assert await after(style=" ", budget="1000000.000000001") == (None, "1000000.000000001")
    assert await after(style=None, budget=None, title="T") == (None, "1000000.000000001")
    assert await after(style=None, budget=7) == (None, "7")
    assert await after(style=None, budget=None, no_budget=True) == (None, None)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("budget", ["-1", "NaN", "Infinity", "1e9", "0.0000000001", -0.5, 10**30, 1e-12])
async def test_budgets_that_cannot_be(world: World, seen: Seen, face: str, budget: object) -> None:
    script = await world.a_script()
    assert await seen.faces.by(face, "fund_script", script.id, budget=budget) == "INVALID"
    assert await seen.faces.by(face, "fund_script", script.id, no_budget=True) == "INVALID", "both at once"
    assert await reading.read_script(script.id) == script


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("raised", [{"budget": "5"}, {"budget": None, "no_budget": True}])
async def test_raising_the_budget_resumes_jobs(world: World, seen: Seen, face: str, raised: dict[str, object]) -> None:
    job = await world.a_running_job()
    assert await seen.faces.by(face, "fund_script", job.script_id, style=None, budget="1") is None
    await run_into_budget(world.context, job)
    assert (await reading.read_job(job.id)).state is JobState.PARKED
    assert await seen.faces.by(face, "fund_script", job.script_id, **{"style": None, **raised}) is None
    resumed = await world.last_job(Entity.SCENE, job.subject_id)
    assert resumed.state is JobState.QUEUED
    await spend(world.context, await world.claim(resumed))
    assert await seen.cost("script", job.script_id) == ("2", 1, 0)


async def providers(faces: Faces) -> list[dict[str, Any]]:
    """What both faces say of them."""
    over_rest: list[dict[str, Any]] = (await faces.http.get("/api/providers")).json()
    told = await faces.query(
        "{ providers { role provider model state pause { code message since retryAt attempts } } }"
    )
    for one, other in zip(over_rest, told["providers"], strict=True):
        assert (one["role"], one["state"]) == (other["role"].lower(), other["state"].lower())
        assert (one["provider"], one["model"]) == (other["provider"], other["model"])
        pause = one["pause"] and {name: one["pause"][name] for name in ("code", "message", "since", "attempts")}
        assert pause == (other["pause"] and {name: other["pause"][name] for name in pause})
    return over_rest


async def test_providers_and_their_pauses(world: World, seen: Seen) -> None:
    ready = {"state": "ready", "pause": None}
    text, drawing, speech = await providers(seen.faces)
    assert speech == {"role": "speech", "provider": "openai", "model": "speaker", **ready}
    assert text == {"role": "text", "provider": "openai", "model": "writer", **ready}
    assert drawing == {"role": "images", "provider": "openai", "model": "painter", **ready}
    await use_up_quota(world.context, await world.a_running_job())
    same, paused, _ = await providers(seen.faces)
    assert same == text
    assert (paused["state"], paused["pause"]["code"]) == ("paused", "QUOTA_EXHAUSTED")
    assert (paused["pause"]["message"], paused["pause"]["attempts"]) == ("The credit is used up.", 1)
    wait = datetime.fromisoformat(paused["pause"]["retry_at"]) - datetime.now(UTC)
    assert 50 < wait.total_seconds() <= 60
    assert datetime.fromisoformat(paused["pause"]["since"]) <= datetime.now(UTC)


async def test_a_pause_left_behind_is_none_of_the_offline_machines(world: World) -> None:
    await use_up_quota(world.context, await world.a_running_job(), role=Role.TEXT)
    async with open_faces(world.context) as faces:
        assert [(one["provider"], one["state"]) for one in await providers(faces)] == [("offline", "ready")] * 3


async def test_what_a_video_would_start(world: World, seen: Seen) -> None:
    """Nothing is said of a script without scenes; what no video can have is declined, by its name."""
    script = await world.a_script()
    assert await seen.of_video(script.id) is None
    script = await world.a_script(scene_texts=("A fox.", "A hen.", "A fox."))
    estimate = {"amount": "0.00018", "currency": "USD", "calls": 2}
    assert await seen.of_video(script.id, narration="on") == estimate, "the same words are spoken once"
    assert await seen.of_video(script.id, narration="auto", voice="nova") == estimate
    assert await seen.of_video(script.id) == {"amount": "0", "currency": "USD", "calls": 0}, "as it is set here"
    too_long = "v" * 201
    over_rest = await seen.faces.http.get(f"/api/scripts/{script.id}/video-estimate?voice={too_long}")
    assert (over_rest.status_code, over_rest.json()["code"]) == (413, "LIMIT_EXCEEDED")
    query = f'{{ script(id: "script_{script.id}") {{ videoEstimate(render: {{voice: "{too_long}"}}) {{ calls }} }} }}'
    (error,) = (await seen.faces.http.post("/graphql", json={"query": query})).json()["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    unknown = await seen.faces.http.get("/api/scripts/999/video-estimate?narration=loud")
    assert unknown.status_code in (400, 422)
    assert (await seen.faces.http.get("/api/scripts/999/video-estimate")).status_code == 404
