"""Routes of videos."""

from __future__ import annotations

import hashlib

import httpx

from domain.entities import Deliverable
from domain.lifecycle import Entity
from domain.protocols import LOCAL
from storage.videos import VideoFile
from tests.rest.making import (
    a_finished_video,
    a_pending_video,
    a_script,
    an_approved_image,
    failed,
    problem,
    raw,
    some_scenes,
    taken_job,
)
from workflow import reading, scenes, work
from workflow.context import Context

DEFAULT_RENDER = {
    "width": 1920,
    "height": 1080,
    "aspect": "16:9",
    "fps": 30,
    "quality": "final",
    "motion": "ken_burns",
    "transition": "crossfade",
    "transition_seconds": 0.8,
    "fill": "blur",
    "captions": "plain",
    "title_card": False,
    "narration": "auto",
    "voice": None,
    "music_id": None,
    "scene_seconds": None,
    "scenes": [],
}


async def test_asking_answers_202_with_the_video(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_approved_image(context)
    answer = await client.post(f"/api/scripts/{image.script_id}/create-video")
    assert answer.status_code == 202
    video = dict(raw(answer))
    assert answer.headers["location"] == f"/api/videos/{video['id']}"
    assert raw(await client.get(answer.headers["location"])) == video
    assert raw(await client.get(f"/api/scripts/{image.script_id}/video")) == video
    assert video.pop("job")["state"] == "queued"
    assert video.pop("render") == DEFAULT_RENDER
    assert video.pop("created_at") == video.pop("updated_at")
    assert video == {
        "id": 1,
        "script_id": image.script_id,
        "status": "pending",
        "stale": False,
        "images": [image.id],
        "error": None,
        "file_path": None,
        "url": None,
        "sha256": None,
        "width": None,
        "height": None,
        "duration_seconds": None,
        "byte_size": None,
        "poster_url": None,
        "preview_url": None,
        "captions_url": None,
        "subtitles_url": None,
        "manifest_url": None,
        "version": 1,
    }


async def test_asking_again_answers_the_pending_one(client: httpx.AsyncClient, context: Context) -> None:
    video = await a_pending_video(context)
    answer = await client.post(f"/api/scripts/{video.script_id}/create-video", json={})
    assert (answer.status_code, raw(answer)["id"]) == (202, video.id)


async def test_a_finished_video(client: httpx.AsyncClient, context: Context) -> None:
    video = await a_finished_video(context, b"film")
    seen = raw(await client.get(f"/api/videos/{video.id}"))
    assert {name: seen[name] for name in ("status", "file_path", "url", "sha256", "width", "height")} == {
        "status": "approved",
        "file_path": f"videos/video_{video.id}.mp4",
        "url": f"/media/videos/video_{video.id}.mp4",
        "sha256": hashlib.sha256(b"film").hexdigest(),
        "width": 160,
        "height": 90,
    }
    assert (seen["duration_seconds"], seen["byte_size"], seen["job"]["state"]) == (5.0, 4, "succeeded")
    assert (await client.get(seen["url"])).content == b"film"


async def test_a_failed_video_says_why(client: httpx.AsyncClient, context: Context) -> None:
    video = await a_pending_video(context)
    await failed(context, await taken_job(context, Entity.VIDEO, video.id))
    seen = raw(await client.get(f"/api/videos/{video.id}"))
    assert (seen["status"], seen["error"], seen["job"]["state"]) == ("rejected", "The prompt was refused.", "failed")
    again = await client.post(f"/api/scripts/{video.script_id}/create-video")
    assert raw(again)["id"] == video.id + 1
    assert raw(await client.get(f"/api/scripts/{video.script_id}/video"))["id"] == video.id + 1


async def test_a_video_of_other_texts_or_pictures_is_stale(client: httpx.AsyncClient, context: Context) -> None:
    video = await a_finished_video(context)
    image = await reading.read_image(video.pins[0].image_id)
    await scenes.update_scene(context, scene_id=image.scene_id, actor=LOCAL, text="Edited.")
    assert raw(await client.get(f"/api/videos/{video.id}"))["stale"] is True
    await client.post(f"/api/scenes/{image.scene_id}/approve")
    job = await taken_job(context, Entity.SCENE, image.scene_id)
    assert job.replaces_id is None
    staged = await context.media.stage_bytes("picture.png", b"other")
    scene = await reading.read_scene(image.scene_id)
    newer = await work.record_image(
        context, job, staged=staged, width=1, height=1, prompt="p", text_sha256=scene.text_sha256
    )
    await client.post(f"/api/images/{newer.id}/approve")
    assert raw(await client.get(f"/api/videos/{video.id}"))["stale"] is True


async def test_each_scene_that_is_short_is_named(client: httpx.AsyncClient, context: Context) -> None:
    first, second = await some_scenes(context, 2)
    await scenes.approve_scene(context, scene_id=first.id, actor=LOCAL)
    said = problem(await client.post(f"/api/scripts/{first.script_id}/create-video"), 409, "STATE_CONFLICT")
    assert [(short["scene_id"], short["order"], short["reason"]) for short in said["scenes"]] == [
        (first.id, 1, "image_missing"),
        (second.id, 2, "scene_pending"),
    ]
    assert all(short["message"] for short in said["scenes"])


async def test_keys(client: httpx.AsyncClient, context: Context) -> None:
    video = await a_finished_video(context)
    path, key = f"/api/scripts/{video.script_id}/create-video", {"Idempotency-Key": "again"}
    first = await client.post(path, headers=key)
    assert (first.status_code, raw(first)["id"]) == (202, video.id + 1)
    await failed(context, await taken_job(context, Entity.VIDEO, video.id + 1))
    second = await client.post(path, headers=key)
    assert (second.status_code, raw(second)["id"]) == (200, video.id + 1)


async def test_declined(client: httpx.AsyncClient, context: Context) -> None:
    script = await a_script(context)
    problem(await client.post(f"/api/scripts/{script.id}/create-video"), 409, "STATE_CONFLICT")
    problem(await client.post("/api/scripts/99/create-video"), 404, "NOT_FOUND")
    problem(await client.post(f"/api/scripts/{script.id}/create-video", json={"x": 1}), 422, "INVALID")
    said = problem(await client.get(f"/api/scripts/{script.id}/video"), 404, "NOT_FOUND")
    assert said["detail"] == f"There is no video of script {script.id}."
    problem(await client.get("/api/scripts/99/video"), 404, "NOT_FOUND")
    problem(await client.get("/api/videos/99"), 404, "NOT_FOUND")


async def test_what_comes_with_a_video_is_served(client: httpx.AsyncClient, context: Context) -> None:
    video = await a_pending_video(context)
    job = await taken_job(context, Entity.VIDEO, video.id)
    staged = await context.media.stage_bytes("video.mp4", b"film")
    others = {kind: await context.media.stage_bytes(f"x.{kind.value}", kind.value.encode()) for kind in Deliverable}
    file = VideoFile(staged.sha256, 160, 90, 5.0, staged.byte_size)
    await work.record_video(context, job, staged=staged, file=file, others=others, note="No voice.")
    seen = raw(await client.get(f"/api/videos/{video.id}"))
    served = {
        name: (answer.headers["content-type"], answer.content)
        for name in ("poster_url", "preview_url", "captions_url", "subtitles_url", "manifest_url")
        if (answer := await client.get(seen[name])).status_code == 200
    }
    assert served == {
        "poster_url": ("image/jpeg", b"jpg"),
        "preview_url": ("image/webp", b"webp"),
        "captions_url": ("text/vtt; charset=utf-8", b"vtt"),
        "subtitles_url": ("application/x-subrip", b"srt"),
        "manifest_url": ("application/json", b"json"),
    }
    assert raw(await client.get(f"/api/jobs/{job.id}"))["note"] == "No voice."
    assert list(context.media.staging.iterdir()) == []
