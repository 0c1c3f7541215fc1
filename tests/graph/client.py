"""Clients of the GraphQL face: over HTTP and over the WebSocket protocol, frame by frame."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from graph.clients import Clients

PROTOCOL = Subprotocol("graphql-transport-ws")


@dataclass
class Api:
    """One server, asked as a client would."""

    http: httpx.AsyncClient
    port: int
    clients: Clients

    async def post(self, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        named = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await self.http.post("/graphql", content=content, headers=named)

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Data and errors as they come."""
        response = await self.post({"query": query, "variables": variables})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def data(self, query: str, **variables: Any) -> Any:
        answer = await self.ask(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def mutate(self, name: str, selection: str, **input: Any) -> Any:
        """The payload of a mutation, with its user errors."""
        errors = (
            "userErrors { __typename code message field "
            "... on VersionConflictError { expected current } "
            "... on ScenesNotReadyError { scenes { order reason message sceneId scene { id status } } } }"
        )
        kind = name[0].upper() + name[1:]
        query = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {selection} {errors} }} }}"
        return (await self.data(query, input=input))[name]

    @asynccontextmanager
    async def socket(self, *, init: bool = True, protocol: str | None = PROTOCOL) -> AsyncIterator[Socket]:
        protocols = [Subprotocol(protocol)] if protocol else None
        url = f"ws://127.0.0.1:{self.port}/graphql"
        async with websockets.connect(url, subprotocols=protocols, compression=None, close_timeout=1) as raw:
            socket = Socket(raw)
            if init:
                await socket.send({"type": "connection_init"})
                assert await socket.receive() == {"type": "connection_ack"}
            yield socket


@dataclass
class Socket:
    """A WebSocket whose frames of one operation are read in turn, whatever other operations say in between."""

    raw: ClientConnection
    ids: Any = field(default_factory=lambda: count(1))
    waiting: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, frame: Any) -> None:
        await self.raw.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def receive(self, *, seconds: float = 5.0) -> dict[str, Any]:
        text = await asyncio.wait_for(self.raw.recv(), seconds)
        assert isinstance(text, str), "browsers take text frames only"
        frame: dict[str, Any] = json.loads(text)
        return frame

    async def subscribe(self, query: str, operation_name: str | None = None, **variables: Any) -> str:
        operation_id = str(next(self.ids))
        payload = {"query": query, "variables": variables, "operationName": operation_name}
        await self.send({"id": operation_id, "type": "subscribe", "payload": payload})
        return operation_id

    async def frame_of(self, operation_id: str, *, seconds: float = 5.0) -> dict[str, Any]:
        for place, frame in enumerate(self.waiting):
            if frame.get("id") == operation_id:
                return self.waiting.pop(place)
        while True:
            frame = await self.receive(seconds=seconds)
            if frame.get("id") == operation_id:
                return frame
            self.waiting.append(frame)

    async def next_of(self, operation_id: str, *, seconds: float = 5.0) -> dict[str, Any]:
        frame = await self.frame_of(operation_id, seconds=seconds)
        assert frame["type"] == "next", frame
        payload: dict[str, Any] = frame["payload"]
        return payload

    async def settle(self) -> None:
        """Everything sent before has been taken up."""
        await self.send({"type": "ping", "payload": {"settle": True}})
        while True:
            frame = await self.receive()
            if frame["type"] == "pong":
                return
            self.waiting.append(frame)

    async def close_code(self) -> tuple[int | None, str]:
        """How the server closed it, once it has."""
        try:
            while True:
                await asyncio.wait_for(self.raw.recv(), 5)
        except websockets.ConnectionClosed:
            return self.raw.close_code, self.raw.close_reason or ""
