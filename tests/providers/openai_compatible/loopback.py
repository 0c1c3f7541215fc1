"""A server on this machine that answers as a test tells it to, and a book that keeps what was answered."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from domain.calls import CallAnswer, PlannedCall

KEY = "sk-canary-7f3b21"
CANARY = "the violet heron of Aldermoor"


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """What to answer: bytes as they are, closed early after `cut` of them, `pause` seconds before each of `pieces`."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    pause: float = 0.0
    pieces: int = 1


Respond = Callable[[Asked], Reply]


@dataclass
class Loopback:
    port: int
    asked: list[Asked]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    told = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"content-type": "application/json", **told})


def error_reply(status: int, code: str | None, *, kind: str = "x", param: str | None = None, **headers: str) -> Reply:
    """An error in OpenAI's shape; its message holds what must never get out."""
    message = f"You sent {KEY} and {CANARY}"
    error = {"message": message, "type": kind, "param": param, "code": code}
    return json_reply({"error": error}, status, **headers)


def chat_reply(content: object, *, finish: str = "stop", refusal: str | None = None) -> Reply:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    usage = {
        "prompt_tokens": 120,
        "completion_tokens": 30,
        "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 20},
    }
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    return json_reply(
        {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage},
        x_request_id="req_chat",
    )


@asynccontextmanager
async def serving(respond: Respond, *, certificates: ssl.SSLContext | None = None) -> AsyncIterator[Loopback]:
    """A server that speaks just enough HTTP/1.1, so that it can also speak it badly."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while asked := await _read(reader):
                loopback.asked.append(asked)
                if not await _write(writer, respond(asked)):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(handle(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=certificates)
    loopback = Loopback(server.sockets[0].getsockname()[1], [])
    try:
        yield loopback
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, body)


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> bool:
    """Whether the connection goes on."""
    headers = {"content-length": str(len(reply.body)), **reply.headers}
    head = f"HTTP/1.1 {reply.status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    if reply.cut == 0:
        return False
    writer.write(head.encode("latin-1") + b"\r\n")
    sent = reply.body if reply.cut is None else reply.body[: reply.cut]
    size = max(1, -(-len(sent) // reply.pieces))
    for start in range(0, max(len(sent), 1), size):
        await writer.drain()
        await asyncio.sleep(reply.pause)
        writer.write(sent[start : start + size])
    await writer.drain()
    return reply.cut is None


class MemoryBook:
    """Keeps answers as the real book does, without a database."""

    def __init__(self) -> None:
        self.planned: list[PlannedCall] = []
        self.answers: dict[str, CallAnswer] = {}
        self.sent = 0
        self.rejected = 0
        self._last = ""

    async def make(self, planned: PlannedCall, send: Callable[[], Awaitable[CallAnswer]]) -> bytes:
        self.planned.append(planned)
        self._last = planned.request_sha256
        kept = self.answers.get(planned.request_sha256)
        if kept is None:
            self.sent += 1
            kept = await send()
            self.answers[planned.request_sha256] = kept
        return kept.body

    async def reject_answer(self) -> None:
        self.rejected += 1
        self.answers.pop(self._last, None)
