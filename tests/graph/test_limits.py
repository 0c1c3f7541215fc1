"""What one operation, connection and client may take, and what is said to who asks for more."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from graph.clients import Clients
from graph.documents import RequestRefused
from graph.limits import DocumentLimits, RequestLimits
from tests.graph.client import Api
from tests.graph.conftest import serving
from tests.graph.streaming import EVENT_STREAM, MULTIPART, event_stream
from tests.graph.studio import Studio, wait_until
from workflow import reading

LIVE = "subscription { statusChanged { subjectId } }"
FEW = RequestLimits(connections=2, subscriptions=3)
USUAL = DocumentLimits()


@pytest.mark.parametrize(
    "query", ["{ videos { totalCount } }", 'mutation { cancelJob(input: {id: "job_1"}) { job { id } } }']
)
async def test_an_operation_that_takes_too_long(studio: Studio, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    ended = asyncio.Event()

    async def slow(*_: Any, **__: Any) -> Any:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    monkeypatch.setattr(reading, "page_of_videos", slow)
    monkeypatch.setattr("workflow.jobs.cancel_job", slow)
    async with serving(studio, limits=RequestLimits(seconds=0.1)) as api, api.socket() as socket:
        answers = [await api.ask(query), await socket.next_of(await socket.subscribe(query))]
        async with event_stream(api, query) as stream:
            answers.append((await stream.event()).answer)
        for answer in answers:
            assert answer["data"] is None
            assert [error["extensions"] for error in answer["errors"]] == [{"code": "TIMED_OUT"}]
            assert "0.1 s" in answer["errors"][0]["message"]
        assert ended.is_set()
        assert await api.data("{ __typename }") == {"__typename": "Query"}


@pytest.mark.parametrize("head", [b"content-length: 500", b"transfer-encoding: chunked"])
async def test_a_body_that_does_not_come(studio: Studio, head: bytes) -> None:
    async with serving(studio, limits=RequestLimits(body_seconds=0.3)) as api:
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n%b\r\n\r\n" % head
        )

        async def trickle() -> None:
            while True:
                writer.write(b"1\r\n{\r\n" if b"chunked" in head else b"{")
                await asyncio.sleep(0.05)

        trickling = asyncio.create_task(trickle())
        async with asyncio.timeout(5):
            answer = await reader.readuntil(b"]}")
            with suppress(ConnectionError):
                assert await reader.read() == b""
        trickling.cancel()
        writer.close()
        status, _, rest = answer.partition(b"\r\n")
        assert status.startswith(b"HTTP/1.1 408 ")
        (error,) = json.loads(rest.partition(b"\r\n\r\n")[2])["errors"]
        assert error["extensions"] == {"code": "TIMED_OUT"}
        assert "0.3 s" in error["message"]
        assert await api.data("{ __typename }") == {"__typename": "Query"}


async def test_an_event_that_takes_too_long_to_answer(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends the subscriptions that ask for it, and no others."""

    async def slow(*_: Any) -> Any:
        await asyncio.sleep(60)

    dear = "subscription { statusChanged { subject { ... on Script { scenes { id } } } } }"
    monkeypatch.setattr(reading, "scenes_of_scripts", slow)
    async with serving(studio, limits=RequestLimits(seconds=0.2)) as api, api.socket() as socket:
        other = await socket.subscribe(LIVE)
        ids = [await socket.subscribe(dear) for _ in range(2)]
        await socket.settle()
        async with event_stream(api, dear) as stream:
            await stream.event()
            await studio.a_script()
            frames = [await socket.frame_of(id) for id in ids]
            assert [frame["type"] for frame in frames] == ["error", "error"]
            for (error,) in (*(frame["payload"] for frame in frames), (await stream.next())["errors"]):
                assert error["extensions"] == {"code": "TIMED_OUT"}
                assert "0.2 s" in error["message"]
        assert (await socket.next_of(other))["data"]["statusChanged"]["subjectId"] == "script_1"
        await wait_until(lambda: studio.feed.followers == 1)


async def test_a_time_out_of_something_else_is_a_fault(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: Any, **__: Any) -> Any:
        raise TimeoutError

    monkeypatch.setattr(reading, "event_cursor", slow)
    (error,) = (await api.ask("{ eventCursor }"))["errors"]
    assert error["extensions"]["code"] in ("INTERNAL", "UNAVAILABLE")


async def test_connections_of_a_client(studio: Studio) -> None:
    """WebSockets and streams count together; plain requests do not."""
    async with serving(studio, limits=FEW) as api:
        async with api.socket(), event_stream(api, LIVE) as stream:
            await stream.event()
            for accept in (EVENT_STREAM, MULTIPART):
                response = await api.post({"query": LIVE}, accept=accept)
                assert (response.status_code, response.headers["retry-after"]) == (429, "5")
                assert response.headers["content-type"] == "application/json; charset=utf-8"
                assert response.json()["errors"][0]["extensions"] == {"code": "TOO_MANY_CONNECTIONS"}
            async with api.socket(init=False) as socket:
                code, reason = await socket.close_code()
                assert code == 1013
                assert reason.startswith("There are 2 connections")
            assert await api.data("{ __typename }")
        await wait_until(lambda: api.clients.connections == 0)
        async with api.socket(), api.socket() as socket:
            assert (await socket.next_of(await socket.subscribe("{ __typename }")))["data"]


async def test_subscriptions_of_a_client(studio: Studio) -> None:
    async with serving(studio, limits=FEW) as api, api.socket() as socket:
        ids = [await socket.subscribe(LIVE) for _ in range(3)]
        await socket.settle()
        frame = await socket.frame_of(await socket.subscribe(LIVE))
        assert (frame["type"], frame["payload"][0]["extensions"]) == ("error", {"code": "TOO_MANY_SUBSCRIPTIONS"})
        response = await api.post({"query": LIVE}, accept=EVENT_STREAM)
        assert response.status_code == 429
        assert response.json()["errors"][0]["extensions"] == {"code": "TOO_MANY_SUBSCRIPTIONS"}
        assert (await socket.next_of(await socket.subscribe("{ __typename }")))["data"]
        await socket.send({"type": "complete", "id": ids[0]})
        await wait_until(lambda: studio.feed.followers == 2)
        async with event_stream(api, LIVE) as stream:
            assert stream.response.status_code == 200


def test_nought_is_no_limit() -> None:
    clients = Clients(RequestLimits(connections=0, subscriptions=0))
    with clients.connection("a"), clients.connection("a") as client, client.subscription(), client.subscription():
        assert (client.connections, client.subscriptions) == (2, 2)
    assert clients.connections == 0


def test_who_is_one_client() -> None:
    clients = Clients(RequestLimits(connections=1))
    for one, other in (
        ("10.0.0.1", "::ffff:10.0.0.1"), ("2001:db8::1", "2001:db8::f:1"), ("fe80::1%eth0", "fe80::2%eth1"), ("", ""),
    ):  # fmt: skip
        with clients.connection(one), pytest.raises(RequestRefused), clients.connection(other):
            pass
    with ExitStack() as held:
        for address in ("10.0.0.1", "10.0.0.2", "2001:db8:0:1::1", "2001:db8:0:2::1", "unix"):
            held.enter_context(clients.connection(address))
        assert clients.connections == 5


async def test_limits_of_documents_are_settings(studio: Studio) -> None:
    small = DocumentLimits(depth=2, fields=5, directives=0, cost=60)
    async with serving(studio, limits=RequestLimits(document=small, operations=1)) as api, api.socket() as socket:
        for query, code in (
            ("{ scripts { nodes { id } } }", "TOO_DEEP"),
            (
                "{ a: __typename b: __typename c: __typename d: __typename e: __typename f: __typename }",
                "TOO_MANY_FIELDS",
            ),
            ("{ __typename @skip(if: false) }", "TOO_MANY_DIRECTIVES"),
            ("{ a: scripts { totalCount } nodes(ids: []) { id } }", None),
            ("query($x: [ID!]!) { nodes(ids: $x) { id } }", "TOO_COSTLY"),
        ):
            answers = [await api.ask(query, x=[])]
            frame = await socket.frame_of(await socket.subscribe(query, x=[]))
            answers.append({"errors": frame["payload"]} if frame["type"] == "error" else frame["payload"])
            for answer in answers:
                codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
                assert codes == ([code] if code else []), query
            if frame["type"] == "next":
                await socket.receive()
