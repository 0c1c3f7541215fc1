"""Dropped requests and jobs out of time cancel tasks wherever they stand: the process must go on working."""

from __future__ import annotations

import asyncio
import random

import pytest

from storage.database import close_database, connection, open_database, ping
from storage.settle import settle
from storage.transaction import in_transaction, lock_event_log
from tests.storage.conftest import SAMPLE_MIGRATIONS, SAMPLE_MODELS
from tests.storage.sample.models import Counter, Entry

ROUNDS = 250


async def _count_up() -> int:
    counter = await Counter.get(name="shared")
    await asyncio.sleep(0)
    await Entry.create(writer=1)
    await lock_event_log()
    return await Counter.filter(id=counter.id, value=counter.value).update(value=counter.value + 1)


async def _cancel_soon(task: asyncio.Task[int], *, times: int) -> None:
    await asyncio.sleep(random.random() * 0.005)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)


async def test_transactions_survive_hundreds_of_cancellations(database: str) -> None:
    await Counter.create(name="shared")
    cancelled = 0
    for number in range(ROUNDS):
        struck = asyncio.create_task(in_transaction(_count_up))
        beside = asyncio.create_task(in_transaction(_count_up))
        await _cancel_soon(struck, times=1 + number % 4)
        results = await asyncio.gather(struck, beside, return_exceptions=True)
        cancelled += isinstance(results[0], asyncio.CancelledError)
        assert results[1] in (0, 1)
        assert isinstance(results[0], asyncio.CancelledError | int)
    assert cancelled > 0
    # Each transaction was either done whole or not at all, and as many can run at once as ever.
    entries = await Entry.all().count()
    assert ROUNDS <= entries <= 2 * ROUNDS
    async with asyncio.timeout(10):
        await asyncio.gather(*(in_transaction(_count_up) for _ in range(30)))
    assert await Entry.all().count() == entries + 30


async def test_the_callers_cancellation_waits_for_the_commit(database: str) -> None:
    inside, may_end = asyncio.Event(), asyncio.Event()

    async def body() -> None:
        await Entry.create(writer=1)
        inside.set()
        await may_end.wait()

    task = asyncio.create_task(in_transaction(body))
    await inside.wait()
    for _ in range(5):
        task.cancel()
        await asyncio.sleep(0.005)
        assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await Entry.all().count() == 1


async def test_a_body_that_fails_after_the_cancellation_is_undone(database: str) -> None:
    inside, may_end = asyncio.Event(), asyncio.Event()

    async def body() -> None:
        await Entry.create(writer=1)
        inside.set()
        await may_end.wait()
        raise ValueError("refused")

    task = asyncio.create_task(in_transaction(body))
    await inside.wait()
    task.cancel()
    await asyncio.sleep(0)
    may_end.set()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert isinstance(caught.value.__cause__, ValueError)
    assert await Entry.all().count() == 0


async def test_a_time_limit_round_a_transaction_works(database: str) -> None:
    async def body() -> None:
        await Entry.create(writer=1)
        await asyncio.sleep(0.05)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await in_transaction(body)
    assert await Entry.all().count() == 1


async def test_a_time_limit_inside_a_body_leaves_the_transaction_usable(database: str) -> None:
    async def body() -> None:
        for number in range(50):
            try:
                async with asyncio.timeout(random.random() * 0.001):
                    await Counter.all().count()
            except TimeoutError:
                pass
            await Entry.create(writer=number)

    await in_transaction(body)
    assert await Entry.all().count() == 50


async def test_plain_statements_survive_cancellation(database: str) -> None:
    async def statements() -> int:
        await Counter.bulk_create([Counter(name=f"{random.random()}") for _ in range(5)])
        return await Counter.all().count()

    loop = asyncio.get_running_loop()
    # asyncpg reports each connection that it had to reset; that it did is what is wanted here.
    loop.set_exception_handler(lambda _loop, _context: None)
    for _ in range(ROUNDS):
        task = asyncio.create_task(statements())
        await _cancel_soon(task, times=1)
        await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(10):
        await asyncio.gather(*(in_transaction(_create_entry) for _ in range(30)))
    assert await Counter.all().count() % 5 == 0


async def _create_entry() -> None:
    await Entry.create(writer=1)


async def test_the_first_connection_survives_cancellation(database_url: str) -> None:
    for _ in range(30):
        opening = asyncio.create_task(open_database(database_url, models=SAMPLE_MODELS, migrations=SAMPLE_MIGRATIONS))
        await asyncio.sleep(random.random() * 0.01)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        await close_database()
    await open_database(database_url, models=SAMPLE_MODELS, migrations=SAMPLE_MIGRATIONS)
    await ping()
    await close_database()


async def test_the_lock_is_free_after_a_failed_first_connection(sqlite_url: str) -> None:
    await open_database(sqlite_url, models=SAMPLE_MODELS, migrations=SAMPLE_MIGRATIONS)
    try:
        client = connection()
        await client.close()
        for _ in range(20):
            waiting = asyncio.create_task(client.execute_query("SELECT 1"))
            await asyncio.sleep(random.random() * 0.002)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await client.close()
        async with asyncio.timeout(5):
            await client.execute_query("SELECT 1")
            rows = await client.execute_query_dict("PRAGMA foreign_keys")
        assert rows == [{"foreign_keys": 1}]
    finally:
        await close_database()


async def test_the_end_of_the_loop_undoes_what_is_under_way(database: str) -> None:
    """`asyncio.run` cancels every task at its end, that of the transaction too."""
    inside = asyncio.Event()

    async def body() -> None:
        await Entry.create(writer=1)
        inside.set()
        await asyncio.sleep(60)

    before = asyncio.all_tasks()
    task = asyncio.create_task(in_transaction(body))
    await inside.wait()
    for running in asyncio.all_tasks() - before:
        running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await Entry.all().count() == 0
    await in_transaction(_create_entry)


async def test_settled_work_gives_back_its_result_and_its_error() -> None:
    async def result() -> int:
        return 7

    async def error() -> int:
        raise KeyError("x")

    assert await settle(result()) == 7
    with pytest.raises(KeyError):
        await settle(error())
