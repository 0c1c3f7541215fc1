"""What a transaction promises, on both databases."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from contextvars import ContextVar

import asyncpg  # type: ignore[import-untyped, unused-ignore]
import pytest
from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.exceptions import IntegrityError

from storage.database import Dialect, close_database, connection, dialect, open_database
from storage.errors import DatabaseBusy, DatabaseUnavailable
from storage.migrate import migrate
from storage.transaction import database_now_ms, db_now_ms_sql, in_transaction, lock_event_log
from tests.storage.columns import column
from tests.storage.conftest import SAMPLE_MIGRATIONS, SAMPLE_MODELS
from tests.storage.sample.models import Counter, Entry, Note


class Refused(Exception):
    pass


async def test_what_the_body_returns_is_returned_and_what_it_wrote_is_kept(database: str) -> None:
    async def body() -> int:
        return (await Counter.create(name="a")).id

    counter_id = await in_transaction(body)
    assert await Counter.all().values_list("id", "name") == [(counter_id, "a")]


async def test_an_error_undoes_everything_and_comes_out_as_it_is(database: str) -> None:
    async def body() -> None:
        counter = await Counter.create(name="a")
        await Note.create(counter=counter, text="x")
        raise Refused

    with pytest.raises(Refused):
        await in_transaction(body)
    assert await Counter.all().count() == 0
    assert await Note.all().count() == 0


async def test_a_broken_rule_of_the_tables_undoes_everything(database: str) -> None:
    await Counter.create(name="taken")

    async def body() -> None:
        await Counter.create(name="new")
        await Counter.create(name="taken")

    with pytest.raises(IntegrityError):
        await in_transaction(body)
    assert await column(Counter.all(), "name") == ["taken"]


async def test_foreign_keys_are_enforced(database: str) -> None:
    with pytest.raises(IntegrityError):
        await in_transaction(lambda: Note.create(counter_id=12345, text="of nothing"))


async def test_bulk_creation_takes_part(database: str) -> None:
    async def body() -> None:
        await Counter.bulk_create([Counter(name=f"c{number}") for number in range(300)])
        raise Refused

    with pytest.raises(Refused):
        await in_transaction(body)
    assert await Counter.all().count() == 0


async def test_a_script_of_statements_takes_part(database: str) -> None:
    async def body() -> None:
        await connection().execute_script(
            "INSERT INTO entry (writer) VALUES (1); -- a remark; with a semicolon\n"
            "INSERT INTO counter (name) VALUES ('semi;colon')"
        )
        raise Refused

    with pytest.raises(Refused):
        await in_transaction(body)
    assert await Entry.all().count() == 0
    await connection().execute_script("INSERT INTO counter (name) VALUES ('semi;colon'); SELECT 1;")
    assert await column(Counter.all(), "name") == ["semi;colon"]


async def test_others_see_nothing_before_it_is_committed(database: str) -> None:
    written, may_end = asyncio.Event(), asyncio.Event()

    async def body() -> None:
        await Entry.create(writer=1)
        written.set()
        await may_end.wait()

    writing = asyncio.create_task(in_transaction(body))
    await written.wait()
    if dialect() is Dialect.POSTGRESQL:
        assert await Entry.all().count() == 0
    else:
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as other:
            assert other.execute("SELECT count(*) FROM entry").fetchone() == (0,)
    may_end.set()
    await writing
    assert await Entry.all().count() == 1


async def _count_entries() -> int:
    return await Entry.all().count()


async def test_transactions_cannot_be_nested(database: str) -> None:
    async def body() -> None:
        await Entry.create(writer=1)
        await in_transaction(_count_entries)

    with pytest.raises(RuntimeError, match="inside another"):
        await in_transaction(body)
    assert await Entry.all().count() == 0


async def test_a_task_left_behind_by_a_body_cannot_write_to_the_ended_transaction(sqlite_open: str) -> None:
    may_go_on = asyncio.Event()

    async def straggler() -> None:
        await may_go_on.wait()
        await Entry.create(writer=1)

    async def body() -> asyncio.Task[None]:
        return asyncio.create_task(straggler())

    task = await in_transaction(body)
    may_go_on.set()
    with pytest.raises(Exception, match="has ended"):
        await task
    assert await Entry.all().count() == 0


async def test_the_callers_context_variables_are_seen_inside(database: str) -> None:
    request: ContextVar[str] = ContextVar("request", default="none")
    request.set("r-17")

    async def body() -> str:
        return request.get()

    assert await in_transaction(body) == "r-17"


async def test_a_conditional_update_has_one_winner(database: str) -> None:
    counter = await Counter.create(name="a")

    async def body() -> int:
        return await Counter.filter(id=counter.id, value=0).update(value=1)

    assert sum(await asyncio.gather(*(in_transaction(body) for _ in range(50)))) == 1


async def test_row_counts_leave_out_cascades(database: str) -> None:
    counter = await Counter.create(name="a")
    await Note.bulk_create([Note(counter=counter, text=str(number)) for number in range(5)])
    assert await Counter.filter(id=counter.id).delete() == 1
    assert await Note.all().count() == 0
    assert await Counter.filter(id=counter.id).update(value=9) == 0


async def test_a_cancelled_statement_is_not_counted_as_the_next_ones(database: str) -> None:
    await Counter.bulk_create([Counter(name=f"c{number}") for number in range(200)])
    for _ in range(50):
        update = asyncio.create_task(_set_all())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        update.cancel()
        assert await Counter.filter(name="nobody").update(value=1) == 0
        await asyncio.gather(update, return_exceptions=True)


async def _set_all() -> int:
    return await Counter.all().update(value=5)


async def test_the_event_log_is_locked_only_inside_a_transaction(database: str) -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"):
        await lock_event_log()


async def test_the_databases_clock_is_in_milliseconds(database: str) -> None:
    before = time.time() * 1000
    now = await database_now_ms()
    assert before - 5 <= now <= time.time() * 1000 + 5
    counter = await Counter.create(name="a")
    rows = await connection().execute_query_dict(
        f"SELECT {db_now_ms_sql(dialect())} AS now_ms FROM counter WHERE id = {counter.id}"
    )
    assert type(rows[0]["now_ms"]) is int


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
    assert runs == 3
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
