"""uvicorn's HTTP, with three things more: who answers can cut a connection off, an early answer arrives, and what is
not a request's body is bounded.

uvicorn closes a connection when everything written has been taken, which a client that does not read never does. And
it closes at once where an answer says `Connection: close`. If the request is still coming then, the system answers its
bytes with a reset, which takes the answer from a client that has not read it yet: one that sends a file that is too
large would learn nothing but that the connection broke. So only our half is closed at first, and what still comes is
thrown away: so long, so much, and no longer. nginx does the same and calls it lingering_close.

What comes after an answer that leaves the connection open is bounded as well.

uvicorn keeps headers of any length, and waits for their end for ever. And of requests that follow one another without
waiting for their answers it tells only the last that the client is gone, so that a stream before it never ends.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.resets import reset
from graph.streams import ABORT

LINGER_SECONDS: Final = 30.0
LINGER_IDLE_SECONDS: Final = 5.0
"""After so long without a byte it is over; noticed after twice that at the latest."""
LINGER_BYTES: Final = 1024 * 1024 * 1024
"""A browser shows an answer only when all of its file is sent, so this is more than any sensible one."""

HEAD_SECONDS: Final = 30.0
"""For a request's line and headers to come, from the beginning of the connection or of the request, or from the end of
the answer before: while there is one, the server itself may have stopped reading."""
HEAD_BYTES: Final = 64 * 1024
"""Of a request's line, headers and trailers; what frames the pieces of a body counts when it outweighs them."""
FRAMING: Final = 8
"""Bytes around one byte of a body that are still sensible."""
SLICE: Final = 16 * 1024


class HttpProtocol(HttpToolsProtocol):
    _rest: _Rest | None = None
    _stopping = False
    _head_timer: asyncio.TimerHandle | None = None
    _head_began = False
    _answering: RequestResponseCycle | None = None
    _overhead = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._overhead = 0
        self._head_began = True
        self._await_head()
        scope: Any = self.scope
        scope["extensions"] = {ABORT: partial(reset, self.transport)}

    def on_headers_complete(self) -> None:
        self._head_came()
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self.cycle.transport = _Closing(self, self.cycle)  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        self._overhead = max(0, self._overhead - FRAMING * len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        rest, self._rest = self._rest, None
        if rest is None:
            return
        rest.end()
        if rest.last:
            self.transport.close()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._head_began:
            self._unset_keepalive_if_required()
            self._await_head()
        if self._rest is None and self.cycle.response_complete and self.cycle.more_body:
            self._rest = _Rest(self.transport, self.loop, last=False, readable=True)

    def data_received(self, data: bytes) -> None:
        if self._rest is not None:
            self._rest.take(len(data))
            if self.transport.is_closing() or not self._rest.readable:
                return
        for start in range(0, len(data), SLICE):  # of many requests in one piece, each has its own head
            super().data_received(data[start : start + SLICE])
            self._overhead += min(SLICE, len(data) - start)
            if self._over():
                return
            if self._overhead > HEAD_BYTES:
                self.send_400_response(f"The request's line and headers are longer than {HEAD_BYTES} bytes.")
                return
        if self._rest is None:
            self._await_head()  # blank lines between requests end uvicorn's own wait, and begin nothing

    def _over(self) -> bool:
        """Whether nothing more is to be read here: the connection ends, or speaks another protocol."""
        lingering = self._rest is not None and not self._rest.readable
        return lingering or self.transport.is_closing() or self.transport.get_protocol() is not self

    def send_400_response(self, msg: str) -> None:
        """To what is not HTTP, so that nothing after it can be understood either."""
        self._head_came()
        if self._rest is not None or self.transport.is_closing():
            self.transport.close()
            return
        self._disconnect()  # the answer is no longer its to give
        transport, self.transport = self.transport, _Closing(self, None)  # type: ignore[assignment]
        try:
            super().send_400_response(msg)
        finally:
            self.transport = transport

    def close_when_read(self, transport: asyncio.Transport, cycle: RequestResponseCycle | None) -> None:
        """Close once nothing more comes of this request, or of what was none."""
        read = cycle is not None and not cycle.more_body
        if read or self._stopping or transport.is_closing() or not transport.can_write_eof():
            transport.close()
        elif self._rest is None:
            readable = cycle is not None and cycle.response_complete
            self._rest = _Rest(transport, self.loop, last=True, readable=readable)
            transport.write_eof()
            self.flow.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        if self._rest is not None:
            self._rest.end()
        self._disconnect()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self.send_400_response("There are requests before this one that have no answer yet.")
        else:
            super().handle_websocket_upgrade()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _disconnect(self) -> None:
        """Tell who answers that nobody listens."""
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()

    def _await_head(self) -> None:
        answered = self.cycle is None or self.cycle.response_complete
        if answered and self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.timeout_keep_alive_handler)

    def _head_came(self) -> None:
        self._head_began = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def shutdown(self) -> None:
        self._stopping = True
        if self._rest is not None and self._rest.last:
            self.transport.close()
        super().shutdown()


class _Closing:
    """A connection as who answers sees it: closing it waits for the rest of the request."""

    def __init__(self, protocol: HttpProtocol, cycle: RequestResponseCycle | None) -> None:
        self._protocol = protocol
        self._cycle = cycle
        self.real = protocol.transport
        self.write = self.real.write
        self.is_closing = self.real.is_closing

    def close(self) -> None:
        self._protocol.close_when_read(self.real, self._cycle)


class _Rest:
    """What still comes of a request that has its answer. `last` says that the connection ends with it, `readable` that
    its end can be seen.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, *, last: bool, readable: bool
    ) -> None:
        self.last = last
        self.readable = readable
        self._transport = transport
        self._loop = loop
        self._left = LINGER_BYTES
        self._until = loop.time() + LINGER_SECONDS
        self._came = False
        self._timer = self._look_again()

    def take(self, size: int) -> None:
        self._came = True
        self._left -= size
        if self._left < 0:
            self._transport.close()

    def end(self) -> None:
        self._timer.cancel()

    def _look_again(self) -> asyncio.TimerHandle:
        wait = min(LINGER_IDLE_SECONDS, max(0.0, self._until - self._loop.time()))
        return self._loop.call_later(wait, self._look)

    def _look(self) -> None:
        if not self._came or self._loop.time() >= self._until:
            self._transport.close()
            return
        self._came = False
        self._timer = self._look_again()
