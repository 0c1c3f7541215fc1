"""The server's WebSockets: ready messages beside uvicorn's own, and the same service without them."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest
import websockets
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from uvicorn.protocols.websockets import websockets_sansio_impl
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

import app.api
from app.websocket_server import RawWriter, WebSocketServerProtocol
from domain.events import STATUS_EVENTS
from graph.wire import WRITER, Writer
from tests.graph.client import Api
from tests.graph.conftest import serving, serving_app
from tests.graph.studio import Studio, wait_until
from workflow import reading

KNOWN: dict[ModuleType, str] = {
    websockets_sansio_impl: "8b32a97a1608788b",
}
STOCK = "websockets-sansio"
LIVE = "subscription { statusChanged { subjectId } }"


def test_the_server_is_the_one_that_was_read() -> None:
    """`app.websocket_server` builds upon uvicorn's inside. When this fails, compare the module with that of uvicorn
    0.54.0 (`pip download uvicorn==0.54.0`): what is overridden, and `writable`, `conn`, `transport`, `scope`,
    `handshake_complete`, `close_sent`, `disconnected`. Every message must still be written to the transport whole.
    """
    for module, digest in KNOWN.items():
        assert hashlib.sha256(inspect.getsource(module).encode()).hexdigest()[:16] == digest, module.__name__


def test_the_api_uses_it() -> None:
    assert "ws=WebSocketServerProtocol, ws_per_message_deflate=False" in inspect.getsource(app.api.run_api)


@asynccontextmanager
async def socket_with(handler: Any, *, compression: str | None = None) -> AsyncIterator[ClientConnection]:
    async with serving_app(Starlette(routes=[WebSocketRoute("/", handler)])) as port:
        url = f"ws://127.0.0.1:{port}/"
        async with websockets.connect(url, compression=compression, max_size=None, close_timeout=1) as client:
            yield client


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_messages_of_every_length(compression: str | None) -> None:
    sizes = [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000]

    async def handler(socket: WebSocket) -> None:
        writer: Writer = socket.scope["extensions"][WRITER]
        assert not writer.offer(b"too", b"early")
        await socket.accept()
        for size in sizes:
            while not writer.offer(b"<\xc3\xbc", b"x" * size):
                assert await writer.writable()
            await socket.send_text("between")
        await writer.writable()
        await socket.close()
        assert not writer.offer(b"too", b"late")
        assert not await writer.writable()

    async with socket_with(handler, compression=compression) as client:
        for size in sizes:
            assert await client.recv() == f"<ü{'x' * size}" + "}"
            assert await client.recv() == "between"
        with pytest.raises(websockets.ConnectionClosedOK):
            await client.recv()


async def test_a_writer_without_its_peer() -> None:
    gone = asyncio.get_running_loop().create_future()

    async def handler(socket: WebSocket) -> None:
        writer: RawWriter = socket.scope["extensions"][WRITER]
        await socket.accept()
        await socket.receive()
        gone.set_result((writer.offer(b"", b""), await writer.writable(), writer.buffered))

    async with socket_with(handler) as client:
        client.transport.abort()
        assert await gone == (False, False, 0)


@pytest.mark.parametrize("server", [WebSocketServerProtocol, STOCK])
async def test_both_ways_serve_the_same(studio: Studio, server: Any) -> None:
    start = await reading.event_cursor()
    query = "subscription($a: Cursor) { statusChanged(after: $a) { cursor subjectId } }"
    await studio.a_script(scenes=2)
    async with serving(studio, server) as api, api.socket() as socket, api.socket() as other:
        ids = [await socket.subscribe(query, a=start), await other.subscribe(query), await socket.subscribe(query)]
        await socket.settle()
        await other.settle()
        for _ in range(30):
            await studio.a_script(scenes=2)
        events = await reading.events_after(0, limit=10_000, kinds=STATUS_EVENTS)
        expected = [f"{event.subject.value}_{event.subject_id}" for event in events]
        for client, id, missed in ((socket, ids[0], 0), (other, ids[1], 4), (socket, ids[2], 4)):
            seen = [(await client.next_of(id))["data"]["statusChanged"]["subjectId"] for _ in expected[missed:]]
            assert seen == expected[missed:]
        await socket.send({"type": "complete", "id": ids[0]})
        await socket.settle()
        assert (socket.waiting, studio.feed.followers) == ([], 2)
    await wait_until(lambda: studio.feed.followers == 0)


async def test_the_frames_of_an_operation(api: Api, studio: Studio) -> None:
    """As they are written, with ids of any characters."""
    async with api.socket() as socket:
        id = 'a "quoted" \\ ü 日 \u2028'
        await socket.send({"type": "subscribe", "id": id, "payload": {"query": LIVE}})
        await socket.settle()
        await studio.a_script()
        text = await socket.raw.recv()
        assert json.loads(text) == {
            "id": id, "type": "next", "payload": {"data": {"statusChanged": {"subjectId": "script_1"}}},
        }  # fmt: skip


async def test_a_client_that_offers_compression_reads_the_same(api: Api, studio: Studio) -> None:
    url = f"ws://127.0.0.1:{api.port}/graphql"
    async with websockets.connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as client:
        await client.send('{"type": "connection_init"}')
        await client.recv()
        await client.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": LIVE}}))
        await wait_until(lambda: studio.feed.followers == 1)
        await studio.a_script()
        assert json.loads(await client.recv())["payload"] == {"data": {"statusChanged": {"subjectId": "script_1"}}}
