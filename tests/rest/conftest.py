"""The REST face on a real SQLite database and a real media folder, behind everything that stands around it."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from app.http_protocol import HttpProtocol
from app.web import wrap
from domain.protocols import Limits, Ring
from rest.app import create_rest, larger_bodies
from rest.errors import exception_handlers
from rest.media import media_route
from storage.database import close_database, open_database
from storage.media import MediaStore
from tests.checking import CheckingHere, ListeningHere
from workflow.context import Context

LIMITS = Limits(
    max_script_chars=2_000, max_scenes=50, max_scene_chars=500, max_title_chars=40, max_feedback_chars=100,
    max_picture_bytes=1024 * 1024, max_music_bytes=1024 * 1024, max_music=3,
)  # fmt: skip
MAX_BODY_BYTES = 12 * LIMITS.max_script_chars + 64 * 1024
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class HeardBell:
    """Remembers what was rung."""

    rings: list[Ring] = field(default_factory=list)

    async def ring(self, ring: Ring) -> None:
        self.rings.append(ring)


class SteppingClock:
    """One second later with each reading."""

    def __init__(self) -> None:
        self.readings = 0

    def now(self) -> datetime:
        self.readings += 1
        return NOW + timedelta(seconds=self.readings)


@pytest_asyncio.fixture
async def database(migrated_file: Path, tmp_path: Path) -> AsyncIterator[None]:
    path = tmp_path / "reelgate.sqlite3"
    shutil.copyfile(migrated_file, path)
    await open_database(f"sqlite:///{path}")
    try:
        yield
    finally:
        await close_database()


@pytest.fixture
def bell() -> HeardBell:
    return HeardBell()


@pytest_asyncio.fixture
async def context(database: None, bell: HeardBell, tmp_path: Path) -> Context:
    media = MediaStore(tmp_path / "media")
    await media.prepare()
    return Context(bell, SteppingClock(), LIMITS, media, pictures=CheckingHere(), music=ListeningHere())


@pytest.fixture
def app(context: Context) -> ASGIApp:
    """As it is served, without GraphQL."""
    routes = [media_route(context), Mount("/api", create_rest(context))]
    return wrap(
        Starlette(routes=routes, exception_handlers=exception_handlers()),
        allowed_hosts=("localhost", "127.0.0.1", "[::1]"),
        cors_origins=("https://studio.example",),
        max_body_bytes=MAX_BODY_BYTES,
        larger_bodies=larger_bodies(context.limits),
    )


@pytest_asyncio.fixture
async def client(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
        yield client


class Server(uvicorn.Server):
    """Stops when told, not at its next look at the clock."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    async def main_loop(self) -> None:
        await self.stop.wait()


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http=HttpProtocol, log_config=None, access_log=False, server_header=False, lifespan="off",
        ws="websockets-sansio",
    )  # fmt: skip
    server = Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.stop.set()
        await running


@pytest_asyncio.fixture
async def port(app: ASGIApp) -> AsyncIterator[int]:
    """Of the application on a real server."""
    async with serving(app) as port:
        yield port
