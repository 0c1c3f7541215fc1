"""Subscriptions as server-sent events: the protocol, ids to resume from, and clients that go or do not read."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from typing import Any

import pytest

from tests.graph.client import Api
from tests.graph.streaming import EVENT_STREAM, event_stream, sleeper
from tests.graph.studio import Studio, wait_until
from workflow import reading

CHANGED = "subscription($after: Cursor) { statusChanged(after: $after) { cursor subjectId newStatus } }"
LIVE = "subscription { statusChanged { subjectId } }"
MANY = " ".join(f"a{number}: content" for number in range(50))
TEXTS = f"subscription {{ statusChanged {{ subject {{ ... on Script {{ {MANY} }} }} }} }}"
MUTATION = 'mutation { createScript(input: {content: "x"}) { script { id } } }'


async def posted(api: Api, body: Any, accept: str = EVENT_STREAM) -> Any:
    return await api.post(body, accept=accept)


async def test_what_is_sent(api: Api, studio: Studio) -> None:
    async with event_stream(api, CHANGED) as stream:
        assert stream.response.status_code == 200
        headers = stream.response.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
        assert "content-encoding" not in headers
        begun = await stream.event()
        assert (begun.event, begun.data) == ("", None)
        assert begun.id == await reading.event_cursor()
        await studio.a_script()
        event = await stream.event()
        change = event.answer["data"]["statusChanged"]
        assert (change["subjectId"], change["newStatus"]) == ("script_1", "DRAFT")
        assert event.id == change["cursor"] == await reading.event_cursor()
    await wait_until(lambda: studio.feed.followers == 0 and api.clients.connections == 0)


async def test_an_operation_that_ends_is_completed(api: Api, studio: Studio) -> None:
    script = await studio.a_script()
    await studio.a_script(scenes=1)
    async with event_stream(api, 'subscription { jobProgress(jobId: "job_1") { state } }') as stream:
        event = await stream.event()
        assert event.answer == {"data": {"jobProgress": {"state": "SUCCEEDED"}}}
        assert event.id is None  # progress has no places in the log
        assert (await stream.event()).event == "complete"
        with pytest.raises(EOFError):
            await stream.event()
    assert script.id == 1


async def test_queries_and_mutations(api: Api) -> None:
    for query, data in (
        ("{ __typename }", {"__typename": "Query"}),
        (MUTATION, {"createScript": {"script": {"id": "script_1"}}}),
    ):
        async with event_stream(api, query) as stream:
            assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert (await stream.event()).answer == {"data": data}
            complete = await stream.event()
            assert (complete.event, complete.data) == ("complete", "")
            with pytest.raises(EOFError):
                await stream.event()


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "BAD_REQUEST"), ("{ nonsense }", {}, "BAD_REQUEST"),
        ("subscription { statusChanged { nonsense } }", {}, "BAD_REQUEST"),
        ("query($id: ID!) { script(id: $id) { id } }", {}, "BAD_REQUEST"),
        (CHANGED, {"after": "nonsense"}, "CURSOR_INVALID"), (CHANGED, {"after": 7}, "BAD_REQUEST"),
        ('subscription { statusChanged(scriptId: "script_9") { id } }', {}, "NOT_FOUND"),
    ],
)  # fmt: skip
async def test_what_cannot_be_executed_is_said_in_the_stream(
    api: Api, query: str, variables: dict[str, Any], code: str
) -> None:
    """A browser shows a page nothing of an answer that is no stream."""
    async with event_stream(api, query, **variables) as stream:
        assert stream.response.status_code == 200
        answer = (await stream.event()).answer
        assert set(answer) == {"errors"}
        assert answer["errors"][0]["extensions"]["code"] == code
        assert (await stream.event()).event == "complete"
    await wait_until(lambda: api.clients.connections == 0)


async def test_what_is_no_graphql_request_is_refused_before_the_stream(api: Api) -> None:
    for body, status in ((b"{", 400), ([], 400), ({}, 400), ({"query": 7}, 400), (b" " * 700_000, 413)):
        response = await posted(api, body)
        assert response.status_code == status
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        assert set(response.json()) == {"errors"}


async def test_by_get(api: Api, studio: Studio) -> None:
    parameters = {"query": CHANGED, "variables": json.dumps({"after": await reading.event_cursor()})}
    async with api.http.stream("GET", "/graphql", params=parameters, headers={"accept": EVENT_STREAM}) as response:
        assert response.status_code == 200
        await studio.a_script()
        lines = response.aiter_lines()
        async with asyncio.timeout(5):
            async for line in lines:
                if line.startswith("data: "):
                    assert json.loads(line[6:])["data"]["statusChanged"]["subjectId"] == "script_1"
                    break
    response = await api.http.get("/graphql", params={"query": MUTATION}, headers={"accept": EVENT_STREAM})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert await api.data("{ scripts { totalCount } }") == {"scripts": {"totalCount": 1}}


async def test_going_on_behind_the_last_event(api: Api, studio: Studio) -> None:
    """The header wins over what the document and its variables say, since these are always the same ones."""
    beginning = await reading.event_cursor()
    await studio.a_script(scenes=3)
    seen: list[str] = []
    last_id = None
    while len(seen) < 5:
        async with event_stream(api, CHANGED, last_event_id=last_id, after=beginning) as stream:
            event = await stream.event()
            seen.append(event.answer["data"]["statusChanged"]["subjectId"])
            last_id = event.id
    assert seen == ["script_1", "script_1", "scene_1", "scene_2", "scene_3"]
    for query in (LIVE, 'subscription { statusChanged(after: "nonsense") { subjectId } }'):
        async with event_stream(api, query, last_event_id=beginning) as stream:
            assert (await stream.next())["data"]["statusChanged"] == {"subjectId": "script_1"}


async def test_what_is_missed_before_the_first_event(api: Api, studio: Studio) -> None:
    async with event_stream(api, LIVE) as stream:
        begun = (await stream.event()).id
    await studio.a_script()
    async with event_stream(api, LIVE, last_event_id=begun) as stream:
        assert (await stream.next())["data"]["statusChanged"] == {"subjectId": "script_1"}


@pytest.mark.parametrize("given", ["x", "%", "A" * 5_000, "NDQx"])
async def test_a_bad_last_event_id(api: Api, given: str) -> None:
    async with event_stream(api, LIVE, last_event_id=given) as stream:
        (error,) = (await stream.event()).answer["errors"]
        assert error["extensions"] == {"code": "CURSOR_INVALID", "field": ["after"]}
        assert (await stream.event()).event == "complete"


async def test_no_last_event_id(api: Api, studio: Studio) -> None:
    async with event_stream(api, LIVE, last_event_id="") as stream:
        await stream.event()
        await studio.a_script()
        assert (await stream.next())["data"]["statusChanged"] == {"subjectId": "script_1"}


async def test_signs_of_life(api: Api, monkeypatch: pytest.MonkeyPatch, studio: Studio) -> None:
    monkeypatch.setattr("graph.streams.KEEP_ALIVE_SECONDS", 0.05)
    async with event_stream(api, LIVE) as stream:
        await stream.event()
        await asyncio.sleep(0.3)
        await studio.a_script()
        await stream.next()
        assert stream.comments >= 3


async def test_a_client_that_is_gone_leaves_nothing(api: Api, studio: Studio) -> None:
    async with event_stream(api, LIVE) as stream:
        await stream.event()
        assert (studio.feed.followers, api.clients.connections) == (1, 1)
    await wait_until(lambda: studio.feed.followers == 0 and api.clients.connections == 0)
    assert not [task for task in asyncio.all_tasks() if "stream" in task.get_name()]


async def test_a_client_that_does_not_read(api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds up nobody, and is cut off."""
    monkeypatch.setattr("graph.streams.STALLED_SECONDS", 0.7)
    asleep = await sleeper(api, TEXTS)
    await wait_until(lambda: studio.feed.followers == 1)
    async with event_stream(api, LIVE) as awake:
        await awake.event()
        for number in range(1, 61):
            await studio.a_script(content="a" * 5_000)
            assert (await awake.next())["data"]["statusChanged"] == {"subjectId": f"script_{number}"}
        await wait_until(lambda: api.clients.connections == 1)
        assert studio.feed.followers == 1
    assert await received_by(asleep) < 60 * 250_000


async def received_by(asleep: socket.socket) -> int:
    """How many bytes had been sent to it when it was cut off."""
    received, loop = 0, asyncio.get_running_loop()
    with asleep, suppress(ConnectionResetError):
        async with asyncio.timeout(5):
            while chunk := await loop.sock_recv(asleep, 1 << 20):
                received += len(chunk)
    return received


async def test_errors_on_the_way(api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaking(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the password is sesame")
        yield

    monkeypatch.setattr(studio.feed, "status_changes", breaking)
    async with event_stream(api, LIVE) as stream:
        assert (await stream.next()) == {"errors": [{"message": "Internal error", "extensions": {"code": "INTERNAL"}}]}
        assert (await stream.event()).event == "complete"


async def test_the_server_stops(api: Api, studio: Studio) -> None:
    """Without `complete`, so that clients come back."""
    async with event_stream(api, LIVE) as stream:
        await stream.event()
        api.clients.end_streams()
        with pytest.raises(EOFError):
            await stream.event()
    await wait_until(lambda: studio.feed.followers == 0)
