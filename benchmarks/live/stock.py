"""Strawberry's own ASGI application behind uvicorn, both with their defaults, as their documentation has it.

Only what is measured is in its schema; events come from an in-memory pub/sub, fed by lines of JSON on standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL

_queues: set[asyncio.Queue[StatusChange]] = set()


@strawberry.enum
class Status(Enum):
    DRAFT = "DRAFT"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@strawberry.type
class StatusChange:
    cursor: str
    subject_id: strawberry.ID
    previous_status: Status | None
    new_status: Status
    version: int
    occurred_at: datetime


@strawberry.type
class Script:
    id: strawberry.ID
    title: str | None
    status: Status
    version: int
    created_at: datetime


@strawberry.type
class ScriptConnection:
    nodes: list[Script]


_MOMENT = datetime.fromisoformat("2026-11-22T14:05:09.123456+00:00")
_SCRIPTS = [
    Script(
        id=strawberry.ID(f"script_{number}"),
        title=f"Script number {number}",
        status=Status.DRAFT,
        version=1,
        created_at=_MOMENT,
    )
    for number in range(100, 0, -1)
]


@strawberry.type
class Query:
    @strawberry.field
    def scripts(self, first: int | None = None) -> ScriptConnection:
        return ScriptConnection(nodes=_SCRIPTS[: first or 50])


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def status_changed(self) -> AsyncGenerator[StatusChange, None]:
        queue: asyncio.Queue[StatusChange] = asyncio.Queue()
        _queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            _queues.discard(queue)


def publish(line: bytes) -> None:
    told: dict[str, Any] = json.loads(line)
    previous = told["previousStatus"]
    change = StatusChange(
        cursor=told["cursor"], subject_id=strawberry.ID(told["subjectId"]),
        previous_status=previous and Status(previous), new_status=Status(told["newStatus"]), version=told["version"],
        occurred_at=datetime.fromisoformat(told["occurredAt"]),
    )  # fmt: skip
    for queue in _queues:
        queue.put_nowait(change)


@asynccontextmanager
async def fed(_: Starlette) -> AsyncIterator[None]:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)

    async def feed() -> None:
        async for line in lines:
            publish(line)

    feeding = asyncio.create_task(feed())
    yield
    feeding.cancel()


_graphql: GraphQL[None, None] = GraphQL(strawberry.Schema(Query, subscription=Subscription))
app = Starlette(routes=[Route("/graphql", _graphql), WebSocketRoute("/graphql", _graphql)], lifespan=fed)
