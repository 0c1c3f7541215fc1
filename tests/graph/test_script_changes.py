"""Everything that happens in a script, live and as a list: each event once, in order, with what it says."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import JobErrorCode, WorkFailed
from domain.events import Event
from domain.lifecycle import Entity
from domain.protocols import LOCAL
from tests.graph.client import Api, Socket
from tests.graph.studio import Studio
from tests.graph.test_queries import counted_statements
from tests.graph.test_sharing import counted_renderings
from workflow import arranging, images, jobs, reading, scenes, scripts, videos, work

SHOWN = """kind cursor subjectId subject { __typename id status ... on Scene { removedAt } } version previousStatus
    newStatus jobState job { id kind state } actor command feedback occurredAt"""
CHANGED = f"subscription($id: ID!, $after: Cursor) {{ scriptChanged(scriptId: $id, after: $after) {{ {SHOWN} }} }}"


async def told(socket: Socket, id: str, count: int) -> list[dict[str, Any]]:
    return [(await socket.next_of(id))["data"]["scriptChanged"] for _ in range(count)]


async def whole_log(script_id: int) -> list[Event]:
    return await reading.events_after(0, limit=10_000, script_id=script_id)


async def a_life(studio: Studio) -> None:
    """Of script 1, with every kind of event; of another script as well."""
    context = studio.context
    script = await studio.a_script(scenes=3)
    await studio.a_script(scenes=1)
    await scripts.update_script(context, script_id=script.id, title="Renamed", actor=LOCAL)
    first, second, third = await studio.scenes_of(script)
    await scenes.update_scene(context, scene_id=first.id, title="Named", actor=LOCAL)
    image = await studio.illustrated_scene(first)
    await images.reject_image(context, image_id=image.id, feedback="Brighter.", actor=LOCAL)
    older = await studio.draw(await studio.job_of(Entity.SCENE, first.id))
    newer = await studio.draw(await images.generate_image(context, scene_id=first.id, actor=LOCAL))
    for each in (older, newer):
        await images.approve_image(context, image_id=each.id, actor=LOCAL)
    await images.choose_image(context, image_id=older.id, actor=LOCAL)
    approval = await scenes.approve_scene(context, scene_id=third.id, actor=LOCAL)
    assert approval.job is not None
    failed = WorkFailed(JobErrorCode.PROVIDER_REFUSED, "Not this.", retryable=False)
    await work.record_failure(context, await studio.claim(approval.job), failed=failed)
    await jobs.retry_job(context, job_id=approval.job.id, actor=LOCAL)
    split = await arranging.split_scene(context, scene_id=second.id, at=5, actor=LOCAL)
    await arranging.merge_scenes(context, scene_ids=[split.scene.id, split.new_scene.id, third.id], actor=LOCAL)
    merged = await studio.illustrated_scene(split.scene)
    await images.approve_image(context, image_id=merged.id, actor=LOCAL)
    await arranging.reorder_scenes(context, script_id=script.id, scene_ids=[second.id, first.id], actor=LOCAL)
    request = await videos.create_video(context, script_id=script.id, actor=LOCAL)
    assert request.job is not None
    await studio.film(request.job)
    await scripts.archive_script(context, script_id=script.id, actor=LOCAL)


async def test_every_event_once_and_in_order(api: Api, studio: Studio) -> None:
    start = await reading.event_cursor()
    await a_life(studio)
    log = await whole_log(1)
    async with api.socket() as socket:
        seen = await told(socket, await socket.subscribe(CHANGED, id="script_1", after=start), len(log))
        await socket.settle()
        assert socket.waiting == []
    for change, event in zip(seen, log, strict=True):
        assert change["subjectId"] == f"{event.subject.value}_{event.subject_id}"
        assert (change["kind"], change["version"]) == (event.kind.name, event.version)
        assert (change["actor"], change["feedback"]) == (event.actor, event.payload.get("feedback"))
        of_job = event.subject is Entity.JOB
        assert (change["subject"] is None, change["job"] is None) == (of_job, not of_job)
        assert change["jobState"] == (event.new.upper() if of_job else None)
        assert change["newStatus"] == (None if of_job else event.new.upper())
    assert {change["kind"] for change in seen} == {
        "CREATED", "STATUS_CHANGED", "EDITED", "DECIDED", "JOB_CHANGED", "REMOVED",
    }  # fmt: skip
    commands = {change["command"] for change in seen}
    assert commands >= {
        "createScript", "approveScript", "recordSegmentation", "updateScript", "updateScene", "approveScene",
        "recordImage", "rejectImage", "approveImage", "chooseImage", "splitScene", "mergeScenes", "reorderScenes",
        "createVideo", "recordVideo", "archiveScript", "retryJob",
    }  # fmt: skip
    removed = [change for change in seen if change["kind"] == "REMOVED"]
    assert [change["subjectId"] for change in removed] == ["scene_5", "scene_3"]
    assert all(change["subject"]["removedAt"] for change in removed)
    decided = [change for change in seen if change["kind"] == "DECIDED"]
    assert [(change["command"], change["subjectId"]) for change in decided] == [("chooseImage", "image_2")]


async def test_from_any_cursor_the_rest_follows(api: Api, studio: Studio) -> None:
    start = await reading.event_cursor()
    await a_life(studio)
    count = len(await whole_log(1))
    async with api.socket() as socket:
        seen = await told(socket, await socket.subscribe(CHANGED, id="script_1", after=start), count)
    for more, place in enumerate((0, 7, count // 2, count - 2)):
        async with api.socket() as socket:
            id = await socket.subscribe(CHANGED, id="script_1", after=seen[place]["cursor"])
            rest = (await told(socket, id, count - place - 1 + more))[: count - place - 1]
            assert [change["cursor"] for change in rest] == [change["cursor"] for change in seen[place + 1 :]]
            await scripts.update_script(studio.context, script_id=1, title=f"Title {place}", actor=LOCAL)
            (live,) = await told(socket, id, 1)
            assert live["command"] == "updateScript"


async def test_one_mutation_live(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=2)
    await studio.a_script(scenes=2)
    async with api.socket() as socket:
        id = await socket.subscribe(CHANGED, id="script_1")
        await socket.settle()
        await api.mutate("updateScene", "scene { id }", id="scene_3", title="Of another script")
        await api.mutate("splitScene", "scene { id }", id="scene_1", at=5)
        told_of = await told(socket, id, 3)
        assert [(change["kind"], change["subjectId"], change["command"]) for change in told_of] == [
            ("EDITED", "scene_1", "splitScene"), ("CREATED", "scene_5", "splitScene"),
            ("EDITED", "script_1", "splitScene"),
        ]  # fmt: skip
        await api.mutate("approveScene", "scene { id }", id="scene_1", feedback="Yes.")
        status, job = await told(socket, id, 2)
        assert (status["previousStatus"], status["newStatus"], status["feedback"]) == ("PENDING", "APPROVED", "Yes.")
        assert (job["kind"], job["jobState"], job["job"]["state"]) == ("JOB_CHANGED", "QUEUED", "QUEUED")
        await socket.settle()
        assert socket.waiting == []


async def test_what_cannot_be_followed(api: Api, studio: Studio) -> None:
    await studio.a_script()
    for variables, code in (
        ({"id": "script_99"}, "NOT_FOUND"), ({"id": "scene_1"}, "INVALID"),
        ({"id": "script_1", "after": "nonsense"}, "CURSOR_INVALID"),
    ):  # fmt: skip
        async with api.socket() as socket:
            frame = await socket.frame_of(await socket.subscribe(CHANGED, **variables))
            assert frame["type"] == "error"
            assert frame["payload"][0]["extensions"]["code"] == code


async def test_one_execution_for_all(api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    await studio.a_script(scenes=1)
    rendered = counted_renderings(monkeypatch)
    async with api.socket() as one, api.socket() as other:
        subscribed = [(socket, await socket.subscribe(CHANGED, id="script_1")) for socket in (one, other, one, other)]
        for socket in (one, other):
            await socket.settle()
        for number in range(5):
            await scenes.update_scene(studio.context, scene_id=1, title=f"Title {number}", actor=LOCAL)
            answers = [await told(socket, id, 1) for socket, id in subscribed]
            assert answers == [answers[0]] * 4
    assert len(rendered) == 5


async def test_the_list_has_the_same_newest_first(api: Api, studio: Studio) -> None:
    start = await reading.event_cursor()
    await a_life(studio)
    log = await whole_log(1)
    async with api.socket() as socket:
        live = await told(socket, await socket.subscribe(CHANGED, id="script_1", after=start), len(log))
    query = f"""query($after: String, $first: Int) {{ script(id: "script_1") {{ changes(first: $first, after: $after) {{
        totalCount pageInfo {{ hasNextPage hasPreviousPage endCursor }} nodes {{ {SHOWN} }} }} }} }}"""
    for first in (7, 100):
        seen: list[dict[str, Any]] = []
        after = None
        while True:
            page = (await api.data(query, first=first, after=after))["script"]["changes"]
            assert page["totalCount"] == len(log)
            seen += page["nodes"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert [change["cursor"] for change in reversed(seen)] == [change["cursor"] for change in live]
    async with counted_statements() as few:
        await api.data(query, first=3)
    async with counted_statements() as many:
        await api.data(query, first=100)
    assert len(many) <= len(few) + 6, "a kind of subject is a statement, not each subject"
    assert len(many) < 16


async def test_a_new_change_hides_and_repeats_nothing(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=3)
    query = """query($after: String) { script(id: "script_1") { changes(first: 2, after: $after) {
        pageInfo { endCursor } nodes { cursor } } } }"""
    page = (await api.data(query))["script"]["changes"]
    whole = (await api.data('{ script(id: "script_1") { changes { nodes { cursor } } } }'))["script"]["changes"]
    await scenes.update_scene(studio.context, scene_id=1, title="New", actor=LOCAL)
    following = (await api.data(query, after=page["pageInfo"]["endCursor"]))["script"]["changes"]
    assert page["nodes"] + following["nodes"] == whole["nodes"][:4]
    refused = await api.ask(query, after="nonsense")
    assert refused["errors"][0]["extensions"]["code"] == "INVALID"
