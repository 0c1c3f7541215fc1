"""What another process does to a database: `python -m tests.storage.sample.process WHAT URL [TIMES]`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from storage.database import close_database, connection, open_database, ping
from storage.migrate import migrate, require_migrated
from storage.transaction import in_transaction
from tests.storage.sample.models import Counter, Entry

MODELS = "tests.storage.sample.models"
MIGRATIONS = "tests.storage.sample.migrations"


async def count_up(times: int) -> None:
    """Read, then write what was read: loses counts, or fails, unless transactions take turns."""

    async def once() -> None:
        counter = await Counter.get(name="shared")
        await connection().execute_query(f"UPDATE counter SET value = {counter.value + 1} WHERE name = 'shared'")

    for _ in range(times):
        await in_transaction(once)


async def die_in_transaction() -> None:
    async def body() -> None:
        await Entry.create(writer=99)
        os.kill(os.getpid(), signal.SIGKILL)

    await in_transaction(body)


async def reopen(url: str, times: int) -> None:
    for _ in range(times):
        await close_database()
        await open_database(url, models=MODELS, migrations=MIGRATIONS)
        await ping()


async def main(what: str, url: str, times: int) -> None:
    if what == "migrate":
        print(" ".join(await migrate(url, models=MODELS, migrations=MIGRATIONS)))
        return
    await open_database(url, models=MODELS, migrations=MIGRATIONS)
    await require_migrated(migrations=MIGRATIONS)
    match what:
        case "count_up":
            await count_up(times)
        case "die_in_transaction":
            await die_in_transaction()
        case "reopen":
            await reopen(url, times)
        case "fail_without_closing":
            raise SystemExit(7)
    await close_database()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1))
