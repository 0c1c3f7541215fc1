"""Databases for tests: each test has an empty one, on SQLite and on PostgreSQL in turn where it asks for both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.services import (
    create_postgres_database,
    drop_postgres_database,
    empty_postgres_database,
    postgres_server_url,
)
from tests.world import World, open_world

_THOROUGH = (
    "app/test_embedded.py", "app/test_processes.py", "app/test_broker.py", "jobs/", "providers/test_double",
    "providers/test_offline_images.py", "providers/openai_compatible/test_failures.py",
    "providers/openai_compatible/test_provider_rules.py", "providers/openai_compatible/test_segmenting.py",
    "storage/test_cancellation.py", "storage/test_several_processes.py",
    "storage/test_media.py", "video/test_video_frames.py", "video/test_video_stopped.py", "graph/test_live.py",
    "lifecycle/test_races.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make check` leaves out what takes its time: processes, the second database, and the long loops."""
    for item in items:
        place = item.path.relative_to(Path(__file__).parent).as_posix()
        if place.startswith(_THOROUGH) or "postgresql" in item.name:
            item.add_marker(pytest.mark.thorough)


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


@pytest_asyncio.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """An open system without processes of its own, on either database."""
    async with open_world(database_url, tmp_path / "storage") as opened:
        yield opened
