"""PostgreSQL goes away under a worker and comes back: the worker waits, and goes on with what is due."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio

from domain.lifecycle import JobState
from domain.work import LEASE
from jobs import attempts as attempts_module
from storage.database import postgresql_credentials
from storage.transaction import database_now_ms
from tests.jobs.redis_server import Wire
from tests.jobs.studio import Painter, Studio, open_studio, until, until_true
from tests.jobs.test_leases import lease_beyond
from tests.world import open_world

pytestmark = pytest.mark.usefixtures("quick_sweeps")


@pytest_asyncio.fixture
async def line(migrated_postgres_url: str) -> AsyncIterator[Wire]:
    """The way to the database's server."""
    credentials = postgresql_credentials(migrated_postgres_url)
    wire = Wire((credentials["host"], int(credentials["port"])))
    await wire.open()
    yield wire
    await wire.close()


@pytest_asyncio.fixture
async def distant_studio(
    migrated_postgres_url: str, line: Wire, tmp_path: Path, redis_url: str
) -> AsyncIterator[Studio]:
    parts = urlsplit(migrated_postgres_url)
    who = parts.netloc.rpartition("@")[0]
    url = urlunsplit(parts._replace(netloc=f"{who}@127.0.0.1:{line.port}"))
    async with open_world(url, tmp_path / "storage", migrated=True) as world, open_studio(world, redis_url) as opened:
        yield opened


async def test_a_worker_outlives_an_outage_of_its_database(
    distant_studio: Studio, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off for many renewals and sweeps, while it works."""
    monkeypatch.setattr(attempts_module, "RENEWAL", timedelta(seconds=0.05))
    studio, painter = distant_studio, Painter()
    scenes = await studio.some_scenes(2)
    async with studio.worker(images=painter, concurrency=1) as at_work:
        first = await studio.approve(scenes[0])
        await until(lambda: painter.inside)
        line.refusing = True
        line.cut()
        with pytest.raises(AssertionError, match="did not come about"):
            await until(at_work.task.done, 1.0, "the worker's end")
        line.refusing = False
        back = await database_now_ms()
        await until_true(lambda: lease_beyond(first.id, back + int(LEASE.total_seconds() * 1000)))
        painter.door.set()
        await studio.reaches(first, JobState.SUCCEEDED)
        second = await studio.approve(scenes[1])
        await studio.reaches(second, JobState.SUCCEEDED)
        assert not at_work.task.done()
    assert len(painter.requests) == 2
