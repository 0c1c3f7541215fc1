"""Acting: every mutation as it succeeds, and as it is declined."""

from __future__ import annotations

from typing import Any

from domain.errors import JobErrorCode, WorkFailed
from domain.lifecycle import Entity
from tests.graph.client import Api
from tests.graph.studio import LIMITS, Studio
from workflow import reading, work

STORY = "One.\n\nTwo."


def only_error(payload: Any) -> dict[str, Any]:
    (error,) = payload["userErrors"]
    assert isinstance(error, dict)
    return error


async def test_from_a_script_to_a_video(api: Api, studio: Studio) -> None:
    created = await api.mutate("createScript", "script { id status version title }", content=STORY, title=" T ")
    assert created == {
        "script": {"id": "script_1", "status": "DRAFT", "version": 1, "title": " T "}, "userErrors": [],
    }  # fmt: skip
    updated = await api.mutate(
        "updateScript", "script { title version }", id="script_1", title="New", expectedVersion=1
    )
    assert updated == {"script": {"title": "New", "version": 2}, "userErrors": []}
    approved = await api.mutate(
        "approveScript",
        "script { status lastDecision { feedback } } job { id state kind }",
        id="script_1",
        feedback="Go.",
    )
    assert approved["script"] == {"status": "APPROVED", "lastDecision": {"feedback": "Go."}}
    assert approved["job"] == {"id": "job_1", "state": "QUEUED", "kind": "SEGMENT_SCRIPT"}
    await studio.segment(await reading.read_job(1))
    edited = await api.mutate("updateScene", "scene { text version status }", id="scene_1", text="Uno.")
    assert edited == {"scene": {"text": "Uno.", "version": 2, "status": "PENDING"}, "userErrors": []}
    for scene in (1, 2):
        answer = await api.mutate(
            "approveScene", "scene { status } job { id kind subject { id } }", id=f"scene_{scene}"
        )
        assert answer["scene"] == {"status": "APPROVED"}
        assert answer["job"]["subject"] == {"id": f"scene_{scene}"}
        await studio.draw(await studio.job_of(Entity.SCENE, scene))
    rejected = await api.mutate("rejectImage", "image { status } job { id }", id="image_1", feedback="Brighter.")
    assert (rejected["image"], rejected["userErrors"]) == ({"status": "REJECTED"}, [])
    await studio.draw(await studio.job_of(Entity.SCENE, 1))
    for image in (2, 3):
        answer = await api.mutate("approveImage", "image { status scene { chosenImage { id } } }", id=f"image_{image}")
        assert answer["image"]["status"] == "APPROVED"
        assert answer["image"]["scene"]["chosenImage"] == {"id": f"image_{image}"}
    asked = await api.mutate(
        "createVideo", "video { id status images { id } url } job { id kind state }", scriptId="script_1"
    )
    assert asked["video"] == {
        "id": "video_1", "status": "PENDING", "images": [{"id": "image_3"}, {"id": "image_2"}], "url": None,
    }  # fmt: skip
    assert asked["job"]["kind"] == "COMPILE_VIDEO"
    again = await api.mutate("createVideo", "video { id } job { id }", scriptId="script_1")
    assert (again["video"]["id"], again["job"]["id"]) == ("video_1", asked["job"]["id"])
    await studio.film(await studio.job_of(Entity.VIDEO, 1))
    assert (await api.data('{ video(id: "video_1") { status url } }'))["video"]["url"] == "/media/videos/video_1.mp4"


async def test_the_same_key_answers_the_same(api: Api, studio: Studio) -> None:
    first = await api.mutate("createScript", "script { id }", content=STORY, idempotencyKey="k")
    assert await api.mutate("createScript", "script { id }", content=STORY, idempotencyKey="k") == first
    other = await api.mutate("createScript", "script { id }", content="Other.", idempotencyKey="k")
    assert other["script"] is None
    error = only_error(other)
    assert (error["__typename"], error["code"]) == ("IdempotencyConflictError", "IDEMPOTENCY_CONFLICT")
    assert error["field"] == ["idempotencyKey"]
    script = await studio.a_script(scenes=1)
    (scene,) = await studio.scenes_of(script)
    await studio.illustrated_scene(scene)
    job = await api.mutate(
        "generateImage", "job { id state }", sceneId=f"scene_{scene.id}", prompt="A", idempotencyKey="k"
    )
    assert job["userErrors"] == []
    again = await api.mutate("generateImage", "job { id }", sceneId=f"scene_{scene.id}", prompt="A", idempotencyKey="k")
    assert again["job"]["id"] == job["job"]["id"]
    await api.mutate("approveImage", "image { id }", id="image_1")
    video = await api.mutate("createVideo", "video { id }", scriptId=f"script_{script.id}", idempotencyKey="v")
    await studio.film(await studio.job_of(Entity.VIDEO, 1))
    repeated = await api.mutate("createVideo", "video { id }", scriptId=f"script_{script.id}", idempotencyKey="v")
    assert repeated["video"] == video["video"]


async def test_invalid_texts(api: Api) -> None:
    cases: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"content": ""}, "INVALID", ["content"]),
        ({"content": " \n\t"}, "INVALID", ["content"]),
        ({"content": "a\u0000b"}, "INVALID", ["content"]),
        ({"content": "x" * (LIMITS.max_script_chars + 1)}, "LIMIT_EXCEEDED", ["content"]),
        ({"content": "x", "title": "t" * 301}, "LIMIT_EXCEEDED", ["title"]),
        ({"content": "x", "idempotencyKey": ""}, "INVALID", ["idempotencyKey"]),
    ]
    for input, code, field in cases:
        payload = await api.mutate("createScript", "script { id }", **input)
        error = only_error(payload)
        assert (payload["script"], error["code"], error["field"]) == (None, code, field)
    assert await api.data("{ scripts { totalCount } }") == {"scripts": {"totalCount": 0}}


async def test_a_declined_mutation_shows_the_object_as_it_is(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1)
    stale = await api.mutate("updateScript", "script { title version }", id="script_1", title="x", expectedVersion=1)
    assert stale["script"] == {"title": "Title", "version": 2}
    error = only_error(stale)
    assert (error["__typename"], error["code"]) == ("VersionConflictError", "VERSION_CONFLICT")
    assert (error["expected"], error["current"], error["field"]) == (1, 2, ["expectedVersion"])
    late = await api.mutate("updateScript", "script { content status }", id="script_1", content="New words.")
    assert late["script"] == {"content": "Scene 1.\n\n", "status": "APPROVED"}
    assert (only_error(late)["code"], only_error(late)["field"]) == ("STATE_CONFLICT", ["content"])
    twice = await api.mutate("approveScript", "script { status } job { id }", id="script_1")
    assert (twice["script"], twice["job"]) == ({"status": "APPROVED"}, None)
    assert only_error(twice)["__typename"] == "StateConflictError"
    await api.mutate("approveScene", "scene { id }", id="scene_1")
    payload = await api.mutate("approveScene", "scene { status } job { id }", id="scene_1")
    assert (payload["scene"], payload["job"]) == ({"status": "APPROVED"}, None)
    await studio.draw(await studio.job_of(Entity.SCENE, 1))
    await api.mutate("rejectImage", "image { id }", id="image_1")
    for name in ("approveImage", "rejectImage"):
        payload = await api.mutate(name, "image { status }", id="image_1")
        assert (payload["image"], only_error(payload)["code"]) == ({"status": "REJECTED"}, "STATE_CONFLICT")


async def test_ids_that_nothing_has_or_that_are_no_ids(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1)
    takes = {
        "updateScript": ("script", "id"), "approveScript": ("script", "id"), "updateScene": ("scene", "id"),
        "approveScene": ("scene", "id"), "generateImage": ("scene", "sceneId"), "approveImage": ("image", "id"),
        "rejectImage": ("image", "id"), "createVideo": ("script", "scriptId"), "retryJob": ("job", "id"),
        "cancelJob": ("job", "id"),
    }  # fmt: skip
    shows = {"generateImage": "job", "createVideo": "video"}
    before = await reading.last_event_id()
    for name, (kind, field) in takes.items():
        shown = shows.get(name, kind)
        for id, code in ((f"{kind}_99", "NOT_FOUND"), (f"{kind}_{10**15}", "NOT_FOUND"), ("nonsense", "INVALID"),
                         ("scene_1" if kind != "scene" else "script_1", "INVALID")):  # fmt: skip
            payload = await api.mutate(name, f"{shown} {{ id }}", **{field: id})
            error = only_error(payload)
            assert (payload[shown], error["code"], error["field"]) == (None, code, [field])
    assert await reading.last_event_id() == before


async def test_a_video_names_every_scene_that_is_short(api: Api, studio: Studio) -> None:
    script = await studio.a_script(scenes=4)
    first, second, third, _ = await studio.scenes_of(script)
    await studio.illustrated_scene(first)
    await api.mutate("approveScene", "scene { id }", id=f"scene_{second.id}")
    await studio.illustrated_scene(third)
    await api.mutate("approveImage", "image { id }", id="image_2")
    await api.mutate("updateScene", "scene { id }", id=f"scene_{third.id}", text="Other words.")
    await api.mutate("approveScene", "scene { id }", id=f"scene_{third.id}")
    payload = await api.mutate("createVideo", "video { id } job { id }", scriptId=f"script_{script.id}")
    assert (payload["video"], payload["job"]) == (None, None)
    error = only_error(payload)
    assert (error["__typename"], error["code"], error["field"]) == ("ScenesNotReadyError", "STATE_CONFLICT", None)
    reasons = [(short["order"], short["reason"], short["sceneId"]) for short in error["scenes"]]
    assert reasons == [
        (1, "IMAGE_PENDING", "scene_1"), (2, "IMAGE_MISSING", "scene_2"), (3, "IMAGE_STALE", "scene_3"),
        (4, "SCENE_PENDING", "scene_4"),
    ]  # fmt: skip
    assert error["scenes"][0]["scene"] == {"id": "scene_1", "status": "APPROVED"}


async def test_a_stale_image_is_accepted_for_the_new_text(api: Api, studio: Studio) -> None:
    script = await studio.a_script(scenes=1)
    (scene,) = await studio.scenes_of(script)
    await studio.illustrated_scene(scene)
    await api.mutate("approveImage", "image { id }", id="image_1")
    await api.mutate("updateScene", "scene { id }", id="scene_1", text="Other words.")
    shown = "image { stale status allowedActions }"
    refused = await api.mutate("approveImage", shown, id="image_1")
    assert refused["image"] == {"stale": True, "status": "APPROVED", "allowedActions": ["APPROVE"]}
    assert only_error(refused)["code"] == "STATE_CONFLICT"
    accepted = await api.mutate("approveImage", shown, id="image_1", acceptStale=True)
    assert accepted == {"image": {"stale": False, "status": "APPROVED", "allowedActions": []}, "userErrors": []}


async def test_jobs_are_retried_and_cancelled(api: Api, studio: Studio) -> None:
    script = await studio.a_script()
    await api.mutate("approveScript", "script { id }", id=f"script_{script.id}")
    shown = "job { state error { code message retryable nextRetryAt } finishedAt }"
    early = await api.mutate("retryJob", shown, id="job_1")
    assert early["job"]["state"] == "QUEUED"
    assert only_error(early)["code"] == "STATE_CONFLICT"
    failed = WorkFailed(JobErrorCode.PROVIDER_REFUSED, "Not this.", retryable=False)
    await work.record_failure(studio.context, await studio.claim(await reading.read_job(1)), failed=failed)
    job = (await api.data('{ job(id: "job_1") { state error { code message retryable nextRetryAt } } }'))["job"]
    assert job["error"] == {"code": "PROVIDER_REFUSED", "message": "Not this.", "retryable": False, "nextRetryAt": None}
    offered = await api.data('{ script(id: "script_1") { allowedActions progress { jobsFailed } } }')
    assert offered["script"] == {"allowedActions": ["RETRY"], "progress": {"jobsFailed": 1}}
    again = await api.mutate("retryJob", shown, id="job_1")
    assert (again["job"], again["userErrors"]) == ({"state": "QUEUED", "error": None, "finishedAt": None}, [])
    cancelled = await api.mutate("cancelJob", shown, id="job_1")
    assert (cancelled["job"]["state"], cancelled["userErrors"]) == ("CANCELLED", [])
    assert only_error(await api.mutate("cancelJob", shown, id="job_1"))["code"] == "STATE_CONFLICT"


async def test_mutations_of_one_operation_see_each_other(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1)
    answer = await api.data(
        """mutation {
            a: updateScene(input: {id: "scene_1", text: "A"}) { scene { version script { scenes { text } } } }
            b: updateScene(input: {id: "scene_1", text: "B"}) { scene { version script { scenes { text } } } }
            c: updateScene(input: {id: "scene_1", expectedVersion: 1}) { scene { version script { scenes { text } } } }
        }"""
    )
    assert [answer[name]["scene"]["version"] for name in "abc"] == [2, 3, 3]
    assert [answer[name]["scene"]["script"]["scenes"][0]["text"] for name in "abc"] == ["A", "B", "B"]
