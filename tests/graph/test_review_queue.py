"""What waits for a person, over GraphQL: page by page all of it, in order, with few statements."""

from __future__ import annotations

from typing import Any

from domain.protocols import LOCAL
from tests.graph.client import Api
from tests.graph.studio import Studio
from tests.graph.test_queries import counted_statements
from workflow import arranging, images, reading, scenes, scripts

QUEUE = """query($first: Int, $after: String, $id: ID) { reviewQueue(first: $first, after: $after, scriptId: $id) {
    totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor }
    nodes { __typename id status allowedActions ... on Scene { order script { title } }
        ... on Image { stale url(width: 320) scene { order } } } } }"""


async def all_of_it(api: Api, first: int, script: str | None = None) -> list[str]:
    seen: list[str] = []
    after, total = None, None
    while True:
        page = (await api.data(QUEUE, first=first, after=after, id=script))["reviewQueue"]
        assert total in (None, page["totalCount"])
        total = page["totalCount"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert [edge["cursor"] for edge in page["edges"]][-1:] in ([], [page["pageInfo"]["endCursor"]])
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert len(seen) == total
            return seen


async def some_work(studio: Studio) -> None:
    """Three scripts with pending scenes and images, one of them put away, and one scene merged into another."""
    for number in range(3):
        script = await studio.a_script(scenes=5, title=f"Tale {number}")
        first, second, third, fourth, fifth = await studio.scenes_of(script)
        await studio.illustrated_scene(first)
        asked = await images.generate_image(studio.context, scene_id=first.id, actor=LOCAL)
        await studio.draw(asked)
        approved = await studio.illustrated_scene(second)
        await images.approve_image(studio.context, image_id=approved.id, actor=LOCAL)
        await studio.illustrated_scene(third)
        await scenes.update_scene(studio.context, scene_id=third.id, text="Other.", actor=LOCAL)
        if number == 1:
            await studio.illustrated_scene(fifth)
            await arranging.merge_scenes(studio.context, scene_ids=[fourth.id, fifth.id], actor=LOCAL)
        if number == 2:
            await scripts.archive_script(studio.context, script_id=script.id, actor=LOCAL)


async def test_page_by_page_all_of_it(api: Api, studio: Studio) -> None:
    await some_work(studio)
    await studio.a_script()
    whole = await all_of_it(api, 100)
    assert whole == [
        "image_1", "image_2", "scene_3", "image_4", "scene_4", "scene_5",
        "image_5", "image_6", "scene_8", "image_8", "scene_9",
    ]  # fmt: skip
    for first in (1, 2, 3, 7):
        assert await all_of_it(api, first) == whole
    assert await all_of_it(api, 2, "script_2") == whole[6:]
    assert await all_of_it(api, 2, "script_3") == [], "it is archived"
    waiting = await reading.progress_of_scripts([1, 2])
    assert sum(progress.awaiting_review for progress in waiting.values()) == len(whole)


async def test_a_new_order_is_the_order_of_the_queue(api: Api, studio: Studio) -> None:
    script = await studio.a_script(scenes=3)
    await arranging.reorder_scenes(studio.context, script_id=script.id, scene_ids=[3, 1, 2], actor=LOCAL)
    assert await all_of_it(api, 1) == ["scene_3", "scene_1", "scene_2"]


async def test_what_is_refused(api: Api, studio: Studio) -> None:
    await some_work(studio)
    scripts_page = await api.data("{ scripts(first: 1) { pageInfo { endCursor } } }")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"first": 0}, "INVALID"), ({"after": "nonsense"}, "INVALID"),
        ({"after": scripts_page["scripts"]["pageInfo"]["endCursor"]}, "INVALID"),
        ({"id": "script_99"}, "NOT_FOUND"), ({"id": "scene_1"}, "INVALID"),
    ]  # fmt: skip
    for variables, code in cases:
        answer = await api.ask(QUEUE, **variables)
        assert answer["errors"][0]["extensions"]["code"] == code, variables


async def test_statements_do_not_grow_with_the_queue(api: Api, studio: Studio) -> None:
    await some_work(studio)
    async with counted_statements() as few:
        await api.data(QUEUE, first=100)
    await some_work(studio)
    await some_work(studio)
    async with counted_statements() as many:
        page = (await api.data(QUEUE, first=100))["reviewQueue"]
    assert len(page["nodes"]) == 33
    assert len(many) == len(few)
    assert len(many) < 13
