"""Hours of events and of clients that come and go: the memory of the server stays where it was.

`REELGATE_CAMPAIGN=0.1` makes them a tenth as long.
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial

import psutil
import pytest
from websockets.asyncio.client import ClientConnection

from app.collecting import THRESHOLDS, rare_collections
from domain.events import EventKind, NewEvent
from domain.lifecycle import Entity
from domain.protocols import LOCAL
from storage.events import append_events
from storage.transaction import in_transaction
from tests.graph.client import Api
from tests.graph.streaming import event_stream
from tests.graph.studio import Studio, wait_until

CAMPAIGN = float(os.environ.get("REELGATE_CAMPAIGN", "1"))
BATCH = 500
MEGABYTE = 1_000_000
LIVE = "subscription { statusChanged { place: id cursor subjectId newStatus } }"
_PLACE = re.compile(rb'"place":"[^"]*?(\d+)"')


@pytest.fixture
def as_in_the_api_process() -> Iterator[None]:
    with rare_collections():
        yield


def resident() -> int:
    size: int = psutil.Process().memory_info().rss
    return size


async def append(studio: Studio, script_id: int, count: int) -> None:
    event = NewEvent(
        kind=EventKind.STATUS_CHANGED, subject=Entity.SCRIPT, subject_id=script_id, script_id=script_id, version=1,
        previous="draft", new="draft", actor=LOCAL.name,
    )  # fmt: skip
    await in_transaction(partial(append_events, [event] * count, now=studio.context.clock.now()))
    studio.feed.ring_events()


def test_thresholds_are_put_back() -> None:
    before = gc.get_threshold()
    with rare_collections():
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


class Watcher:
    """Sees that the events come once each, in order and without a gap."""

    def __init__(self) -> None:
        self.seen = 0
        self._last = 0

    async def watch(self, chunks: AsyncIterator[bytes]) -> None:
        rest = b""
        async for chunk in chunks:
            text = rest + chunk
            end = 0
            for found in _PLACE.finditer(text):
                place = int(found[1])
                assert self._last in (0, place - 1)
                self._last = place
                self.seen += 1
                end = found.end()
            rest = text[end:]


async def watchers(api: Api, stack: AsyncExitStack, count: int) -> list[Watcher]:
    """Half of them over WebSockets, half over streams."""
    found = [Watcher() for _ in range(count)]
    tasks: list[asyncio.Task[None]] = []

    async def frames(raw: ClientConnection) -> AsyncIterator[bytes]:
        while True:
            yield await raw.recv(decode=False)

    for number, watcher in enumerate(found):
        if number % 2:
            socket = await stack.enter_async_context(api.socket())
            await socket.subscribe(LIVE)
            await socket.settle()
            tasks.append(asyncio.create_task(watcher.watch(frames(socket.raw))))
        else:
            stream = await stack.enter_async_context(event_stream(api, LIVE))
            tasks.append(asyncio.create_task(watcher.watch(stream.response.aiter_raw())))

    async def stop() -> None:
        for task in tasks:
            assert not task.done(), task
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    stack.push_async_callback(stop)
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("as_in_the_api_process")
@pytest.mark.timeout(3_000)
async def test_events_leave_nothing_behind(api: Api, studio: Studio) -> None:
    script = await studio.a_script()
    total = 0

    async def all_have_seen(count: int) -> None:
        await wait_until(lambda: all(watcher.seen == count for watcher in found), seconds=30)

    async def tell(count: int) -> None:
        nonlocal total
        for _ in range(0, count, BATCH):
            await append(studio, script.id, BATCH)
            total += BATCH
            await all_have_seen(total)

    async with AsyncExitStack() as stack:
        found = await watchers(api, stack, 10)
        events = max(20_000, round(200_000 * CAMPAIGN))
        await tell(events // 4)
        before = resident()
        await tell(events - events // 4)
        after = resident()
        print(f"\nRSS {before / MEGABYTE:.1f} MB after {events // 4} events, {after / MEGABYTE:.1f} MB after {total}")
        assert after - before < 30 * MEGABYTE
        gc.collect()
        tracemalloc.start()
        try:
            await tell(1_000)
            gc.collect()
            held = tracemalloc.get_traced_memory()[0]
            await tell(2_000)
            gc.collect()
            kept = tracemalloc.get_traced_memory()[0] - held
            print(f"Python's own objects grew by {kept / 1_000:.1f} kB over 2000 more events")
            assert kept < MEGABYTE
        finally:
            tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.usefixtures("as_in_the_api_process")
@pytest.mark.timeout(3_000)
async def test_clients_that_come_and_go_leave_nothing_behind(api: Api, studio: Studio) -> None:
    """Nobody calls the collector here."""
    script = await studio.a_script()

    async def round_of(count: int) -> None:
        async with AsyncExitStack() as stack:
            found = await watchers(api, stack, count)
            await append(studio, script.id, 1)
            await wait_until(lambda: all(watcher.seen == 1 for watcher in found), seconds=30)
        await wait_until(lambda: studio.feed.followers == 0 and api.clients.connections == 0, seconds=30)

    rounds = max(20, round(200 * CAMPAIGN))
    for _ in range(rounds // 4):
        await round_of(50)
    before = resident()
    for _ in range(rounds - rounds // 4):
        await round_of(50)
    assert resident() - before < 30 * MEGABYTE
