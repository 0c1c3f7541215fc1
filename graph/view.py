"""The routes of the GraphQL face: GraphQL over HTTP, over a WebSocket, and a page to try it in."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from graph.clients import Clients
from graph.context import GraphContext
from graph.documents import RequestRefused
from graph.graphiql import static_files
from graph.http import HttpFace
from graph.live import EventFeed
from graph.websocket import PROTOCOL, Connection
from workflow.context import Context

PATH = "/graphql"
TRY_AGAIN_LATER = 1013
"""Clients of `graphql-transport-ws` come back after it. 4429 is of another fault, and final for them."""

_BESIDES_THE_TEXT = 256 * 1024
_LONGEST_ESCAPE = 12
"""Bytes of a character beyond the first 65,536 that JSON writes as two escapes."""


def create_graphql(context: Context, feed: EventFeed, clients: Clients | None = None) -> list[BaseRoute]:
    """The feed must be `running()` while these routes are served. The limits are those of `clients`."""
    known = clients or Clients()

    def make_context() -> GraphContext:
        return GraphContext(context, feed, limits=known.limits)

    largest = context.limits.max_script_chars * _LONGEST_ESCAPE + _BESIDES_THE_TEXT

    async def websocket(socket: WebSocket) -> None:
        address = socket.client.host if socket.client else ""
        try:
            with known.connection(address) as client:
                await Connection(socket, make_context, largest_frame=largest, client=client).serve()
        except RequestRefused as refused:
            # A client that asked for a subprotocol takes no answer without one.
            await socket.accept(subprotocol=PROTOCOL if PROTOCOL in socket.scope["subprotocols"] else None)
            await socket.close(TRY_AGAIN_LATER, str(refused))

    return [
        Route(PATH, HttpFace(make_context, known, largest_body=largest)),
        WebSocketRoute(PATH, websocket),
        Mount(f"{PATH}/static", static_files()),
    ]
