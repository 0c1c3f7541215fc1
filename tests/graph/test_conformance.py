"""The whole protocol against the server as the product starts it, with frames that no library would send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.graph.conformance import CASES, CREATE, FAILING, LIVE, QUERY, Case, Message, answer, ask, done
from tests.raw_websocket import CLOSE, Closed, RawSocket, frame, raw_socket, text
from tests.running import RunningSystem, running_system

FENCE = ask(id="fence")
FENCED = answer({"__typename": "Query"}, "fence")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with running_system(tmp_path_factory.mktemp("conformance"), "embedded") as running:
        yield running.port
        assert _complaints(running) == []


def _complaints(running: RunningSystem) -> list[str]:
    """No client, however wrong, makes the server complain; but uvicorn does, of text that is no UTF-8."""
    lines = [line for line in running.log().splitlines() if '"level": "error"' in line]
    return [line for line in lines if "Invalid UTF-8 sequence received from client." not in line]


def plain(message: Message) -> Message:
    """Of errors only the codes."""
    if message["type"] != "error":
        return message
    for fault in message["payload"]:
        assert fault["message"]
    return {**message, "payload": [fault["extensions"]["code"] for fault in message["payload"]]}


def by_operation(messages: Any) -> list[Message]:
    """In order for each operation; operations among each other have none."""
    return sorted(messages, key=lambda message: str(message.get("id", "")))


async def received(socket: RawSocket, count: int) -> list[Message]:
    async with asyncio.timeout(15):
        return [plain(await socket.message()) for _ in range(count)]


async def closing(socket: RawSocket, *allowed: str) -> Closed:
    """How it is closed: with this frame, and nothing is sent behind it."""
    async with asyncio.timeout(15):
        closed = await _closed(socket, *allowed)
        with suppress(ConnectionError):  # of what broke the frames, the server reads no more
            await socket.send(frame(CLOSE, closed.code.to_bytes(2, "big")))
            assert await socket.reader.read() == b""
    return closed


async def _closed(socket: RawSocket, *allowed: str) -> Closed:
    while True:
        try:
            message = await socket.message()
        except Closed as closed:
            return closed
        assert message["type"] in allowed, message


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_protocol(port: int, case: Case) -> None:
    async with raw_socket(port, case.protocols, init=case.init) as socket:
        assert socket.protocol == (None if case.closed == 4406 else "graphql-transport-ws")
        await socket.send(*(sent if isinstance(sent, bytes) else text(sent) for sent in case.sent))
        found = await received(socket, len(case.messages))
        assert by_operation(found) == by_operation(case.messages)
        if case.closed is not None:
            closed = await closing(socket)
            assert closed.code == case.closed, closed
            assert closed.reason or case.closed < 4400
            return
        if not (case.init or {"type": "connection_ack"} in found):
            await socket.start()
        await socket.send(text(done("s0")), text(FENCE))
        assert await received(socket, 2) == list(FENCED), "it goes on, and nothing else was sent"


@pytest.mark.parametrize("name", FAILING)
async def test_an_operation_fails_alone(port: int, name: str) -> None:
    """Its id is free again; the one beside it goes on."""
    failing, code = FAILING[name]
    async with raw_socket(port) as socket:
        await socket.send(text(ask(LIVE, "sibling")), text(failing))
        assert await received(socket, 1) == [{"id": "1", "type": "error", "payload": [code]}]
        await socket.send(text(ask()))
        assert await received(socket, 2) == list(QUERY)
        await socket.send(text(ask(CREATE, "m")))
        found = by_operation(await received(socket, 3))
        assert [message["type"] for message in found] == ["next", "complete", "next"]
        assert found[2]["payload"] == {"data": {"statusChanged": {"newStatus": "DRAFT"}}}
        await socket.send(text(FENCE))
        assert await received(socket, 2) == list(FENCED)


async def test_nothing_is_sent_behind_a_close(port: int) -> None:
    """With events on their way to a hundred operations."""
    async with raw_socket(port) as maker:
        for rest in range(8):
            async with raw_socket(port) as socket:
                await socket.send(*(text(ask(LIVE, f"s{number}")) for number in range(100)), text({"type": "ping"}))
                assert await received(socket, 1) == [{"type": "pong"}]
                await maker.send(*(text(ask(CREATE, f"{rest} {number}")) for number in range(5)))
                await received(socket, 10 * rest)
                await socket.send(text({"type": "?"}))
                assert (await closing(socket, "next")).code == 4400
                await received(maker, 10)


async def test_nothing_is_sent_behind_a_complete(port: int) -> None:
    """What was asked after it, is answered after everything that the operation has still said."""
    async with raw_socket(port) as maker, raw_socket(port) as socket:
        for number in range(20):
            await socket.send(text(ask(LIVE, "s")), text({"type": "ping"}))
            assert await received(socket, 1) == [{"type": "pong"}]
            await maker.send(text(ask(CREATE, f"a{number}")), text(ask(CREATE, f"b{number}")))
            await received(maker, number % 5)
            await socket.send(text(done("s")), text({"type": "ping"}))
            while (message := await socket.message())["type"] != "pong":
                assert (message["id"], message["type"]) == ("s", "next")
            await received(maker, 4 - number % 5)
            await socket.send(text(FENCE))
            assert await received(socket, 2) == list(FENCED)
