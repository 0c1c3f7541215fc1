"""A person's own pictures: what becomes of one, and of whom they are taken."""

from __future__ import annotations

import asyncio
import hashlib
import io
from typing import Any

import httpx
import pytest
from PIL import Image as Picture

from domain.lifecycle import STATUSES, Entity, Status
from domain.protocols import LOCAL, Ring
from storage import models
from tests.checking import CheckingHere
from tests.rest.conftest import HeardBell
from tests.rest.making import an_approved_scene, an_image, png, problem, raw, some_scenes
from workflow import images, reading, scenes, work
from workflow.context import Context
from workflow.estimating import started_by_rejecting


def encoded(picture: Picture.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


async def sent(client: httpx.AsyncClient, scene_id: int, data: bytes = b"", /, **headers: str) -> httpx.Response:
    file = {"image": ("mine.png", data or png(), "image/png")}
    return await client.post(f"/api/scenes/{scene_id}/images", files=file, headers=headers)


def left_in_staging(context: Context) -> list[str]:
    return [path.name for path in context.media.staging.iterdir()]


async def test_a_picture_waits_for_a_decision(client: httpx.AsyncClient, context: Context, bell: HeardBell) -> None:
    (scene,) = await some_scenes(context)
    bell.rings.clear()
    answer = await sent(client, scene.id)
    image = raw(answer)
    key = f"images/scene_{scene.id}/image_{image['id']}.png"
    assert answer.status_code == 201
    assert {name: value for name, value in image.items() if not name.endswith("_at")} == {
        "id": image["id"],
        "scene_id": scene.id,
        "script_id": scene.script_id,
        "attempt": 1,
        "prompt": "",
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
        "cost": {"amount": "0", "calls": 0, "currency": "USD", "unknown_calls": 0},
        "estimate": {"amount": "0", "calls": 0, "currency": "USD"},
    }
    assert (await client.get(image["url"])).content == png()
    assert (await client.get(f"/api/scenes/{scene.id}/images")).json() == [image]
    (event,) = await models.Event.filter(subject="image").values("kind", "subject_id", "version", "new", "actor")
    assert event == {"kind": "created", "subject_id": image["id"], "version": 1, "new": "pending", "actor": "local"}
    (ring,) = bell.rings
    assert ring == Ring(script_ids=frozenset({scene.script_id}))
    assert left_in_staging(context) == []


async def test_whoever_has_a_picture_pays_for_none(client: httpx.AsyncClient, context: Context) -> None:
    (scene,) = await some_scenes(context)
    image = raw(await sent(client, scene.id))
    assert raw(await client.post(f"/api/images/{image['id']}/approve"))["status"] == "approved"
    approved = await client.post(f"/api/scenes/{scene.id}/approve")
    assert (approved.status_code, approved.json()["job"]) == (200, None)
    answer = await client.post(f"/api/scripts/{scene.script_id}/create-video")
    assert (answer.status_code, raw(answer)["images"]) == (202, [image["id"]])
    kinds = await models.Job.all().order_by("id").values("kind")
    assert kinds == [{"kind": "segment_script"}, {"kind": "compile_video"}]


async def test_an_undecided_picture_is_reason_enough_to_make_none(client: httpx.AsyncClient, context: Context) -> None:
    (scene,) = await some_scenes(context)
    await sent(client, scene.id)
    assert (await client.post(f"/api/scenes/{scene.id}/approve")).status_code == 200


@pytest.mark.parametrize("status", sorted(STATUSES[Entity.SCENE]))
async def test_scenes_in_every_status_take_one(client: httpx.AsyncClient, context: Context, status: Status) -> None:
    scene = (await some_scenes(context))[0] if status is Status.PENDING else await an_approved_scene(context)
    assert (await reading.read_scene(scene.id)).status is status
    assert (await sent(client, scene.id)).status_code == 201
    assert await reading.read_scene(scene.id) == scene


async def test_attempts_go_on_counting_and_the_one_approved_last_is_chosen(
    client: httpx.AsyncClient, context: Context
) -> None:
    made = await an_image(context)
    await images.approve_image(context, image_id=made.id, actor=LOCAL)
    own = raw(await sent(client, made.scene_id, encoded(Picture.new("RGB", (4, 4), "red"))))
    assert own["attempt"] == 2
    await client.post(f"/api/images/{own['id']}/approve")
    video = raw(await client.post(f"/api/scripts/{made.script_id}/create-video"))
    assert video["images"] == [own["id"]]


async def test_rejecting_ones_own_picture_starts_another_only_where_there_is_none(
    client: httpx.AsyncClient, context: Context
) -> None:
    made = await an_image(context)
    own = raw(await sent(client, made.scene_id))
    assert await started_by_rejecting([await reading.read_image(own["id"])]) == {own["id"]: ()}
    assert (await client.post(f"/api/images/{own['id']}/reject")).status_code == 200
    (scene,) = await some_scenes(context)
    own = raw(await sent(client, scene.id))
    await client.post(f"/api/scenes/{scene.id}/approve")
    (work_started,) = (await started_by_rejecting([await reading.read_image(own["id"])])).values()
    assert work_started is not None
    assert len(work_started) == 1
    assert (await client.post(f"/api/images/{own['id']}/reject", json={"feedback": "No."})).status_code == 202
    job = (await reading.latest_jobs(Entity.SCENE, [scene.id]))[scene.id]
    task = await work.picture_task(context, job)
    assert (task.request.feedback, task.request.rejected_prompt) == ("No.", None)
    again = await an_image(context, await reading.read_scene(scene.id))
    assert (again.attempt, again.replaces_id) == (2, own["id"])


async def test_new_text_makes_it_stale(client: httpx.AsyncClient, context: Context) -> None:
    (scene,) = await some_scenes(context)
    own = raw(await sent(client, scene.id))
    await scenes.update_scene(context, scene_id=scene.id, actor=LOCAL, text="Edited.")
    problem(await client.post(f"/api/images/{own['id']}/approve"), 409, "STATE_CONFLICT")
    accepted = raw(await client.post(f"/api/images/{own['id']}/approve", json={"accept_stale": True}))
    assert (accepted["status"], accepted["stale"]) == ("approved", False)
    fresh = raw(await sent(client, scene.id))
    assert (fresh["stale"], fresh["attempt"]) == (False, 2)


async def test_it_is_turned_upright_and_tells_nothing_of_its_maker(client: httpx.AsyncClient, context: Context) -> None:
    (scene,) = await some_scenes(context)
    exif = Picture.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    photo = encoded(Picture.new("RGB", (40, 20), "navy"), "JPEG", exif=exif, comment=b"Secret words")
    assert b"Secret" in photo
    image = raw(await sent(client, scene.id, photo))
    stored = (await client.get(image["url"])).content
    assert (image["width"], image["height"]) == (20, 40)
    assert b"Secret" not in stored
    assert Picture.open(io.BytesIO(stored)).getexif() == {}
    assert image["sha256"] == hashlib.sha256(stored).hexdigest()


@pytest.mark.parametrize(
    ("name", "declared"),
    [("picture.exe", "text/html"), ("../../etc/passwd", "application/octet-stream"), ("a\u0000\u202eb.svg", "x")],
)
async def test_names_and_declared_types_mean_nothing(
    client: httpx.AsyncClient, context: Context, name: str, declared: str
) -> None:
    (scene,) = await some_scenes(context)
    path = f"/api/scenes/{scene.id}/images"
    webp = encoded(Picture.new("RGB", (5, 3), "teal"), "WEBP")
    assert (await client.post(path, files={"image": (name, webp, declared)})).status_code == 201


async def test_a_key_is_carried_out_once(client: httpx.AsyncClient, context: Context) -> None:
    first, second = await some_scenes(context, 2)
    both = await asyncio.gather(*(sent(client, first.id, **{"Idempotency-Key": "k"}) for _ in range(2)))
    assert raw(both[0]) == raw(both[1])
    assert raw(await sent(client, first.id, **{"Idempotency-Key": "k"})) == raw(both[0])
    other = encoded(Picture.new("RGB", (4, 4), "red"))
    for scene_id, data in ((first.id, other), (second.id, png())):
        problem(await sent(client, scene_id, data, **{"Idempotency-Key": "k"}), 409, "IDEMPOTENCY_CONFLICT")
    said = problem(await sent(client, first.id, **{"Idempotency-Key": "k" * 201}), 422, "INVALID")
    assert said["errors"][0]["field"] == "Idempotency-Key"
    assert await models.Image.all().count() == 1
    assert left_in_staging(context) == []


async def test_a_picture_is_not_looked_into_twice(
    client: httpx.AsyncClient, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scene,) = await some_scenes(context)
    made = raw(await sent(client, scene.id, **{"Idempotency-Key": "k"}))
    monkeypatch.delattr(CheckingHere, "check")
    assert raw(await sent(client, scene.id, **{"Idempotency-Key": "k"})) == made


async def test_pages_of_other_sites_send_nothing(client: httpx.AsyncClient, context: Context) -> None:
    (scene,) = await some_scenes(context)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        problem(await sent(client, scene.id, **headers), 403, "ORIGIN_REFUSED")
    assert await models.Image.all().count() == 0
    assert (await sent(client, scene.id, Origin="https://studio.example")).status_code == 201
