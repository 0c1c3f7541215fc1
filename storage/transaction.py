"""The one way to open a transaction, and what may be asked of the database inside one.

A command opens one transaction and everything beneath it takes part; there are no nested ones. Nothing slow may be
awaited inside: on SQLite the whole process waits for it, and no caller can be cancelled out of it. Tortoise's own
`in_transaction` and `atomic` are not to be used: a task cancelled in them takes a connection with it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TypeVar, assert_never

import asyncpg  # type: ignore[import-untyped, unused-ignore]
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContext, TransactionContextPooled

from storage.database import Dialect, connection, dialect, storage_error
from storage.errors import DatabaseUnavailable
from storage.settle import settle

T = TypeVar("T")

_ATTEMPTS = 5
_FIRST_PAUSE_SECONDS = 0.02
# Any number will do that nothing else in the database locks.
_EVENT_LOG_LOCK = 7_265_656_701
_ACCOUNTS_LOCK = 7_265_656_703

_inside: ContextVar[bool] = ContextVar("inside_a_transaction", default=False)


async def in_transaction(body: Callable[[], Awaitable[T]]) -> T:
    """Runs `body` in one transaction: commits what it did when it returns, undoes it when it raises.

    Models and queries in the body find the transaction by themselves. It runs as a task of its own, with the
    caller's context variables, and is waited for even when the caller is cancelled: it then commits (or rolls back)
    as ever, and `CancelledError` is raised afterwards. On PostgreSQL the body is run again, a few times, when it met
    a deadlock, so what it does outside of the database must be safe to repeat.

    Raises what the body raises, `DatabaseBusy` or `DatabaseUnavailable`.
    """
    if _inside.get():
        raise RuntimeError("A transaction cannot be opened inside another one, nor by a task started in one.")
    return await settle(_repeated(body))


async def _repeated(body: Callable[[], Awaitable[T]]) -> T:
    _inside.set(True)
    attempt = 1
    while True:
        try:
            async with transaction_of(connection()):
                return await body()
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
            if attempt == _ATTEMPTS:
                raise storage_error(error) or error from error
        except Exception as error:
            if (known := storage_error(error)) is not None:
                raise known from error
            raise
        await asyncio.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt))
        attempt += 1


@asynccontextmanager
async def transaction_of(client: BaseDBAsyncClient) -> AsyncIterator[None]:
    """A bare transaction, for `in_transaction` and the migrations: whoever uses it must not be cancelled inside."""
    context = client._in_transaction()
    try:
        await context.__aenter__()
    except BaseException as error:
        await _give_back(context)
        if isinstance(error, OSError):
            raise DatabaseUnavailable(f"The database cannot be reached: {error}.") from error
        raise
    try:
        yield
    except BaseException as error:
        await context.__aexit__(type(error), error, error.__traceback__)
        raise
    await context.__aexit__(None, None, None)


async def _give_back(context: TransactionContext) -> None:
    """Tortoise keeps a pooled connection for good when the BEGIN on it fails, as after a restart of the server."""
    if isinstance(context, TransactionContextPooled) and context.client._connection is not None:
        await context.client._parent._pool.release(context.client._connection)


async def lock_event_log() -> None:
    """Makes this transaction the only one that appends events, until it ends.

    To be called after all other writes, just before the event rows: then events become visible in the order of
    their ids, and a reader that asks for "id > last" misses none. On SQLite every writing transaction is alone anyway.
    """
    if not _inside.get():
        raise RuntimeError("The event log is locked inside a transaction, for as long as it lasts.")
    if dialect() is Dialect.POSTGRESQL:
        await connection().execute_query(f"SELECT pg_advisory_xact_lock({_EVENT_LOG_LOCK})")


async def lock_accounts() -> None:
    """Makes this transaction the only one that reserves money or a place in a provider's rate, until it ends.

    To be called after the script's row is taken and before the event log is locked.
    """
    if not _inside.get():
        raise RuntimeError("The accounts are locked inside a transaction, for as long as it lasts.")
    if dialect() is Dialect.POSTGRESQL:
        await connection().execute_query(f"SELECT pg_advisory_xact_lock({_ACCOUNTS_LOCK})")


def db_now_ms_sql(dialect: Dialect) -> str:
    """An SQL expression: the database's clock, in whole milliseconds since 1970 (UTC), as a 64-bit integer.

    On PostgreSQL the clock goes on during a transaction.
    """
    match dialect:
        case Dialect.SQLITE:
            return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"
        case Dialect.POSTGRESQL:
            return "CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)"
    assert_never(dialect)


async def database_now_ms() -> int:
    """The database's clock, in milliseconds since 1970: the one clock that all processes share."""
    rows = await connection().execute_query_dict(f"SELECT {db_now_ms_sql(dialect())} AS now_ms")
    return int(rows[0]["now_ms"])
