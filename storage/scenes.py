"""Scenes of scripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tortoise.expressions import F

from domain.entities import Scene
from domain.lifecycle import Status
from domain.segmentation import SceneDraft
from domain.text import sha256_of_text
from storage import models
from storage.rows import SCENE_FIELDS, is_storable_id, to_scene


async def insert_scenes(script_id: int, drafts: Sequence[SceneDraft], *, status: Status, now: datetime) -> list[Scene]:
    """Insert in order, numbered from 1."""
    await models.Scene.bulk_create(
        [
            models.Scene(
                script_id=script_id, order=order, title=draft.title, text=draft.text, gap=draft.gap,
                text_sha256=sha256_of_text(draft.text), status=status.value, version=1, created_at=now, updated_at=now,
            )
            for order, draft in enumerate(drafts, start=1)
        ],
        batch_size=500,
    )  # fmt: skip
    return await scenes_of_script(script_id)


async def scene_by_id(scene_id: int) -> Scene | None:
    return (await scenes_by_id([scene_id])).get(scene_id)


async def scenes_by_id(scene_ids: Sequence[int]) -> dict[int, Scene]:
    wanted = [scene_id for scene_id in scene_ids if is_storable_id(scene_id)]
    rows = await models.Scene.filter(id__in=wanted).values(*SCENE_FIELDS)
    return {row["id"]: to_scene(row) for row in rows}


async def scenes_of_script(script_id: int) -> list[Scene]:
    return (await scenes_of_scripts([script_id])).get(script_id, [])


async def scenes_of_scripts(script_ids: Sequence[int]) -> dict[int, list[Scene]]:
    """In playing order."""
    rows = await models.Scene.filter(script_id__in=list(script_ids)).order_by("order", "id").values(*SCENE_FIELDS)
    found: dict[int, list[Scene]] = {script_id: [] for script_id in script_ids}
    for row in rows:
        found[row["script_id"]].append(to_scene(row))
    return found


async def write_scene(scene: Scene, *, previous: Status, now: datetime) -> bool:
    """Store title, text and status, if the status is still `previous`; the version goes up by one."""
    count = await models.Scene.filter(id=scene.id, status=previous.value).update(
        title=scene.title, text=scene.text, text_sha256=scene.text_sha256, status=scene.status.value,
        version=F("version") + 1, updated_at=now,
    )  # fmt: skip
    return count == 1
