"""Answers that go on for as long as a subscription does: server-sent events, and multipart as Apollo's clients read it.

A stream pulls from its subscription only when the client has taken what was sent before, so a client that does not read
costs one answer and the buffers of its connection. One that takes nothing for `STALLED_SECONDS` is cut off.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md (distinct connections mode)
https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson
from starlette.types import Receive, Scope, Send

from graph.errors import is_told_to_end, public_error, public_errors
from graph.media_types import EVENT_STREAM, MULTIPART, SUBSCRIPTION_SPEC
from graph.refusals import RequestRefused
from graph.sharing import Delivery

KEEP_ALIVE_SECONDS: Final = 12.0
STALLED_SECONDS: Final = 30.0
ABORT: Final = "reelgate.abort"
"""An ASGI extension: closes the connection at once, whatever it still has to send. A closed one would wait for that."""

HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "no-store",
    "vary": "accept",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
}


class Wire(Protocol):
    """How deliveries look in one of the formats."""

    content_type: str
    opening: bytes
    heartbeat: bytes
    ending: bytes
    cut: bytes
    """Sent when the server ends it, and there would have been more."""

    def began(self, cursor: str) -> bytes: ...

    def next(self, delivery: Delivery) -> bytes: ...

    def failed(self, errors: list[Any]) -> bytes: ...


class EventStream:
    content_type = f"{EVENT_STREAM}; charset=utf-8"
    opening = heartbeat = b":\n\n"
    ending = b"event: complete\ndata:\n\n"
    cut = b""  # the client comes back by itself, with the last id

    def began(self, cursor: str) -> bytes:
        """An id without an event: what is missed before the first one can be asked for as well."""
        return b"id: %b\n\n" % cursor.encode()

    def next(self, delivery: Delivery) -> bytes:
        place = b"" if delivery.cursor is None else b"id: %b\n" % delivery.cursor.encode()
        return b"event: next\n%bdata: %b\n\n" % (place, delivery.body)

    def failed(self, errors: list[Any]) -> bytes:
        return self.next(Delivery(orjson.dumps({"errors": errors}), None))


class Multipart:
    """Each part ends with the boundary before the next one: clients show a part when they have seen its end."""

    content_type = f'{MULTIPART};boundary="graphql";subscriptionSpec={SUBSCRIPTION_SPEC}'
    opening = b"\r\n--graphql"
    ending = b"--\r\n"

    def __init__(self) -> None:
        self.heartbeat = self._part(b"{}")
        self.cut = self.failed([{"message": "The server stops.", "extensions": {"code": "UNAVAILABLE"}}]) + self.ending

    def began(self, _: str) -> bytes:
        return b""

    def next(self, delivery: Delivery) -> bytes:
        return self._part(b'{"payload":%b}' % delivery.body)

    def failed(self, errors: list[Any]) -> bytes:
        return self._part(orjson.dumps({"payload": None, "errors": errors}))

    def _part(self, body: bytes) -> bytes:
        return b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n%b\r\n--graphql" % body


WIRES: Final[Mapping[str, Wire]] = {EVENT_STREAM: EventStream(), MULTIPART: Multipart()}


def whole(wire: Wire, body: bytes) -> bytes:
    """All of a stream that has a single answer."""
    return wire.opening + wire.next(Delivery(body, None)) + wire.ending


def refused(wire: Wire, errors: list[Any]) -> bytes:
    """All of a stream whose operation was not executed."""
    return wire.opening + wire.failed(errors) + wire.ending


@dataclass
class StreamResponse:
    """An ASGI application that sends one subscription. `server_ends` is done when the server stops, `began_at` the
    place that the subscription was opened at, if it has told. Who made the deliveries closes them.
    """

    wire: Wire
    deliveries: AsyncIterator[Delivery]
    server_ends: asyncio.Future[None]
    began_at: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        out = _Out(send)
        content_type = (b"content-type", self.wire.content_type.encode())
        headers = [content_type, *((name.encode(), value.encode()) for name, value in HEADERS.items())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        pump = asyncio.create_task(self._pump(out), name="stream")
        watch = asyncio.create_task(self._watch(out, receive), name="watch of a stream")
        ends: set[asyncio.Future[Any]] = {pump, watch, self.server_ends}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pump.cancel()
            watch.cancel()
            await asyncio.gather(pump, watch, return_exceptions=True)
        last = self.wire.cut if pump.cancelled() and self.server_ends.done() else b""
        try:
            await out.write(last if pump.cancelled() else pump.result(), more=False)
        except Stalled:
            _abort_of(scope)()

    async def _pump(self, out: _Out) -> bytes:
        """Sends all there is; answers what is to be said at the end."""
        try:
            await out.write(self.wire.opening + (self.wire.began(self.began_at) if self.began_at else b""))
            async for delivery in self.deliveries:
                await out.write(self.wire.next(delivery))
        except Stalled:
            return b""
        except RequestRefused as fault:
            return self.wire.failed(public_errors(fault.errors)) + self.wire.ending
        except asyncio.CancelledError as error:
            if is_told_to_end():
                raise
            return self.wire.failed([public_error(error)]) + self.wire.ending
        except Exception as error:
            return self.wire.failed([public_error(error)]) + self.wire.ending
        return self.wire.ending

    async def _watch(self, out: _Out, receive: Receive) -> None:
        """Until the client is gone, with a sign of life now and then."""
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    return
            except TimeoutError:
                pass
            try:
                await out.write(self.wire.heartbeat)
            except Stalled:
                return


class Stalled(Exception):
    """The client takes nothing any more."""


class _Out:
    """The way to the client. Each piece is whole frames, so those of two tasks never mix."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._stalled = False

    async def write(self, data: bytes, *, more: bool = True) -> None:
        """Raises `Stalled`, for good."""
        if self._stalled:
            raise Stalled
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                await self._send({"type": "http.response.body", "body": data, "more_body": more})
        except TimeoutError:
            self._stalled = True
            raise Stalled from None


def _abort_of(scope: Scope) -> Callable[[], None]:
    """Without the extension the connection is left to the server, which ends it when its buffers are empty."""
    found: Callable[[], None] = scope.get("extensions", {}).get(ABORT, lambda: None)
    return found
