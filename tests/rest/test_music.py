"""Music for a script's videos: what becomes of a piece, and of whom it is taken."""

from __future__ import annotations

import hashlib

import httpx
import pytest

from storage import models
from tests.rest.making import a_script, an_approved_image, problem, raw
from workflow.context import Context


async def sent(client: httpx.AsyncClient, script_id: int, data: bytes = b"music", /, **headers: str) -> httpx.Response:
    files = {"music": ("Night train.mp3", data, "audio/mpeg")}
    return await client.post(f"/api/scripts/{script_id}/music", files=files, headers=headers)


async def test_a_piece_is_kept_and_listed(client: httpx.AsyncClient, context: Context) -> None:
    script = await a_script(context)
    answer = await sent(client, script.id)
    music = dict(raw(answer))
    assert answer.status_code == 201
    assert music.pop("created_at")
    assert music == {
        "id": 1,
        "script_id": script.id,
        "title": "Night train",
        "file_path": "music/music_1.flac",
        "url": "/media/music/music_1.flac",
        "sha256": hashlib.sha256(b"music").hexdigest(),
        "duration_seconds": 5.0,
        "byte_size": 5,
    }
    file = await client.get("/media/music/music_1.flac")
    assert (file.content, file.headers["content-type"]) == (b"music", "audio/flac")
    listed = await client.get(f"/api/scripts/{script.id}/music")
    assert [each["id"] for each in listed.json()] == [1]
    assert list(context.media.staging.iterdir()) == []


NAMES = [
    ("C:\\My music\\tune.wav", "tune"),
    ("../../etc/passwd", "passwd"),
    ("", "Untitled"),
    ("a" * 60 + ".mp3", "a" * 40),
]


@pytest.mark.parametrize(("name", "title"), NAMES)
async def test_its_title_is_the_files_name(client: httpx.AsyncClient, context: Context, name: str, title: str) -> None:
    script = await a_script(context)
    head = f'--b\r\nContent-Disposition: form-data; name="music"; filename="{name}"\r\n\r\n'
    answer = await client.post(
        f"/api/scripts/{script.id}/music",
        content=head.encode() + b"music\r\n--b--\r\n",
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert raw(answer)["title"] == title


async def test_the_same_request_is_carried_out_once(client: httpx.AsyncClient, context: Context) -> None:
    script = await a_script(context)
    key = {"Idempotency-Key": "tune"}
    assert raw(await sent(client, script.id, **key))["id"] == raw(await sent(client, script.id, **key))["id"]
    problem(await sent(client, script.id, b"other", **key), 409, "IDEMPOTENCY_CONFLICT")
    assert await models.Music.all().count() == 1


async def test_declined(client: httpx.AsyncClient, context: Context) -> None:
    script = await a_script(context)
    problem(await sent(client, 99), 404, "NOT_FOUND")
    problem(await client.get("/api/scripts/99/music"), 404, "NOT_FOUND")
    for data in (b"", b"bad"):
        said = problem(await sent(client, script.id, data), 422, "INVALID")
        assert [each["field"] for each in said["errors"]] == ["music"]
    problem(await sent(client, script.id, b"x" * (context.limits.max_music_bytes + 1)), 413, "LIMIT_EXCEEDED")
    problem(await client.post(f"/api/scripts/{script.id}/music", json={}), 415, "UNSUPPORTED_MEDIA_TYPE")
    assert await models.Music.all().count() == 0
    assert list(context.media.staging.iterdir()) == []


async def test_a_script_has_so_many_pieces_at_most(client: httpx.AsyncClient, context: Context) -> None:
    script = await a_script(context)
    for _ in range(context.limits.max_music):
        assert (await sent(client, script.id)).status_code == 201
    problem(await sent(client, script.id), 413, "LIMIT_EXCEEDED")
    assert await models.Music.all().count() == context.limits.max_music


async def removed(client: httpx.AsyncClient, script_id: int, music_id: int) -> httpx.Response:
    return await client.delete(f"/api/scripts/{script_id}/music/{music_id}")


async def test_a_piece_is_removed_with_its_file(client: httpx.AsyncClient, context: Context) -> None:
    script, key = await a_script(context), {"Idempotency-Key": "tune"}
    first, second = [raw(await sent(client, script.id, **headers))["id"] for headers in (key, {})]
    answer = await removed(client, script.id, first)
    assert (answer.status_code, answer.content) == (204, b"")
    listed = await client.get(f"/api/scripts/{script.id}/music")
    assert [each["id"] for each in listed.json()] == [second]
    assert [path.name for path in (context.media.folder / "music").iterdir()] == [f"music_{second}.flac"]
    assert (await client.get(f"/media/music/music_{first}.flac")).status_code == 404
    event = await models.Event.all().order_by("-id").first()
    assert event is not None
    assert (event.kind, event.subject, event.subject_id, event.actor) == ("edited", "script", script.id, "local")
    assert event.payload == {"command": "remove_music"}
    problem(await removed(client, script.id, first), 404, "NOT_FOUND")
    again = raw(await sent(client, script.id, **key))
    assert again["id"] not in (first, second)


async def test_what_is_not_removed(client: httpx.AsyncClient, context: Context) -> None:
    script, other = await a_script(context), await a_script(context)
    music_id = raw(await sent(client, script.id))["id"]
    events = await models.Event.all().count()
    for wrong in (99, 0, "x", 2**31):
        problem(await client.delete(f"/api/scripts/{script.id}/music/{wrong}"), 404, "NOT_FOUND")
    problem(await removed(client, other.id, music_id), 404, "NOT_FOUND")
    assert (await client.get(f"/media/music/music_{music_id}.flac")).status_code == 200
    assert await models.Event.all().count() == events


async def test_music_of_an_unfinished_video_stays(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_approved_image(context)
    used, unused = [raw(await sent(client, image.script_id))["id"] for _ in range(2)]
    asked = await client.post(f"/api/scripts/{image.script_id}/create-video", json={"render": {"music_id": used}})
    video = raw(asked)
    said = problem(await removed(client, image.script_id, used), 409, "STATE_CONFLICT")
    assert f"Video {video['id']} is being made with this music." in said["detail"]
    assert context.media.path_of(f"music/music_{used}.flac").is_file()
    assert (await removed(client, image.script_id, unused)).status_code == 204
    await client.post(f"/api/jobs/{video['job']['id']}/cancel")
    assert (await removed(client, image.script_id, used)).status_code == 204
    assert raw(await client.get(f"/api/videos/{video['id']}"))["render"]["music_id"] == used
