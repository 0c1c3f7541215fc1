"""One database for a storage test, on SQLite and on PostgreSQL in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest_asyncio

from storage.database import close_database, open_database
from storage.migrate import migrate

SAMPLE_MODELS = "tests.storage.sample.models"
SAMPLE_MIGRATIONS = "tests.storage.sample.migrations"


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
