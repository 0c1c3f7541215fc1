"""Scenes of scripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tortoise.expressions import Case, F, Value, When

from domain.entities import Scene
from domain.lifecycle import Status
from domain.segmentation import SceneDraft
from domain.text import sha256_of_text
from storage import models
from storage.rows import SCENE_FIELDS, is_storable_id, to_scene

_NUMBERED_AT_ONCE = 200


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
    """Removed ones too."""
    return (await scenes_by_id([scene_id])).get(scene_id)


async def scenes_by_id(scene_ids: Sequence[int]) -> dict[int, Scene]:
    wanted = [scene_id for scene_id in scene_ids if is_storable_id(scene_id)]
    rows = await models.Scene.filter(id__in=wanted).values(*SCENE_FIELDS)
    return {row["id"]: to_scene(row) for row in rows}


async def scenes_of_script(script_id: int) -> list[Scene]:
    return (await scenes_of_scripts([script_id])).get(script_id, [])


async def scenes_of_scripts(script_ids: Sequence[int]) -> dict[int, list[Scene]]:
    """In playing order, without removed ones."""
    query = models.Scene.filter(script_id__in=list(script_ids), removed_at__isnull=True)
    rows = await query.order_by("order", "id").values(*SCENE_FIELDS)
    found: dict[int, list[Scene]] = {script_id: [] for script_id in script_ids}
    for row in rows:
        found[row["script_id"]].append(to_scene(row))
    return found


async def insert_scene(
    script_id: int, *, order: int, title: str | None, text: str, gap: str, status: Status, now: datetime
) -> Scene:
    """One more; the others of the script are to be renumbered by whoever calls."""
    row = await models.Scene.create(
        script_id=script_id, order=order, title=title, text=text, gap=gap, text_sha256=sha256_of_text(text),
        status=status.value, version=1, created_at=now, updated_at=now,
    )  # fmt: skip
    scene = await scene_by_id(row.id)
    assert scene is not None
    return scene


async def number_scenes(scene_ids: Sequence[int], present: Sequence[Scene]) -> None:
    """Number these scenes, which are all there are, from 1 in this order; `present` is how they were read.

    A place is the script's matter: no scene's version goes up.
    """
    places_now = {scene.id: scene.order for scene in present}
    moved = [(order, scene_id) for order, scene_id in enumerate(scene_ids, 1) if places_now.get(scene_id) != order]
    for start in range(0, len(moved), _NUMBERED_AT_ONCE):
        some = moved[start : start + _NUMBERED_AT_ONCE]
        whens = [When(id=scene_id, then=Value(order)) for order, scene_id in some]  # type: ignore[arg-type]
        places = Case(*whens, default=F("order"))
        await models.Scene.filter(id__in=[scene_id for _, scene_id in some]).update(order=places)


async def remove_scenes(scene_ids: Sequence[int], *, now: datetime) -> None:
    """Take them out of their script; their rows stay."""
    await models.Scene.filter(id__in=list(scene_ids), removed_at__isnull=True).update(
        removed_at=now, version=F("version") + 1, updated_at=now
    )


async def write_scene(scene: Scene, *, previous: Status, now: datetime) -> bool:
    """Store title, text, gap and status, if the status is still `previous`; the version goes up by one."""
    count = await models.Scene.filter(id=scene.id, status=previous.value).update(
        title=scene.title, text=scene.text, gap=scene.gap, text_sha256=scene.text_sha256, status=scene.status.value,
        version=F("version") + 1, updated_at=now,
    )  # fmt: skip
    return count == 1
