"""A log in memory, for groups of subscribers without a database."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from graph.tracks import Begin, Item, Page, Source, Track


class Ledger(Track):
    """A log in memory, of which every third entry is wanted by nobody."""

    def __init__(self) -> None:
        self.written = 0
        self.has_ended = False
        self.bell = asyncio.Event()

    def write(self, count: int) -> None:
        self.written += count
        self.bell.set()

    def end(self) -> None:
        self.has_ended = True
        self.bell.set()

    @property
    def ended(self) -> bool:
        return self.has_ended

    @property
    def position(self) -> int:
        return self.written

    async def read(self, place: int) -> Page:
        end = min(place + 20, self.written)
        if random.random() < 0.3:
            await asyncio.sleep(0)
        return Page([Item(number, number) for number in range(place + 1, end + 1) if number % 3], end)

    async def wait(self) -> None:
        await self.bell.wait()
        self.bell.clear()

    def close(self) -> None:
        pass


class Reader(Source):
    key = "ledger"

    def __init__(self, ledger: Ledger, after: int) -> None:
        self.ledger = ledger
        self.after = after

    def open_track(self, readers: Callable[[], int]) -> Track:
        return self.ledger

    def begin(self, track: Track) -> Begin:
        async def nothing() -> Page:
            return Page((), self.after)

        return nothing
