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

from app.listening import reachable_address
from app.news import follow_news
from app.settings import Settings
from app.web import wrap
from app.wiring import System, open_system
from graph.live import EventFeed
from graph.view import PATH as GRAPHQL_PATH
from graph.view import create_graphql
from rest.app import create_rest
from rest.errors import exception_handlers
from rest.health import health_routes
from rest.media import media_route
from storage.migrate import require_migrated
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
        app = create_app(settings, system, feed, (*hosts, reachable_address(listening)[0]))
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, proxy_headers=False, lifespan="on",
            ws="websockets-sansio", ws_per_message_deflate=False, ws_max_size=max_body_bytes(settings),
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )  # fmt: skip
        await _Server(config).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends by returning. uvicorn raises the signal once more, and what is open would never be closed."""

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


def create_app(settings: Settings, system: System, feed: EventFeed, hosts: tuple[str, ...] = ()) -> ASGIApp:
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
        *create_graphql(system.context, feed),
        *health_routes(_checks(system), optional=("redis",)),
        media_route(system.context),
        Route("/api", _documentation),
        Mount("/api", create_rest(system.context)),
        Route("/", _front),
    ]
    faces = Starlette(routes=routes, lifespan=lifespan, exception_handlers=exception_handlers())
    faces.router.redirect_slashes = False  # a redirect would lose the body of whoever does not follow with POST
    return wrap(
        faces,
        allowed_hosts=(*settings.allowed_hosts, *hosts),
        cors_origins=settings.cors_origins,
        max_body_bytes=max_body_bytes(settings),
        bounded_paths=(GRAPHQL_PATH,),
    )


def max_body_bytes(settings: Settings) -> int:
    """Room for the longest script that is accepted, however it is escaped."""
    return settings.max_script_chars * _BYTES_PER_CHARACTER + _BODY_SLACK


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

    return {"database": database, "media": media, "redis": redis}


async def _documentation(_: Request) -> Response:
    return RedirectResponse("/api/docs")


async def _front(_: Request) -> Response:
    return RedirectResponse("/graphql")
