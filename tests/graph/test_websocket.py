"""The `graphql-transport-ws` protocol, frame by frame."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

import graph.websocket
from tests.graph.client import Api, Socket
from tests.graph.conftest import serving
from tests.graph.studio import Studio, wait_until
from workflow import reading

INIT = {"type": "connection_init"}
QUERY = {"query": "{ __typename }"}
LIVE = "subscription { statusChanged { subjectId } }"

BROKEN: list[tuple[str, Any, int]] = [
    ("not JSON", "{", 4400),
    ("empty", "", 4400),
    ("nested", "[" * 100_000, 4400),
    ("a list", [], 4400),
    ("null", None, 4400),
    ("a string", '"x"', 4400),
    ("a number", 7, 4400),
    ("no type", {}, 4400),
    ("a type that is no string", {"type": 7}, 4400),
    ("an unknown type", {"type": "start"}, 4400),
    ("binary", b'{"type": "ping"}', 4400),
    ("a second init", INIT, 4429),
    ("an init with a list", {"type": "connection_init", "payload": []}, 4400),
    ("a ping with a string", {"type": "ping", "payload": "x"}, 4400),
    ("a pong with a number", {"type": "pong", "payload": 7}, 4400),
    ("no id", {"type": "subscribe", "payload": QUERY}, 4400),
    ("an id that is a list", {"type": "subscribe", "id": ["1"], "payload": QUERY}, 4400),
    ("an id that is a number", {"type": "subscribe", "id": 1, "payload": QUERY}, 4400),
    ("an empty id", {"type": "subscribe", "id": "", "payload": QUERY}, 4400),
    ("no payload", {"type": "subscribe", "id": "1"}, 4400),
    ("a payload that is a string", {"type": "subscribe", "id": "1", "payload": "{ __typename }"}, 4400),
    ("no query", {"type": "subscribe", "id": "1", "payload": {}}, 4400),
    ("a query that is a number", {"type": "subscribe", "id": "1", "payload": {"query": 7}}, 4400),
    ("variables that are a list", {"type": "subscribe", "id": "1", "payload": QUERY | {"variables": []}}, 4400),
    ("an operation name of 7", {"type": "subscribe", "id": "1", "payload": QUERY | {"operationName": 7}}, 4400),
    ("a complete without id", {"type": "complete"}, 4400),
    ("too big", '"' + "x" * 400_000 + '"', 1009),
]


async def test_frames_that_break_the_protocol(api: Api) -> None:
    for name, frame, code in BROKEN:
        async with api.socket() as socket:
            await socket.send("null" if frame is None else frame)
            closed, reason = await socket.close_code()
            assert closed == code, name
            assert reason


@pytest.mark.parametrize("header", ["Content-Length: 5\r\n", "X-One: 1\r\n" * 150], ids=["a body", "too many headers"])
async def test_what_is_no_opening_handshake(api: Api, header: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    upgrade = "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    writer.write(f"GET /graphql HTTP/1.1\r\n{upgrade}{header}\r\n".encode())
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_reasons_fit_into_a_close_frame(api: Api) -> None:
    for kind in ("日" * 200, "é" * 119, "x" * 5_000, "a" + "😀" * 100):
        async with api.socket() as socket:
            await socket.send({"type": kind})
            code, reason = await socket.close_code()
            assert (code, reason[:22], len(reason.encode()) <= 123) == (4400, "Unknown message type: ", True)
            assert kind.startswith(reason[22:])
    async with api.socket() as socket:
        for _ in range(2):
            await socket.send({"type": "subscribe", "id": "日" * 300, "payload": {"query": LIVE}})
        assert (await socket.close_code())[0] == 4409


async def test_nothing_is_executed_before_the_init(api: Api) -> None:
    async with api.socket(init=False) as socket:
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}
        await socket.send({"type": "subscribe", "id": "1", "payload": QUERY})
        assert await socket.close_code() == (4401, "Unauthorized")


async def test_the_init_must_come_in_time(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph.websocket.Connection.__init__, "__kwdefaults__", {"init_seconds": 0.1})
    async with api.socket(init=False) as socket:
        await socket.send({"type": "ping"})
        assert await socket.close_code() == (4408, "Connection initialisation timeout")
    assert graph.websocket.INIT_SECONDS == 10


async def test_payloads_of_the_init(api: Api) -> None:
    for payload in ({}, {"token": "x"}, None):
        async with api.socket(init=False) as socket:
            await socket.send(INIT | {"payload": payload})
            assert await socket.receive() == {"type": "connection_ack"}


async def test_other_subprotocols(api: Api) -> None:
    for protocol in (None, "graphql-ws", "chat"):
        async with api.socket(init=False, protocol=protocol) as socket:
            assert (await socket.close_code())[0] == 4406


async def test_pings(api: Api) -> None:
    async with api.socket() as socket:
        for payload in ({"a": [1, "ü"]}, {}):
            await socket.send({"type": "ping", "payload": payload})
            assert await socket.receive() == {"type": "pong", "payload": payload}
        for frame in ({"type": "ping"}, {"type": "ping", "payload": None}):
            await socket.send(frame)
            assert await socket.receive() == {"type": "pong"}
        await socket.send({"type": "pong"})
        await socket.settle()


async def test_queries_and_mutations(api: Api) -> None:
    async with api.socket() as socket:
        id = await socket.subscribe("{ __typename }")
        assert await socket.frame_of(id) == {"id": id, "type": "next", "payload": {"data": {"__typename": "Query"}}}
        assert await socket.frame_of(id) == {"id": id, "type": "complete"}
        id = await socket.subscribe('mutation { createScript(input: {content: "x"}) { script { id } } }')
        assert (await socket.next_of(id))["data"]["createScript"]["script"] == {"id": "script_1"}
        assert await socket.frame_of(id) == {"id": id, "type": "complete"}
        id = await socket.subscribe('{ script(id: "x") { id } }')
        answer = await socket.next_of(id)
        assert answer["data"] == {"script": None}
        assert answer["errors"][0]["extensions"]["code"] == "INVALID"


REFUSED: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "syntax": ("{", None, {}),
    "validation": ("{ nonsense }", None, {}),
    "empty": ("", None, {}),
    "unknown operation": ("query A { __typename }", "B", {}),
    "no name": ("query A { __typename } query B { __typename }", None, {}),
    "variables": ("query($id: ID!) { script(id: $id) { id } }", None, {}),
    "nested": ("{" * 50_000, None, {}),
    "two fields": ("subscription { a: statusChanged { id } b: statusChanged { id } }", None, {}),
    "cursor": ("subscription($c: Cursor) { statusChanged(after: $c) { id } }", None, {"c": "nonsense"}),
    "cursor of the wrong type": ("subscription($c: Cursor) { statusChanged(after: $c) { id } }", None, {"c": 7}),
    "script": ('subscription { statusChanged(scriptId: "script_9") { id } }', None, {}),
    "id": ('subscription { statusChanged(scriptId: "scene_9") { id } }', None, {}),
    "job": ('subscription { jobProgress(jobId: "job_9") { id } }', None, {}),
}


async def test_a_bad_document_ends_its_own_operation_alone(api: Api) -> None:
    async with api.socket() as socket:
        sibling = await socket.subscribe("subscription { statusChanged { subjectId } }")
        for name, (query, operation_name, variables) in REFUSED.items():
            id = await socket.subscribe(query, operation_name, **variables)
            frame = await socket.frame_of(id)
            assert frame["type"] == "error", name
            assert frame["payload"][0]["message"]
            assert frame["payload"][0]["extensions"]["code"] in (
                "BAD_REQUEST", "TOO_DEEP", "CURSOR_INVALID", "NOT_FOUND", "INVALID",
            ), name  # fmt: skip
        await api.mutate("createScript", "script { id }", content="x")
        assert (await socket.next_of(sibling))["data"] == {"statusChanged": {"subjectId": "script_1"}}
        await socket.settle()
        assert socket.waiting == []


async def test_ids_of_operations(api: Api, studio: Studio) -> None:
    live = {"query": "subscription { statusChanged { subjectId } }"}
    async with api.socket() as socket:
        await socket.send({"type": "subscribe", "id": "a", "payload": live})
        await socket.settle()
        await socket.send({"type": "complete", "id": "a"})
        await socket.send({"type": "complete", "id": "never seen"})
        await socket.send({"type": "subscribe", "id": "a", "payload": live})
        await socket.settle()
        await wait_until(lambda: studio.feed.followers == 1)
        await socket.send({"type": "subscribe", "id": "a", "payload": live})
        assert await socket.close_code() == (4409, "Subscriber for a already exists")
    await wait_until(lambda: studio.feed.followers == 0)


async def test_a_connection_has_a_hundred_operations(api: Api, studio: Studio) -> None:
    async with api.socket() as socket:
        ids = [await socket.subscribe("subscription { statusChanged { subjectId } }") for _ in range(101)]
        frame = await socket.frame_of(ids[-1])
        assert (frame["type"], frame["payload"][0]["extensions"]["code"]) == ("error", "TOO_MANY_OPERATIONS")
        assert studio.feed.followers == 100
        await api.mutate("createScript", "script { id }", content="x")
        for id in ids[:-1]:
            assert (await socket.next_of(id))["data"]["statusChanged"] == {"subjectId": "script_1"}
    await wait_until(lambda: studio.feed.followers == 0)


async def test_a_client_that_vanishes_leaves_nothing(api: Api, studio: Studio) -> None:
    async with api.socket() as socket:
        for _ in range(5):
            await socket.subscribe("subscription { statusChanged { subjectId } }")
            await socket.subscribe("subscription { jobProgress { id } }")
        await socket.settle()
        await wait_until(lambda: studio.feed.followers == 10)
        socket.raw.transport.abort()
    await wait_until(lambda: studio.feed.followers == 0)
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("operation")]


async def test_a_client_that_vanishes_while_it_is_sent_to_is_no_fault(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Starlette and the server have several words for it."""
    sent = WebSocket.send_text
    for problem in (WebSocketDisconnected("gone"), RuntimeError("gone"), WebSocketDisconnect(1006)):

        async def vanished(self: WebSocket, text: str, problem: Exception = problem) -> None:
            if '"next"' in text:
                raise problem
            await sent(self, text)

        with caplog.at_level(logging.INFO), monkeypatch.context() as patch:
            patch.setattr(WebSocket, "send_text", vanished)
            async with serving(studio, "websockets-sansio") as api, api.socket() as socket:
                await socket.subscribe(LIVE)
                await socket.settle()
                await studio.a_script()
                await socket.subscribe("{ __typename }")
                await socket.settle()
                await wait_until(lambda: studio.feed.followers == 0)
        assert [record for record in caplog.records if record.name.startswith("reelgate")] == []


async def test_arguments_at_fault_are_named(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1)
    await studio.a_script()
    async with api.socket() as socket:
        for arguments, message, field in (
            ('statusChanged(scriptId: "script_9")', "There is no script 9.", "scriptId"),
            ('jobProgress(scriptId: "script_9")', "There is no script 9.", "scriptId"),
            ('jobProgress(jobId: "job_9")', "There is no job 9.", "jobId"),
            ('jobProgress(jobId: "job_1", scriptId: "script_2")',
             "There is no job of this script with the number 1.", "jobId"),
        ):  # fmt: skip
            frame = await socket.frame_of(await socket.subscribe(f"subscription {{ {arguments} {{ id }} }}"))
            assert frame["payload"][0]["message"] == message
            assert frame["payload"][0]["extensions"] == {"code": "NOT_FOUND", "field": [field]}


async def test_a_subscription_has_its_place_before_the_next_message(api: Api, studio: Studio) -> None:
    """On one socket, a mutation sent right behind a subscription is never missed by it."""
    async with api.socket() as socket:
        for number in range(1, 21):
            id = await socket.subscribe("subscription { statusChanged { subjectId } }")
            await socket.subscribe('mutation { createScript(input: {content: "x"}) { script { id } } }')
            assert (await socket.next_of(id))["data"]["statusChanged"] == {"subjectId": f"script_{number}"}
            await socket.send({"type": "complete", "id": id})


async def refused_by(socket: Socket, id: str) -> list[dict[str, Any]]:
    frame = await socket.frame_of(id)
    assert frame["type"] == "error"
    payload: list[dict[str, Any]] = frame["payload"]
    return payload


async def test_other_errors_are_masked(
    api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the password is sesame")

    async def breaking(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the password is sesame")
        yield

    async with api.socket() as socket:
        sibling = await socket.subscribe("subscription { statusChanged { subjectId } }")
        in_field = await socket.subscribe("subscription { statusChanged { subject { id } } }")
        await socket.settle()
        with caplog.at_level(logging.ERROR, "reelgate"), monkeypatch.context() as patch:
            patch.setattr(reading, "scripts_by_id", broken)
            await api.mutate("createScript", "script { id }", content="x")
            answer = await socket.next_of(in_field)
            assert answer["data"] == {"statusChanged": {"subject": None}}
            assert [error["extensions"] for error in answer["errors"]] == [{"code": "INTERNAL"}]
            patch.setattr(reading, "last_event_id", broken)
            at_start = await refused_by(socket, await socket.subscribe("subscription { statusChanged { id } }"))
            patch.undo()
            patch.setattr(studio.feed, "status_changes", breaking)
            on_the_way = await refused_by(socket, await socket.subscribe("subscription { statusChanged { id } }"))
            patch.setattr("graph.operations._answer", broken)
        for errors in (at_start, on_the_way):
            assert (errors[0]["message"], errors[0]["extensions"]) == ("Internal error", {"code": "INTERNAL"})
        assert "sesame" not in str([answer, at_start, on_the_way])
        assert (await socket.next_of(sibling))["data"] == {"statusChanged": {"subjectId": "script_1"}}
    assert len([record for record in caplog.records if record.exc_info]) == 3
