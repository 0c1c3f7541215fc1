"""A whole GraphQL server for a test: a real database, real HTTP and WebSockets, no doubles."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from starlette.applications import Starlette

from app.http_protocol import HttpProtocol
from app.websocket_server import WebSocketServerProtocol
from graph.clients import Clients
from graph.limits import RequestLimits
from graph.live import EventFeed
from graph.view import create_graphql
from storage.database import close_database, open_database
from storage.media import MediaStore
from storage.migrate import migrate
from tests.graph.client import Api
from tests.graph.studio import LIMITS, FeedBell, Studio, WallClock
from workflow.context import Context


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "reelgate.sqlite3"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest_asyncio.fixture
async def database(empty_database: Path, tmp_path: Path) -> AsyncIterator[str]:
    path = tmp_path / "reelgate.sqlite3"
    shutil.copy(empty_database, path)
    url = f"sqlite:///{path}"
    await open_database(url)
    yield url
    await close_database()


@pytest_asyncio.fixture
async def studio(database: str, tmp_path: Path) -> AsyncIterator[Studio]:
    feed = EventFeed(poll_seconds=0.5, capacity=64)
    bell = FeedBell(feed)
    context = Context(bell, WallClock(), LIMITS, MediaStore(tmp_path / "media"))
    async with feed.running():
        yield Studio(context, feed, bell)


class Server(uvicorn.Server):
    """Stops when told, not at its next look at the clock."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    async def main_loop(self) -> None:
        await self.stop.wait()


@asynccontextmanager
async def serving_app(
    app: Starlette, websockets: type[asyncio.Protocol] | str = WebSocketServerProtocol, *,
    send_buffer: int | None = None, ping_seconds: float = 20.0,
) -> AsyncIterator[int]:  # fmt: skip
    """On the port that is yielded. `send_buffer` is what the kernel takes from it for one connection."""
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:  # else asyncio leaves Nagle on
        if send_buffer is not None:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, http=HttpProtocol, lifespan="off", log_level="error", ws=websockets,
            ws_ping_interval=ping_seconds, ws_ping_timeout=ping_seconds, timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.005)
        try:
            yield listening.getsockname()[1]
        finally:
            server.stop.set()
            await task


@asynccontextmanager
async def serving(
    studio: Studio, websockets: type[asyncio.Protocol] | str = WebSocketServerProtocol, *,
    limits: RequestLimits | None = None, **settings: Any,
) -> AsyncIterator[Api]:  # fmt: skip
    clients = Clients(limits or RequestLimits())
    app = Starlette(routes=create_graphql(studio.context, studio.feed, clients))
    async with (
        serving_app(app, websockets, **settings) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
    ):
        yield Api(client, port, clients)
        clients.end_streams()


@pytest_asyncio.fixture
async def api(studio: Studio) -> AsyncIterator[Api]:
    async with serving(studio) as served:
        yield served
