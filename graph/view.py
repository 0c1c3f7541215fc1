"""The routes of the GraphQL face: GraphQL over HTTP, over a WebSocket, and a page to try it in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import orjson
from graphql import OperationType
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from graph.context import GraphContext
from graph.documents import RequestRefused
from graph.errors import INTERNAL, is_told_to_end
from graph.graphiql import graphiql_page, static_files
from graph.live import EventFeed
from graph.operations import Answer, MakeContext, execute_once, plain_refusal, refusal
from graph.requests import GRAPHQL_JSON, JSON, HttpRefused, read_body, read_url, wanted_media_type, wants_page
from graph.websocket import Connection
from workflow.context import Context

log = logging.getLogger("reelgate.graph")

PATH = "/graphql"

_METHODS = "GET, POST"
_BESIDES_THE_TEXT = 256 * 1024
_LONGEST_ESCAPE = 12
"""Bytes of a character beyond the first 65,536 that JSON writes as two escapes."""


def create_graphql(context: Context, feed: EventFeed) -> list[BaseRoute]:
    """The feed must be `running()` while these routes are served."""

    def make_context() -> GraphContext:
        return GraphContext(context, feed)

    largest = context.limits.max_script_chars * _LONGEST_ESCAPE + _BESIDES_THE_TEXT

    async def websocket(socket: WebSocket) -> None:
        await Connection(socket, make_context, largest_frame=largest).serve()

    return [
        Route(PATH, _Http(make_context, largest_body=largest)),
        WebSocketRoute(PATH, websocket),
        Mount(f"{PATH}/static", static_files()),
    ]


class _Http:
    """GraphQL over HTTP, as its specification has it. An ASGI application, so that it sees every method."""

    def __init__(self, make_context: MakeContext, *, largest_body: int) -> None:
        self._make_context = make_context
        self._largest_body = largest_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(HttpRequest(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: HttpRequest) -> Response:
        accept = request.headers.get("accept")
        media_type = wanted_media_type(accept)
        if request.method not in ("GET", "POST"):
            return _encoded(plain_refusal("Use GET or POST."), 405, media_type or JSON, {"allow": _METHODS})
        if request.method == "GET" and wants_page(accept):
            return graphiql_page()
        if media_type is None:
            return _encoded(plain_refusal(f"The answer can be had as `{GRAPHQL_JSON}` or `{JSON}`."), 406, JSON)
        try:
            return await self._answer(request, media_type)
        except HttpRefused as refused:
            return _encoded(plain_refusal(refused.message, refused.code), refused.status, media_type)
        except RequestRefused as refused:
            # The older media type has 200 for what is a GraphQL request, and only cannot be executed.
            return _encoded(refusal(refused), 400 if media_type == GRAPHQL_JSON else 200, media_type)
        except asyncio.CancelledError:
            if is_told_to_end():
                raise
            return _failed(media_type)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to be answered
        except Exception:
            return _failed(media_type)

    async def _answer(self, request: HttpRequest, media_type: str) -> Response:
        by_get = request.method == "GET"
        asked = read_url(request) if by_get else await read_body(request, most=self._largest_body)
        operation = asked.operation()
        if operation.type is OperationType.SUBSCRIPTION:
            raise HttpRefused(400, "Subscribe over a WebSocket, with the subprotocol `graphql-transport-ws`.")
        if operation.type is OperationType.MUTATION and by_get:
            return _encoded(plain_refusal("Send mutations by POST."), 405, media_type, {"allow": "POST"})
        return _encoded(await execute_once(asked, operation, self._make_context()), 200, media_type)


def _failed(media_type: str) -> Response:
    log.exception("A request failed.")
    return _encoded(plain_refusal("Internal error", INTERNAL), 500, media_type)


def _encoded(answer: Answer, status: int, media_type: str, headers: Mapping[str, Any] | None = None) -> Response:
    return Response(
        orjson.dumps(answer),
        status,
        {
            "content-type": f"{media_type}; charset=utf-8",
            "cache-control": "no-store",
            "vary": "accept",
            "x-content-type-options": "nosniff",
            **(headers or {}),
        },
    )
