"""Clients that take nothing, or little: they hold up nobody, cost little, are dropped, and can come back."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import os
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
import structlog
from websockets.frames import Frame, Opcode

from app.websocket_server import WebSocketServerProtocol
from domain.protocols import LOCAL
from graph.renderings import MOST_BYTES, MOST_ITEMS
from tests.graph.client import Api, Socket
from tests.graph.conftest import serving
from tests.graph.studio import Studio, wait_until
from workflow import reading, scripts

SMALL = 4096
"""Bytes that the kernel keeps for one connection, on either side; it doubles them."""

CONTENT = """subscription($after: Cursor) {
    statusChanged(after: $after) { cursor subjectId subject { ... on Script { content } } } }"""
MEGABYTE = 1_000_000
MARK = 64 * 1024
"""Above it asyncio tells a protocol to stop writing."""


class Stubborn:
    """A client that reads only when it is told to."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.raw = socket.socket()

    async def subscribe(self, query: str, **variables: Any) -> None:
        loop = asyncio.get_running_loop()
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self.raw.setblocking(False)
        await loop.sock_connect(self.raw, ("127.0.0.1", self.port))
        key = base64.b64encode(os.urandom(16)).decode()
        await loop.sock_sendall(
            self.raw,
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode(),
        )
        assert b" 101 " in await loop.sock_recv(self.raw, 1000)
        await self.send({"type": "connection_init"})
        await loop.sock_recv(self.raw, 1000)
        await self.send({"type": "subscribe", "id": "1", "payload": {"query": query, "variables": variables}})

    async def send(self, frame: Any) -> None:
        data = Frame(Opcode.TEXT, json.dumps(frame).encode()).serialize(mask=True)
        await asyncio.get_running_loop().sock_sendall(self.raw, data)

    async def read(self, size: int) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self.raw, size)

    async def read_all(self) -> None:
        """What the kernels held, until there is no more."""
        while await self.read(65_536):
            pass

    async def is_dropped(self) -> bool:
        with suppress(ConnectionError):
            await self.read_all()
        return True


def server_with(**patience: float) -> tuple[type[WebSocketServerProtocol], list[WebSocketServerProtocol]]:
    made: list[WebSocketServerProtocol] = []

    class Server(WebSocketServerProtocol):
        unread_seconds = patience.get("unread", 30.0)
        behind_seconds = patience.get("behind", 300.0)

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            made.append(self)

    return Server, made


@asynccontextmanager
async def stubborn(api: Api, studio: Studio, query: str = CONTENT, **variables: Any) -> AsyncIterator[Stubborn]:
    before = studio.feed.followers
    client = Stubborn(api.port)
    try:
        await client.subscribe(query, **variables)
        await wait_until(lambda: studio.feed.followers == before + 1)
        yield client
    finally:
        client.raw.close()


async def write(studio: Studio, count: int) -> None:
    for _ in range(count):
        await scripts.create_script(studio.context, title=None, content="x" * 4_900, actor=LOCAL)


async def seen_by(reader: Socket, id: str, count: int) -> list[str]:
    return [(await reader.next_of(id))["data"]["statusChanged"]["subjectId"] for _ in range(count)]


async def test_one_that_never_reads_among_fifty_that_do(studio: Studio) -> None:
    server, made = server_with(unread=1.0)
    start = await reading.event_cursor()
    events = 80
    expected = [f"script_{number}" for number in range(1, events + 1)]
    async with serving(studio, server, send_buffer=SMALL) as api, AsyncExitStack() as stack:
        with structlog.testing.capture_logs() as logs:
            async with stubborn(api, studio) as client:
                deaf = made[-1]
                sockets = [await stack.enter_async_context(api.socket()) for _ in range(50)]
                ids = [await socket.subscribe(CONTENT) for socket in sockets]
                for reader in sockets:
                    await reader.settle()
                most = 0
                for place in range(events):
                    await write(studio, 1)
                    for reader, id in zip(sockets, ids, strict=True):
                        assert await seen_by(reader, id, 1) == expected[place : place + 1]
                    if not deaf.disconnected:
                        most = max(most, deaf.transport.get_write_buffer_size())
                assert len(studio.feed.groups) == 1
                await wait_until(lambda: deaf.disconnected)
                assert await client.is_dropped()
                assert MARK < most < MARK + 10_000
        (noted,) = [entry for entry in logs if "does not read" in entry["event"]]
        assert noted["unread_bytes"] > MARK // 2  # the kernel has taken a little more
        await wait_until(lambda: studio.feed.followers == 50)
        async with api.socket() as again:
            id = await again.subscribe(CONTENT, after=start)
            assert await seen_by(again, id, events) == expected


async def test_what_one_costs_that_never_reads(studio: Studio) -> None:
    """Once the buffers are full, nothing more, however much there is for it; and in the end they are given back."""
    server, made = server_with()
    async with (
        serving(studio, server, send_buffer=SMALL) as api,
        stubborn(api, studio) as client,
        api.socket() as reader,
    ):
        deaf = made[0]
        id = await reader.subscribe(CONTENT)
        await reader.settle()

        async def tell(count: int) -> None:
            for _ in range(count):
                await write(studio, 1)
                await seen_by(reader, id, 1)

        tracemalloc.start()
        try:
            await tell(MOST_ITEMS)
            assert not deaf.writable.is_set()
            gc.collect()
            held = tracemalloc.get_traced_memory()[0]
            assert held < MOST_BYTES + MEGABYTE  # what is kept of the last events, for all who are behind
            await tell(MOST_ITEMS)  # more than a megabyte
            gc.collect()
            assert tracemalloc.get_traced_memory()[0] - held < 100_000
        finally:
            tracemalloc.stop()
        assert deaf.transport.get_write_buffer_size() < MARK + 10_000
        deaf.unread_seconds = 0.1
        deaf._stop_watching()
        deaf._watch()
        await wait_until(lambda: deaf.disconnected)
        with pytest.raises(ConnectionResetError):
            await client.read_all()
        await wait_until(lambda: studio.feed.followers == 1)
        await tell(3)


async def test_one_that_reads_slowly_is_served(studio: Studio) -> None:
    server, made = server_with(unread=1.5)
    events = 250
    async with serving(studio, server, send_buffer=SMALL) as api, stubborn(api, studio) as client:
        writing = asyncio.create_task(write(studio, events))
        found = bytearray()
        began = asyncio.get_running_loop().time()
        while f'"script_{events}"'.encode() not in found[-6_000:]:
            read = await client.read(8_192)
            assert read, "it was dropped"
            found += read
            await asyncio.sleep(0.02)
        await writing
        assert asyncio.get_running_loop().time() - began > 2.5
        assert not made[-1].disconnected
        places = [found.find(f'"script_{number}"'.encode()) for number in range(1, events + 1)]
        assert places == sorted(places)
        assert min(places) > 0


async def test_one_that_never_catches_up_is_dropped(studio: Studio) -> None:
    server, made = server_with(unread=0.2, behind=0.6)
    answer = "subscription { statusChanged { subject { ... on Script { %s } } } }"
    large = answer % " ".join(f"c{number}: content" for number in range(40))
    async with serving(studio, server, send_buffer=SMALL) as api, stubborn(api, studio, large) as client:
        await write(studio, 3)
        with suppress(ConnectionError):
            async with asyncio.timeout(10):
                while await client.read(512):
                    await asyncio.sleep(0.05)
        assert made[-1].disconnected


async def test_what_uvicorn_closes_does_not_wait_for_a_flush(studio: Studio) -> None:
    """A ping goes unanswered, while there is more for the peer than it takes."""
    server, made = server_with()
    async with (
        serving(studio, server, send_buffer=SMALL, ping_seconds=0.3) as api,
        stubborn(api, studio),
    ):
        await write(studio, 10)
        assert made[-1].transport.get_write_buffer_size()
        await wait_until(lambda: made[-1].disconnected)
    await wait_until(lambda: studio.feed.followers == 0)


async def test_what_the_client_closes_without_reading(studio: Studio) -> None:
    server, made = server_with(unread=0.5)
    async with serving(studio, server, send_buffer=SMALL) as api, stubborn(api, studio) as client:
        await write(studio, 10)
        await client.send([])  # closes with 4400
        await wait_until(lambda: made[-1].disconnected)
    await wait_until(lambda: studio.feed.followers == 0)


async def test_the_server_stops_although_someone_does_not_read(studio: Studio) -> None:
    server, made = server_with()
    async with serving(studio, server, send_buffer=SMALL) as api, stubborn(api, studio):
        await write(studio, 30)
        await wait_until(lambda: not made[-1].writable.is_set())
        made[-1].shutdown()
        await wait_until(lambda: made[-1].disconnected)


@pytest.mark.parametrize("behind", [0, 150])
async def test_who_stalls_for_a_while_misses_nothing(studio: Studio, behind: int) -> None:
    """Written to, then far behind, then written to again; the feed of the tests keeps 64 to 128 events."""
    server, made = server_with()
    start = await reading.event_cursor()
    await write(studio, behind)
    async with serving(studio, server, send_buffer=SMALL) as api, api.socket() as reader:
        taking: socket.socket = reader.raw.transport.get_extra_info("socket")
        taking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * SMALL)
        id = await reader.subscribe(CONTENT, after=start)
        seen = await seen_by(reader, id, behind)
        for stalls in (10, 300, 10):
            reader.raw.transport.pause_reading()
            await write(studio, stalls)
            if stalls > 128:
                await wait_until(lambda: not made[-1].writable.is_set())
            reader.raw.transport.resume_reading()
            seen += await seen_by(reader, id, stalls)
        assert seen == [f"script_{number}" for number in range(1, behind + 321)]
