"""Opens and closes the process's one database, SQLite or PostgreSQL, told apart by its URL alone.

    sqlite:////var/lib/reelgate/reelgate.sqlite3     three slashes, then an absolute path: four in all. The path is
                                                     taken as it stands, without percent-decoding or a query.
    postgresql://user:password@host:5432/database    or postgres://. Of query parameters only sslmode, ssl,
                                                     application_name and statement_cache_size are known.

Tables are not made here: see `storage.migrate`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sqlite3
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped, unused-ignore]
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException, ConfigurationError, DBConnectionError

from storage.errors import DatabaseBusy, DatabaseUnavailable, InvalidDatabaseUrl, StorageError

APP_LABEL = "reelgate"
CONNECTION = "default"
MODELS = "storage.models"
MIGRATIONS = "storage.migrations"

_SQLITE_PREFIX = "sqlite:///"
_POSTGRESQL_FORM = "postgresql://user:password@host:5432/database"
_POSTGRESQL_SCHEMES = ("postgres", "postgresql")
_QUERY_PARAMETERS = {"sslmode", "ssl", "application_name", "statement_cache_size"}
_PING_SECONDS = 5.0
_UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.ETIMEDOUT}
# Connection, sign-in, no such database, out of resources, shutting down or starting up; a statement that took too long,
# a server that became a read-only one, a session that idled too long, a server not ready.
_UNAVAILABLE_SQLSTATES = ("08", "28", "3D", "53", "57P", "57014", "25006", "25P03", "55000")
_UNAVAILABLE_SQLITE_CODES = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}

_context: TortoiseContext | None = None


class Dialect(StrEnum):
    """What the open database speaks."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def dialect_of(url: str) -> Dialect:
    """Raises `InvalidDatabaseUrl` for any other kind of URL."""
    scheme = url.partition("://")[0]
    if scheme == "sqlite":
        return Dialect.SQLITE
    if scheme in _POSTGRESQL_SCHEMES:
        return Dialect.POSTGRESQL
    raise InvalidDatabaseUrl("The database URL must begin with sqlite:///, postgres:// or postgresql://.")


def sqlite_path(url: str) -> Path:
    """The file that a SQLite URL names. It must be absolute: what it could be relative to is not known here."""
    path = Path(url.removeprefix(_SQLITE_PREFIX))
    if not url.startswith(_SQLITE_PREFIX) or not path.is_absolute() or "\x00" in url:
        raise InvalidDatabaseUrl(
            "A SQLite URL is sqlite:/// and an absolute path, four slashes in all: sqlite:////var/lib/reelgate.sqlite3"
        )
    return path


def described(url: str) -> str:
    """The database in words, without a password."""
    if dialect_of(url) is Dialect.SQLITE:
        return f"the SQLite file {sqlite_path(url)}"
    try:
        parts = urlsplit(url)
        return f"the PostgreSQL database {parts.path.lstrip('/')!r} at {parts.hostname}:{parts.port or 5432}"
    except ValueError:
        return "the PostgreSQL database"


def postgresql_credentials(url: str) -> dict[str, Any]:
    """What asyncpg connects with, from a URL; without pool sizes and timeouts."""
    try:
        credentials: dict[str, Any] = expand_db_url(url)["credentials"]
    except (ConfigurationError, ValueError):
        raise InvalidDatabaseUrl(f"This is not a PostgreSQL URL: {_POSTGRESQL_FORM}") from None
    known = {"user", "password", "database", "host", "port"} | _QUERY_PARAMETERS
    if unknown := sorted(set(credentials) - known):
        raise InvalidDatabaseUrl(f"Unknown parameter in the database URL: {', '.join(unknown)}.")
    if not credentials.get("database"):
        raise InvalidDatabaseUrl(f"The PostgreSQL URL names no database: {_POSTGRESQL_FORM}")
    if "sslmode" in credentials:
        credentials["ssl"] = credentials.pop("sslmode")
    return credentials


def _connection_config(url: str, pool_size: int) -> dict[str, Any]:
    if dialect_of(url) is Dialect.SQLITE:
        return {"engine": "storage.sqlite_immediate", "credentials": {"file_path": str(sqlite_path(url))}}
    credentials = {
        "application_name": "reelgate",
        **postgresql_credentials(url),
        "minsize": 1,
        "maxsize": pool_size,
        "timeout": 10,  # seconds to connect
        "command_timeout": 30,
        # Nothing of ours holds a lock for long: what waits this long is stuck, and an error frees its connection.
        "server_settings": {
            "timezone": "UTC",
            "lock_timeout": "10s",
            "idle_in_transaction_session_timeout": "60s",
        },
    }
    return {"engine": "tortoise.backends.asyncpg", "credentials": credentials}


def tortoise_config(
    url: str, *, pool_size: int = 10, models: str = MODELS, migrations: str | None = MIGRATIONS
) -> dict[str, Any]:
    """Tortoise's configuration. Times are aware and in UTC."""
    app: dict[str, Any] = {"models": [models], "default_connection": CONNECTION}
    if migrations is not None:
        app["migrations"] = migrations
    return {
        "connections": {CONNECTION: _connection_config(url, pool_size)},
        "apps": {APP_LABEL: app},
        "use_tz": True,
        "timezone": "UTC",
    }


def storage_error(error: BaseException) -> StorageError | None:
    """What a driver's error means to those above storage; None when it is not about the database's availability."""
    cause = error
    if isinstance(error, BaseORMException) and error.args and isinstance(error.args[0], BaseException):
        cause = error.args[0]
    match cause:
        case asyncpg.LockNotAvailableError() | asyncpg.DeadlockDetectedError() | asyncpg.SerializationError():
            return DatabaseBusy("The database is busy: its locks were held for too long. Try again.")
        case asyncpg.PostgresError() if str(cause.sqlstate).startswith(_UNAVAILABLE_SQLSTATES):
            return DatabaseUnavailable(f"PostgreSQL cannot be used: {cause}.")
        case asyncpg.exceptions.ClientConfigurationError():
            return InvalidDatabaseUrl(f"The database URL cannot be used: {cause}.")
        case asyncpg.InterfaceError() | asyncpg.InternalClientError():  # a connection that ended in the middle
            return DatabaseUnavailable("The connection to PostgreSQL was lost.")
        case TimeoutError():
            return DatabaseUnavailable("The database did not answer in time.")
        case sqlite3.Error():
            return _sqlite_error(cause)
        case DBConnectionError() | ConnectionError() | socket.gaierror():
            return DatabaseUnavailable(f"The database cannot be reached: {cause}.")
        case OSError() if cause.errno in _UNREACHABLE:
            return DatabaseUnavailable(f"The database cannot be reached: {cause}.")
    return None


def _sqlite_error(error: sqlite3.Error) -> StorageError | None:
    # The low byte is the error proper, the rest its variety. Errors of Python's own module have no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseBusy("The database is busy: another process has been writing for too long. Try again.")
    if code in _UNAVAILABLE_SQLITE_CODES:
        return DatabaseUnavailable(f"The SQLite file cannot be used: {error}.")
    return None


async def open_database(
    url: str, *, pool_size: int = 10, models: str = MODELS, migrations: str | None = MIGRATIONS
) -> None:
    """Connects, so that a wrong URL shows now, and makes the connection known to every task of the process.

    Raises `InvalidDatabaseUrl` or `DatabaseUnavailable`. The folders of a SQLite file are made.
    """
    global _context
    if _context is not None:
        raise RuntimeError("The database is already open.")
    config = tortoise_config(url, pool_size=pool_size, models=models, migrations=migrations)
    prepare_place(url)
    # Tortoise remembers the SQL it generated by the connection's name, whatever database that led to.
    EXECUTOR_CACHE.clear()
    context = TortoiseContext()
    with context:
        # Without the fallback only the task that opened the database, and its children, would find it.
        await context.init(config=config, _enable_global_fallback=True)
    _context = context
    try:
        await ping()
    except BaseException as error:
        await close_database()
        if isinstance(error, StorageError):
            raise type(error)(f"{str(error).rstrip('.')} ({described(url)}).") from None
        raise


def prepare_place(url: str) -> None:
    """Makes the folders of a SQLite file, and says plainly what is wrong with its place. Else nothing."""
    if dialect_of(url) is not Dialect.SQLITE:
        return
    path = sqlite_path(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnavailable(f"The folder of {described(url)} cannot be made: {error.strerror}.") from None
    if path.is_dir():
        raise DatabaseUnavailable(f"The database cannot be {path}: that is a folder.")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.R_OK | os.W_OK)):
        raise DatabaseUnavailable(f"This user may not write {described(url)} and its folder.")


async def close_database() -> None:
    """Safe to call when nothing is open. A SQLite process that skips this leaves its write-ahead log behind."""
    global _context
    context, _context = _context, None
    if context is not None:
        await context.close_connections()


def connection() -> BaseDBAsyncClient:
    """The connection for plain SQL: the transaction's own inside one."""
    return get_connection(CONNECTION)


def dialect() -> Dialect:
    """What the open database speaks."""
    return Dialect.SQLITE if connection().capabilities.dialect == "sqlite" else Dialect.POSTGRESQL


async def ping() -> None:
    """Returns when the database answers; raises `DatabaseUnavailable` or `DatabaseBusy` when it does not."""
    try:
        async with asyncio.timeout(_PING_SECONDS):
            await connection().execute_query("SELECT 1")
    except TimeoutError:
        raise DatabaseUnavailable(f"The database did not answer within {_PING_SECONDS:g} s.") from None
    except Exception as error:
        if (known := storage_error(error)) is not None:
            raise known from None
        if isinstance(error, OSError):
            raise DatabaseUnavailable(f"The database cannot be reached: {error}.") from None
        raise
