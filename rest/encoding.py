"""From entities to JSON objects with what belongs to them, without a statement for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain import entities
from domain.lifecycle import Entity
from rest import objects
from workflow.reading import latest_jobs, stale_videos

_IDS_AT_ONCE: Final = 10_000
"""SQLite and PostgreSQL take about 32,000 parameters in a statement."""


async def encode_scripts(scripts: Sequence[entities.Script]) -> list[objects.Script]:
    jobs = await _last_jobs(Entity.SCRIPT, [script.id for script in scripts])
    return [objects.script_object(script, jobs.get(script.id)) for script in scripts]


async def encode_script(script: entities.Script) -> objects.Script:
    return (await encode_scripts([script]))[0]


async def encode_scenes(scenes: Sequence[entities.Scene]) -> list[objects.Scene]:
    jobs = await _last_jobs(Entity.SCENE, [scene.id for scene in scenes])
    return [objects.scene_object(scene, jobs.get(scene.id)) for scene in scenes]


async def encode_scene(scene: entities.Scene) -> objects.Scene:
    return (await encode_scenes([scene]))[0]


async def encode_video(video: entities.Video) -> objects.Video:
    stale = await stale_videos([video])
    jobs = await _last_jobs(Entity.VIDEO, [video.id])
    return objects.video_object(video, jobs.get(video.id), stale=stale[video.id])


async def _last_jobs(subject: Entity, ids: Sequence[int]) -> dict[int, entities.Job]:
    found: dict[int, entities.Job] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        found |= await latest_jobs(subject, ids[start : start + _IDS_AT_ONCE])
    return found
