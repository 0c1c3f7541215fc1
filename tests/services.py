"""The PostgreSQL and Redis servers that tests may use, if there are any, each test run in a database of its own.

`REELGATE_TEST_DATABASE_URL` and `REELGATE_TEST_REDIS_URL` name other servers. Without a server the tests that need it
are skipped, unless `REELGATE_REQUIRE_SERVICES=1` makes that an error.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import secrets
import tempfile
import threading
from collections.abc import Coroutine
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # type: ignore[import-untyped, unused-ignore]
import redis
from filelock import FileLock

T = TypeVar("T")

_CLAIM_SECONDS = 6 * 3600


def _in_own_loop(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, run in a loop of its own, whether or not one is running here."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(work))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _refuse_absence(service: str, error: Exception) -> None:
    if os.environ.get("REELGATE_REQUIRE_SERVICES") == "1":
        raise RuntimeError(f"REELGATE_REQUIRE_SERVICES=1, but there is no {service}: {error}") from error


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@cache
def postgres_server_url() -> str | None:
    """A PostgreSQL server on which databases may be created; None when there is none."""
    url = os.environ.get("REELGATE_TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    try:
        _in_own_loop(_execute(url, "SELECT 1"))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        _refuse_absence("PostgreSQL", error)
        return None
    return url


def create_postgres_database() -> str:
    """The URL of a new, empty database; `drop_postgres_database` is for its end."""
    server = postgres_server_url()
    if server is None:
        raise RuntimeError("There is no PostgreSQL server.")
    name = f"reelgate_test_{secrets.token_hex(6)}"
    # A commit that a crash of the server would lose is good enough here, and several times as fast.
    quick = f'ALTER DATABASE "{name}" SET synchronous_commit TO off'
    _in_own_loop(_execute(server, f'CREATE DATABASE "{name}"', quick))
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def empty_postgres_database(url: str) -> None:
    """Takes every table away: several times as fast as a new database."""
    _in_own_loop(_execute(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public"))


def clear_postgres_database(url: str) -> None:
    """Takes every row away but the note of what was migrated, and begins to count anew: faster than new tables."""
    _in_own_loop(_clear(url))


async def _clear(url: str) -> None:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
        tables = [row["tablename"] for row in await connection.fetch(names)]
        # In one statement, at whose end the references are looked at.
        await connection.execute(
            "WITH " + ", ".join(f'"of {table}" AS (DELETE FROM "{table}")' for table in tables) + " SELECT"
        )
        await connection.execute(
            "SELECT setval(format('%I', sequencename)::regclass, start_value, false) FROM pg_sequences "
            "WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename NOT LIKE 'tortoise%'"
        )
    finally:
        await connection.close()


def drop_postgres_database(url: str) -> None:
    """With whoever is still connected to it."""
    server = postgres_server_url()
    name = urlsplit(url).path.removeprefix("/")
    if server is None or not name.startswith("reelgate_test_"):
        raise RuntimeError(f"{name} is no database of the tests.")
    _in_own_loop(_execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


@cache
def redis_url() -> str | None:
    """An empty Redis database that is this process's alone until it ends; None when there is no server.

    Claims are kept in database 0 of the same server. A database that holds anything and is nobody's is left alone;
    one whose process died is emptied and taken over. May be flushed by its owner at will.
    """
    given = os.environ.get("REELGATE_TEST_REDIS_URL", "redis://127.0.0.1:6379")
    server = urlunsplit(urlsplit(given)._replace(path=""))
    claims = redis.Redis.from_url(f"{server}/0", decode_responses=True, socket_connect_timeout=5)
    try:
        with FileLock(Path(tempfile.gettempdir()) / "reelgate-test-redis.lock", timeout=30):
            number = next((number for number in range(15, 0, -1) if _claim(claims, server, number)), None)
    except redis.RedisError as error:
        _refuse_absence("Redis", error)
        return None
    finally:
        claims.close()
    if number is None:
        _refuse_absence("Redis", RuntimeError("all of its databases are in use"))
        return None
    atexit.register(_release, server, number)
    return f"{server}/{number}"


def _claim(claims: redis.Redis, server: str, number: int) -> bool:
    key = f"reelgate-test-database:{number}"
    owner = claims.get(key)
    if owner is not None and _alive(int(str(owner))):
        return False
    with redis.Redis.from_url(f"{server}/{number}") as database:
        if owner is not None:
            database.flushdb()
        elif database.dbsize():
            return False
    claims.set(key, os.getpid(), ex=_CLAIM_SECONDS)
    return True


def _alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _release(server: str, number: int) -> None:
    try:
        with redis.Redis.from_url(f"{server}/{number}") as database:
            database.flushdb()
        with redis.Redis.from_url(f"{server}/0") as claims:
            claims.delete(f"reelgate-test-database:{number}")
    except redis.RedisError:
        return
