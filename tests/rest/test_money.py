"""Money over REST: bodies, and how many statements it takes; what is paused, and what `/readyz` says of it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from domain.lifecycle import Entity
from domain.protocols import LOCAL
from rest.health import Check, health_routes
from tests.rest.making import (
    NO_COST,
    a_script,
    an_approved_scene,
    an_image,
    problem,
    raw,
    some_scenes,
    taken_job,
)
from tests.spending import spend, use_up_quota, with_machines
from workflow import scenes
from workflow.context import Context
from workflow.providers import require_no_pause


@pytest_asyncio.fixture
async def context(context: Context) -> Context:
    """A system whose machines cost something."""
    return with_machines(context)


async def created(client: httpx.AsyncClient, body: str) -> httpx.Response:
    return await client.post("/api/scripts", content=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("written", "kept"),
    [("12.10", "12.1"), ('"12.10"', "12.1"), ("5", "5"), ("123456789.123456789", "123456789.123456789"),
     ("5e-3", "0.005"), ("0", "0"), ("null", None)],
)  # fmt: skip
async def test_a_number_in_a_body_is_exact(client: httpx.AsyncClient, written: str, kept: str | None) -> None:
    script = raw(await created(client, f'{{"content": "A.", "style": "Ink.", "budget": {written}}}'))
    assert (script["style"], script["budget"], script["cost"]) == ("Ink.", kept, NO_COST)
    assert raw(await client.get(f"/api/scripts/{script['id']}")) == script


@pytest.mark.parametrize("written", ['"ten"', '""', "true", "[1]", '{"amount": 1}', '"1_000"', "-1", '"NaN"', "1e-10"])
async def test_a_budget_that_cannot_be_names_its_field(client: httpx.AsyncClient, written: str) -> None:
    said = problem(await created(client, f'{{"content": "A.", "budget": {written}}}'), 422, "INVALID")
    assert [error["field"] for error in said["errors"]] == ["budget"]
    assert (await client.get("/api/scripts")).json() == []


@pytest.mark.parametrize("written", ["NaN", "Infinity", "1e99999999999", "1" * 5_000])
async def test_numbers_that_json_does_not_have(client: httpx.AsyncClient, written: str) -> None:
    problem(await created(client, f'{{"content": "A.", "budget": {written}}}'), 400, "INVALID")


@pytest.mark.parametrize("number", ["1.0", "1e0"])
async def test_a_fraction_is_still_no_version(client: httpx.AsyncClient, context: Context, number: str) -> None:
    script = await a_script(context)
    answer = await client.put(
        f"/api/scripts/{script.id}", content=f'{{"title": "T", "expected_version": {number}}}',
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    said = problem(answer, 422, "INVALID")
    assert said["errors"][0]["message"] == "`expected_version` must be a whole number."


async def test_setting_and_removing_at_once(client: httpx.AsyncClient, context: Context) -> None:
    script = await a_script(context)
    answer = await client.put(f"/api/scripts/{script.id}", json={"budget": "1", "no_budget": True})
    assert problem(answer, 422, "INVALID")["errors"][0]["field"] == "no_budget"


async def test_the_same_key_with_another_budget_is_another_request(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k"}
    for budget in ("2.50", 2.5):
        answer = await client.post("/api/scripts", json={"content": "One.", "budget": budget}, headers=key)
        assert raw(answer)["id"] == 1
    other = await client.post("/api/scripts", json={"content": "One.", "budget": 3}, headers=key)
    problem(other, 409, "IDEMPOTENCY_CONFLICT")


async def test_what_a_picture_cost(client: httpx.AsyncClient, context: Context) -> None:
    scene = await an_approved_scene(context)
    job = await taken_job(context, Entity.SCENE, scene.id)
    await spend(context, job)
    cost = raw(await client.get(f"/api/jobs/{job.id}"))["cost"]
    assert cost == {"amount": "2", "currency": "USD", "calls": 1, "unknown_calls": 0}
    assert raw(await client.get(f"/api/scripts/{scene.script_id}"))["cost"] == cost


async def test_what_a_rejection_answers(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_image(context)
    (pending,) = (await client.get(f"/api/scenes/{image.scene_id}/images")).json()
    assert pending["estimate"]["calls"] == 2
    rejected = raw(await client.post(f"/api/images/{image.id}/reject"))
    assert (rejected["estimate"], rejected["cost"]) == (None, NO_COST)


async def test_long_lists_cost_as_many_statements_as_short_ones(
    client: httpx.AsyncClient, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    async def statements(path: str) -> int:
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            assert (await client.get(path)).status_code == 200
        return len([record for record in caplog.records if record.name == "tortoise.db_client"])

    async def pictures_of_a_scene(count: int) -> str:
        scene = await an_approved_scene(context)
        image = await an_image(context, scene)
        for _ in range(count - 1):
            assert (await client.post(f"/api/images/{image.id}/reject")).status_code == 202
            image = await an_image(context, scene)
        await scenes.update_scene(context, scene_id=scene.id, text="Other.", actor=LOCAL)
        return f"/api/scenes/{scene.id}/images"

    short = await statements(await pictures_of_a_scene(1))
    assert 0 < short == await statements(await pictures_of_a_scene(6)) <= 8
    few, many = [f"/api/scripts/{(await some_scenes(context, number))[0].script_id}/scenes" for number in (1, 30)]
    assert 0 < await statements(few) == await statements(many) <= 7
    drafts = await statements("/api/scripts")
    for _ in range(50):
        await a_script(context)
    assert await statements("/api/scripts") == drafts <= 5


async def ready(context: Context) -> tuple[int, dict[str, Any]]:
    async def providers() -> None:
        await require_no_pause(context)

    checks: dict[str, Check] = {"providers": providers}
    app = Starlette(routes=health_routes(checks, optional=("providers",)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
        answer = await client.get("/readyz")
    return answer.status_code, answer.json()


async def test_a_paused_provider_degrades(client: httpx.AsyncClient, context: Context) -> None:
    assert await ready(context) == (200, {"status": "ready", "checks": {"providers": {"ok": True, "error": None}}})
    scene = await an_approved_scene(context)
    await use_up_quota(context, await taken_job(context, Entity.SCENE, scene.id))
    status, told = await ready(context)
    assert (status, told["status"]) == (200, "degraded")
    check = told["checks"]["providers"]
    ((one,), error) = check.pop("paused"), check.pop("error")
    assert (check, error) == ({"ok": False}, "Paused: images.")
    assert (one["role"], one["code"]) == ("images", "QUOTA_EXHAUSTED")
    (_, paused, _) = (await client.get("/api/providers")).json()
    told_at, shown_at = (datetime.fromisoformat(moment) for moment in (one["retry_at"], paused["pause"]["retry_at"]))
    assert abs(told_at - shown_at) < timedelta(seconds=10)
    assert one["retry_at"].endswith("Z")
    assert sorted(one) == ["code", "retry_at", "role"]
