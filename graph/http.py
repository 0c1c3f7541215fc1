"""GraphQL over HTTP, as its specification has it, and subscriptions in answers that go on.

https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing
from typing import Any, Final

import orjson
from graphql import OperationType
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from graph.clients import Clients
from graph.compression import SMALLEST, gzipped
from graph.documents import Operation, RequestRefused
from graph.errors import INTERNAL, is_told_to_end
from graph.graphiql import graphiql_page
from graph.limits import Limit
from graph.media_types import (
    EVENT_STREAM,
    GRAPHQL_JSON,
    JSON,
    MULTIPART,
    SUBSCRIPTION_SPEC,
    Accepted,
    accepted,
    takes_gzip,
    wants_page,
)
from graph.operations import Answer, MakeContext, Request, execute_once, open_stream, plain_refusal, refusal
from graph.requests import HttpRefused, read_body, read_url
from graph.streams import HEADERS, WIRES, StreamResponse, refused, whole

log = logging.getLogger("reelgate.graph")

_METHODS = "GET, POST"
_VARY = "Accept, Accept-Encoding"
_RETRY_SECONDS = "5"
_STREAMS = f"`{EVENT_STREAM}` or `{MULTIPART};subscriptionSpec={SUBSCRIPTION_SPEC}`"
_ONE_OF: Final = f"The answer can be had as `{GRAPHQL_JSON}`, `{JSON}`, {_STREAMS}."
_SUBSCRIBE_SO: Final = (
    f"A subscription can be had as {_STREAMS}, or over a WebSocket with the subprotocol `graphql-transport-ws`."
)
_CROWDED: Final = (Limit.TOO_MANY_CONNECTIONS, Limit.TOO_MANY_SUBSCRIPTIONS)


class HttpFace:
    """An ASGI application, so that it sees every method."""

    def __init__(self, make_context: MakeContext, clients: Clients, *, largest_body: int) -> None:
        self._make_context = make_context
        self._clients = clients
        self._largest_body = largest_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as held:
            response = await self._respond(HttpRequest(scope, receive), held)
            await response(scope, receive, send)

    async def _respond(self, request: HttpRequest, held: AsyncExitStack) -> ASGIApp:
        accept = request.headers.get("accept")
        takes = accepted(accept)
        json = takes.json or JSON
        if request.method not in ("GET", "POST"):
            return _plain(plain_refusal("Use GET or POST."), 405, json, {"allow": _METHODS})
        if request.method == "GET" and wants_page(accept):
            return graphiql_page()
        if takes.single is None:
            return _plain(plain_refusal(_ONE_OF), 406, JSON)
        try:
            return await self._answer(request, takes, held)
        except HttpRefused as fault:
            return _plain(plain_refusal(fault.message, fault.code), fault.status, json, fault.headers)
        except RequestRefused as fault:
            return _refused(fault, takes)
        except asyncio.CancelledError:
            if is_told_to_end():
                raise
            return _failed(json)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to be answered
        except Exception:
            return _failed(json)

    async def _answer(self, request: HttpRequest, takes: Accepted, held: AsyncExitStack) -> ASGIApp:
        by_get = request.method == "GET"
        limits = self._clients.limits
        if by_get:
            asked = read_url(request)
        else:
            asked = await read_body(request, most=self._largest_body, seconds=limits.body_seconds)
        operation = asked.operation(limits.document)
        if operation.type is OperationType.SUBSCRIPTION:
            if takes.stream is None:
                raise HttpRefused(406, _SUBSCRIBE_SO)
            return await self._subscribed(request, asked, operation, takes.stream, held)
        if operation.type is OperationType.MUTATION and by_get:
            raise HttpRefused(405, "Send mutations by POST.", headers={"allow": "POST"})
        answer = orjson.dumps(await execute_once(asked, operation, self._make_context()))
        kind = takes.single or JSON
        if kind in WIRES:
            return _stream_of_one(kind, whole(WIRES[kind], answer))
        return await _encoded(answer, kind, request.headers.get("accept-encoding"))

    async def _subscribed(
        self, request: HttpRequest, asked: Request, operation: Operation, kind: str, held: AsyncExitStack
    ) -> ASGIApp:
        address = request.client.host if request.client else ""
        client = held.enter_context(self._clients.connection(address))
        held.enter_context(client.subscription())
        context = self._make_context()
        if kind == EVENT_STREAM:
            context.tells_place = True
            context.resume_after = request.headers.get("last-event-id") or None
        deliveries = await open_stream(asked, operation, context)
        await held.enter_async_context(aclosing(deliveries))
        return StreamResponse(WIRES[kind], deliveries, self._clients.ending, context.began_at)


def _refused(fault: RequestRefused, takes: Accepted) -> Response:
    answer = refusal(fault)
    codes = {(error.extensions or {}).get("code") for error in fault.errors}
    if codes & {limit.value for limit in _CROWDED}:
        return _plain(answer, 429, takes.json or JSON, {"retry-after": _RETRY_SECONDS})
    kind = takes.single or JSON
    if kind == EVENT_STREAM or (kind == MULTIPART and takes.json is None):
        return _stream_of_one(kind, refused(WIRES[kind], answer["errors"]))
    json = takes.json or JSON
    # The older media type has 200 for what is a GraphQL request, and only cannot be executed.
    return _plain(answer, 400 if json == GRAPHQL_JSON else 200, json)


def _failed(media_type: str) -> Response:
    log.exception("A request failed.")
    return _plain(plain_refusal("Internal error", INTERNAL), 500, media_type)


def _stream_of_one(kind: str, body: bytes) -> Response:
    return Response(body, 200, {"content-type": WIRES[kind].content_type, **HEADERS})


async def _encoded(body: bytes, media_type: str, accept_encoding: str | None) -> Response:
    if len(body) > SMALLEST and takes_gzip(accept_encoding):
        return Response(await gzipped(body), 200, {**_headers(media_type), "content-encoding": "gzip"})
    return Response(body, 200, _headers(media_type))


def _plain(answer: Answer, status: int, media_type: str, more: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(answer), status, {**_headers(media_type), **(more or {})})


def _headers(media_type: str) -> dict[str, Any]:
    return {
        "content-type": f"{media_type}; charset=utf-8",
        "cache-control": "no-store",
        "vary": _VARY,
        "x-content-type-options": "nosniff",
    }
