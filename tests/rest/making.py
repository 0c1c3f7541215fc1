"""Builders: they go the way a user's work goes, with the worker's part played by its own commands."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import httpx
from PIL import Image as Picture

from domain.entities import Image, Job, Scene, Script, Video
from domain.errors import JobErrorCode, WorkFailed
from domain.lifecycle import Entity
from domain.protocols import LOCAL
from domain.segmentation import CutPoint, Segmentation
from storage.videos import VideoFile
from workflow import images, reading, scenes, scripts, videos, work
from workflow.context import Context

JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"

NO_COST = {"amount": "0", "currency": "USD", "calls": 0, "unknown_calls": 0}
NO_ESTIMATE = {"amount": "0", "currency": "USD", "calls": 0}
"""Of machines that cost nothing, and of decisions that start nothing."""


async def a_script(context: Context, *, content: str = "One.", title: str | None = None) -> Script:
    return await scripts.create_script(context, title=title, content=content, actor=LOCAL)


async def an_approved_script(context: Context, *, content: str = "One.") -> Script:
    script = await a_script(context, content=content)
    return (await scripts.approve_script(context, script_id=script.id, actor=LOCAL)).script


async def some_scenes(context: Context, count: int = 1) -> list[Scene]:
    """The pending scenes of a new script, each of one word."""
    words = [f"Word{number}." for number in range(1, count + 1)]
    content = " ".join(words)
    script = await an_approved_script(context, content=content)
    job = await taken_job(context, Entity.SCRIPT, script.id)
    ends = [content.index(word) for word in words[1:]] + [len(content)]
    await work.record_segmentation(context, job, segmentation=Segmentation(tuple(map(CutPoint, ends)), "Found title"))
    return (await reading.scenes_of_scripts([script.id]))[script.id]


async def an_approved_scene(context: Context) -> Scene:
    (scene,) = await some_scenes(context)
    return (await scenes.approve_scene(context, scene_id=scene.id, actor=LOCAL)).scene


async def an_image(context: Context, scene: Scene | None = None) -> Image:
    """A pending picture of an approved scene that has an image job in the queue."""
    scene = scene or await an_approved_scene(context)
    job = await taken_job(context, Entity.SCENE, scene.id)
    staged = await context.media.stage_bytes("picture.png", png())
    return await work.record_image(
        context, job, staged=staged, width=16, height=9, prompt="A word.", text_sha256=scene.text_sha256
    )


async def an_approved_image(context: Context) -> Image:
    image = await an_image(context)
    return await images.approve_image(context, image_id=image.id, actor=LOCAL)


async def a_pending_video(context: Context) -> Video:
    image = await an_approved_image(context)
    return (await videos.create_video(context, script_id=image.script_id, actor=LOCAL)).video


async def a_finished_video(context: Context, data: bytes = b"an MP4, says its name") -> Video:
    video = await a_pending_video(context)
    job = await taken_job(context, Entity.VIDEO, video.id)
    staged = await context.media.stage_bytes("video.mp4", data)
    file = VideoFile(staged.sha256, 160, 90, 5.0, staged.byte_size)
    await work.record_video(context, job, staged=staged, file=file)
    return await reading.read_video(video.id)


async def taken_job(context: Context, subject: Entity, subject_id: int) -> Job:
    """The subject's last job, in the hands of a worker."""
    job = (await reading.latest_jobs(subject, [subject_id]))[subject_id]
    taken = await work.claim_job(context, job_id=job.id, fence=job.fence, owner="test")
    assert taken is not None
    return taken


async def failed(context: Context, job: Job, *, retryable: bool = False) -> None:
    await work.record_failure(
        context, job, failed=WorkFailed(JobErrorCode.PROVIDER_REFUSED, "The prompt was refused.", retryable=retryable)
    )


def png() -> bytes:
    buffer = io.BytesIO()
    Picture.new("RGB", (16, 9), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem, after a check that it is one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM_TYPE
    said: dict[str, Any] = answer.json()
    assert said["status"] == status
    assert said["code"] == code
    assert said["type"] == "urn:reelgate:problem:" + code.lower().replace("_", "-")
    assert said["title"]
    assert said["detail"]
    assert said["instance"] == answer.request.url.raw_path.decode().partition("?")[0]
    return said


def raw(answer: httpx.Response) -> Mapping[str, Any]:
    """The one object of a successful answer."""
    assert answer.is_success, answer.text
    assert answer.headers["content-type"] == JSON_TYPE
    found: Mapping[str, Any] = answer.json()
    return found
