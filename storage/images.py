"""Pictures of scenes. A row exists only when its file does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import F
from tortoise.functions import Max

from domain.entities import Image, Pin
from domain.lifecycle import Status
from storage import models
from storage.rows import IMAGE_FIELDS, IMAGE_JOINS, is_storable_id, to_image


@dataclass(frozen=True, slots=True)
class NewImage:
    """A picture about to get its row. `text_sha256` is of the scene text it was made from."""

    scene_id: int
    script_id: int
    prompt: str
    text_sha256: str
    sha256: str
    width: int
    height: int
    byte_size: int
    replaces_id: int | None
    job_id: int | None


async def insert_image(new: NewImage, *, status: Status, now: datetime) -> Image:
    """Insert as the scene's next attempt; `file_path` follows from the ids."""
    row = await models.Image.create(
        scene_id=new.scene_id, script_id=new.script_id, attempt=await next_attempt(new.scene_id), prompt=new.prompt,
        status=status.value, text_sha256=new.text_sha256, file_path="", sha256=new.sha256, width=new.width,
        height=new.height, byte_size=new.byte_size, replaces_id=new.replaces_id, job_id=new.job_id, version=1,
        created_at=now, updated_at=now,
    )  # fmt: skip
    await models.Image.filter(id=row.id).update(file_path=image_key(new.scene_id, row.id))
    image = await image_by_id(row.id)
    assert image is not None
    return image


def image_key(scene_id: int, image_id: int) -> str:
    return f"images/scene_{scene_id}/image_{image_id}.png"


async def next_attempt(scene_id: int) -> int:
    """The number of the scene's next picture, from 1."""
    rows = await models.Image.filter(scene_id=scene_id).annotate(last=Max("attempt")).values("last")
    return ((rows[0]["last"] if rows else None) or 0) + 1


async def image_by_id(image_id: int) -> Image | None:
    return (await images_by_id([image_id])).get(image_id)


async def images_by_id(image_ids: Sequence[int]) -> dict[int, Image]:
    wanted = [image_id for image_id in image_ids if is_storable_id(image_id)]
    rows = await models.Image.filter(id__in=wanted).values(*IMAGE_FIELDS, **IMAGE_JOINS)
    return {row["id"]: to_image(row) for row in rows}


async def images_of_scenes(scene_ids: Sequence[int]) -> dict[int, list[Image]]:
    """In the order they were made."""
    query = models.Image.filter(scene_id__in=list(scene_ids)).order_by("id")
    found: dict[int, list[Image]] = {scene_id: [] for scene_id in scene_ids}
    for row in await query.values(*IMAGE_FIELDS, **IMAGE_JOINS):
        found[row["scene_id"]].append(to_image(row))
    return found


async def images_of_script(script_id: int) -> list[Image]:
    """Those of removed scenes are left out."""
    query = models.Image.filter(script_id=script_id, scene__removed_at__isnull=True)
    rows = await query.order_by("id").values(*IMAGE_FIELDS, **IMAGE_JOINS)
    return [to_image(row) for row in rows]


def chosen_of(images: Sequence[Image]) -> Image | None:
    """The most recently approved one."""
    approved = [image for image in images if image.approval_id is not None]
    return max(approved, key=lambda image: image.approval_id or 0, default=None)


async def write_image_decision(
    image: Image, *, previous: Status, approval_id: int | None, text_sha256: str, now: datetime
) -> bool:
    """Store a decision, if the status is still `previous`; the version goes up by one."""
    count = await models.Image.filter(id=image.id, status=previous.value).update(
        status=image.status.value, approval_id=approval_id, text_sha256=text_sha256, version=F("version") + 1,
        updated_at=now,
    )  # fmt: skip
    return count == 1


async def chosen_pins(script_ids: Sequence[int]) -> dict[int, list[Pin]]:
    """The chosen picture and present text of every scene that has one, in playing order."""
    query = models.Image.filter(
        script_id__in=list(script_ids), approval_id__isnull=False, scene__removed_at__isnull=True
    ).order_by("approval_id")
    rows = await query.values_list("scene_id", "script_id", "id", "sha256", "scene__text_sha256", "scene__order")
    newest = {row[0]: row for row in rows}
    found: dict[int, list[Pin]] = {script_id: [] for script_id in script_ids}
    for scene_id, script_id, image_id, sha256, text, _ in sorted(newest.values(), key=lambda row: (row[5], row[0])):
        found[script_id].append(Pin(scene_id, image_id, sha256, text))
    return found
