"""What waits for a person, over all scripts: pending scenes and pending images, script by script in playing order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from domain.entities import Image, Scene
from domain.lifecycle import Status
from domain.paging import Page, decode_place, encode_place
from storage import models
from storage.rows import IMAGE_FIELDS, IMAGE_JOINS, SCENE_FIELDS, to_image, to_scene

_LIST: Final = "review_queue"


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """A scene comes before its images: it has the image id 0."""

    script_id: int
    order: int
    scene_id: int
    image_id: int = 0


async def page_of_queue(*, first: int, after: str | None, script_id: int | None) -> Page[Scene | Image]:
    """Archived scripts and removed scenes are left out."""
    scenes, images = _waiting(script_id)
    total = await scenes.count() + await images.count()
    if after is not None:
        place = _Place(*(int(value) for value in decode_place(_LIST, after, int, int, int, int)))
        scenes, images = scenes.filter(_scenes_behind(place)), images.filter(_images_behind(place))
    found: list[tuple[_Place, Scene | Image]] = []
    for row in await scenes.order_by("script_id", "order", "id").limit(first + 1).values(*SCENE_FIELDS):
        found.append((_Place(row["script_id"], row["order"], row["id"]), to_scene(row)))
    ordered = images.order_by("script_id", "scene__order", "scene_id", "id").limit(first + 1)
    for row in await ordered.values(*IMAGE_FIELDS, **IMAGE_JOINS, scene_order="scene__order"):
        place = _Place(row["script_id"], row.pop("scene_order"), row["scene_id"], row["id"])
        found.append((place, to_image(row)))
    found.sort(key=lambda item: item[0])
    cursors = tuple(
        encode_place(_LIST, [place.script_id, place.order, place.scene_id, place.image_id])
        for place, _ in found[:first]
    )
    return Page(tuple(item for _, item in found[:first]), cursors, len(found) > first, after is not None, total)


def _waiting(script_id: int | None) -> tuple[QuerySet[models.Scene], QuerySet[models.Image]]:
    pending = Status.PENDING.value
    scenes = models.Scene.filter(status=pending, removed_at__isnull=True, script__archived_at__isnull=True)
    images = models.Image.filter(
        status=pending, scene__removed_at__isnull=True, scene__script__archived_at__isnull=True
    )
    if script_id is None:
        return scenes, images
    return scenes.filter(script_id=script_id), images.filter(script_id=script_id)


def _scenes_behind(place: _Place) -> Q:
    return (
        Q(script_id__gt=place.script_id)
        | Q(script_id=place.script_id, order__gt=place.order)
        | Q(script_id=place.script_id, order=place.order, id__gt=place.scene_id)
    )


def _images_behind(place: _Place) -> Q:
    return (
        Q(script_id__gt=place.script_id)
        | Q(script_id=place.script_id, scene__order__gt=place.order)
        | Q(script_id=place.script_id, scene__order=place.order, scene_id__gt=place.scene_id)
        | Q(script_id=place.script_id, scene__order=place.order, scene_id=place.scene_id, id__gt=place.image_id)
    )
