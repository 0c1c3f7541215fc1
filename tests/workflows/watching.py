"""A crowd of subscribers in a process of its own, half over WebSockets and half over server-sent events.

Each goes on behind the last event that it has taken in whole, whatever breaks off its connection. Many are broken off
by this process itself, some in the middle of what they read or write.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.raw_websocket import Closed, RawSocket, open_raw, text

CHANGED = "subscription($after: Cursor) { statusChanged(after: $after) { cursor subjectId newStatus } }"
CLIENT_SECONDS = 120.0
STALLED_SECONDS = 20.0
SURPLUS_SECONDS = 2.0
"""After everybody has everything, for what there would be too much."""

_GONE = (OSError, asyncio.IncompleteReadError, Closed)


class Cut(ConnectionError):
    """Broken off by ourselves."""


@dataclass
class Crowd:
    ports: list[int]
    start: str
    cuts: int
    every: int
    """Deliveries between two cuts."""
    random: random.Random
    watchers: list[Watcher] = field(default_factory=list)
    deliveries: int = 0
    ordered: int = 0
    done: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def delivered(self) -> None:
        self.deliveries += 1
        if self.ordered < self.cuts and self.deliveries >= self.ordered * self.every:
            standing = [watcher for watcher in self.watchers if watcher.cut is None]
            if standing:
                self.random.choice(standing).cut = self.random.choice(("at once", "half read", "half written"))
                self.ordered += 1

    async def see(self, events: int) -> None:
        """Until everybody has so many, somebody has failed, or nobody has had anything for a while."""
        while not self.failures and any(len(watcher.seen) < events for watcher in self.watchers):
            before = self.deliveries
            await _until(lambda before=before: self.deliveries > before, STALLED_SECONDS)  # type: ignore[misc]
            if self.deliveries == before:
                return


@dataclass
class Watcher:
    crowd: Crowd
    by_socket: bool
    seen: list[str] = field(default_factory=list)
    last: str | None = None
    cut: str | None = None

    async def run(self) -> None:
        follow = self._follow_socket if self.by_socket else self._follow_stream
        while True:
            try:
                await follow(self.crowd.random.choice(self.crowd.ports))
            except _GONE as error:
                self.crowd.done["cut" if isinstance(error, Cut) else "lost"] += 1
            except Exception as error:
                self.crowd.failures.append(f"{type(error).__name__}: {error}"[:500])
                return
            await asyncio.sleep(self.crowd.random.uniform(0.01, 0.2))

    def _take(self, answer: Any) -> None:
        assert "errors" not in answer, answer
        change = answer["data"]["statusChanged"]
        place = base64.urlsafe_b64decode(change["cursor"] + "==").split(b":")[1].decode()
        self.seen.append(sys.intern(f"{place} {change['subjectId']} {change['newStatus']}"))
        self.last = change["cursor"]
        self.crowd.delivered()

    async def _follow_socket(self, port: int) -> None:
        socket = await open_raw(port)
        try:
            await socket.start()
            payload = {"query": CHANGED, "variables": {"after": self.last or self.crowd.start}}
            subscribe = text({"type": "subscribe", "id": "1", "payload": payload})
            await socket.send(subscribe)
            self.crowd.done["WebSocket"] += 1
            while True:
                await self._cut_if_told(socket, subscribe)
                message = await socket.message()
                assert message["type"] == "next", message
                self._take(message["payload"])
        finally:
            socket.abort()

    async def _follow_stream(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            request = self._request(port)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            self.crowd.done["event stream"] += 1
            rest = b""
            while True:
                await self._cut_if_told(RawSocket(reader, writer, ""), request)
                if not (size := int((await reader.readline()).strip() or b"0", 16)):
                    raise ConnectionError("the stream has ended")
                *events, rest = (rest + (await reader.readexactly(size + 2))[:-2]).split(b"\n\n")
                for event in events:
                    self._take_event(event.decode())
        finally:
            writer.transport.abort()

    def _request(self, port: int) -> bytes:
        body = json.dumps({"query": CHANGED, "variables": {"after": self.crowd.start}}).encode()
        lines = [
            "POST /graphql HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: text/event-stream",
            "Content-Type: application/json", f"Content-Length: {len(body)}",
            *([f"Last-Event-ID: {self.last}"] if self.last else []),
        ]  # fmt: skip
        return "\r\n".join((*lines, "", "")).encode() + body

    def _take_event(self, event: str) -> None:
        fields = dict(line.split(": ", 1) for line in event.split("\n") if ": " in line)
        if "event" in fields:
            assert fields["event"] == "next", event
            self._take(json.loads(fields["data"]))
            assert fields["id"] == self.last
        elif "id" in fields:
            self.last = fields["id"]

    async def _cut_if_told(self, socket: RawSocket, message: bytes) -> None:
        """`half read`: a few bytes of what comes next are taken, and never the rest."""
        match self.cut:
            case None:
                return
            case "half read":
                await socket.reader.readexactly(self.crowd.random.randint(1, 60))
            case "half written":
                await socket.send(message[: self.crowd.random.randint(1, len(message) - 1)])
        self.crowd.done[self.cut] += 1
        self.cut = None
        raise Cut


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition() and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)


async def watch(orders: Any, expected: Callable[[], Awaitable[str]]) -> Any:
    """What everybody has seen: each sequence once, with the number of those who saw it."""
    clients = orders["clients"]
    most = clients * orders["events"] * 4 // 5
    crowd = Crowd(
        orders["ports"], orders["start"], orders["cuts"], most // orders["cuts"], random.Random(orders["seed"])
    )
    crowd.watchers = [Watcher(crowd, by_socket=number % 2 == 0) for number in range(clients)]
    running = [asyncio.create_task(watcher.run()) for watcher in crowd.watchers]
    await _until(lambda: crowd.done["WebSocket"] + crowd.done["event stream"] >= clients, CLIENT_SECONDS)
    print("watching", flush=True)
    events = int(await expected())
    await crowd.see(events)
    await asyncio.sleep(SURPLUS_SECONDS)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    sequences = Counter(tuple(watcher.seen) for watcher in crowd.watchers)
    return {
        "sequences": list(sequences.items()), "deliveries": crowd.deliveries, "done": crowd.done,
        "failures": crowd.failures,
    }  # fmt: skip


async def main() -> None:
    result = await watch(json.loads(sys.argv[1]), lambda: asyncio.to_thread(sys.stdin.readline))
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
