"""For every test of narration's speech: the other side of the wire, and videos that are to be spoken."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.migrate import migrate
from tests.providers.double import Double, running_double
from tests.speech.speaking import Narrator, a_narrator
from tests.world import World, open_world


@pytest.fixture(scope="module")
def running() -> Iterator[Double]:
    with running_double() as double:
        yield double


@pytest.fixture
def double(running: Double) -> Double:
    running.reset()
    return running


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file to be copied: migrating takes longer than most tests here."""
    path = tmp_path_factory.mktemp("migrated") / "reelgate.sqlite3"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest_asyncio.fixture
async def narrator(migrated: Path, tmp_path: Path, double: Double) -> AsyncIterator[Narrator]:
    path = Path(shutil.copy(migrated, tmp_path / "reelgate.sqlite3"))
    async with open_world(f"sqlite:///{path}", tmp_path / "storage") as world, a_narrator(world, double) as opened:
        yield opened


@pytest_asyncio.fixture
async def either(world: World, double: Double) -> AsyncIterator[Narrator]:
    async with a_narrator(world, double) as opened:
        yield opened
