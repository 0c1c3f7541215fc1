"""Opening, closing and describing the database."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from contextvars import Context
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from storage.database import (
    Dialect,
    close_database,
    connection,
    described,
    dialect,
    dialect_of,
    open_database,
    ping,
    postgresql_credentials,
    sqlite_path,
    tortoise_config,
)
from storage.errors import DatabaseUnavailable, InvalidDatabaseUrl
from storage.sqlite_immediate import split_statements
from tests.storage.columns import column
from tests.storage.conftest import SAMPLE_MIGRATIONS, SAMPLE_MODELS
from tests.storage.sample.models import Counter, Entry, Note


async def _open(url: str) -> None:
    await open_database(url, models=SAMPLE_MODELS, migrations=SAMPLE_MIGRATIONS)


async def test_the_dialect_is_that_of_the_url(database: str) -> None:
    assert dialect() is dialect_of(database)
    assert dialect() is (Dialect.SQLITE if database.startswith("sqlite") else Dialect.POSTGRESQL)
    await ping()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
async def test_the_pragmas_are_on(sqlite_open: str, pragma: str, value: str | int) -> None:
    (row,) = await connection().execute_query_dict(f"PRAGMA {pragma}")
    assert list(row.values()) == [value]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("TimeZone", "UTC"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "1min"),
        ("application_name", "reelgate"),
    ],
)
async def test_the_settings_of_a_postgresql_session_are_on(postgres_open: str, setting: str, value: str) -> None:
    (row,) = await connection().execute_query_dict(f"SHOW {setting}")
    assert list(row.values()) == [value]


async def test_a_task_that_inherits_nothing_finds_the_database(database: str) -> None:
    async def count() -> int:
        return await Entry.all().count()

    await Entry.create(writer=1)
    assert await asyncio.create_task(count(), context=Context()) == 1


async def test_times_come_back_aware_and_in_utc(database: str) -> None:
    at = datetime(2031, 5, 6, 7, 8, 9, 123456, tzinfo=timezone(timedelta(hours=5)))
    await Entry.create(writer=1, at=at)
    (found,) = await column(Entry.all(), "at")
    assert isinstance(found, datetime)
    assert found == at
    assert found.utcoffset() == timedelta(0)
    assert found.astimezone(UTC).hour == 2


async def test_the_same_models_work_on_one_database_after_the_other(database: str) -> None:
    counter = await Counter.create(name="Ä")
    note = await Note.create(counter=counter, text="x" * 100_000)
    note.text = "short"
    await note.save()
    assert await Note.filter(counter__name__icontains="ä" if dialect() is Dialect.POSTGRESQL else "Ä").count() == 1
    await note.delete()
    assert await Counter.get_or_none(name="Ä", notes__id__gt=0) is None


async def test_closing_can_be_repeated_and_the_database_opened_again(database_url: str) -> None:
    await close_database()
    for _ in range(3):
        await _open(database_url)
        await close_database()
        await close_database()
    async with asyncio.timeout(5):
        # A connection's thread ends just after it has said so.
        while any("_connection_worker_thread" in thread.name for thread in threading.enumerate()):
            await asyncio.sleep(0.01)


async def test_it_cannot_be_opened_twice(sqlite_open: str) -> None:
    with pytest.raises(RuntimeError, match="already open"):
        await _open(sqlite_open)
    await ping()


async def test_closing_leaves_one_file(sqlite_url: str) -> None:
    await _open(sqlite_url)
    await connection().execute_script("CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    await close_database()
    assert [path.name for path in sqlite_path(sqlite_url).parent.iterdir()] == ["reelgate.sqlite3"]


@pytest.mark.parametrize("name", ["with space", "per%20cent", "quest?ion", "#hash", "müll", "a'b;c"])
async def test_a_path_is_taken_as_it_stands(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "d.sqlite3"
    await _open(f"sqlite:///{path}")
    await close_database()
    assert path.is_file()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///relative.db",
        "sqlite://:memory:",
        "sqlite:relative",
        "mysql://root@localhost/x",
        "",
        "postgresql://localhost",
        "postgresql://localhost:notaport/x",
        "postgresql://localhost/x?colour=red",
    ],
)
async def test_a_wrong_url_is_refused_in_words(url: str) -> None:
    with pytest.raises(InvalidDatabaseUrl):
        await _open(url)
    await close_database()


async def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "d.sqlite3"
    path.write_bytes(b"This is a letter to my aunt. " * 100)
    with pytest.raises(DatabaseUnavailable, match="not a database"):
        await _open(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"This is a letter")


async def test_a_folder_in_the_way_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnavailable, match="cannot be made"):
        await _open(f"sqlite:///{tmp_path}/file/d.sqlite3")
    with pytest.raises(DatabaseUnavailable, match="folder"):
        await _open(f"sqlite:///{tmp_path}")


async def test_a_database_that_may_not_be_written_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(DatabaseUnavailable, match="may not write"):
        await _open(f"sqlite:///{tmp_path}/d.sqlite3")


@pytest.mark.parametrize(
    "url", ["postgresql://me:geheim@127.0.0.1:1/none", "postgresql://me:geheim@no-such-host.invalid/none"]
)
async def test_an_unreachable_server_is_said_so_without_the_password(url: str) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        await _open(url)
    assert "geheim" not in str(caught.value)
    assert "'none'" in str(caught.value)


async def test_a_missing_postgresql_database_is_said_so(postgres_url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="no_such_database"):
        await _open(postgres_url.rpartition("/")[0] + "/no_such_database")


async def test_ping_says_that_the_server_is_gone(postgres_open: str) -> None:
    await connection().execute_query("SELECT set_config('application_name', 'x', false)")
    async with connection().acquire_connection() as held:
        held.terminate()
    await ping()


async def test_sqlite_written_by_others_is_read(sqlite_open: str) -> None:
    with closing(sqlite3.connect(sqlite_path(sqlite_open))) as other, other:
        other.execute("INSERT INTO entry (writer) VALUES (5)")
    assert await column(Entry.all(), "writer") == [5]


def test_the_settings_of_a_managed_postgresql_are_understood() -> None:
    credentials = postgresql_credentials(
        "postgresql://u:p%40ss@db.example:6543/d?sslmode=require&statement_cache_size=0"
    )
    assert credentials["password"] == "p@ss"
    assert (credentials["host"], credentials["port"], credentials["database"]) == ("db.example", 6543, "d")
    assert credentials["ssl"] == "require"
    assert credentials["statement_cache_size"] == 0


def test_the_configuration_names_the_products_own_tables() -> None:
    config = tortoise_config("sqlite:////x/y.sqlite3")
    assert config["apps"] == {
        "reelgate": {"models": ["storage.models"], "default_connection": "default", "migrations": "storage.migrations"}
    }
    assert config["use_tz"] is True


def test_a_database_is_described_without_its_password() -> None:
    assert described("postgres://u:secret@h/d") == "the PostgreSQL database 'd' at h:5432"
    assert described("sqlite:////x/y.db") == "the SQLite file /x/y.db"


def test_a_script_is_cut_only_where_a_statement_ends() -> None:
    script = (
        "INSERT INTO t VALUES ('a;b'); -- x; y\nSELECT 1 /* ; */;;\n"
        "CREATE TRIGGER z AFTER INSERT ON t BEGIN SELECT 1; END;SELECT 2"
    )
    assert list(split_statements(script)) == [
        "INSERT INTO t VALUES ('a;b');",
        "-- x; y\nSELECT 1 /* ; */;",
        "CREATE TRIGGER z AFTER INSERT ON t BEGIN SELECT 1; END;",
        "SELECT 2;",
    ]
