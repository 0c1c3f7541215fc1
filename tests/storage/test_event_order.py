"""A reader that asks for "id > last" sees every event, once, in the order of its commit."""

from __future__ import annotations

import asyncio
import random

from storage.transaction import in_transaction, lock_event_log
from tests.storage.columns import column
from tests.storage.sample.models import Counter, Entry

WRITERS, EACH = 8, 60


async def _write(writer: int) -> None:
    async def body() -> None:
        await Counter.filter(name=f"w{writer}").update(value=1)
        await asyncio.sleep(random.random() * 0.002)
        await lock_event_log()
        await Entry.create(writer=writer)
        await Entry.create(writer=writer)
        await asyncio.sleep(random.random() * 0.001)

    for _ in range(EACH):
        await in_transaction(body)


async def _follow(expected: int) -> list[int]:
    seen: list[int] = []
    while len(seen) < expected:
        last = seen[-1] if seen else 0
        seen += await column(Entry.filter(id__gt=last).order_by("id").limit(100), "id")
        await asyncio.sleep(0)
    return seen


async def test_a_following_reader_misses_nothing(database: str) -> None:
    expected = WRITERS * EACH * 2
    following = asyncio.create_task(_follow(expected))
    async with asyncio.timeout(40):
        await asyncio.gather(*(_write(writer) for writer in range(WRITERS)))
        seen = await following
    assert seen == await column(Entry.all().order_by("id"), "id")
    assert len(seen) == expected
