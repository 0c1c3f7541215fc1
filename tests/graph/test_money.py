"""Money over GraphQL: the scalar, a story over real HTTP, and how many statements it takes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from domain.entities import Script
from domain.lifecycle import Entity
from domain.protocols import LOCAL
from domain.segmentation import CutPoint, Segmentation
from tests.graph.client import Api
from tests.graph.conftest import serving
from tests.graph.studio import Studio
from tests.graph.test_queries import counted_statements
from tests.spending import run_into_budget, spend, use_up_quota, with_machines
from workflow import scenes, work

COST = "cost { amount currency calls unknownCalls }"
ESTIMATE = "estimate { amount currency calls }"


@pytest_asyncio.fixture
async def paid(studio: Studio) -> AsyncIterator[Api]:
    """A server whose machines cost something."""
    studio.context = with_machines(studio.context)
    async with serving(studio) as served:
        yield served


async def an_illustrated_script(studio: Studio, *, scene_count: int = 1) -> Script:
    """Each scene with a pending image that cost two dollars."""
    script = await studio.a_script(scenes=scene_count)
    for scene in await studio.scenes_of(script):
        approval = await scenes.approve_scene(studio.context, scene_id=scene.id, actor=LOCAL)
        assert approval.job is not None
        job = await studio.claim(approval.job)
        await spend(studio.context, job)
        await studio.draw_held(job)
    return script


async def test_a_film_within_its_budget(paid: Api, studio: Studio) -> None:
    """A person sees what a step may cost, sets a budget that is too low, raises it, and sees what was spent."""
    payload = await paid.mutate(
        "createScript", f"script {{ id style budget {COST} {ESTIMATE} }}",
        content="A fox sleeps.", style="Ink on paper.", budget="1.50",
    )  # fmt: skip
    script = payload["script"]
    assert (script["style"], script["budget"]) == ("Ink on paper.", "1.5")
    assert script["cost"] == {"amount": "0", "currency": "USD", "calls": 0, "unknownCalls": 0}
    assert (script["estimate"]["calls"], script["estimate"]["currency"]) == (1, "USD")
    approved = (await paid.mutate("approveScript", f"script {{ {ESTIMATE} }} job {{ id }}", id=script["id"]))["script"]
    assert approved["estimate"] is None
    await studio.segment(await studio.job_of(Entity.SCRIPT, 1))
    (scene,) = (await paid.data("query($id: ID!) { script(id: $id) { scenes { id estimate { calls } } } }",
                                id=script["id"]))["script"]["scenes"]  # fmt: skip
    assert scene["estimate"] == {"calls": 2}
    job = (await paid.mutate("approveScene", "job { id }", id=scene["id"]))["job"]

    held = await studio.claim(await studio.job_of(Entity.SCENE, 1))
    await run_into_budget(studio.context, held)
    waiting = await paid.data("query($id: ID!) { job(id: $id) { state error { code message } cost { amount } } }",
                              id=job["id"])  # fmt: skip
    assert (waiting["job"]["state"], waiting["job"]["error"]["code"]) == ("PARKED", "BUDGET_REACHED")
    assert waiting["job"]["cost"] == {"amount": "0"}
    raised = await paid.mutate("updateScript", "script { budget }", id=script["id"], budget=3.25)
    assert raised == {"script": {"budget": "3.25"}, "userErrors": []}

    held = await studio.claim(await studio.job_of(Entity.SCENE, 1))
    await spend(studio.context, held)
    await studio.draw_held(held)
    seen = await paid.data(
        f"query($id: ID!) {{ script(id: $id) {{ {COST} scenes {{ images {{ {COST} estimate {{ calls }} }} }} }} }}",
        id=script["id"],
    )
    assert seen["script"]["cost"] == {"amount": "2", "currency": "USD", "calls": 1, "unknownCalls": 0}
    (image,) = seen["script"]["scenes"][0]["images"]
    assert (image["cost"], image["estimate"]) == (seen["script"]["cost"], {"calls": 2})


async def test_what_a_person_should_know_about_a_result(api: Api, studio: Studio) -> None:
    script = await studio.a_script()
    job = (await api.mutate("approveScript", "job { id note }", id=f"script_{script.id}"))["job"]
    assert job["note"] is None
    held = await studio.claim(await studio.job_of(Entity.SCRIPT, script.id))
    cuts = (CutPoint(len(script.content)),)
    note = "The text model refused 1 of 1 part; the built-in rules cut there."
    await work.record_segmentation(studio.context, held, segmentation=Segmentation(cuts, note=note))
    assert (await api.data("query($id: ID!) { job(id: $id) { note } }", id=job["id"]))["job"] == {"note": note}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("12.10", "12.1"),
        ('"12.10"', "12.1"),
        ("5", "5"),
        ("123456789.123456789", "123456789.123456789"),
        ("5e-3", "0.005"),
    ],
)
async def test_a_number_in_a_document_is_exact(api: Api, written: str, kept: str) -> None:
    query = f'mutation {{ createScript(input: {{content: "A.", budget: {written}}}) {{ script {{ budget }} }} }}'
    assert await api.data(query) == {"createScript": {"script": {"budget": kept}}}


@pytest.mark.parametrize("value", ["ten", "", "1_000", True, [1], {"amount": 1}])
async def test_what_is_no_decimal_is_refused(api: Api, value: object) -> None:
    query = 'mutation($b: Decimal) { createScript(input: {content: "A.", budget: $b}) { script { id } } }'
    for answer in (
        await api.ask(query, b=value),
        await api.ask(
            f'mutation {{ createScript(input: {{content: "A.", budget: {_literal(value)}}}) {{ __typename }} }}'
        ),
    ):
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        assert "Decimal must be an amount such as 12.5" in answer["errors"][0]["message"]
    assert (await api.data("{ scripts { totalCount } }"))["scripts"] == {"totalCount": 0}


def _literal(value: object) -> str:
    return "{amount: 1}" if isinstance(value, dict) else json.dumps(value)


async def test_a_number_that_has_lost_digits_is_refused(api: Api) -> None:
    query = 'mutation($b: Decimal) { createScript(input: {content: "A.", budget: $b}) { script { budget } } }'
    answer = await api.ask(query, b=123456789.123456789)
    assert "send it as text" in answer["errors"][0]["message"]
    assert (await api.data(query, b="123456789.123456789"))["createScript"]["script"]["budget"] == "123456789.123456789"


@pytest.mark.parametrize(("budget", "field"), [("-1", "budget"), ("NaN", "budget"), ("0.0000000001", "budget")])
async def test_a_budget_that_cannot_be_names_its_field(api: Api, budget: str, field: str) -> None:
    payload = await api.mutate("createScript", "script { id }", content="A.", budget=budget)
    (error,) = payload["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", [field])
    assert "US dollars" in error["message"]


async def test_setting_and_removing_at_once(api: Api, studio: Studio) -> None:
    script = await studio.a_script()
    payload = await api.mutate("updateScript", "script { budget }", id=f"script_{script.id}", budget="1", noBudget=True)
    assert payload["script"] == {"budget": None}
    assert payload["userErrors"][0]["field"] == ["noBudget"]


LISTS = {
    "scripts": "{ scripts { nodes { id %s } } }",
    "jobs": "{ jobs(states: [SUCCEEDED]) { nodes { id %s } } }",
    "images": "{ scripts { nodes { scenes { images { id %s } } } } }",
}


@pytest.mark.parametrize("listed", LISTS)
async def test_costs_of_a_list_add_one_statement(paid: Api, studio: Studio, listed: str) -> None:
    for _ in range(10):
        await an_illustrated_script(studio, scene_count=5)
    answers: list[Any] = []
    counts: list[int] = []
    for selection in ("", COST):
        async with counted_statements() as statements:
            answers.append(await paid.data(LISTS[listed] % selection))
        counts.append(len(statements))
    assert counts[1] == counts[0] + 1
    assert str(answers[1]).count("'amount': '") >= {"scripts": 10, "jobs": 50, "images": 50}[listed]


async def test_estimates_of_lists_take_a_bounded_number_of_statements(paid: Api, studio: Studio) -> None:
    query = f"{{ scripts {{ nodes {{ id {ESTIMATE} scenes {{ {ESTIMATE} images {{ {ESTIMATE} }} }} }} }} }}"
    plain = "{ scripts { nodes { id scenes { id images { id } } } } }"

    async def added() -> int:
        async with counted_statements() as without:
            await paid.data(plain)
        async with counted_statements() as with_estimates:
            await paid.data(query)
        return len(with_estimates) - len(without)

    await studio.a_script()
    await studio.a_script(scenes=1)
    await an_illustrated_script(studio)
    few = await added()
    for _ in range(5):
        await studio.a_script(scenes=3)
        await an_illustrated_script(studio, scene_count=3)
    assert await added() == few <= 6


async def test_a_paused_provider(paid: Api, studio: Studio) -> None:
    query = "{ providers { role state pause { code attempts retryAt } } }"
    ready = {"state": "READY", "pause": None}
    expected = [{"role": role, **ready} for role in ("TEXT", "IMAGES", "SPEECH")]
    assert (await paid.data(query))["providers"] == expected
    script = await studio.a_script(scenes=1)
    (scene,) = await studio.scenes_of(script)
    await scenes.approve_scene(studio.context, scene_id=scene.id, actor=LOCAL)
    await use_up_quota(studio.context, await studio.claim(await studio.job_of(Entity.SCENE, scene.id)))
    text, images, _ = (await paid.data(query))["providers"]
    assert text == {"role": "TEXT", **ready}
    assert (images["state"], images["pause"]["code"], images["pause"]["attempts"]) == ("PAUSED", "QUOTA_EXHAUSTED", 1)
    assert images["pause"]["retryAt"].endswith("Z")
