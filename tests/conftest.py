"""Databases for tests: each test has an empty one, on SQLite and on PostgreSQL in turn where it asks for both."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog

from storage.database import sqlite_path
from storage.migrate import migrate
from tests.services import (
    clear_postgres_database,
    create_postgres_database,
    drop_postgres_database,
    empty_postgres_database,
    postgres_server_url,
)
from tests.world import World, open_world

# What structlog does unasked takes seconds for a trace: it draws the values of all variables.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

_THOROUGH = (
    "app/test_embedded.py", "app/test_processes.py", "app/test_broker.py", "jobs/", "providers/test_double",
    "providers/test_offline_images.py", "providers/openai_compatible/test_failures.py",
    "providers/openai_compatible/test_injection.py", "providers/openai_compatible/test_provider_rules.py",
    "providers/openai_compatible/test_segmenting.py", "storage/test_cancellation.py",
    "storage/test_several_processes.py", "storage/test_media.py", "video/test_video_frames.py",
    "video/test_video_stopped.py", "graph/test_live.py", "lifecycle/test_races.py", "lifecycle/test_arranging_races.py",
    "graph/test_node_clients.py",
    "graph/test_browser_streams.py", "graph/test_conformance.py", "graph/test_sharing.py",
    "graph/test_slow_readers.py", "graph/test_fuzz.py", "graph/test_refused_cursors.py", "rest/test_own_images.py",
    "graph/test_attack.py", "graph/test_long_runs.py", "app/test_secret_settings.py",
    "app/test_picture_checking.py", "app/test_thumbnails.py", "graph/test_raw_websocket.py",
    "graph/test_event_stream.py", "graph/test_multipart.py", "graph/test_groups.py", "app/test_web_api.py",
    "speech/", "video/sound/test_sound_mixing", "video/sound/test_sound_failing", "video/sound/test_sound_checking",
    "video/sound/test_sound_blending", "video/captions/test_overlays", "video/test_faults", "video/test_finished",
    "video/test_video_grid", "video/test_video_failing", "video/test_video_pool", "video/test_video_cache",
    "video/test_video_pictures", "video/test_video_segments", "graph/test_stalls.py", "app/test_imports.py",
    "video/sound/test_sound_long", "storage/test_migrate.py",
)  # fmt: skip


_TWINS = (
    "test_work_goes_on_soon_after_a_kill[embedded-api", "test_work_goes_on_soon_after_a_kill[embedded-broker",
    "test_work_goes_on_soon_after_a_kill[scaled-worker", "test_work_goes_on_soon_after_a_kill[scaled-serve group",
    "test_a_script_becomes_a_video_and_each_call_is_paid_once[scaled", "test_cancelled_at_ten_moments[0.02",
    "test_cancelled_at_ten_moments[0.1", "test_cancelled_at_ten_moments[0.4", "test_cancelled_at_ten_moments[0.55",
    "test_cancelled_at_ten_moments[0.85", "test_cancelled_at_ten_moments[0.95",
    "test_a_narration_beyond_the_budget_waits_and_goes_on_when_it_is_raised[sqlite-graphql",
    "test_a_narration_beyond_the_budget_waits_and_goes_on_when_it_is_raised[postgresql-rest",
    "test_after_a_lost_answer_a_person_retries_the_video[sqlite-rest",
    "test_after_a_lost_answer_a_person_retries_the_video[postgresql-graphql",
    "test_what_a_cancelled_video_has_paid_for_serves_the_next[sqlite",
    "test_a_subscriber_that_was_cut_off_gets_exactly_the_rest_after_a_restart[embedded",
)  # fmt: skip
"""Variants whose like is in `make test`, on the other system or database; they run in `make test-slow`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make check` leaves out what takes its time: processes, the second database, and the long loops."""
    for item in items:
        place = item.path.relative_to(Path(__file__).parent).as_posix()
        if place.startswith(_THOROUGH) or "postgresql" in item.name:
            item.add_marker(pytest.mark.thorough)
        if item.name.startswith(_TWINS):
            item.add_marker(pytest.mark.slow)


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


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "reelgate.sqlite3"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture
def migrated_sqlite_url(migrated_file: Path, sqlite_url: str) -> str:
    """A SQLite file with our tables, and nothing in them."""
    path = sqlite_path(sqlite_url)
    path.parent.mkdir()
    shutil.copyfile(migrated_file, path)
    return sqlite_url


@pytest.fixture(scope="session")
def migrated_postgres_database() -> Iterator[str]:
    if postgres_server_url() is None:
        pytest.skip("no PostgreSQL server; REELGATE_TEST_DATABASE_URL names one")
    url = create_postgres_database()
    asyncio.run(migrate(url))
    yield url
    drop_postgres_database(url)


@pytest.fixture
def migrated_postgres_url(migrated_postgres_database: str) -> str:
    """A PostgreSQL database with our tables, and nothing in them."""
    clear_postgres_database(migrated_postgres_database)
    return migrated_postgres_database


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("migrated_sqlite_url" if request.param == "sqlite" else "migrated_postgres_url")
    return url


@pytest_asyncio.fixture
async def world(migrated_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """An open system without processes of its own, on either database."""
    async with open_world(migrated_url, tmp_path / "storage", migrated=True) as opened:
        yield opened
