"""From entities to JSON objects with what belongs to them, without a statement for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeVar

from domain import entities
from domain.lifecycle import Entity
from rest import objects
from workflow.context import Context
from workflow.estimating import estimate_of, estimate_of_script, started_by_approving, started_by_rejecting
from workflow.reading import costs_of_images, costs_of_jobs, costs_of_scripts, latest_jobs, stale_videos

K = TypeVar("K")
T = TypeVar("T")

_IDS_AT_ONCE: Final = 10_000
"""SQLite and PostgreSQL take about 32,000 parameters in a statement."""


async def encode_scripts(context: Context, scripts: Sequence[entities.Script]) -> list[objects.Script]:
    ids = [script.id for script in scripts]
    jobs = await _last_jobs(Entity.SCRIPT, ids)
    costs = await _in_parts(costs_of_scripts, ids)
    return [
        objects.script_object(script, jobs.get(script.id), costs[script.id], estimate_of_script(context, script))
        for script in scripts
    ]


async def encode_script(context: Context, script: entities.Script) -> objects.Script:
    return (await encode_scripts(context, [script]))[0]


async def encode_scenes(context: Context, scenes: Sequence[entities.Scene]) -> list[objects.Scene]:
    jobs = await _last_jobs(Entity.SCENE, [scene.id for scene in scenes])
    started = await _in_parts(started_by_approving, scenes)
    return [
        objects.scene_object(scene, jobs.get(scene.id), estimate_of(context, started[scene.id])) for scene in scenes
    ]


async def encode_scene(context: Context, scene: entities.Scene) -> objects.Scene:
    return (await encode_scenes(context, [scene]))[0]


async def encode_images(context: Context, images: Sequence[entities.Image]) -> list[objects.Image]:
    costs = await _in_parts(costs_of_images, images)
    started = await _in_parts(started_by_rejecting, images)
    return [objects.image_object(image, costs[image.id], estimate_of(context, started[image.id])) for image in images]


async def encode_image(context: Context, image: entities.Image) -> objects.Image:
    return (await encode_images(context, [image]))[0]


async def encode_video(video: entities.Video) -> objects.Video:
    stale = await stale_videos([video])
    jobs = await _last_jobs(Entity.VIDEO, [video.id])
    return objects.video_object(video, jobs.get(video.id), stale=stale[video.id])


async def encode_job(job: entities.Job) -> objects.Job:
    return objects.job_object(job, (await costs_of_jobs([job.id]))[job.id])


async def _last_jobs(subject: Entity, ids: Sequence[int]) -> dict[int, entities.Job]:
    async def read(part: Sequence[int]) -> dict[int, entities.Job]:
        return await latest_jobs(subject, part)

    return await _in_parts(read, ids)


async def _in_parts(read: Callable[[Sequence[K]], Awaitable[Mapping[int, T]]], rows: Sequence[K]) -> dict[int, T]:
    found: dict[int, T] = {}
    for start in range(0, len(rows), _IDS_AT_ONCE):
        found |= await read(rows[start : start + _IDS_AT_ONCE])
    return found
