"""How frames of one WebSocket leave: as ASGI messages; or, where the server offers a writer, straight to its transport.

The writer is what makes thousands of subscribers cheap: ready bytes, no coroutine, and an answer whether the peer still
takes them.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from graph.sharing import Sink

WRITER: Final = "reelgate.writer"
"""The writer's name among the extensions of an ASGI scope."""


class Writer(Protocol):
    """What a server offers for one WebSocket once it is open."""

    def offer(self, head: bytes, body: bytes) -> bool:
        """Sends both as one text message; or does nothing and answers False, while the peer is behind, or gone."""

    async def writable(self) -> bool:
        """Waits while the peer is behind. Whether it is still there."""

    @property
    def buffered(self) -> int:
        """Bytes that the peer has not taken yet, as far as this process holds them."""

    def abort(self) -> None:
        """Drops the connection and what is buffered for it."""


class Wire:
    """Raises `WebSocketDisconnect` if the client is gone."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def send(self, frame: dict[str, Any]) -> None:
        await self.send_text(orjson.dumps(frame).decode())

    async def send_text(self, text: str) -> None:
        # Text, not bytes: browsers' clients take no binary frames.
        try:
            await self._socket.send_text(text)
        except RuntimeError as error:  # what Starlette, and the server, say of a closed socket
            raise WebSocketDisconnect(1006) from error

    def sink(self, operation_id: str) -> Sink:
        """For the answers of one operation."""
        head = b'{"id":%b,"type":"next","payload":' % orjson.dumps(operation_id)
        writer: Writer | None = self._socket.scope.get("extensions", {}).get(WRITER)
        return _AsgiSink(self, head) if writer is None else _RawSink(writer, head)


class _AsgiSink:
    takes_offers = False

    def __init__(self, wire: Wire, head: bytes) -> None:
        self._wire = wire
        self._head = head

    def offer(self, body: bytes) -> bool:
        return False

    async def send(self, body: bytes) -> None:
        await self._wire.send_text(b"".join((self._head, body, b"}")).decode())


class _RawSink:
    __slots__ = ("_head", "_offer", "_writer")
    takes_offers = True

    def __init__(self, writer: Writer, head: bytes) -> None:
        self._writer = writer
        self._offer = writer.offer
        self._head = head

    def offer(self, body: bytes) -> bool:
        return self._offer(self._head, body)

    async def send(self, body: bytes) -> None:
        while not self._offer(self._head, body):
            if not await self._writer.writable():
                raise WebSocketDisconnect(1006)
