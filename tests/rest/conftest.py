"""The REST face on a real SQLite database and a real media folder, behind everything that stands around it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from app.web import wrap
from domain.protocols import Limits, Ring
from rest.app import create_rest
from rest.errors import exception_handlers
from rest.media import media_route
from storage.database import close_database, open_database
from storage.media import MediaStore
from storage.migrate import migrate
from workflow.context import Context

LIMITS = Limits(max_script_chars=2_000, max_scenes=50, max_scene_chars=500, max_title_chars=40, max_feedback_chars=100)
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


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "reelgate.sqlite3"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


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
    return Context(bell, SteppingClock(), LIMITS, media)


@pytest.fixture
def app(context: Context) -> ASGIApp:
    """As it is served, without GraphQL."""
    routes = [media_route(context), Mount("/api", create_rest(context))]
    return wrap(
        Starlette(routes=routes, exception_handlers=exception_handlers()),
        allowed_hosts=("localhost", "127.0.0.1", "[::1]"),
        cors_origins=("https://studio.example",),
        max_body_bytes=MAX_BODY_BYTES,
    )


@pytest_asyncio.fixture
async def client(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
        yield client
