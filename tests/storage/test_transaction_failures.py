"""What goes wrong between a transaction and its database, and what its caller is told."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import asyncpg  # type: ignore[import-untyped, unused-ignore]
import pytest
from tortoise.backends.asyncpg.client import TransactionWrapper

from storage.database import close_database, connection, open_database
from storage.errors import DatabaseBusy, DatabaseUnavailable
from storage.migrate import migrate
from storage.transaction import in_transaction
from tests.storage.columns import column
from tests.storage.conftest import SAMPLE_MIGRATIONS, SAMPLE_MODELS
from tests.storage.sample.models import Counter, Entry


async def _count_entries() -> int:
    return await Entry.all().count()


async def test_a_deadlock_is_resolved_by_running_a_body_again(postgres_open: str) -> None:
    first, second = [(await Counter.create(name=name)).id for name in "ab"]
    meeting = asyncio.Barrier(2)
    runs = 0

    async def add_to(order: tuple[int, int]) -> None:
        nonlocal runs
        runs += 1
        await _add(order[0])
        if runs <= 2:
            await meeting.wait()
        await _add(order[1])

    await asyncio.gather(
        in_transaction(lambda: add_to((first, second))),
        in_transaction(lambda: add_to((second, first))),
    )
    assert runs in (3, 4), "the server ends one of the two, or both if they see it at the same moment"
    assert await column(Counter.all(), "value") == [2, 2]


async def _add(counter_id: int) -> None:
    await connection().execute_query(f"UPDATE counter SET value = value + 1 WHERE id = {counter_id}")


async def test_endless_conflicts_end_in_a_clear_error(postgres_open: str) -> None:
    runs = 0

    async def body() -> None:
        nonlocal runs
        runs += 1
        await Entry.create(writer=runs)
        raise asyncpg.SerializationError("could not serialize access")

    with pytest.raises(DatabaseBusy):
        await in_transaction(body)
    assert runs == 5
    assert await Entry.all().count() == 0


async def test_a_lost_connection_costs_an_error_and_not_the_pool(postgres_url: str) -> None:
    await migrate(postgres_url, models=SAMPLE_MODELS, migrations=SAMPLE_MIGRATIONS)
    await open_database(postgres_url, models=SAMPLE_MODELS, migrations=None, pool_size=2)
    try:
        for _ in range(6):
            with pytest.raises(DatabaseUnavailable):
                await in_transaction(_write_and_lose_the_connection)
        assert await Entry.all().count() == 0
        await in_transaction(lambda: Entry.create(writer=2))
    finally:
        await close_database()


async def _write_and_lose_the_connection() -> None:
    await Entry.create(writer=1)
    await connection().execute_query("SELECT pg_terminate_backend(pg_backend_pid())")


async def test_a_transaction_that_cannot_begin_costs_an_error_and_not_the_pool(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: TransactionWrapper) -> None:
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    await migrate(postgres_url, models=SAMPLE_MODELS, migrations=SAMPLE_MIGRATIONS)
    await open_database(postgres_url, models=SAMPLE_MODELS, migrations=None, pool_size=2)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(TransactionWrapper, "begin", fail)
            for _ in range(6):
                async with asyncio.timeout(5):
                    with pytest.raises(DatabaseUnavailable):
                        await in_transaction(_count_entries)
        async with asyncio.timeout(5):
            assert await in_transaction(_count_entries) == 0
    finally:
        await close_database()


@pytest.mark.parametrize("refusal", [ConnectionRefusedError(), TimeoutError(), FileNotFoundError("socket")])
async def test_a_server_that_is_gone_when_a_transaction_begins_is_said_so(
    postgres_open: str, monkeypatch: pytest.MonkeyPatch, refusal: OSError
) -> None:
    async def fail(_: TransactionWrapper) -> None:
        raise refusal

    monkeypatch.setattr(TransactionWrapper, "begin", fail)
    with pytest.raises(DatabaseUnavailable):
        await in_transaction(_count_entries)


async def test_an_operating_system_error_of_the_body_is_not_blamed_on_the_database(database: str) -> None:
    async def body() -> None:
        raise FileNotFoundError("a picture")

    with pytest.raises(FileNotFoundError):
        await in_transaction(body)


async def test_waiting_too_long_for_a_row_is_a_clear_error(postgres_open: str) -> None:
    counter_id = (await Counter.create(name="a")).id
    locked, may_end = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        await _add(counter_id)
        locked.set()
        await may_end.wait()

    async def wait() -> None:
        await connection().execute_query("SET LOCAL lock_timeout = '50ms'")
        await _add(counter_id)

    holding = asyncio.create_task(in_transaction(hold))
    await locked.wait()
    with pytest.raises(DatabaseBusy):
        await in_transaction(wait)
    may_end.set()
    await holding
    assert (await Counter.get(id=counter_id)).value == 1


async def test_a_writer_that_holds_on_makes_others_give_up_with_a_clear_error(sqlite_open: str) -> None:
    await connection().execute_query("PRAGMA busy_timeout=100")
    with closing(sqlite3.connect(sqlite_open.removeprefix("sqlite:///"), isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy):
            await in_transaction(lambda: Entry.create(writer=1))
        holder.execute("ROLLBACK")
        await in_transaction(lambda: Entry.create(writer=1))
