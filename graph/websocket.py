"""GraphQL over a WebSocket: the `graphql-transport-ws` subprotocol.

Strict about frames, since what breaks the protocol closes the connection with the code that it names; and lenient about
documents, since a bad one ends its own operation and no other.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import Any, Final

import orjson
from graphql import OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from graph.clients import Client
from graph.documents import RequestRefused
from graph.errors import is_told_to_end, public_error
from graph.limits import Limit
from graph.operations import MakeContext, execute_once, open_stream, plain_refusal, refusal
from graph.requests import fault_in_request, request_of
from graph.wire import Wire

log = logging.getLogger("reelgate.graph.websocket")

PROTOCOL: Final = "graphql-transport-ws"
INIT_SECONDS: Final = 10.0

_LONGEST_REASON = 123
"""Bytes of UTF-8 that a close frame has room for."""

Frame = dict[str, Any]


class ProtocolBroken(Exception):
    """The connection is to be closed. `code` is one that the protocol names."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode(errors="replace")[:_LONGEST_REASON].decode(errors="ignore")


class Connection:
    """One socket and the operations on it."""

    def __init__(
        self, socket: WebSocket, make_context: MakeContext, *, largest_frame: int, client: Client,
        init_seconds: float = INIT_SECONDS,
    ) -> None:  # fmt: skip
        self._socket = socket
        self._wire = Wire(socket)
        self._client = client
        self._make_context = make_context
        self._largest_frame = largest_frame
        self._init_seconds = init_seconds
        self._initialised = False
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Until either side closes it."""
        try:
            if PROTOCOL not in self._socket.scope["subprotocols"]:
                await self._socket.accept()
                raise ProtocolBroken(4406, f"Subprotocol not acceptable: use {PROTOCOL}")
            await self._socket.accept(subprotocol=PROTOCOL)
            await self._initialise()
            while True:
                await self._handle(await self._receive())
        except ProtocolBroken as broken:
            await self._end_operations()
            if self._socket.application_state is WebSocketState.CONNECTED:
                with suppress(RuntimeError, WebSocketDisconnect):  # it is gone as well
                    await self._socket.close(broken.code, broken.reason)
        except WebSocketDisconnect:
            log.debug("The client is gone.")
        finally:
            await self._end_operations()

    async def _initialise(self) -> None:
        try:
            async with asyncio.timeout(self._init_seconds):
                while not self._initialised:
                    await self._handle(await self._receive())
        except TimeoutError:
            raise ProtocolBroken(4408, "Connection initialisation timeout") from None

    async def _receive(self) -> Frame:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        if text is None:
            raise ProtocolBroken(4400, "Messages must be text")
        if len(text) > self._largest_frame:
            raise ProtocolBroken(1009, "The message is too big")
        try:
            frame = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise ProtocolBroken(4400, "Messages must be JSON") from None
        if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
            raise ProtocolBroken(4400, "Messages must be objects with a `type`")
        return frame

    async def _handle(self, frame: Frame) -> None:
        match frame["type"]:
            case "connection_init":
                _payload_of(frame)
                if self._initialised:
                    raise ProtocolBroken(4429, "Too many initialisation requests")
                self._initialised = True
                await self._wire.send({"type": "connection_ack"})
            case "ping":
                payload = _payload_of(frame)
                await self._pong(payload)
            case "pong":
                _payload_of(frame)
            case "subscribe":
                await self._subscribe(_id_of(frame), frame.get("payload"))
            case "complete":
                task = self._operations.pop(_id_of(frame), None)
                if task is not None:
                    task.cancel()
                    # It hears of that now. Later, it would have a last word behind the answer to the next message.
                    await asyncio.sleep(0)
            case unknown:
                raise ProtocolBroken(4400, f"Unknown message type: {unknown}")

    async def _pong(self, payload: Frame | None) -> None:
        try:
            await self._wire.send({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
        except orjson.JSONEncodeError:  # it can be read deeper than it can be written
            raise ProtocolBroken(4400, "The payload of a ping message is nested too deeply") from None

    async def _subscribe(self, operation_id: str, payload: Any) -> None:
        if not self._initialised:
            raise ProtocolBroken(4401, "Unauthorized")
        fault = fault_in_request(payload) if isinstance(payload, dict) else "a subscribe message needs a payload"
        if fault is not None:
            raise ProtocolBroken(4400, f"Invalid message: {fault}")
        if operation_id in self._operations:
            raise ProtocolBroken(4409, f"Subscriber for {operation_id} already exists")
        most = self._client.limits.operations
        if len(self._operations) >= most:
            message = f"There are {most} operations on this connection already. End one first."
            errors = plain_refusal(message, Limit.TOO_MANY_OPERATIONS)["errors"]
            await self._wire.send({"id": operation_id, "type": "error", "payload": errors})
            return
        begun = asyncio.Event()
        task = asyncio.create_task(self._run(operation_id, payload, begun), name=f"operation {operation_id}")
        self._operations[operation_id] = task
        # A mutation in the next message must find a subscription of this one at its place.
        await begun.wait()

    async def _run(self, operation_id: str, payload: Frame, begun: asyncio.Event) -> None:
        try:
            last = await self._execute(operation_id, payload, begun)
        except RequestRefused as refused:
            last = {"type": "error", "payload": refusal(refused)["errors"]}
        except WebSocketDisconnect:
            log.debug("The client was gone before its operation ended.")
            return
        except asyncio.CancelledError as error:
            if is_told_to_end():
                raise
            last = {"type": "error", "payload": [public_error(error)]}
        except Exception as error:
            last = {"type": "error", "payload": [public_error(error)]}
        finally:
            begun.set()
            if self._operations.get(operation_id) is asyncio.current_task():
                del self._operations[operation_id]
        await self._send_quietly({"id": operation_id, **last})

    async def _execute(self, operation_id: str, payload: Frame, begun: asyncio.Event) -> Frame:
        """Sends what the operation answers, and answers how it ended."""
        request = request_of(payload)
        operation = request.operation(self._client.limits.document)
        if operation.type is not OperationType.SUBSCRIPTION:
            begun.set()
            answer = await execute_once(request, operation, self._make_context())
            await self._wire.send({"id": operation_id, "type": "next", "payload": answer})
            return {"type": "complete"}
        with self._client.subscription():
            stream = await open_stream(request, operation, self._make_context())
            begun.set()
            async with aclosing(stream):
                await stream.deliver_to(self._wire.sink(operation_id))
        return {"type": "complete"}

    async def _send_quietly(self, frame: Frame) -> None:
        try:
            await self._wire.send(frame)
        except WebSocketDisconnect:
            log.debug("The client was gone before its operation ended.")

    async def _end_operations(self) -> None:
        tasks = list(self._operations.values())
        self._operations.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _id_of(frame: Frame) -> str:
    operation_id = frame.get("id")
    if not isinstance(operation_id, str) or not operation_id:
        raise ProtocolBroken(4400, f"A {frame['type']} message needs a string `id`")
    return operation_id


def _payload_of(frame: Frame) -> Frame | None:
    payload = frame.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise ProtocolBroken(4400, f"The payload of a {frame['type']} message must be an object")
    return payload
