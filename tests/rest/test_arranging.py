"""Routes that edit at a desk: scenes cut, merged and moved, earlier pictures, scripts copied and put away."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from domain.lifecycle import Entity
from domain.protocols import LOCAL
from tests.rest.making import (
    a_finished_video,
    a_script,
    an_approved_image,
    an_approved_scene,
    an_image,
    problem,
    raw,
    some_scenes,
    taken_job,
)
from workflow import images, reading
from workflow.context import Context


async def test_splitting(client: httpx.AsyncClient, context: Context) -> None:
    (scene,) = await some_scenes(context)
    split = await client.post(f"/api/scenes/{scene.id}/split", json={"at": 2, "expected_version": 1})
    assert split.status_code == 200
    first, second = split.json()["scene"], split.json()["new_scene"]
    assert (first["id"], first["text"], first["order"], first["version"]) == (scene.id, "Wo", 1, 2)
    assert (second["text"], second["order"], second["status"], second["removed_at"]) == ("rd1.", 2, "pending", None)
    assert (await client.get(f"/api/scripts/{scene.script_id}/scenes")).json() == [first, second]
    for body, status, code in (
        ({"at": 0}, 422, "INVALID"), ({"at": 99}, 422, "INVALID"), ({"at": "2"}, 422, "INVALID"),
        ({"at": True}, 422, "INVALID"), ({}, 422, "INVALID"), ({"at": 1, "more": 1}, 422, "INVALID"),
        ({"at": 1, "expected_version": 1}, 409, "VERSION_CONFLICT"), ({"at": 10**40}, 422, "INVALID"),
    ):  # fmt: skip
        said = problem(await client.post(f"/api/scenes/{scene.id}/split", json=body), status, code)
        if code == "INVALID":
            assert said["errors"][0]["field"] in ("at", "more")
    problem(await client.post("/api/scenes/99/split", json={"at": 1}), 404, "NOT_FOUND")
    assert len(await reading.scenes_by_id([first["id"], second["id"], second["id"] + 1])) == 2


async def test_merging(client: httpx.AsyncClient, context: Context) -> None:
    first, second, third = await some_scenes(context, 3)
    (foreign,) = await some_scenes(context)
    path = f"/api/scripts/{first.script_id}/merge-scenes"
    ids = [first.id, second.id]
    cases: list[tuple[Any, int, str, str | None]] = [
        ({"scene_ids": ids, "expected_versions": [1]}, 422, "INVALID", "expected_versions"),
        ({"scene_ids": ids, "expected_versions": [1, 4]}, 409, "VERSION_CONFLICT", "expected_versions"),
        ({"scene_ids": [first.id]}, 422, "INVALID", "scene_ids"),
        ({"scene_ids": [first.id, third.id]}, 422, "INVALID", "scene_ids"),
        ({"scene_ids": [first.id, foreign.id]}, 422, "INVALID", "scene_ids"),
        ({"scene_ids": [first.id, "2"]}, 422, "INVALID", "scene_ids.1"),
        ({"scene_ids": "2"}, 422, "INVALID", "scene_ids"),
        ({}, 422, "INVALID", "scene_ids"),
        ({"scene_ids": [first.id, 99]}, 404, "NOT_FOUND", None),
        ({"scene_ids": [10**30, -1]}, 404, "NOT_FOUND", None),
    ]
    for body, status, code, field in cases:
        said = problem(await client.post(path, json=body), status, code)
        assert [error["field"] for error in said.get("errors") or []] == ([field] if field else []), body
    wrong = await client.post(f"/api/scripts/{foreign.script_id}/merge-scenes", json={"scene_ids": ids})
    assert problem(wrong, 422, "INVALID")["detail"] == "These are scenes of another script."
    problem(await client.post("/api/scripts/99/merge-scenes", json={"scene_ids": ids}), 404, "NOT_FOUND")
    assert await reading.scenes_by_id(ids) == {first.id: first, second.id: second}
    merged = raw(await client.post(path, json={"scene_ids": ids, "expected_versions": [1, 1]}))
    assert (merged["id"], merged["text"], merged["order"]) == (first.id, "Word1. Word2.", 1)
    listed = (await client.get(f"/api/scripts/{first.script_id}/scenes")).json()
    assert [(scene["id"], scene["order"]) for scene in listed] == [(first.id, 1), (third.id, 2)]


async def test_a_removed_scene_can_be_read_and_nothing_else(client: httpx.AsyncClient, context: Context) -> None:
    first, second = await some_scenes(context, 2)
    await client.post(f"/api/scenes/{second.id}/approve")
    image = await an_image(context, await reading.read_scene(second.id))
    await client.post(f"/api/scripts/{first.script_id}/merge-scenes", json={"scene_ids": [first.id, second.id]})
    removed = raw(await client.get(f"/api/scenes/{second.id}"))
    assert (removed["removed_at"] is not None, removed["text"], removed["estimate"]) == (True, "Word2.", None)
    assert [one["id"] for one in (await client.get(f"/api/scenes/{second.id}/images")).json()] == [image.id]
    for answer in (
        await client.put(f"/api/scenes/{second.id}", json={"text": "x"}),
        await client.post(f"/api/scenes/{second.id}/approve"),
        await client.post(f"/api/scenes/{second.id}/split", json={"at": 1}),
        await client.post(f"/api/images/{image.id}/approve"),
        await client.post(f"/api/images/{image.id}/reject"),
    ):
        assert "merged into the one before it" in problem(answer, 409, "STATE_CONFLICT")["detail"]
    problem(await client.get("/api/scenes/99"), 404, "NOT_FOUND")


async def test_an_old_video_of_a_removed_scene_is_stale(client: httpx.AsyncClient, context: Context) -> None:
    video = await a_finished_video(context)
    (scene,) = (await reading.scenes_of_scripts([video.script_id]))[video.script_id]
    split = (await client.post(f"/api/scenes/{scene.id}/split", json={"at": 2})).json()
    ids = [split["scene"]["id"], split["new_scene"]["id"]]
    await client.post(f"/api/scripts/{video.script_id}/reorder", json={"scene_ids": ids[::-1]})
    await client.post(f"/api/scripts/{video.script_id}/merge-scenes", json={"scene_ids": ids[::-1]})
    shown = raw(await client.get(f"/api/videos/{video.id}"))
    assert (shown["stale"], shown["images"]) == (True, [video.pins[0].image_id])


async def test_reordering(client: httpx.AsyncClient, context: Context) -> None:
    scenes = await some_scenes(context, 3)
    script = await reading.read_script(scenes[0].script_id)
    path, ids = f"/api/scripts/{script.id}/reorder", [scene.id for scene in reversed(scenes)]
    moved = raw(await client.post(path, json={"scene_ids": ids, "expected_version": script.version}))
    assert moved["version"] == script.version + 1
    listed = (await client.get(f"/api/scripts/{script.id}/scenes")).json()
    assert [(scene["id"], scene["order"]) for scene in listed] == [(id, order) for order, id in enumerate(ids, 1)]
    wrong: list[list[int] | None] = [ids[:2], [*ids, 99], [], None]
    for given in wrong:
        said = problem(await client.post(path, json={"scene_ids": given}), 422, "INVALID")
        assert said["errors"][0]["field"] == "scene_ids"
    late = {"scene_ids": ids[::-1], "expected_version": script.version}
    problem(await client.post(path, json=late), 409, "VERSION_CONFLICT")
    problem(await client.post("/api/scripts/99/reorder", json={"scene_ids": ids}), 404, "NOT_FOUND")
    draft = await a_script(context)
    problem(await client.post(f"/api/scripts/{draft.id}/reorder", json={"scene_ids": ids}), 409, "STATE_CONFLICT")


async def test_choosing(client: httpx.AsyncClient, context: Context) -> None:
    first = await an_approved_image(context)
    await images.generate_image(context, scene_id=first.scene_id, actor=LOCAL)
    second = await an_image(context, await reading.read_scene(first.scene_id))
    problem(await client.post(f"/api/images/{second.id}/choose"), 409, "STATE_CONFLICT")
    await client.post(f"/api/images/{second.id}/approve")
    problem(await client.post(f"/api/images/{first.id}/choose", json={"expected_version": 1}), 409, "VERSION_CONFLICT")
    chosen = raw(await client.post(f"/api/images/{first.id}/choose", json={"expected_version": first.version}))
    assert (chosen["status"], chosen["version"]) == ("approved", first.version + 1)
    assert reading.chosen_of((await reading.images_of_scenes([first.scene_id]))[first.scene_id]) == (
        await reading.read_image(first.id)
    )
    problem(await client.post("/api/images/99/choose"), 404, "NOT_FOUND")


async def test_duplicating(client: httpx.AsyncClient, context: Context) -> None:
    scene, _ = await some_scenes(context, 2)
    await client.put(f"/api/scenes/{scene.id}", json={"text": "Other."})
    path, key = f"/api/scripts/{scene.script_id}/duplicate", {"Idempotency-Key": "k"}
    answer = await client.post(path, json={"title": "Copy"}, headers=key)
    copy = raw(answer)
    assert (answer.status_code, answer.headers["location"]) == (201, f"/api/scripts/{copy['id']}")
    assert (copy["title"], copy["content"], copy["status"]) == ("Copy", "Other. Word2.", "draft")
    again = await client.post(path, json={"title": "Copy"}, headers=key)
    assert (again.status_code, raw(again)["id"]) == (201, copy["id"])
    problem(await client.post(path, headers=key), 409, "IDEMPOTENCY_CONFLICT")
    assert raw(await client.post(path))["title"] == "Found title"
    problem(await client.post(path, json={"title": "t" * 41}), 413, "LIMIT_EXCEEDED")
    problem(await client.post("/api/scripts/99/duplicate"), 404, "NOT_FOUND")


async def test_archiving(client: httpx.AsyncClient, context: Context) -> None:
    scripts = [await a_script(context) for _ in range(5)]
    for script in scripts[:3]:
        put_away = raw(await client.post(f"/api/scripts/{script.id}/archive", json={"expected_version": 1}))
        assert put_away["archived_at"] is not None
        assert raw(await client.post(f"/api/scripts/{script.id}/archive")) == put_away

    async def listed(query: str) -> list[int]:
        return [script["id"] for script in (await client.get(f"/api/scripts{query}")).json()]

    assert await listed("") == await listed("?archived=false") == [script.id for script in scripts[3:]]
    assert await listed("?archived=true") == [script.id for script in scripts[:3]]
    page = await client.get("/api/scripts?archived=true&limit=2")
    rest = await client.get(page.links["next"]["url"])
    assert [script["id"] for script in page.json() + rest.json()] == [script.id for script in scripts[:3]]
    said = problem(await client.get("/api/scripts?archived=perhaps"), 422, "INVALID")
    assert said["errors"][0]["field"] == "archived"
    assert raw(await client.get(f"/api/scripts/{scripts[0].id}"))["archived_at"] is not None
    back = raw(await client.post(f"/api/scripts/{scripts[0].id}/archive", json={"archived": False}))
    assert (back["archived_at"], back["version"]) == (None, 3)
    late = await client.post(f"/api/scripts/{scripts[1].id}/archive", json={"archived": False, "expected_version": 1})
    problem(late, 409, "VERSION_CONFLICT")
    problem(await client.post("/api/scripts/99/archive"), 404, "NOT_FOUND")


@pytest.mark.parametrize("running", [False, True])
async def test_work_that_goes_on_keeps_a_script_in_the_list(
    client: httpx.AsyncClient, context: Context, running: bool
) -> None:
    scene = await an_approved_scene(context)
    if running:
        await taken_job(context, Entity.SCENE, scene.id)
    said = problem(await client.post(f"/api/scripts/{scene.script_id}/archive"), 409, "STATE_CONFLICT")
    assert said["detail"].startswith("1 of its jobs is not finished.")
