"""Real processes on one database."""

from __future__ import annotations

import asyncio
import time

from storage.database import connection
from storage.transaction import in_transaction
from tests.storage.columns import column
from tests.storage.processes import run_process, run_processes
from tests.storage.sample.models import Counter, Entry


async def test_four_processes_that_read_then_write_lose_nothing_and_meet_no_lock(sqlite_open: str) -> None:
    await Counter.create(name="shared")
    await run_processes(4, "count_up", sqlite_open, 150)
    assert (await Counter.get(name="shared")).value == 600


async def test_a_process_killed_inside_a_transaction_leaves_nothing_and_no_lock(database: str) -> None:
    ended = await run_process("die_in_transaction", database)
    assert ended.code == -9
    started = time.monotonic()
    await in_transaction(_create_entry)
    assert time.monotonic() - started < 5
    assert await column(Entry.all(), "writer") == [1]


async def _create_entry() -> None:
    await Entry.create(writer=1)


async def test_a_process_that_fails_without_closing_still_ends(database: str) -> None:
    async with asyncio.timeout(20):
        ended = await run_process("fail_without_closing", database)
    assert ended.code == 7


async def test_opening_and_closing_at_the_same_time_meets_no_lock(sqlite_open: str) -> None:
    """The last to close a SQLite file removes its write-ahead log, while the next one is opening it."""
    await connection().close()
    await run_processes(3, "reopen", sqlite_open, 60)
