"""Tortoise's engine for SQLite, with the transactions that several processes and cancelled tasks need.

Tortoise loads it by its module name and asks it for `client_class`. Against Tortoise's own engine:

- Transactions are `BEGIN IMMEDIATE`. The stock ones are deferred: read-then-write in them fails at once with
  "database is locked" when another process has written meanwhile, whatever `busy_timeout` says.
- Entering, leaving and connecting are not undone half way by a cancelled task. Stock ones leave the lock of the
  process's only connection held for good, or the transaction open.
- A script inside a transaction stays inside: `sqlite3.executescript` commits first.
- Row counts are those of the statement alone, without triggers and cascades, and are taken in the connection's own
  thread: a count taken outside adds what a cancelled task's statement is still changing.
- The connection's thread is a daemon, so that a process that fails before closing it still ends.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, cast

import aiosqlite
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    TransactionalDBClient,
    TransactionContext,
)
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
    translate_exceptions,
)
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError, TransactionManagementError

from storage.settle import settle

# Milliseconds. SQLite's waiting is polling and not fair: with several busy processes one may wait for many turns.
BUSY_TIMEOUT_MS = 10_000
_CLOSE_SECONDS = 10.0
# In this order: nothing may run into a lock before the timeout is set.
_PRAGMAS: dict[str, int | str] = {
    "busy_timeout": BUSY_TIMEOUT_MS,
    "journal_mode": "WAL",
    # NORMAL would lose acknowledged commits in a power cut.
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "journal_size_limit": 8 * 1024 * 1024,
}


class _LockedConnection(ConnectionWrapper[aiosqlite.Connection]):
    """Gives the lock back when connecting fails or is cancelled; the stock wrapper keeps it for good."""

    __slots__ = ()

    async def __aenter__(self) -> aiosqlite.Connection:
        await self._lock.acquire()
        try:
            await self.ensure_connection()
        except BaseException:
            self._lock.release()
            raise
        return self.connection


async def _in_thread(connection: aiosqlite.Connection, function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls `function(sqlite3 connection, ...)` in the connection's own thread, in its turn."""
    execute: Callable[..., Awaitable[Any]] = connection._execute
    return await execute(function, connection._conn, *arguments)


def _run_statement(
    connection: sqlite3.Connection, query: str, values: Sequence[Any] | None
) -> tuple[int, list[sqlite3.Row]]:
    before = connection.total_changes
    cursor = connection.execute(query, values or ())
    rows: list[sqlite3.Row] = cursor.fetchall()
    if rows:
        return len(rows), rows
    # The cursor counts only plain INSERT, UPDATE and DELETE, not one that begins with a WITH clause.
    return (cursor.rowcount if cursor.rowcount >= 0 else connection.total_changes - before), rows


def _run_script(connection: sqlite3.Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        connection.execute(statement)


def split_statements(script: str) -> Iterator[str]:
    """The statements of a script, cut only at semicolons that end one (not at those in literals or comments)."""
    statement = ""
    for piece in script.split(";"):
        statement += piece + ";"
        if sqlite3.complete_statement(statement):
            if statement.strip(" \t\r\n;"):
                yield statement.strip()
            statement = ""
    if rest := statement.rstrip(" \t\r\n;"):
        yield rest.strip()


class _Statements(SqliteClient):
    """How statements run, in and out of a transaction."""

    _connection: aiosqlite.Connection | None

    def acquire_connection(self) -> ConnectionWrapper[aiosqlite.Connection]:
        return _LockedConnection(self._lock, self)

    @translate_exceptions
    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[Any]]:
        query = query.replace("\x00", "'||CHAR(0)||'")
        async with self.acquire_connection() as connection:
            self.log.debug("%s: %s", query, values)
            result: tuple[int, list[sqlite3.Row]] = await _in_thread(connection, _run_statement, query, values)
            return result

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        _, rows = await self.execute_query(query, values)
        return [dict(row) for row in rows]


class ImmediateTransaction(_Statements, SqliteTransactionWrapper):
    """The connection while a transaction has it."""

    _connection: aiosqlite.Connection

    def acquire_connection(self) -> ConnectionWrapper[aiosqlite.Connection]:
        if self._finalized:
            raise TransactionManagementError("This transaction has ended: a task started in it may not go on using it.")
        return super().acquire_connection()

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(ImmediateTransaction(self))

    async def begin(self) -> None:
        try:
            await self._connection.execute_fetchall("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error

    async def commit(self) -> None:
        if self._finalized:
            raise TransactionManagementError("This transaction has already ended.")
        try:
            await self._connection.commit()
        except BaseException:
            # A commit that failed (disk full) can leave the transaction open on the only connection.
            await self._connection.rollback()
            raise
        finally:
            self._finalized = True

    @translate_exceptions
    async def execute_script(self, query: str) -> None:
        async with self.acquire_connection() as connection:
            self.log.debug(query)
            await _in_thread(connection, _run_script, list(split_statements(query)))


class ImmediateTransactionContext(SqliteTransactionContext):
    """Takes and gives back the connection's lock, whatever happens to the task in between."""

    __slots__ = ()

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self._begin()
        except BaseException:
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        return cast(TransactionalDBClient, self.connection)

    async def _begin(self) -> None:
        try:
            await settle(self.connection.begin())
        except asyncio.CancelledError:
            await settle(self.connection.rollback())
            raise

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        try:
            if not self.connection._finalized:
                await settle(self.connection.rollback() if exc_type else self.connection.commit())
        finally:
            get_connections().reset(self.token)
            self._trxlock.release()


class ImmediateClient(_Statements):
    """The process's one connection to the file. Options other than the path override the pragmas above."""

    def __init__(self, file_path: str, **options: Any) -> None:
        super().__init__(file_path, **options)
        given = {name: value for name, value in self.pragmas.items() if name in options}
        self.pragmas = {**_PRAGMAS, **given}

    async def create_connection(self, with_db: bool) -> None:
        if not self._connection:
            await settle(self._connect())

    async def _connect(self) -> None:
        connection = aiosqlite.connect(self.filename, isolation_level=None)
        connection._thread.daemon = True
        await connection
        try:
            connection.row_factory = cast(type, sqlite3.Row)
            for pragma, value in self.pragmas.items():
                await connection.execute_fetchall(f"PRAGMA {pragma}={value}")
        except BaseException:
            await connection.close()
            raise
        self._connection = connection
        await self._post_connect()

    async def close(self) -> None:
        """Waits for the transaction that is under way, but not for ever."""
        held = False
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                held = await self._lock.acquire()
        try:
            await settle(super().close())
        finally:
            if held:
                self._lock.release()

    def _in_transaction(self) -> TransactionContext:
        return ImmediateTransactionContext(ImmediateTransaction(self), self._lock)

    @translate_exceptions
    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as transaction:
            await transaction.execute_many(query, values)


client_class = ImmediateClient
