"""The server's side of WebSockets: uvicorn's own, with a writer for ready messages, and without patience for peers that
have stopped reading.

uvicorn waits for such a peer for ever: all that closes a connection waits until everything was taken, but for an abort.
It also waits for ever behind a request that is no opening handshake at all, such as one with a body.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.resets import reset
from graph.wire import WRITER

UNREAD_SECONDS: Final = 30.0
"""A peer may leave full buffers untouched for so long."""

BEHIND_SECONDS: Final = 300.0
"""And a peer that does read, but never catches up, for so long."""

_NO_HANDSHAKE: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

_log = structlog.get_logger(__name__)


class WebSocketServerProtocol(WebSocketsSansIOProtocol):
    """For uvicorn's setting `ws`."""

    unread_seconds = UNREAD_SECONDS
    behind_seconds = BEHIND_SECONDS

    _served = False
    _watching: asyncio.TimerHandle | None = None
    _watched_since = 0.0
    _unread = 0

    async def run_asgi(self) -> None:
        extensions: dict[str, object] = self.scope["extensions"]  # type: ignore[assignment]
        extensions[WRITER] = RawWriter(self)
        await super().run_asgi()
        self._served = True
        self._watch()  # closing waits for the peer as well

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.transport.is_closing():
            self.handshake_complete = self.close_sent = True
            self.transport.write(_NO_HANDSHAKE)
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self._served:
            self._stop_watching()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        if self.transport.get_write_buffer_size():
            reset(self.transport)

    def shutdown(self) -> None:
        super().shutdown()
        if not self.writable.is_set():
            reset(self.transport)

    def is_open(self) -> bool:
        """Whether messages can be sent. All that ends a connection marks it in one of these ways first."""
        return self.handshake_complete and not self.close_sent and not self.transport.is_closing()

    def _watch(self) -> None:
        if self._watching is None and not self.disconnected:
            self._watched_since = self.loop.time()
            self._look_again()

    def _look_again(self) -> None:
        self._unread = self.transport.get_write_buffer_size()
        self._watching = self.loop.call_later(self.unread_seconds, self._judge)

    def _judge(self) -> None:
        unread = self.transport.get_write_buffer_size()
        behind = self.loop.time() - self._watched_since
        if unread < self._unread and behind < self.behind_seconds:
            self._look_again()
            return
        self._watching = None
        if unread:
            _log.warning(
                "A client does not read; its connection is dropped", unread_bytes=unread, seconds=round(behind)
            )
        reset(self.transport)

    def _stop_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None


class RawWriter:
    """Writes messages beside uvicorn: each whole, and never while uvicorn has one half written."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: WebSocketServerProtocol) -> None:
        self._protocol = protocol

    def offer(self, head: bytes, body: bytes) -> bool:
        protocol = self._protocol
        if not protocol.writable.is_set() or not protocol.is_open():
            return False
        protocol.transport.write(b"".join((_frame_header(len(head) + len(body) + 1), head, body, b"}")))
        return True

    async def writable(self) -> bool:
        await self._protocol.writable.wait()
        return self._protocol.is_open()

    @property
    def buffered(self) -> int:
        return self._protocol.transport.get_write_buffer_size()

    def abort(self) -> None:
        reset(self._protocol.transport)


def _frame_header(size: int) -> bytes:
    """Of a text message in one frame, unmasked as servers send them (RFC 6455, section 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")
