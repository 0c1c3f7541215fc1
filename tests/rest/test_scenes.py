"""Routes of scenes."""

from __future__ import annotations

import httpx

from tests.rest.making import NO_ESTIMATE, a_script, an_approved_image, an_approved_scene, problem, raw, some_scenes
from workflow import reading
from workflow.context import Context


async def test_the_list_has_every_field_in_playing_order(client: httpx.AsyncClient, context: Context) -> None:
    first, second = await some_scenes(context, 2)
    answer = await client.get(f"/api/scripts/{first.script_id}/scenes")
    assert answer.status_code == 200
    assert answer.json() == [
        {
            "id": scene.id,
            "script_id": scene.script_id,
            "order": order,
            "title": None,
            "text": f"Word{order}.",
            "status": "pending",
            "version": 1,
            "removed_at": None,
            "created_at": scene.created_at.isoformat().replace("+00:00", "Z"),
            "updated_at": scene.updated_at.isoformat().replace("+00:00", "Z"),
            "job": None,
            "estimate": NO_ESTIMATE,
        }
        for order, scene in enumerate((first, second), start=1)
    ]


async def test_a_draft_has_an_empty_list_and_an_unknown_script_none(
    client: httpx.AsyncClient, context: Context
) -> None:
    script = await a_script(context)
    assert (await client.get(f"/api/scripts/{script.id}/scenes")).json() == []
    problem(await client.get("/api/scripts/99/scenes"), 404, "NOT_FOUND")


async def test_editing(client: httpx.AsyncClient, context: Context) -> None:
    (scene,) = await some_scenes(context)
    changed = raw(await client.put(f"/api/scenes/{scene.id}", json={"text": "Other.", "expected_version": 1}))
    assert (changed["text"], changed["title"], changed["version"]) == ("Other.", None, 2)
    assert raw(await client.put(f"/api/scenes/{scene.id}", json={"title": "Named"}))["title"] == "Named"
    assert raw(await client.put(f"/api/scenes/{scene.id}", json={"title": ""}))["title"] is None
    said = problem(await client.put(f"/api/scenes/{scene.id}", json={}), 422, "INVALID")
    assert said["detail"] == "Give `text` or `title`."
    said = problem(await client.put(f"/api/scenes/{scene.id}", json={"text": "  "}), 422, "INVALID")
    assert said["errors"] == [{"field": "text", "message": "`text` is blank. Write something in it."}]
    problem(await client.put(f"/api/scenes/{scene.id}", json={"text": "a" * 501}), 413, "LIMIT_EXCEEDED")
    outdated = await client.put(f"/api/scenes/{scene.id}", json={"text": "a", "expected_version": 1})
    problem(outdated, 409, "VERSION_CONFLICT")


async def test_approving_starts_a_picture(client: httpx.AsyncClient, context: Context) -> None:
    (scene,) = await some_scenes(context)
    answer = await client.post(f"/api/scenes/{scene.id}/approve", json={"feedback": "Good.", "expected_version": 1})
    approved = raw(answer)
    assert (answer.status_code, approved["status"], approved["version"]) == (202, "approved", 2)
    assert approved["job"]["state"] == "queued"
    assert raw(await client.get(f"/api/jobs/{approved['job']['id']}"))["kind"] == "generate_image"


async def test_approving_twice_is_a_conflict(client: httpx.AsyncClient, context: Context) -> None:
    scene = await an_approved_scene(context)
    problem(await client.post(f"/api/scenes/{scene.id}/approve"), 409, "STATE_CONFLICT")
    assert await reading.read_scene(scene.id) == scene


async def test_editing_takes_an_approved_scene_back_and_shows_the_cancelled_job(
    client: httpx.AsyncClient, context: Context
) -> None:
    scene = await an_approved_scene(context)
    changed = raw(await client.put(f"/api/scenes/{scene.id}", json={"text": "Other."}))
    assert (changed["status"], changed["job"]["state"]) == ("pending", "cancelled")


async def test_approving_again_with_a_picture_of_this_text_is_200(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_approved_image(context)
    scene = await reading.read_scene(image.scene_id)
    await client.put(f"/api/scenes/{scene.id}", json={"text": "Other."})
    await client.put(f"/api/scenes/{scene.id}", json={"text": scene.text})
    answer = await client.post(f"/api/scenes/{scene.id}/approve")
    assert answer.status_code == 200
    assert raw(answer)["job"]["state"] == "succeeded"  # the work that it last started


async def test_unknown_scenes(client: httpx.AsyncClient) -> None:
    for method, path, body in (
        ("PUT", "/api/scenes/5", {"text": "a"}),
        ("POST", "/api/scenes/5/approve", {}),
        ("GET", "/api/scenes/5/images", None),
    ):
        said = problem(await client.request(method, path, json=body), 404, "NOT_FOUND")
        assert said["detail"] == "There is no scene 5."
        assert "errors" not in said
