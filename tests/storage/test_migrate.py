"""Migrations, from nothing and from a release before, by one process and by several."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from tortoise.exceptions import IntegrityError

from storage.database import Dialect, close_database, connection, dialect, dialect_of, open_database, sqlite_path
from storage.errors import DatabaseBusy, DatabaseNotMigrated, DatabaseUnavailable, MigrationFailed
from storage.migrate import migrate, migration_names, pending_in_open_database, pending_migrations, require_migrated
from tests.storage.conftest import SAMPLE_MIGRATIONS, SAMPLE_MODELS
from tests.storage.processes import run_processes
from tests.storage.sample.models import Counter, Note

FIRST_RELEASE = "tests.storage.sample.first_release"
ALL = ["0001_first", "0002_more"]


async def _migrate(url: str, migrations: str = SAMPLE_MIGRATIONS, *, wait_seconds: float = 30) -> list[str]:
    return await migrate(url, models=SAMPLE_MODELS, migrations=migrations, wait_seconds=wait_seconds)


async def _open(url: str) -> None:
    await open_database(url, models=SAMPLE_MODELS, migrations=SAMPLE_MIGRATIONS)


async def _indexes() -> set[str]:
    if dialect() is Dialect.SQLITE:
        sql = "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'"
    else:
        sql = "SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey'"
    return {row["name"] for row in await connection().execute_query_dict(sql)}


async def test_a_new_database_gets_every_migration_once(database_url: str) -> None:
    assert await pending_migrations(database_url, migrations=SAMPLE_MIGRATIONS) == ALL
    assert await _migrate(database_url) == ALL
    assert await pending_migrations(database_url, migrations=SAMPLE_MIGRATIONS) == []
    assert await _migrate(database_url) == []


async def test_asking_what_is_pending_makes_no_file(sqlite_url: str) -> None:
    assert await pending_migrations(sqlite_url, migrations=SAMPLE_MIGRATIONS) == ALL
    assert not sqlite_path(sqlite_url).parent.exists()


async def test_a_database_of_an_older_release_is_not_served(database_url: str) -> None:
    await _migrate(database_url, FIRST_RELEASE)
    await _open(database_url)
    try:
        assert await pending_in_open_database(migrations=SAMPLE_MIGRATIONS) == ["0002_more"]
        with pytest.raises(DatabaseNotMigrated, match=r"0002_more.*reelgate migrate"):
            await require_migrated(migrations=SAMPLE_MIGRATIONS)
        await require_migrated(migrations=FIRST_RELEASE)
    finally:
        await close_database()


async def test_an_upgrade_keeps_rows_foreign_keys_uniques_and_indexes(database_url: str) -> None:
    assert await _migrate(database_url, FIRST_RELEASE) == ["0001_first"]
    await _open(database_url)
    for name in ("a", "b"):
        await connection().execute_query(f"INSERT INTO counter (name) VALUES ('{name}')")
        await connection().execute_query(
            f"INSERT INTO note (counter_id, text) SELECT id, 'of ' || name FROM counter WHERE name = '{name}'"
        )
    before = await _indexes()
    await close_database()

    assert await _migrate(database_url) == ["0002_more"]

    await _open(database_url)
    try:
        assert await Counter.all().order_by("name").values_list("name", "value", "colour") == [
            ("a", 0, None),
            ("b", 0, None),
        ]
        assert await Note.all().order_by("id").values_list("counter__name", "text", "stars") == [
            ("a", "of a", 3),
            ("b", "of b", 3),
        ]
        after = await _indexes()
        assert before < after
        assert "uidx_note_text" in after
        first = await Counter.get(name="a")
        for breaking in (
            lambda: Counter.create(name="a"),
            lambda: Note.create(counter_id=999_999, text="x"),
            lambda: Note.create(counter=first, text="of a"),
        ):
            with pytest.raises(IntegrityError):
                await breaking()
    finally:
        await close_database()


async def test_four_processes_migrate_at_once(database_url: str) -> None:
    ended = await run_processes(4, "migrate", database_url)
    assert sorted(process.output for process in ended) == ["", "", "", " ".join(ALL)]
    assert await pending_migrations(database_url, migrations=SAMPLE_MIGRATIONS) == []


async def test_the_parameters_of_a_url_work_throughout(postgres_url: str) -> None:
    url = f"{postgres_url}?application_name=mine&statement_cache_size=0&sslmode=prefer"
    assert await pending_migrations(url, migrations=SAMPLE_MIGRATIONS) == ALL
    assert await _migrate(url) == ALL
    await _open(url)
    try:
        assert await connection().execute_query_dict("SHOW application_name") == [{"application_name": "mine"}]
    finally:
        await close_database()


async def test_many_tasks_of_one_process_migrate_at_once(database_url: str) -> None:
    applied = await asyncio.gather(*(_migrate(database_url) for _ in range(4)))
    assert sorted(applied) == [[], [], [], ALL]


MakeMigrations = Callable[[str], str]


@pytest.fixture
def make_migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeMigrations:
    """A package with the sample's first migration and one more, whose operations are given."""

    def make(operations: str) -> str:
        package = tmp_path / "packages" / "broken_release"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        first = Path(__file__).parent / "sample" / "first_release" / "0001_first.py"
        (package / first.name).write_text(first.read_text())
        (package / "0002_next.py").write_text(
            textwrap.dedent(
                """
                from tortoise import fields, migrations
                from tortoise.migrations import operations as ops

                class Migration(migrations.Migration):
                    dependencies = [("reelgate", "0001_first")]
                    operations = [{operations}]
                """
            ).format(operations=operations)
        )
        monkeypatch.syspath_prepend(str(package.parent))
        for name in [name for name in sys.modules if name.startswith("broken_release")]:
            monkeypatch.delitem(sys.modules, name)
        return "broken_release"

    return make


async def test_a_migration_that_fails_half_way_changes_nothing(
    database_url: str, make_migrations: MakeMigrations
) -> None:
    broken = make_migrations(
        'ops.AddField("Counter", "colour", fields.CharField(max_length=20, null=True)),'
        'ops.RunSQL("CREATE INDEX idx_x ON no_such_table (x)")'
    )
    with pytest.raises(MigrationFailed, match="no_such_table"):
        await _migrate(database_url, broken)
    assert await pending_migrations(database_url, migrations=broken) == ["0001_first", "0002_next"]
    # Nothing of it is in the way of the release that mends it.
    assert await _migrate(database_url) == ALL


async def test_a_migration_that_leaves_rows_pointing_at_nothing_is_undone(
    sqlite_url: str, make_migrations: MakeMigrations
) -> None:
    broken = make_migrations("ops.RunSQL(\"INSERT INTO note (counter_id, text) VALUES (77, 'x')\")")
    with pytest.raises(MigrationFailed, match=r"1 rows would point at nothing \(in note\)"):
        await _migrate(sqlite_url, broken)
    assert await pending_migrations(sqlite_url, migrations=broken) == ["0001_first", "0002_next"]


async def test_a_run_waits_for_another_one_only_so_long(sqlite_url: str) -> None:
    path = sqlite_path(sqlite_url)
    path.parent.mkdir(parents=True)
    with FileLock(f"{path}.migrate.lock"), pytest.raises(DatabaseBusy, match="Another process"):
        await _migrate(sqlite_url, wait_seconds=0.3)
    assert await _migrate(sqlite_url) == ALL


async def test_a_cancelled_wait_leaves_the_lock_to_others(database_url: str) -> None:
    for _ in range(10):
        runs = [asyncio.create_task(_migrate(database_url)) for _ in range(2)]
        await asyncio.sleep(0.02)
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
    async with asyncio.timeout(10):
        await _migrate(database_url)
    assert await pending_migrations(database_url, migrations=SAMPLE_MIGRATIONS) == []


async def test_migrating_beside_an_open_database_leaves_it_open(database: str) -> None:
    await Counter.create(name="a")
    assert await _migrate(database) == []
    assert await pending_migrations(database, migrations=SAMPLE_MIGRATIONS) == []
    assert await Counter.all().count() == 1


async def test_a_database_that_cannot_be_reached_is_said_so(tmp_path: Path) -> None:
    for url in ("postgresql://me:geheim@127.0.0.1:1/none", f"sqlite:///{tmp_path}"):
        with pytest.raises(DatabaseUnavailable) as caught:
            await _migrate(url)
        assert "geheim" not in str(caught.value)
    with pytest.raises(DatabaseUnavailable):
        await pending_migrations("postgresql://me:geheim@127.0.0.1:1/none", migrations=SAMPLE_MIGRATIONS)


def test_the_names_are_in_order() -> None:
    assert migration_names(SAMPLE_MIGRATIONS) == ALL
    assert dialect_of("postgres://h/d") is Dialect.POSTGRESQL
