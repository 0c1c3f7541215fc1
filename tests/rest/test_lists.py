"""Whole lists, pages of them, and how many statements they cost."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Sequence

import httpx
import pytest
from structlog.testing import capture_logs

from tests.rest.making import a_script, an_approved_script, an_image, problem, raw, some_scenes
from workflow import reading
from workflow.context import Context


async def pages(client: httpx.AsyncClient, path: str, limit: int) -> list[list[int]]:
    """The ids on each page, found by following the links."""
    found: list[list[int]] = []
    place: str | None = f"{path}?limit={limit}"
    while place is not None:
        answer = await client.get(place)
        assert answer.status_code == 200, answer.text
        found.append([item["id"] for item in answer.json()])
        place = answer.links["next"]["url"] if "next" in answer.links else None
    return found


async def test_scripts(client: httpx.AsyncClient, context: Context) -> None:
    ids = [(await a_script(context)).id for _ in range(5)]
    whole = await client.get("/api/scripts")
    assert [item["id"] for item in whole.json()] == ids
    assert "link" not in whole.headers
    assert await pages(client, "/api/scripts", 2) == [ids[:2], ids[2:4], ids[4:]]
    assert await pages(client, "/api/scripts", 5) == [ids]


async def test_an_empty_list(client: httpx.AsyncClient) -> None:
    for path in ("/api/scripts", "/api/scripts?limit=3"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()) == (200, [])


async def test_a_page_continues_past_what_was_added(client: httpx.AsyncClient, context: Context) -> None:
    ids = [(await a_script(context)).id for _ in range(3)]
    first = await client.get("/api/scripts?limit=2")
    ids.append((await a_script(context)).id)
    rest = await client.get(first.links["next"]["url"])
    assert [item["id"] for item in rest.json()] == ids[2:]


async def test_a_cursor_alone_brings_a_page_of_usual_size(client: httpx.AsyncClient, context: Context) -> None:
    ids = [(await a_script(context)).id for _ in range(53)]
    url = httpx.URL((await client.get("/api/scripts?limit=1")).links["next"]["url"])
    answer = await client.get(f"/api/scripts?cursor={url.params['cursor']}")
    assert [item["id"] for item in answer.json()] == ids[1:51]
    assert "next" in answer.links


async def test_scenes_and_images_of_one_parent(client: httpx.AsyncClient, context: Context) -> None:
    scenes = await some_scenes(context, 3)
    path = f"/api/scripts/{scenes[0].script_id}/scenes"
    assert await pages(client, path, 1) == [[scene.id] for scene in scenes]
    assert await pages(client, path, 2) == [[scenes[0].id, scenes[1].id], [scenes[2].id]]
    image = await an_image(context)
    await client.post(f"/api/images/{image.id}/reject")
    other = await an_image(context, await reading.read_scene(image.scene_id))
    assert await pages(client, f"/api/scenes/{image.scene_id}/images", 1) == [[image.id], [other.id]]


@pytest.mark.parametrize("limit", ["0", "-1", "101", "ten", "", "1.5", str(10**30)])
async def test_limits_out_of_range(client: httpx.AsyncClient, limit: str) -> None:
    said = problem(await client.get(f"/api/scripts?limit={limit}"), 422, "INVALID")
    assert said["errors"] == [{"field": "limit", "message": "`limit` must be a whole number from 1 to 100."}]


def forged(values: Sequence[object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "[]", forged(["title_asc", "a", 1]), forged(["id_asc"]), forged(["id_asc", True])]
)
async def test_cursors_that_are_none(client: httpx.AsyncClient, context: Context, cursor: str) -> None:
    script = (await some_scenes(context))[0].script_id
    for path in ("/api/scripts", f"/api/scripts/{script}/scenes"):
        said = problem(await client.get(path, params={"cursor": cursor}), 422, "INVALID")
        assert said["errors"][0]["field"] == "cursor"


async def test_a_cursor_of_another_list_is_declined(client: httpx.AsyncClient, context: Context) -> None:
    one, other = await some_scenes(context, 2), await some_scenes(context, 2)
    url = httpx.URL((await client.get(f"/api/scripts/{one[0].script_id}/scenes?limit=1")).links["next"]["url"])
    answer = await client.get(f"/api/scripts/{other[0].script_id}/scenes", params={"cursor": url.params["cursor"]})
    problem(answer, 422, "INVALID")


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30, -1])
async def test_a_forged_place_far_away(client: httpx.AsyncClient, context: Context, number: int) -> None:
    await a_script(context)
    with capture_logs():
        answer = await client.get("/api/scripts", params={"cursor": forged(["id_asc", number])})
    assert answer.status_code in (200, 422), answer.text


async def test_long_lists_cost_as_many_statements_as_short_ones(
    client: httpx.AsyncClient, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    async def statements(path: str) -> int:
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            assert (await client.get(path)).status_code == 200
        return len([record for record in caplog.records if record.name == "tortoise.db_client"])

    await an_approved_script(context)
    few = (await some_scenes(context, 1))[0].script_id
    short = await statements("/api/scripts"), await statements(f"/api/scripts/{few}/scenes")
    many = (await some_scenes(context, 30))[0].script_id
    for _ in range(10):
        await an_approved_script(context)
    long = await statements("/api/scripts"), await statements(f"/api/scripts/{many}/scenes")
    assert 0 < short[0] == long[0] <= 5
    assert 0 < short[1] == long[1] <= 7
    assert raw(await client.get(f"/api/scripts/{many}"))["status"] == "approved"
