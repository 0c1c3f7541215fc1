"""Editing at a desk over GraphQL: every mutation as it succeeds and as it is declined, and many decisions at once."""

from __future__ import annotations

from typing import Any

import pytest

from domain.lifecycle import Entity, JobState
from domain.protocols import LOCAL
from tests.graph.client import Api
from tests.graph.studio import Studio
from workflow import arranging, images, reading, scenes, videos

STORY = "One fox  woke.\n\nIt ran.\n\nIt slept."
SCENE = "id order text status version removedAt"


def only_error(payload: Any) -> dict[str, Any]:
    (error,) = payload["userErrors"]
    assert isinstance(error, dict)
    return error


async def scenes_over(api: Api, script: str = "script_1") -> list[dict[str, Any]]:
    answer = await api.data("query($id: ID!) { script(id: $id) { scenes { id order text } } }", id=script)
    found: list[dict[str, Any]] = answer["script"]["scenes"]
    return found


async def an_approved_image(studio: Studio) -> int:
    """Of the only scene of a new script."""
    script = await studio.a_script(scenes=1)
    (scene,) = await studio.scenes_of(script)
    image = await studio.illustrated_scene(scene)
    await images.approve_image(studio.context, image_id=image.id, actor=LOCAL)
    return image.id


async def test_splitting(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1, content=STORY)
    payload = await api.mutate(
        "splitScene", f"scene {{ {SCENE} }} newScene {{ {SCENE} }}", id="scene_1", at=8, expectedVersion=1
    )
    assert payload["userErrors"] == []
    assert payload["scene"] == {
        "id": "scene_1", "order": 1, "text": "One fox", "status": "PENDING", "version": 2, "removedAt": None,
    }  # fmt: skip
    assert payload["newScene"] == {
        "id": "scene_4", "order": 2, "text": "woke.", "status": "PENDING", "version": 1, "removedAt": None,
    }  # fmt: skip
    assert [scene["text"] for scene in await scenes_over(api)] == ["One fox", "woke.", "It ran.", "It slept."]
    before = await reading.last_event_id()
    for input, code, field in (
        ({"id": "scene_2", "at": 0}, "INVALID", ["at"]),
        ({"id": "scene_2", "at": 7}, "INVALID", ["at"]),
        ({"id": "scene_2", "at": -1}, "INVALID", ["at"]),
        ({"id": "scene_2", "at": 2, "expectedVersion": 9}, "VERSION_CONFLICT", ["expectedVersion"]),
        ({"id": "scene_99", "at": 2}, "NOT_FOUND", ["id"]),
        ({"id": "image_2", "at": 2}, "INVALID", ["id"]),
        ({"id": "nonsense", "at": 2}, "INVALID", ["id"]),
    ):
        declined = await api.mutate("splitScene", "scene { id } newScene { id }", **input)
        error = only_error(declined)
        assert (error["code"], error["field"], declined["newScene"]) == (code, field, None)
        assert declined["scene"] == ({"id": "scene_2"} if input["id"] == "scene_2" else None)
    assert await reading.last_event_id() == before


async def test_the_cut_is_counted_in_code_points(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1, content="🦊🦊 ran.")
    payload = await api.mutate("splitScene", "scene { text } newScene { text }", id="scene_1", at=2)
    assert (payload["scene"]["text"], payload["newScene"]["text"]) == ("🦊🦊", "ran.")


async def test_merging(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1, content=STORY)
    payload = await api.mutate(
        "mergeScenes", f"scene {{ {SCENE} }}", sceneIds=["scene_2", "scene_3"], expectedVersions=[1, 1]
    )
    assert payload["userErrors"] == []
    assert payload["scene"] == {
        "id": "scene_2", "order": 2, "text": "It ran.\n\nIt slept.", "status": "PENDING", "version": 2,
        "removedAt": None,
    }  # fmt: skip
    assert [scene["id"] for scene in await scenes_over(api)] == ["scene_1", "scene_2"]
    before = await reading.last_event_id()
    cases: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"sceneIds": ["scene_1"]}, "INVALID", ["sceneIds"]),
        ({"sceneIds": []}, "INVALID", ["sceneIds"]),
        ({"sceneIds": ["scene_1", "scene_1"]}, "INVALID", ["sceneIds"]),
        ({"sceneIds": ["scene_2", "scene_1"]}, "INVALID", ["sceneIds"]),
        ({"sceneIds": ["scene_1", "image_2"]}, "INVALID", ["sceneIds"]),
        ({"sceneIds": ["scene_1", "x"]}, "INVALID", ["sceneIds"]),
        ({"sceneIds": ["scene_1", "scene_99"]}, "NOT_FOUND", ["sceneIds"]),
        ({"sceneIds": ["scene_99", "scene_1"]}, "NOT_FOUND", ["sceneIds"]),
        ({"sceneIds": ["scene_1", "scene_3"]}, "INVALID", ["sceneIds"]),
        ({"sceneIds": [f"scene_{number}" for number in range(1, 5_000)]}, "INVALID", ["sceneIds"]),
        ({"sceneIds": ["scene_1", "scene_2"], "expectedVersions": [1]}, "INVALID", ["expectedVersions"]),
        ({"sceneIds": ["scene_1", "scene_2"], "expectedVersions": [1, 1]}, "VERSION_CONFLICT", ["expectedVersions"]),
    ]
    for input, code, field in cases:
        declined = await api.mutate("mergeScenes", "scene { id }", **input)
        assert (only_error(declined)["code"], only_error(declined)["field"]) == (code, field), input
        first = input["sceneIds"][0] if input["sceneIds"] else None
        assert declined["scene"] == ({"id": first} if first in ("scene_1", "scene_2") else None)
    assert await reading.last_event_id() == before


async def test_reordering(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1, content=STORY)
    other = await studio.a_script(scenes=1)
    version = (await reading.read_script(1)).version
    ids = ["scene_3", "scene_1", "scene_2"]
    payload = await api.mutate(
        "reorderScenes", "script { version scenes { id order } }", scriptId="script_1", sceneIds=ids,
        expectedVersion=version,
    )  # fmt: skip
    assert payload["userErrors"] == []
    assert payload["script"] == {
        "version": version + 1, "scenes": [{"id": id, "order": order} for order, id in enumerate(ids, 1)],
    }  # fmt: skip
    before = await reading.last_event_id()
    same = await api.mutate("reorderScenes", "script { version }", scriptId="script_1", sceneIds=ids)
    assert same == {"script": {"version": version + 1}, "userErrors": []}
    cases: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"sceneIds": ids[:2]}, "INVALID", ["sceneIds"]),
        ({"sceneIds": [*ids, "scene_3"]}, "INVALID", ["sceneIds"]),
        ({"sceneIds": [*ids[:2], "scene_4"]}, "INVALID", ["sceneIds"]),
        ({"sceneIds": [*ids[:2], "script_2"]}, "INVALID", ["sceneIds"]),
        ({"sceneIds": ids, "expectedVersion": version}, "VERSION_CONFLICT", ["expectedVersion"]),
    ]
    for input, code, field in cases:
        declined = await api.mutate("reorderScenes", "script { id }", scriptId="script_1", **input)
        assert (only_error(declined)["code"], only_error(declined)["field"]) == (code, field)
        assert declined["script"] == {"id": "script_1"}
    draft = await studio.a_script()
    for script, code, field_ in (
        (f"script_{draft.id}", "STATE_CONFLICT", None), ("script_99", "NOT_FOUND", ["scriptId"]),
        ("scene_1", "INVALID", ["scriptId"]), (f"script_{other.id}", "INVALID", ["sceneIds"]),
    ):  # fmt: skip
        declined = await api.mutate("reorderScenes", "script { id }", scriptId=script, sceneIds=["scene_1"])
        assert (only_error(declined)["code"], only_error(declined)["field"]) == (code, field_)
    assert await reading.last_event_id() == before + 1, "the draft that was made alone"


async def test_choosing_an_earlier_image(api: Api, studio: Studio) -> None:
    first = await an_approved_image(studio)
    asked = await images.generate_image(studio.context, scene_id=1, actor=LOCAL)
    second = (await studio.draw(asked)).id
    shown = "image { status version allowedActions scene { chosenImage { id } } }"
    declined = await api.mutate("chooseImage", shown, id=f"image_{second}")
    assert (only_error(declined)["code"], declined["image"]["status"]) == ("STATE_CONFLICT", "PENDING")
    await api.mutate("approveImage", "image { id }", id=f"image_{second}")
    offered = await api.data('{ scene(id: "scene_1") { chosenImage { id } images { id allowedActions } } }')
    assert offered["scene"] == {
        "chosenImage": {"id": f"image_{second}"},
        "images": [
            {"id": f"image_{first}", "allowedActions": ["CHOOSE"]}, {"id": f"image_{second}", "allowedActions": []},
        ],
    }  # fmt: skip
    version = (await reading.read_image(first)).version
    wrong = await api.mutate("chooseImage", shown, id=f"image_{first}", expectedVersion=version + 1)
    assert only_error(wrong)["code"] == "VERSION_CONFLICT"
    chosen = await api.mutate("chooseImage", shown, id=f"image_{first}", expectedVersion=version)
    assert chosen["userErrors"] == []
    assert chosen["image"] == {
        "status": "APPROVED", "version": version + 1, "allowedActions": [],
        "scene": {"chosenImage": {"id": f"image_{first}"}},
    }  # fmt: skip
    before = await reading.last_event_id()
    again = await api.mutate("chooseImage", "image { id }", id=f"image_{first}")
    assert again["userErrors"] == []
    await scenes.update_scene(studio.context, scene_id=1, text="Other.", actor=LOCAL)
    stale = await api.mutate("chooseImage", "image { allowedActions }", id=f"image_{second}")
    assert (only_error(stale)["code"], stale["image"]["allowedActions"]) == ("STATE_CONFLICT", ["APPROVE"])
    assert await reading.last_event_id() == before + 1, "the edit alone"
    for id, code in (("image_99", "NOT_FOUND"), ("scene_1", "INVALID")):
        assert only_error(await api.mutate("chooseImage", "image { id }", id=id))["code"] == code


async def test_duplicating(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1, content=STORY)
    await api.mutate("updateScript", "script { id }", id="script_1", style="Ink.", budget="12.5")
    await api.mutate("updateScene", "scene { id }", id="scene_2", text="It flew.")
    shown = "script { id title status content style budget version scenes { id } archivedAt }"
    copied = await api.mutate("duplicateScript", shown, id="script_1", idempotencyKey="k")
    assert copied == {
        "script": {
            "id": "script_2", "title": "Title", "status": "DRAFT", "content": "One fox  woke.\n\nIt flew.\n\nIt slept.",
            "style": "Ink.", "budget": "12.5", "version": 1, "scenes": [], "archivedAt": None,
        },
        "userErrors": [],
    }  # fmt: skip
    assert await api.mutate("duplicateScript", shown, id="script_1", idempotencyKey="k") == copied
    named = await api.mutate("duplicateScript", "script { id title content }", id="script_2", title="Another")
    assert named["script"] == {"id": "script_3", "title": "Another", "content": copied["script"]["content"]}
    for input, code, field in (
        ({"id": "script_1", "title": "Else", "idempotencyKey": "k"}, "IDEMPOTENCY_CONFLICT", ["idempotencyKey"]),
        ({"id": "script_2", "idempotencyKey": "k"}, "IDEMPOTENCY_CONFLICT", ["idempotencyKey"]),
        ({"id": "script_1", "title": "t" * 301}, "LIMIT_EXCEEDED", ["title"]),
        ({"id": "script_99"}, "NOT_FOUND", ["id"]),
        ({"id": "scene_1"}, "INVALID", ["id"]),
    ):
        declined = await api.mutate("duplicateScript", "script { id }", **input)
        error = only_error(declined)
        assert (declined["script"], error["code"], error["field"]) == (None, code, field)
    assert (await api.data("{ scripts { totalCount } }"))["scripts"]["totalCount"] == 3


async def test_archiving(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1)
    await studio.a_script(title="Other")
    shown = "script { version archivedAt }"
    version = (await reading.read_script(1)).version
    put_away = await api.mutate("archiveScript", shown, id="script_1", expectedVersion=version)
    assert put_away["userErrors"] == []
    assert put_away["script"]["version"] == version + 1
    assert put_away["script"]["archivedAt"] is not None
    again = await api.mutate("archiveScript", shown, id="script_1")
    assert again == put_away
    listed = "query($filter: ScriptFilter) { scripts(filter: $filter) { totalCount nodes { id } } }"
    for given, expected in (
        (None, ["script_2"]), ({}, ["script_2"]), ({"archived": False}, ["script_2"]),
        ({"archived": None}, ["script_2"]),
        ({"archived": True}, ["script_1"]), ({"archived": True, "status": "DRAFT"}, []),
        ({"archived": True, "search": "title"}, ["script_1"]),
    ):  # fmt: skip
        page = (await api.data(listed, filter=given))["scripts"]
        assert ([node["id"] for node in page["nodes"]], page["totalCount"]) == (expected, len(expected))
    assert (await api.data("{ reviewQueue { totalCount } }"))["reviewQueue"]["totalCount"] == 0
    assert (await api.data('{ script(id: "script_1") { id archivedAt } }'))["script"]["archivedAt"] is not None
    back = await api.mutate("archiveScript", shown, id="script_1", archived=False)
    assert back == {"script": {"version": version + 2, "archivedAt": None}, "userErrors": []}
    assert (await api.data("{ reviewQueue { totalCount } }"))["reviewQueue"]["totalCount"] == 1
    await api.mutate("approveScene", "scene { id }", id="scene_1")
    busy = await api.mutate("archiveScript", shown, id="script_1")
    assert (only_error(busy)["code"], busy["script"]["archivedAt"]) == ("STATE_CONFLICT", None)
    wrong = await api.mutate("archiveScript", shown, id="script_2", expectedVersion=7)
    assert (only_error(wrong)["code"], wrong["script"]["archivedAt"]) == ("VERSION_CONFLICT", None)
    for id, code in (("script_99", "NOT_FOUND"), ("scene_1", "INVALID")):
        assert only_error(await api.mutate("archiveScript", "script { id }", id=id))["code"] == code


async def test_many_scenes_are_approved_each_by_itself(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=4)
    await api.mutate("approveScene", "scene { id }", id="scene_2")
    asked: list[dict[str, Any]] = [
        {"id": "scene_1", "feedback": "Good.", "expectedVersion": 1}, {"id": "scene_2"}, {"id": "nonsense"},
        {"id": "image_1"}, {"id": "scene_99"}, {"id": "scene_3", "expectedVersion": 5}, {"id": "scene_4"},
        {"id": "scene_4"},
    ]  # fmt: skip
    shown = "results { id scene { id status } job { kind } userErrors { code field } }"
    payload = await api.mutate("approveScenes", shown, scenes=asked)
    assert payload["userErrors"] == []
    results = payload["results"]
    assert [result["id"] for result in results] == [one["id"] for one in asked]
    assert [[error["code"] for error in result["userErrors"]] for result in results] == [
        [], ["STATE_CONFLICT"], ["INVALID"], ["INVALID"], ["NOT_FOUND"], ["VERSION_CONFLICT"], [], ["STATE_CONFLICT"],
    ]  # fmt: skip
    assert [result["scene"] and result["scene"]["status"] for result in results] == [
        "APPROVED", "APPROVED", None, None, None, "PENDING", "APPROVED", "APPROVED",
    ]  # fmt: skip
    assert [result["job"] is not None for result in results] == [True, *[False] * 5, True, False]
    assert (await reading.decisions_on(Entity.SCENE, [1]))[1].feedback == "Good."


async def test_many_images_are_decided_each_by_itself(api: Api, studio: Studio) -> None:
    script = await studio.a_script(scenes=4)
    drawn = [(await studio.illustrated_scene(scene)).id for scene in await studio.scenes_of(script)]
    await scenes.update_scene(studio.context, scene_id=4, text="Other words.", actor=LOCAL)
    asked: list[dict[str, Any]] = [
        {"approve": {"id": f"image_{drawn[0]}", "expectedVersion": 1}},
        {"reject": {"id": f"image_{drawn[1]}", "feedback": "Darker."}},
        {"approve": {"id": f"image_{drawn[1]}"}}, {"reject": {"id": f"image_{drawn[2]}", "expectedVersion": 9}},
        {"approve": {"id": "nonsense"}}, {"reject": {"id": "image_99"}}, {"approve": {"id": f"image_{drawn[3]}"}},
        {"approve": {"id": f"image_{drawn[3]}", "acceptStale": True}},
    ]  # fmt: skip
    shown = "results { id image { status stale } job { kind } userErrors { code } }"
    payload = await api.mutate("reviewImages", shown, decisions=asked)
    assert payload["userErrors"] == []
    results = payload["results"]
    assert [result["id"] for result in results] == [next(iter(one.values()))["id"] for one in asked]
    assert [[error["code"] for error in result["userErrors"]] for result in results] == [
        [], [], ["STATE_CONFLICT"], ["VERSION_CONFLICT"], ["INVALID"], ["NOT_FOUND"], ["STATE_CONFLICT"], [],
    ]  # fmt: skip
    assert [result["image"] and result["image"]["status"] for result in results] == [
        "APPROVED", "REJECTED", "REJECTED", "PENDING", None, None, "PENDING", "APPROVED",
    ]  # fmt: skip
    assert [result["job"] is not None for result in results] == [False, True, *[False] * 6]


@pytest.mark.parametrize("count", [0, 100, 101])
async def test_at_most_a_hundred_at_once(api: Api, studio: Studio, count: int) -> None:
    await studio.a_script(scenes=1)
    before = await reading.last_event_id()
    for name, input in (
        ("approveScenes", {"scenes": [{"id": f"scene_{9 + number}"} for number in range(count)]}),
        ("reviewImages", {"decisions": [{"reject": {"id": f"image_{9 + number}"}} for number in range(count)]}),
    ):
        payload = await api.mutate(name, "results { id userErrors { code } }", **input)
        if count <= 100:
            assert payload["userErrors"] == []
            assert [result["userErrors"][0]["code"] for result in payload["results"]] == ["NOT_FOUND"] * count
        else:
            assert (only_error(payload)["code"], payload["results"]) == ("LIMIT_EXCEEDED", [])
    assert await reading.last_event_id() == before


@pytest.mark.parametrize(
    "decision",
    [
        '{approve: {id: "image_1"}, reject: {id: "image_1"}}', "{}", "{approve: null}",
        '{approve: {id: "image_1"}, reject: null}',
    ],
)  # fmt: skip
async def test_a_decision_is_one_of_two(api: Api, studio: Studio, decision: str) -> None:
    image = await an_approved_image(studio)
    assert image == 1
    document = f"mutation {{ reviewImages(input: {{decisions: [{decision}]}}) {{ results {{ id }} }} }}"
    response = await api.post({"query": document})
    assert "errors" in response.json()


async def test_a_removed_scene_is_kept_for_reading(api: Api, studio: Studio) -> None:
    script = await studio.a_script(scenes=2)
    first, second = await studio.scenes_of(script)
    for scene in (first, second):
        image = await studio.illustrated_scene(scene)
        await images.approve_image(studio.context, image_id=image.id, actor=LOCAL)
    request = await videos.create_video(studio.context, script_id=script.id, actor=LOCAL)
    assert request.job is not None
    await studio.film(request.job)
    waiting = await images.generate_image(studio.context, scene_id=second.id, actor=LOCAL)
    await arranging.merge_scenes(studio.context, scene_ids=[first.id, second.id], actor=LOCAL)
    answer = await api.data(
        """{ scene(id: "scene_2") { removedAt text status allowedActions estimate { calls } order
                script { id } images { id stale status url allowedActions estimate { calls } scene { removedAt } }
                chosenImage { id } generation { state } lastDecision { status } }
             node(id: "scene_2") { id ... on Scene { removedAt } }
             image(id: "image_2") { scene { id removedAt } allowedActions }
             video(id: "video_1") { status stale images { id scene { id removedAt } } }
             script(id: "script_1") { scenes { id } progress { scenes awaitingReview jobsActive jobsFailed }
                videos { stale } allowedActions }
             reviewQueue { totalCount nodes { id } } }"""
    )
    scene = answer["scene"]
    assert scene["removedAt"] is not None
    assert (scene["allowedActions"], scene["estimate"], scene["generation"]) == ([], None, {"state": "CANCELLED"})
    assert [(one["id"], one["allowedActions"], one["estimate"]) for one in scene["images"]] == [("image_2", [], None)]
    assert answer["node"]["removedAt"] == scene["removedAt"]
    assert answer["image"]["scene"]["removedAt"] == scene["removedAt"]
    assert answer["video"]["stale"] is True
    assert [image["scene"]["id"] for image in answer["video"]["images"]] == ["scene_1", "scene_2"]
    assert answer["script"]["scenes"] == [{"id": "scene_1"}]
    assert answer["script"]["progress"] == {"scenes": 1, "awaitingReview": 1, "jobsActive": 0, "jobsFailed": 0}
    assert answer["reviewQueue"] == {"totalCount": 1, "nodes": [{"id": "scene_1"}]}
    before = await reading.last_event_id()
    retried = await api.mutate("retryJob", "job { state }", id=f"job_{waiting.id}")
    assert (only_error(retried)["code"], retried["job"]["state"]) == ("STATE_CONFLICT", "CANCELLED")
    for name, shown, input in (
        ("approveScene", "scene { removedAt }", {"id": "scene_2"}),
        ("updateScene", "scene { removedAt }", {"id": "scene_2", "title": "x"}),
        ("splitScene", "scene { removedAt }", {"id": "scene_2", "at": 2}),
        ("generateImage", "job { id }", {"sceneId": "scene_2"}),
        ("chooseImage", "image { id }", {"id": "image_2"}),
        ("rejectImage", "image { id }", {"id": "image_2"}),
    ):
        declined = await api.mutate(name, shown, **input)
        assert only_error(declined)["code"] == "STATE_CONFLICT", name
        if "scene" in shown:
            assert declined["scene"]["removedAt"] is not None
    assert await reading.last_event_id() == before


async def test_addresses_of_smaller_images(api: Api, studio: Studio) -> None:
    image = await reading.read_image(await an_approved_image(studio))
    answer = await api.data(
        '{ image(id: "image_1") { a: url b: url(width: null) c: url(width: 160) d: url(width: 161) e: url(width: 1280) '
        "f: url(width: 1281) g: url(width: 1) } }"
    )
    path, v = f"/media/{image.file_path}", image.sha256[:16]
    assert answer["image"] == {
        "a": path, "b": path, "c": f"{path}?width=160&v={v}", "d": f"{path}?width=320&v={v}",
        "e": f"{path}?width=1280&v={v}", "f": f"{path}?v={v}", "g": f"{path}?width=160&v={v}",
    }  # fmt: skip
    for width in (0, -3):
        refused = await api.ask('query($w: Int) { image(id: "image_1") { url(width: $w) } }', w=width)
        assert refused["errors"][0]["extensions"] == {"code": "INVALID", "field": ["width"]}


async def test_running_work_of_a_merged_scene_is_told_to_stop(api: Api, studio: Studio) -> None:
    script = await studio.a_script(scenes=2)
    first, second = await studio.scenes_of(script)
    approval = await scenes.approve_scene(studio.context, scene_id=second.id, actor=LOCAL)
    assert approval.job is not None
    held = await studio.claim(approval.job)
    await api.mutate("mergeScenes", "scene { id }", sceneIds=[f"scene_{first.id}", f"scene_{second.id}"])
    assert (await reading.read_job(held.id)).state is JobState.CANCELLED
