"""What comes and goes for days leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import aclosing

import pytest

from graph.live import Changes
from graph.tracks import Item, Page, Track
from tests.graph.ledger import Ledger
from tests.graph.studio import Studio
from tests.graph.test_sharing import FROM, LIVE, opened
from workflow import reading


@pytest.mark.thorough
async def test_ten_thousand_subscriptions_leave_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    async def empty() -> int:
        return 0

    monkeypatch.setattr(reading, "last_event_id", empty)
    queries = [LIVE, FROM, "subscription { jobProgress { id } }"]

    async def come_and_go(rounds: int) -> None:
        for number in range(rounds):
            stream = await opened(studio, queries[number % 3])
            if number % 5 == 0:
                taking = asyncio.create_task(anext(stream))
                await asyncio.sleep(0)
                taking.cancel()
                await asyncio.gather(taking, return_exceptions=True)
            await stream.aclose()
        await asyncio.sleep(0.05)
        gc.collect()

    await come_and_go(300)
    tasks = len(asyncio.all_tasks())
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    await come_and_go(10_000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert (len(studio.feed.groups), studio.feed.followers, studio.feed.watches) == (0, 0, {})
    assert len(asyncio.all_tasks()) == tasks
    assert grown < 500_000


@pytest.mark.thorough
async def test_twenty_thousand_events_leave_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    await studio.a_script()
    (event,) = await reading.events_after(0, limit=1)

    class Endless(Changes):
        def open_track(self, readers: Callable[[], int]) -> Track:
            return EndlessTrack()

    class EndlessTrack(Ledger):
        async def read(self, place: int) -> Page:
            return Page([Item(place + step, event) for step in range(1, 51)], place + 50)

        async def cursor_behind(self, item: Item) -> str:
            return str(item.place)

    monkeypatch.setattr(studio.feed, "status_changes", lambda after, script: Endless(studio.feed, after, script))
    query = "subscription { statusChanged { id cursor subject { id ... on Script { title } } } }"
    async with aclosing(await opened(studio, query)) as one, aclosing(await opened(studio, query)) as other:

        async def take(count: int) -> int:
            for _ in range(count):
                await anext(one)
                await anext(other)
            gc.collect()
            return sys.getallocatedblocks()

        before = await take(1_000)
        assert await take(20_000) - before < 4_000
