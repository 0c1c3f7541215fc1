"""Routes of images."""

from __future__ import annotations

import hashlib

import httpx

from domain.protocols import LOCAL
from tests.rest.conftest import HeardBell
from tests.rest.making import NO_COST, NO_ESTIMATE, an_approved_scene, an_image, png, problem, raw
from workflow import reading, scenes
from workflow.context import Context


async def test_the_list_has_every_field(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_image(context)
    key = f"images/scene_{image.scene_id}/image_{image.id}.png"
    made = image.created_at.isoformat().replace("+00:00", "Z")
    assert (await client.get(f"/api/scenes/{image.scene_id}/images")).json() == [
        {
            "id": image.id,
            "scene_id": image.scene_id,
            "script_id": image.script_id,
            "attempt": 1,
            "prompt": "A word.",
            "status": "pending",
            "stale": False,
            "file_path": key,
            "url": "/media/" + key,
            "sha256": hashlib.sha256(png()).hexdigest(),
            "width": 16,
            "height": 9,
            "byte_size": len(png()),
            "replaces_id": None,
            "version": 1,
            "created_at": made,
            "updated_at": made,
            "cost": NO_COST,
            "estimate": NO_ESTIMATE,
        }
    ]
    assert (await client.get("/media/" + key)).content == png()


async def test_approving_needs_no_body(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_image(context)
    answer = await client.post(f"/api/images/{image.id}/approve")
    approved = raw(answer)
    assert (answer.status_code, approved["status"], approved["version"]) == (200, "approved", 2)
    said = problem(await client.post(f"/api/images/{image.id}/approve"), 409, "STATE_CONFLICT")
    assert (said["current_status"], said["wanted_status"]) == ("approved", "approved")
    problem(await client.post(f"/api/images/{image.id}/reject"), 409, "STATE_CONFLICT")


async def test_a_stale_picture_needs_accept_stale(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_image(context)
    await scenes.update_scene(context, scene_id=image.scene_id, actor=LOCAL, text="Edited.")
    (stale,) = (await client.get(f"/api/scenes/{image.scene_id}/images")).json()
    assert stale["stale"] is True
    for body in (None, {"accept_stale": False}, {"accept_stale": None}):
        said = problem(await client.post(f"/api/images/{image.id}/approve", json=body), 409, "STATE_CONFLICT")
        assert said["errors"][0]["field"] == "accept_stale"
        assert "accept_stale" in said["detail"]
        assert "acceptStale" not in said["detail"]
    accepted = raw(await client.post(f"/api/images/{image.id}/approve", json={"accept_stale": True}))
    assert (accepted["status"], accepted["stale"]) == ("approved", False)


async def test_rejecting_starts_another_picture(client: httpx.AsyncClient, context: Context, bell: HeardBell) -> None:
    image = await an_image(context)
    bell.rings.clear()
    body = {"feedback": "More sky.", "expected_version": 1}
    answer = await client.post(f"/api/images/{image.id}/reject", json=body)
    rejected = raw(answer)
    assert (answer.status_code, rejected["status"], rejected["version"]) == (202, "rejected", 2)
    assert sum(len(ring.wakes) for ring in bell.rings) == 1
    again = await an_image(context, await reading.read_scene(image.scene_id))
    listed = (await client.get(f"/api/scenes/{image.scene_id}/images")).json()
    assert [(item["id"], item["attempt"], item["replaces_id"]) for item in listed] == [
        (image.id, 1, None),
        (again.id, 2, image.id),
    ]


async def test_rejecting_where_the_scene_is_not_approved_is_200(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_image(context)
    await scenes.update_scene(context, scene_id=image.scene_id, actor=LOCAL, text="Edited.")
    assert (await client.post(f"/api/images/{image.id}/reject")).status_code == 200


async def test_declined(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_image(context)
    for action in ("approve", "reject"):
        path = f"/api/images/{image.id}/{action}"
        problem(await client.post(path, json={"expected_version": 9}), 409, "VERSION_CONFLICT")
        problem(await client.post(path, json={"feedback": "f" * 101}), 413, "LIMIT_EXCEEDED")
        problem(await client.post(path, json={"feedback": "a\u0000b"}), 422, "INVALID")
        problem(await client.post(f"/api/images/99/{action}"), 404, "NOT_FOUND")
    problem(await client.post(f"/api/images/{image.id}/reject", json={"accept_stale": True}), 422, "INVALID")
    assert await reading.read_image(image.id) == image


async def test_a_scene_without_pictures_has_an_empty_list(client: httpx.AsyncClient, context: Context) -> None:
    scene = await an_approved_scene(context)
    assert (await client.get(f"/api/scenes/{scene.id}/images")).json() == []
    problem(await client.get("/api/scenes/77/images"), 404, "NOT_FOUND")


async def test_the_version_of_the_scene_whose_text_was_seen(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_image(context)
    seen = (await reading.read_scene(image.scene_id)).version
    path = f"/api/images/{image.id}/approve"
    said = problem(await client.post(path, json={"expected_scene_version": seen + 1}), 409, "VERSION_CONFLICT")
    assert (said["expected_version"], said["current_version"]) == (seen + 1, seen)
    assert said["errors"][0]["field"] == "expected_scene_version"
    assert (await reading.read_image(image.id)).version == 1
    assert raw(await client.post(path, json={"expected_scene_version": seen}))["status"] == "approved"
