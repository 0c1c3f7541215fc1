"""Reading: every field, lists, ids, and how many statements it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from graphql import (
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
)

from domain.lifecycle import Entity
from domain.protocols import LOCAL
from graph.schema import schema
from storage.database import connection
from tests.graph.client import Api
from tests.graph.studio import Studio
from workflow import images, reading, videos

VALUES = {
    "Cost",
    "Decision",
    "Estimate",
    "JobProgress",
    "JobError",
    "ScriptProgress",
    "PageInfo",
    "Render",
    "SceneRender",
    "Music",
}


def selection_of(type_name: str) -> str:
    """All fields of a type; of other things only that they are there."""
    kind = schema._schema.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    return " ".join(f"{name}{_inner(field.type)}" for name, field in kind.fields.items())


def _inner(of: GraphQLOutputType) -> str:
    named = get_named_type(of)
    if is_leaf_type(named):
        return ""
    if named.name.endswith("Connection"):
        page, item = selection_of("PageInfo"), "{ __typename }"
        return f" {{ totalCount pageInfo {{ {page} }} nodes {item} edges {{ cursor node {item} }} }}"
    return f" {{ {selection_of(named.name)} }}" if named.name in VALUES else " { __typename id }"


async def a_finished_script(studio: Studio, *, scenes: int = 2) -> int:
    """Everything approved, one image rejected on the way, and a finished video."""
    script = await studio.a_script(scenes=scenes)
    first, *_ = await studio.scenes_of(script)
    for scene in await studio.scenes_of(script):
        image = await studio.illustrated_scene(scene)
        if scene.id == first.id:
            rejection = await images.reject_image(studio.context, image_id=image.id, actor=LOCAL, feedback="Brighter.")
            assert rejection.job is not None
            image = await studio.draw(rejection.job)
        await images.approve_image(studio.context, image_id=image.id, actor=LOCAL, feedback="Lovely.")
    request = await videos.create_video(studio.context, script_id=script.id, actor=LOCAL)
    assert request.job is not None
    await studio.film(request.job)
    return script.id


@asynccontextmanager
async def counted_statements() -> AsyncIterator[list[str]]:
    """What reaches the database in the block."""
    statements: list[str] = []
    raw = cast(Any, connection())._connection
    await raw.set_trace_callback(statements.append)
    try:
        yield statements
    finally:
        await raw.set_trace_callback(None)
        # The live feed looks at the log now and then, whoever else is asking.
        statements[:] = [statement for statement in statements if 'FROM "event"' not in statement]


async def test_every_field_of_everything(api: Api, studio: Studio) -> None:
    script_id = await a_finished_script(studio)
    video = await reading.newest_video(script_id)
    scene = (await reading.scenes_of_scripts([script_id]))[script_id][0]
    drawn = (await reading.images_of_scenes([scene.id]))[scene.id][-1]
    job = await studio.job_of(Entity.VIDEO, video.id)
    ids = {
        "Script": f"script_{script_id}", "Scene": f"scene_{scene.id}", "Image": f"image_{drawn.id}",
        "Video": f"video_{video.id}", "Job": f"job_{job.id}", "StatusChange": "change_1",
    }  # fmt: skip
    for name, id in ids.items():
        answer = await api.data(
            f"query($id: ID!) {{ node(id: $id) {{ ... on {name} {{ {selection_of(name)} }} }} }}", id=id
        )
        assert answer["node"]["id"] == id
        kind = schema._schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        for field_name, field in kind.fields.items():
            if isinstance(field.type, GraphQLNonNull):
                assert answer["node"][field_name] is not None


async def test_what_a_finished_script_looks_like(api: Api, studio: Studio) -> None:
    id = await a_finished_script(studio)
    answer = await api.data(
        """query($id: ID!) { script(id: $id) {
            title status version content allowedActions lastDecision { status feedback actor decidedAt }
            progress { scenes scenesApproved scenesIllustrated awaitingReview jobsActive jobsFailed }
            segmentation { state kind attempt maxAttempts progress { fraction } error { code } subject { id } }
            scenes { order title text status chosenImage { attempt } generation { state }
                images { attempt status stale prompt url filePath width height byteSize sha256 replaces { attempt }
                    lastDecision { status feedback } scene { id } allowedActions } }
            approved: scenes(status: APPROVED) { id } pending: scenes(status: PENDING) { id }
            latestVideo { id } videos { id status error filePath url width height durationSeconds byteSize sha256 stale
                images { scene { order } } compilation { state } script { id } allowedActions lastDecision { actor } }
        } }""",
        id=f"script_{id}",
    )
    script = answer["script"]
    assert script["progress"] == {
        "scenes": 2, "scenesApproved": 2, "scenesIllustrated": 2, "awaitingReview": 0, "jobsActive": 0, "jobsFailed": 0,
    }  # fmt: skip
    assert script["allowedActions"] == ["CREATE_VIDEO"]
    assert script["lastDecision"]["status"] == "APPROVED"
    assert script["lastDecision"]["actor"] == "local"
    assert script["segmentation"]["error"] is None
    assert script["segmentation"]["subject"] == {"id": f"script_{id}"}
    assert script["segmentation"]["progress"] == {"fraction": 1.0}
    assert [scene["text"] for scene in script["scenes"]] == ["Scene 1.", "Scene 2."]
    rejected, chosen = script["scenes"][0]["images"]
    assert rejected["lastDecision"] == {"status": "REJECTED", "feedback": "Brighter."}
    assert chosen["replaces"] == {"attempt": 1}
    assert chosen["url"] == f"/media/{chosen['filePath']}"
    assert chosen["stale"] is False
    assert chosen["allowedActions"] == []
    assert script["scenes"][0]["chosenImage"] == {"attempt": 2}
    assert (len(script["approved"]), len(script["pending"])) == (2, 0)
    video = script["videos"][0]
    assert video["url"] == "/media/videos/video_1.mp4"
    assert video["byteSize"] == 3_000_000_000
    assert [image["scene"]["order"] for image in video["images"]] == [1, 2]
    assert (video["stale"], video["lastDecision"], video["allowedActions"]) == (False, None, [])


async def test_statements_do_not_grow_with_the_lists(api: Api, studio: Studio) -> None:
    query = """{ scripts { totalCount nodes {
        id allowedActions lastDecision { actor } progress { scenes } segmentation { subject { id allowedActions } }
        latestVideo { id } videos { stale images { id } compilation { state subject { id } } script { id } }
        scenes { allowedActions lastDecision { actor } generation { id } chosenImage { id } script { id }
            images { allowedActions lastDecision { actor } replaces { id } scene { id script { id } } } }
    } } }"""
    await a_finished_script(studio, scenes=1)
    async with counted_statements() as few:
        await api.data(query)
    for _ in range(3):
        await a_finished_script(studio, scenes=4)
    async with counted_statements() as many:
        answer = await api.data(query)
    assert sum(len(script["scenes"]) for script in answer["scripts"]["nodes"]) == 13
    assert len(many) == len(few)
    assert len(many) < 36


async def test_pages_of_scripts(api: Api, studio: Studio) -> None:
    for number in range(5):
        await studio.a_script(title=f"Tale {number % 2} {number}", content=f"Once {number}. A 100% true_story.")
    query = """query($first: Int, $after: String, $filter: ScriptFilter, $order: ScriptOrder! = CREATED_AT_DESC) {
        scripts(first: $first, after: $after, filter: $filter, orderBy: $order) {
            totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } }
            nodes { id title } } }"""
    for order in ("CREATED_AT_DESC", "CREATED_AT_ASC", "UPDATED_AT_DESC", "TITLE_ASC"):
        seen: list[str] = []
        after = None
        for place in range(3):
            page = (await api.data(query, first=2, after=after, order=order))["scripts"]
            assert page["totalCount"] == 5
            assert page["pageInfo"]["hasNextPage"] is (place < 2)
            assert page["pageInfo"]["hasPreviousPage"] is (place > 0)
            assert [edge["cursor"] for edge in page["edges"]][-1] == page["pageInfo"]["endCursor"]
            assert [edge["node"]["id"] for edge in page["edges"]] == [node["id"] for node in page["nodes"]]
            seen += [node["title"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
        expected = [f"Tale {number % 2} {number}" for number in range(5)]
        assert sorted(seen) == sorted(expected)
        if order == "TITLE_ASC":
            assert seen == sorted(expected)
    found = (await api.data(query, filter={"search": "ONCE 3"}))["scripts"]
    assert [node["title"] for node in found["nodes"]] == ["Tale 1 3"]
    assert (await api.data(query, filter={"status": "APPROVED"}))["scripts"]["totalCount"] == 0
    assert (await api.data(query, filter={"search": "100% true_"}))["scripts"]["totalCount"] == 5
    assert (await api.data(query, filter={"search": "100_ true"}))["scripts"]["totalCount"] == 0
    empty = (await api.data(query, filter={"search": "nowhere"}))["scripts"]
    assert empty["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}


async def test_a_page_is_capped(api: Api, studio: Studio) -> None:
    for _ in range(103):
        await studio.a_script()
    assert len((await api.data("{ scripts(first: 5000) { nodes { id } } }"))["scripts"]["nodes"]) == 100
    assert len((await api.data("{ scripts { nodes { id } } }"))["scripts"]["nodes"]) == 50
    refused = await api.ask("{ scripts(first: 0) { nodes { id } } }")
    assert refused["errors"][0]["extensions"] == {"code": "INVALID", "field": ["first"]}
    ids = [f"script_{number}" for number in range(1, 102)]
    assert len((await api.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids[:100]))["nodes"]) == 100
    over = await api.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert over["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


async def test_lists_of_videos_and_jobs(api: Api, studio: Studio) -> None:
    first, second = await a_finished_script(studio), await a_finished_script(studio)
    await studio.a_script()
    answer = await api.data("{ videos(first: 1) { totalCount nodes { script { id } } pageInfo { endCursor } } }")
    assert answer["videos"]["nodes"] == [{"script": {"id": f"script_{second}"}}]
    after = answer["videos"]["pageInfo"]["endCursor"]
    answer = await api.data(
        "query($after: String) { videos(after: $after, status: APPROVED) { nodes { script { id } } } }", after=after
    )
    assert answer["videos"]["nodes"] == [{"script": {"id": f"script_{first}"}}]
    answer = await api.data(
        """query($id: ID!) { jobs(scriptId: $id, states: [SUCCEEDED]) {
            totalCount nodes { kind subject { __typename } } } }""",
        id=f"script_{first}",
    )
    kinds = [(node["kind"], node["subject"]["__typename"]) for node in answer["jobs"]["nodes"]]
    assert kinds == [("COMPILE_VIDEO", "Video"), *[("GENERATE_IMAGE", "Scene")] * 3, ("SEGMENT_SCRIPT", "Script")]
    assert (await api.data("{ jobs(states: [FAILED]) { totalCount } }")) == {"jobs": {"totalCount": 0}}
    unknown = await api.ask('{ jobs(scriptId: "script_99") { totalCount } }')
    assert unknown["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_history(api: Api, studio: Studio) -> None:
    script = await studio.a_script(scenes=2)
    query = """query($id: ID!, $after: String) { script(id: $id) { history(first: 2, after: $after) { totalCount
        pageInfo { hasNextPage endCursor }
        nodes { id cursor subjectId subject { id } version previousStatus newStatus actor } } } }"""
    seen: list[tuple[str, str | None, str]] = []
    after = None
    while True:
        page = (await api.data(query, id=f"script_{script.id}", after=after))["script"]["history"]
        assert page["totalCount"] == 4
        seen += [(node["subjectId"], node["previousStatus"], node["newStatus"]) for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == [
        ("script_1", None, "DRAFT"), ("script_1", "DRAFT", "APPROVED"), ("scene_1", None, "PENDING"),
        ("scene_2", None, "PENDING"),
    ]  # fmt: skip


async def test_the_cursor_is_captured_first(api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    scripts_page, last_event = reading.page_of_scripts, reading.event_cursor

    async def page_of_scripts(**arguments: Any) -> Any:
        order.append("scripts")
        return await scripts_page(**arguments)

    async def event_cursor() -> str:
        order.append("cursor")
        return await last_event()

    monkeypatch.setattr(reading, "page_of_scripts", page_of_scripts)
    monkeypatch.setattr(reading, "event_cursor", event_cursor)
    await api.data("query A { scripts { totalCount } ...B } fragment B on Query { place: eventCursor }")
    assert order == ["cursor", "scripts"]
    await api.data("{ scripts { totalCount } }")
    assert order == ["cursor", "scripts", "scripts"]


async def test_introspection(api: Api) -> None:
    answer = await api.data(
        get_introspection_query(descriptions=True, specified_by_url=True, input_value_deprecation=True)
    )
    assert {kind["name"] for kind in answer["__schema"]["types"]} >= {"Script", "Job", "UserError"}
