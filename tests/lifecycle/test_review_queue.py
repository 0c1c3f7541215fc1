"""What waits for a person, as it is read from either database."""

from __future__ import annotations

import pytest

from domain.entities import Image, Scene
from domain.errors import InvalidInput
from domain.lifecycle import Status
from domain.protocols import LOCAL
from tests.world import World
from workflow import arranging, images, reading, scenes, scripts

Named = tuple[str, int]


def named(item: Scene | Image) -> Named:
    return ("scene" if isinstance(item, Scene) else "image", item.id)


async def queue(script_id: int | None = None, *, first: int = 100) -> list[Named]:
    """All of it, page by page."""
    found: list[Named] = []
    after, total = None, None
    while True:
        page = await reading.page_of_queue(first=first, after=after, script_id=script_id)
        assert len(page.items) <= first
        assert total in (None, page.total)
        total = page.total
        found += map(named, page.items)
        if not page.has_next:
            assert len(found) == total
            return found
        after = page.cursors[-1]


async def a_script_with_work(world: World) -> int:
    """A scene with two pending images and a rejected one, an approved image, a pending one of an edited scene."""
    script = await world.a_script(scene_texts=("One fox.", "Two foxes.", "Three.", "Four."))
    first, second, third, _ = (await reading.scenes_of_scripts([script.id]))[script.id]
    for scene in (first, second, third):
        await scenes.approve_scene(world.context, scene_id=scene.id, actor=LOCAL)
    rejected = await world.picture_of(first.id)
    await images.reject_image(world.context, image_id=rejected.id, actor=LOCAL)
    await world.picture_of(first.id)
    await images.generate_image(world.context, scene_id=first.id, actor=LOCAL)
    await world.picture_of(first.id)
    approved = await world.picture_of(second.id)
    await images.approve_image(world.context, image_id=approved.id, actor=LOCAL)
    await world.picture_of(third.id)
    await scenes.update_scene(world.context, scene_id=third.id, text="Other.", actor=LOCAL)
    return script.id


async def test_every_page_size_brings_the_same(world: World) -> None:
    assert await queue() == []
    ids = [await a_script_with_work(world) for _ in range(3)]
    whole = await queue()
    assert len(whole) == 15
    assert whole[:5] == [("image", 2), ("image", 3), ("scene", 3), ("image", 5), ("scene", 4)]
    for first in (1, 2, 4, 5, 14, 15):
        assert await queue(first=first) == whole
    for place, script_id in enumerate(ids):
        assert await queue(script_id, first=2) == whole[5 * place : 5 * place + 5]
    progress = await reading.progress_of_scripts(ids)
    assert [progress[script_id].awaiting_review for script_id in ids] == [5, 5, 5]


async def test_what_is_archived_or_removed_is_left_out(world: World) -> None:
    ids = [await a_script_with_work(world) for _ in range(2)]
    whole = await queue()
    await scripts.archive_script(world.context, script_id=ids[0], actor=LOCAL)
    assert await queue() == whole[5:]
    assert await queue(ids[0]) == []
    await scripts.archive_script(world.context, script_id=ids[0], archived=False, actor=LOCAL)
    assert await queue() == whole
    found = (await reading.scenes_of_scripts([ids[0]]))[ids[0]]
    await arranging.merge_scenes(world.context, scene_ids=[found[1].id, found[2].id, found[3].id], actor=LOCAL)
    assert await queue(ids[0]) == [("image", 2), ("image", 3), ("scene", 2)]
    progress = await reading.progress_of_scripts([ids[0]])
    assert progress[ids[0]].awaiting_review == 3


async def test_a_place_outlives_a_decision(world: World) -> None:
    """What was decided meanwhile is gone; nothing behind the place is skipped."""
    await a_script_with_work(world)
    page = await reading.page_of_queue(first=2, after=None, script_id=None)
    assert [named(item) for item in page.items] == [("image", 2), ("image", 3)]
    for image_id in (2, 3):
        await images.approve_image(world.context, image_id=image_id, actor=LOCAL)
    rest = await reading.page_of_queue(first=10, after=page.cursors[-1], script_id=None)
    assert [named(item) for item in rest.items] == [("scene", 3), ("image", 5), ("scene", 4)]
    assert rest.total == 3


async def test_foreign_places_are_refused(world: World) -> None:
    image = await world.an_image(Status.PENDING)
    page = await reading.page_of_scripts(
        first=1, after=None, where=reading.ScriptFilter(), order=reading.ScriptOrder.ID_ASC
    )
    for place in ("nonsense", "", page.cursors[-1]):
        with pytest.raises(InvalidInput):
            await reading.page_of_queue(first=1, after=place, script_id=image.script_id)
