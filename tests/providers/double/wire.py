"""How an answer goes over the wire: whole, late, in drops, cut off, or not before somebody releases it."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.providers.double.answers import Payload
from tests.providers.double.script import Behaviour, Closes

Drop = Callable[[Any, bool], None]
"""Closes a client's connection: at once and with a reset, or (True) after what was written is sent."""

_CHUNK = 64 * 1024
_DROPS = 10


class Gates:
    """Named gates at which answers are held, and how many wait at each. Belongs to the server's event loop."""

    def __init__(self) -> None:
        self._open: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.waiting: Counter[str] = Counter()

    def release(self, name: str | None) -> None:
        """Lets through those who wait at the gate, and those who come later; None: at every gate there is."""
        for gate in [name] if name is not None else list(self._open):
            self._open[gate].set()

    def shut(self) -> None:
        """Shuts all gates again; who waits is let go first."""
        self.release(None)
        self._open.clear()

    async def passed(self, name: str) -> None:
        gate = self._open[name]
        self.waiting[name] += 1
        try:
            await gate.wait()
        finally:
            self.waiting[name] -= 1
            self.waiting += Counter()


class Delivery(Response):
    """A payload, sent as the behaviour says. Ends early when the client has gone."""

    def __init__(
        self, payload: Payload, behaviour: Behaviour, *, headers: dict[str, str], gates: Gates, drop: Drop
    ) -> None:
        super().__init__(status_code=payload.status, media_type=payload.media_type, headers=headers)
        self._payload = payload
        self._behaviour = behaviour
        self._gates = gates
        self._drop = drop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await self._deliver(scope, send, gone)
        finally:
            gone.cancel()

    async def _deliver(self, scope: Scope, send: Send, gone: asyncio.Future[None]) -> None:
        behaviour = self._behaviour
        if behaviour.hold is not None and await _first(gone, self._gates.passed(behaviour.hold)):
            return
        if behaviour.first_byte_after and await _first(gone, asyncio.sleep(behaviour.first_byte_after)):
            return
        if behaviour.closes is Closes.BEFORE:
            self._drop(scope["client"], False)
            await gone
            return
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        headers.append((b"content-length", str(len(self._payload)).encode()))
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await self._send_body(scope, send, gone)

    async def _send_body(self, scope: Scope, send: Send, gone: asyncio.Future[None]) -> None:
        behaviour, left = self._behaviour, len(self._payload)
        size = max(1, min(_CHUNK, left // _DROPS)) if behaviour.spread_over else _CHUNK
        stop = left // 2 if behaviour.closes is Closes.MIDWAY else 0
        pause = behaviour.spread_over * size / left if left else 0.0
        for chunk in _chunks(self._payload, size):
            if behaviour.closes is Closes.MIDWAY and left - len(chunk) <= stop:
                await send({"type": "http.response.body", "body": chunk[: left - stop], "more_body": True})
                self._drop(scope["client"], True)
                await gone
                return
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if gone.done() or (pause and await _first(gone, asyncio.sleep(pause))):
                return
        await send({"type": "http.response.body", "body": b""})


def _chunks(payload: Payload, size: int) -> Iterator[bytes]:
    for part in (payload.head, payload.tail):
        for at in range(0, len(part), size):
            yield part[at : at + size]
        if part is payload.head and payload.filler:
            filler = b"A" * size
            for at in range(0, payload.filler, size):
                yield filler[: payload.filler - at]


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first(gone: asyncio.Future[None], work: Coroutine[Any, Any, None]) -> bool:
    """Waits for the work; True if the client went away before it was done."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({gone, task}, return_when=asyncio.FIRST_COMPLETED)
        return gone.done() and not task.done()
    finally:
        task.cancel()
