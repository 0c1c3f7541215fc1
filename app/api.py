"""The API process: GraphQL, REST, media and health on one port."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from app.collecting import rare_collections
from app.http_protocol import HttpProtocol
from app.listening import reachable_address
from app.news import follow_news
from app.settings import Settings
from app.web import wrap
from app.websocket_server import WebSocketServerProtocol
from app.wiring import System, open_system
from graph.clients import Clients
from graph.limits import DocumentLimits, RequestLimits
from graph.live import EventFeed
from graph.view import PATH as GRAPHQL_PATH
from graph.view import create_graphql
from rest.app import create_rest, larger_bodies
from rest.errors import exception_handlers
from rest.health import health_routes
from rest.media import media_route
from storage.migrate import require_migrated
from studio.serving import studio_routes
from workflow.providers import require_no_pause
from workflow.reading import ping

_BYTES_PER_CHARACTER: Final = 12
"""The longest that JSON can make a character: a surrogate pair of `\\uXXXX` escapes."""
_BODY_SLACK: Final = 64 * 1024
_SHUTDOWN_SECONDS: Final = 3

_log = structlog.get_logger(__name__)


async def run_api(settings: Settings, *, listening: socket.socket, hosts: tuple[str, ...] = ()) -> None:
    """Serve until SIGTERM or SIGINT. `hosts`, and the address it listens on, are allowed besides the settings' ones."""
    async with open_system(settings) as system:
        feed = EventFeed()
        clients = Clients(request_limits_of(settings))
        app = create_app(settings, system, feed, (*hosts, reachable_address(listening)[0]), clients)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, proxy_headers=False, lifespan="on",
            http=HttpProtocol, ws=WebSocketServerProtocol, ws_per_message_deflate=False,
            ws_max_size=max_body_bytes(settings),
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )  # fmt: skip
        with rare_collections():
            await _Server(config, clients).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends by returning. uvicorn raises the signal once more, and what is open would never be closed."""

    def __init__(self, config: uvicorn.Config, clients: Clients) -> None:
        super().__init__(config)
        self._clients = clients

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._clients.end_streams()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)


def create_app(
    settings: Settings, system: System, feed: EventFeed, hosts: tuple[str, ...] = (), clients: Clients | None = None
) -> ASGIApp:
    """All faces behind the checks that make them safe on a laptop."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        news = asyncio.create_task(follow_news(system.redis, system.names, feed))
        async with feed.running():
            try:
                yield
            finally:
                news.cancel()
                with suppress(asyncio.CancelledError):
                    await news

    routes = [
        *create_graphql(system.context, feed, clients or Clients(request_limits_of(settings))),
        *health_routes(_checks(system), optional=("redis", "providers")),
        media_route(system.context),
        Route("/api", _documentation),
        Mount("/api", create_rest(system.context)),
        *studio_routes(),
    ]
    faces = Starlette(routes=routes, lifespan=lifespan, exception_handlers=exception_handlers())
    faces.router.redirect_slashes = False  # a redirect would lose the body of whoever does not follow with POST
    return wrap(
        faces,
        allowed_hosts=(*settings.allowed_hosts, *hosts),
        cors_origins=settings.cors_origins,
        max_body_bytes=max_body_bytes(settings),
        bounded_paths=(GRAPHQL_PATH,),
        larger_bodies=larger_bodies(system.context.limits),
    )


def max_body_bytes(settings: Settings) -> int:
    """Room for the longest script that is accepted, however it is escaped."""
    return settings.max_script_chars * _BYTES_PER_CHARACTER + _BODY_SLACK


def request_limits_of(settings: Settings) -> RequestLimits:
    document = DocumentLimits(
        settings.graphql_depth, settings.graphql_fields, settings.graphql_directives, settings.graphql_cost
    )
    return RequestLimits(
        document=document,
        seconds=settings.graphql_seconds,
        body_seconds=settings.graphql_body_seconds,
        operations=settings.connection_operations,
        connections=settings.client_connections,
        subscriptions=settings.client_subscriptions,
    )


def _checks(system: System) -> dict[str, Callable[[], Awaitable[None]]]:
    async def database() -> None:
        await ping()
        await require_migrated()

    async def redis() -> None:
        await system.redis.ping()

    async def media() -> None:
        folder = system.context.media.staging
        if not await asyncio.to_thread(os.access, folder, os.W_OK):
            raise OSError("the media folder cannot be written")

    async def providers() -> None:
        await require_no_pause(system.context)

    return {"database": database, "media": media, "redis": redis, "providers": providers}


async def _documentation(_: Request) -> Response:
    return RedirectResponse("/api/docs")
