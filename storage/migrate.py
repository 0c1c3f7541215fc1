"""Brings a database's tables up to what the code needs, whoever else is doing the same.

The migrations are Tortoise's own, in `storage/migrations/`; they only ever add (see `storage.migration_rules`), so
that processes of the version before go on working. One run at a time: an advisory lock on PostgreSQL, a lock file
beside a SQLite file. A run is one transaction: a migration that fails, or a process that is killed, leaves the database
as it was. Tortoise by itself commits each migration apart from the note that it was applied, and on SQLite each
statement.

New migrations are written by

    tortoise -c storage.migrate.GENERATOR makemigrations --name what_it_adds
"""

from __future__ import annotations

import asyncio
import pkgutil
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped, unused-ignore]
from filelock import FileLock, Timeout
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor

from storage.database import (
    APP_LABEL,
    CONNECTION,
    MIGRATIONS,
    MODELS,
    Dialect,
    connection,
    described,
    dialect_of,
    postgresql_credentials,
    prepare_place,
    sqlite_path,
    storage_error,
    tortoise_config,
)
from storage.errors import DatabaseBusy, DatabaseNotMigrated, DatabaseUnavailable, MigrationFailed, StorageError
from storage.settle import settle
from storage.transaction import transaction_of

WAIT_SECONDS: Final = 120.0
"""How long a run waits for another one."""

NOWHERE: Final = "sqlite:////nowhere/no-database-is-opened-to-write-migrations"
GENERATOR: Final = tortoise_config(NOWHERE)

_RUN_LOCK = 7_265_656_702
_POLL_SECONDS = 0.1


async def migrate(
    url: str, *, models: str = MODELS, migrations: str = MIGRATIONS, wait_seconds: float = WAIT_SECONDS
) -> list[str]:
    """Applies what is missing, in one transaction, and returns the names of the migrations applied.

    Needs no open database, and leaves none open. Raises `InvalidDatabaseUrl`, `DatabaseUnavailable`, `DatabaseBusy`
    when another run or a long query holds the locks, and `MigrationFailed`; nothing has changed then.
    """
    prepare_place(url)
    try:
        async with _run_lock(url, wait_seconds):
            return await settle(_apply(url, models, migrations))
    except StorageError:
        raise
    except Exception as error:
        if (known := storage_error(error)) is not None:
            raise type(known)(f"{str(known).rstrip('.')} ({described(url)}).") from error
        if isinstance(error, OSError):
            raise DatabaseUnavailable(f"{described(url)} cannot be reached: {error}.") from error
        raise MigrationFailed(f"The migration failed and was undone: {error}") from error


async def pending_migrations(url: str, *, migrations: str = MIGRATIONS) -> list[str]:
    """The names of the migrations that this database lacks, in order; no file is made.

    Opens a connection of its own; with the database open already, `pending_in_open_database` is cheaper.
    """
    if dialect_of(url) is Dialect.SQLITE and not sqlite_path(url).exists():
        return migration_names(migrations)
    context = TortoiseContext()
    try:
        context.connections._init_config(tortoise_config(url, pool_size=1)["connections"])
        return await _pending(context.connections.get(CONNECTION), migrations)
    except Exception as error:
        if (known := storage_error(error)) is not None:
            raise type(known)(f"{str(known).rstrip('.')} ({described(url)}).") from None
        if isinstance(error, OSError):
            raise DatabaseUnavailable(f"{described(url)} cannot be reached: {error}.") from None
        raise
    finally:
        await settle(context.close_connections())


async def pending_in_open_database(*, migrations: str = MIGRATIONS) -> list[str]:
    """As `pending_migrations`, over the open database's own connection."""
    return await _pending(connection(), migrations)


async def require_migrated(*, migrations: str = MIGRATIONS) -> None:
    """Raises `DatabaseNotMigrated` when the open database lacks a migration."""
    if pending := await pending_in_open_database(migrations=migrations):
        raise DatabaseNotMigrated(pending)


def migration_names(migrations: str = MIGRATIONS) -> list[str]:
    """The migrations that the code has, in order."""
    package = import_module(migrations)
    found = pkgutil.iter_modules(package.__path__)
    return sorted(module.name for module in found if not module.ispkg and module.name[0] not in "_~")


async def _pending(client: BaseDBAsyncClient, migrations: str) -> list[str]:
    applied = await _applied(client)
    return [name for name in migration_names(migrations) if name not in applied]


async def _applied(client: BaseDBAsyncClient) -> set[str]:
    if client.capabilities.dialect == "sqlite":
        sought = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'tortoise_migrations'"
    else:
        sought = "SELECT 1 WHERE to_regclass('tortoise_migrations') IS NOT NULL"
    if not await client.execute_query_dict(sought):
        return set()
    rows = await client.execute_query_dict(f"SELECT name FROM tortoise_migrations WHERE app = '{APP_LABEL}'")
    return {row["name"] for row in rows}


def _run_config(url: str, models: str, migrations: str) -> dict[str, Any]:
    config = tortoise_config(url, pool_size=1, models=models, migrations=migrations)
    credentials = config["connections"][CONNECTION]["credentials"]
    if dialect_of(url) is Dialect.SQLITE:
        # Cannot be changed inside a transaction. With it on, a table that is rebuilt takes its children with it.
        credentials["foreign_keys"] = "OFF"
    else:
        credentials["command_timeout"] = None
    return config


async def _apply(url: str, models: str, migrations: str) -> list[str]:
    applied: list[str] = []

    def note(event: str, _app_label: str, name: str) -> None:
        if event == "apply_done":
            applied.append(name)

    async with TortoiseContext() as context:
        config = _run_config(url, models, migrations)
        await context.init(config=config)
        client = context.connections.get(CONNECTION)
        if not await _pending(client, migrations):
            return []
        # Outside of the transaction: it looks for its own table first, and on PostgreSQL that failing look spoils one.
        executor = MigrationExecutor(client, config["apps"])
        await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
        async with transaction_of(client):
            inner = context.connections.get(CONNECTION)
            await MigrationExecutor(inner, config["apps"]).migrate(direction="forward", progress=note)
            await _check_foreign_keys(inner)
    return applied


async def _check_foreign_keys(client: BaseDBAsyncClient) -> None:
    if client.capabilities.dialect != "sqlite":
        return
    broken = await client.execute_query_dict("PRAGMA foreign_key_check")
    if broken:
        tables = ", ".join(sorted({str(row["table"]) for row in broken}))
        raise MigrationFailed(f"The migration was undone: {len(broken)} rows would point at nothing (in {tables}).")


def _run_lock(url: str, wait_seconds: float) -> AbstractAsyncContextManager[None]:
    if dialect_of(url) is Dialect.SQLITE:
        return _file_lock(sqlite_path(url), wait_seconds)
    return _advisory_lock(url, wait_seconds)


@asynccontextmanager
async def _file_lock(path: Path, wait_seconds: float) -> AsyncIterator[None]:
    lock = FileLock(path.with_name(f"{path.name}.migrate.lock"), timeout=0)
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            lock.acquire()
            break
        except Timeout:
            if time.monotonic() >= deadline:
                raise _still_running() from None
        await asyncio.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()


@asynccontextmanager
async def _advisory_lock(url: str, wait_seconds: float) -> AsyncIterator[None]:
    """Held by a connection of its own, so that it ends with the process, whatever that ends of."""
    credentials = postgresql_credentials(url)
    credentials.pop("application_name", None)
    holder = await asyncpg.connect(**credentials, timeout=10, server_settings={"application_name": "reelgate migrate"})
    try:
        deadline = time.monotonic() + wait_seconds
        while not await holder.fetchval("SELECT pg_try_advisory_lock($1)", _RUN_LOCK):
            if time.monotonic() >= deadline:
                raise _still_running()
            await asyncio.sleep(_POLL_SECONDS)
        yield
    finally:
        await settle(holder.close(timeout=10))


def _still_running() -> DatabaseBusy:
    return DatabaseBusy("Another process is migrating this database and has not ended. Try again later.")
