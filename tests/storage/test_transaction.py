"""What a transaction promises, on both databases."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from contextvars import ContextVar

import pytest
from tortoise.exceptions import IntegrityError

from storage.database import Dialect, connection, dialect
from storage.transaction import database_now_ms, db_now_ms_sql, in_transaction, lock_event_log
from tests.storage.columns import column
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
