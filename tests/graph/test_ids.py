"""Global ids: what they find, and what is none."""

from __future__ import annotations

from itertools import product

from tests.graph.client import Api
from tests.graph.studio import Studio


async def test_what_is_not_there_is_null(api: Api) -> None:
    for kind, number in product(
        ("script", "scene", "image", "video", "job", "change"), (0, -1, 1, 2**31, 10**17, 10**39)
    ):
        field = "node" if kind == "change" else kind
        query = f"query($id: ID!) {{ {field}(id: $id) {{ id }} }}"
        assert await api.data(query, id=f"{kind}_{number}") == {field: None}


async def test_malformed_ids(api: Api) -> None:
    malformed = (
        "", "7", 7, "scene", "scene_", "scene_07", "scene_-07", "scene_1 ", "SCENE_1", "scene_١", "cat_1",
        "scene_-0", "scene_" + "9" * 400, "video_1", "scene_1\n",
    )  # fmt: skip
    for id in malformed:
        answer = await api.ask("query($id: ID!) { scene(id: $id) { id } eventCursor }", id=id)
        assert "errors" in answer, id
        assert answer["errors"][0]["extensions"] == {"code": "INVALID", "field": ["id"]}
        assert answer["data"]["scene"] is None
        assert answer["data"]["eventCursor"]


async def test_nodes_answers_in_order(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1)
    ids = ["scene_1", "script_9", "script_1", "change_1", "job_1", "change_77"]
    answer = await api.data("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids)
    assert [node and node["__typename"] for node in answer["nodes"]] == [
        "Scene", None, "Script", "StatusChange", "Job", None,
    ]  # fmt: skip
