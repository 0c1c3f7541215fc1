"""Clients of subscriptions over HTTP, line by line."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.graph.client import Api

EVENT_STREAM = "text/event-stream"
MULTIPART = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0, application/json'


@dataclass
class ServerEvent:
    """One event as a browser would dispatch it; without `data` it only sets the last id."""

    event: str = ""
    data: str | None = None
    id: str | None = None

    @property
    def answer(self) -> dict[str, Any]:
        assert self.event == "next", self
        found: dict[str, Any] = json.loads(self.data or "")
        return found


@dataclass
class Streamed:
    """An answer that goes on."""

    response: httpx.Response
    lines: AsyncIterator[str]
    comments: int = 0

    async def event(self, *, seconds: float = 5.0) -> ServerEvent:
        """The next one; those without data, and comments, are skipped but remembered."""
        async with asyncio.timeout(seconds):
            return await self._event()

    async def _event(self) -> ServerEvent:
        found = ServerEvent()
        async for line in self.lines:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            match name:
                case "" if line:
                    self.comments += 1
                case "event":
                    found.event = value
                case "data":
                    found.data = value
                case "id":
                    found.id = value
            if not line and (found.event or found.id):
                return found
        raise EOFError

    async def next(self) -> dict[str, Any]:
        """The answer in the next event that has one."""
        while (event := await self.event()).data is None:
            pass
        return event.answer


@asynccontextmanager
async def event_stream(
    api: Api, query: str, *, last_event_id: str | None = None, accept: str = EVENT_STREAM, **variables: Any
) -> AsyncIterator[Streamed]:
    headers = {"accept": accept, "content-type": "application/json"}
    if last_event_id is not None:
        headers["last-event-id"] = last_event_id
    body = json.dumps({"query": query, "variables": variables})
    async with api.http.stream("POST", "/graphql", content=body, headers=headers) as response:
        yield Streamed(response, response.aiter_lines())


async def parts(response: httpx.Response) -> AsyncIterator[dict[str, Any] | None]:
    """The parts of a multipart answer, each as soon as its end is there; None is the final boundary."""
    text = ""
    async for chunk in response.aiter_text():
        text += chunk
        while "\r\n--graphql" in text:
            part, _, text = text.partition("\r\n--graphql")
            if part:
                head, _, body = part.partition("\r\n\r\n")
                assert head.strip().lower() == "content-type: application/json; charset=utf-8"
                yield json.loads(body)
        if text == "--\r\n":
            yield None


async def sleeper(api: Api, query: str, accept: str = EVENT_STREAM) -> socket.socket:
    """A subscriber that asks and then never reads, with the smallest buffer there is."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", api.port))
    body = json.dumps({"query": query}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    await asyncio.get_running_loop().sock_sendall(raw, head.encode() + body)
    return raw
