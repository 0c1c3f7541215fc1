"""A studio for each test: an empty database of either kind, and a Redis that is the tests' own."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import redis

from tests.faces import open_faces
from tests.jobs.paid import PaidStudio
from tests.jobs.redis_server import PrivateRedis, Wire
from tests.jobs.studio import Studio, open_studio
from tests.providers.double import Double, running_double
from tests.world import World, open_world


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[PrivateRedis]:
    """One server for all tests that do it no harm."""
    with tempfile.TemporaryDirectory(prefix="rg", dir="/tmp") as folder:
        server = PrivateRedis(Path(folder))
        server.start()
        yield server
        server.kill()


@pytest.fixture
def fragile_redis() -> Iterator[PrivateRedis]:
    """A server for one test, to be killed and frozen."""
    with tempfile.TemporaryDirectory(prefix="rg", dir="/tmp") as folder:
        server = PrivateRedis(Path(folder))
        server.start()
        yield server
        server.thaw()
        server.kill()


@pytest_asyncio.fixture
async def wire(shared_redis: PrivateRedis) -> AsyncIterator[Wire]:
    with tempfile.TemporaryDirectory(prefix="rg", dir="/tmp") as folder:
        wire = Wire(shared_redis.path, Path(folder) / "w.sock")
        await wire.open()
        yield wire
        await wire.close()


@pytest.fixture
def redis_url(shared_redis: PrivateRedis) -> str:
    """An empty Redis."""
    with redis.Redis(unix_socket_path=str(shared_redis.path)) as server:
        server.flushall()
        server.config_resetstat()
    return f"unix://{shared_redis.path}"


@pytest_asyncio.fixture
async def studio(world: World, redis_url: str) -> AsyncIterator[Studio]:
    """On SQLite and on PostgreSQL in turn."""
    async with open_studio(world, redis_url) as opened:
        yield opened


@pytest_asyncio.fixture
async def small_studio(migrated_sqlite_url: str, tmp_path: Path, redis_url: str) -> AsyncIterator[Studio]:
    """On SQLite, where the database plays no part."""
    async with (
        open_world(migrated_sqlite_url, tmp_path / "storage", migrated=True) as world,
        open_studio(world, redis_url) as opened,
    ):
        yield opened


@pytest.fixture
def quick_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that change rows behind the sweep's back."""
    monkeypatch.setattr("jobs.sweep.LONGEST_PAUSE_SECONDS", 0.1)


@pytest.fixture(scope="session")
def shared_double() -> Iterator[Double]:
    """The provider's double."""
    with running_double() as double:
        yield double


@pytest.fixture
def double(shared_double: Double) -> Iterator[Double]:
    """As new."""
    shared_double.reset()
    yield shared_double
    shared_double.reset()


@pytest_asyncio.fixture
async def paid(small_studio: Studio, double: Double) -> AsyncIterator[PaidStudio]:
    """Of which the database is SQLite."""
    async with open_faces(small_studio.context) as faces:
        yield PaidStudio(small_studio, double, faces)


@pytest_asyncio.fixture
async def any_paid(studio: Studio, double: Double) -> AsyncIterator[PaidStudio]:
    """On SQLite and on PostgreSQL in turn."""
    async with open_faces(studio.context) as faces:
        yield PaidStudio(studio, double, faces)
