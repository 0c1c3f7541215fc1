"""One database for a storage test, on SQLite and on PostgreSQL in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from storage.database import close_database, open_database
from storage.migrate import migrate
from tests.services import (
    create_postgres_database,
    drop_postgres_database,
    empty_postgres_database,
    postgres_server_url,
)

SAMPLE_MODELS = "tests.storage.sample.models"
SAMPLE_MIGRATIONS = "tests.storage.sample.migrations"


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    if postgres_server_url() is None:
        pytest.skip("no PostgreSQL server; REELGATE_TEST_DATABASE_URL names one")
    url = create_postgres_database()
    yield url
    drop_postgres_database(url)


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    """An empty PostgreSQL database."""
    empty_postgres_database(postgres_database)
    return postgres_database


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that is not there yet, in a folder that is not there either."""
    return f"sqlite:///{tmp_path}/data/reelgate.sqlite3"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[str]:
    await migrate(url, models=SAMPLE_MODELS, migrations=SAMPLE_MIGRATIONS)
    await open_database(url, models=SAMPLE_MODELS, migrations=SAMPLE_MIGRATIONS)
    try:
        yield url
    finally:
        await close_database()


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """The sample tables, open, on each database in turn."""
    async with _opened(database_url) as url:
        yield url


@pytest_asyncio.fixture
async def sqlite_open(sqlite_url: str) -> AsyncIterator[str]:
    """The sample tables, open, on SQLite alone."""
    async with _opened(sqlite_url) as url:
        yield url


@pytest_asyncio.fixture
async def postgres_open(postgres_url: str) -> AsyncIterator[str]:
    """The sample tables, open, on PostgreSQL alone."""
    async with _opened(postgres_url) as url:
        yield url
