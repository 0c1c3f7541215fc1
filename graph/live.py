"""The tail of the event log in this process, which all its subscriptions read.

One task reads the log when it is rung, and every second whether or not, since a bell may be lost. The last few
thousand events stay in memory; who is further behind reads pages of the database. Who follows holds nothing but a
place in the log and pulls from there. Those who subscribed to the same follow as one: see `graph.sharing`.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from domain.events import STATUS_EVENTS, Event, EventKind
from graph.loaders import Loaders
from graph.sharing import Groups
from graph.tracks import Begin, Item, Page, Source, Track
from workflow import reading

FOLLOWED: Final = frozenset(EventKind)
"""What the feed keeps."""

SHARED_SECONDS: Final = 0.1
"""How long what was read for one subscriber of an event serves the others. They are all told at the same moment."""

_SHARED_AT_MOST = 32
_PAGE = 200
_TAIL_PAGE = 1_000

log = logging.getLogger("reelgate.graph.live")


class EventFeed:
    """Made once by the composition root and kept `running()` while the API is up."""

    def __init__(self, *, poll_seconds: float = 1.0, capacity: int = 4096) -> None:
        self.poll_seconds = poll_seconds
        self._capacity = capacity
        self._bell = asyncio.Event()
        self._recent: list[Event] = []
        self._recent_from = 0
        self._position = 0
        self._identity: str | None = None
        self._followers: defaultdict[int | None, set[Follower]] = defaultdict(set)
        self._shared: dict[int, Loaders] = {}
        self.groups = Groups()
        self.watches: dict[Hashable, Any] = {}
        """What `graph.job_watch` watches."""

    def ring_events(self) -> None:
        """Something was appended to the log."""
        self.forget()
        self._bell.set()

    def ring_job(self, job_id: int) -> None:
        """The job's progress, or its state, has changed."""
        for followers in self._followers.values():
            for follower in followers:
                if job_id in follower.watched_jobs:
                    follower.signal.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[EventFeed]:
        """Tails the log from its present end until the block is left."""
        self._position = self._recent_from = await reading.last_event_id()
        tail = asyncio.create_task(self._tail(), name="event feed")
        try:
            yield self
        finally:
            tail.cancel()
            with suppress(asyncio.CancelledError):
                await tail

    @property
    def followers(self) -> int:
        """How many subscriptions read from here now."""
        return sum(follower.readers() for followers in self._followers.values() for follower in followers)

    @property
    def position(self) -> int:
        """The last event that is known here."""
        return self._position

    async def cursor_behind(self, event: Event) -> str:
        """The cursor that continues after this event."""
        if self._identity is None:
            self._identity = await reading.log_identity()
        return reading.cursor_in_log(self._identity, event)

    def loaders_behind(self, event: Event) -> Loaders:
        """What is read for this event: once for all subscribers that it is delivered to at this moment.

        Everything in them was read after the event was committed, and a moment ago at most.
        """
        found = self._shared.get(event.id)
        if found is None:
            found = self._shared[event.id] = Loaders()
            while len(self._shared) > _SHARED_AT_MOST:
                del self._shared[next(iter(self._shared))]
            asyncio.get_running_loop().call_later(SHARED_SECONDS, self._drop, event.id, found)
        return found

    def forget(self) -> None:
        """Something was changed: what was read before is not shared any more with who comes now."""
        self._shared.clear()
        self.groups.changes += 1

    def add(self, follower: Follower) -> None:
        """From now on it is woken for what it wants."""
        self._followers[follower.script_id].add(follower)

    def remove(self, follower: Follower) -> None:
        followers = self._followers[follower.script_id]
        followers.discard(follower)
        if not followers:
            del self._followers[follower.script_id]

    def status_changes(self, after: int, script_id: int | None) -> Changes:
        """Every status change behind `after`, of one script or of all, once each and in order."""
        return Changes(self, after, script_id)

    def script_changes(self, after: int, script_id: int) -> Changes:
        """Everything that happened in a script behind `after`, once each and in order."""
        return Changes(self, after, script_id, FOLLOWED)

    async def read(self, after: int, follower: Follower) -> tuple[list[Event], int]:
        """A few events behind this place that the follower wants, and the place up to which that is all of them."""
        captured = self._position
        if after >= self._recent_from:
            start = bisect_right(self._recent, after, key=_id_of)
            page = self._recent[start : start + _PAGE]
            return [event for event in page if follower.wants(event)], page[-1].id if page else captured
        page = await reading.events_after(after, limit=_PAGE, script_id=follower.script_id, kinds=follower.kinds)
        # Nothing beyond what is known here: nobody may get ahead of what others read from memory.
        known = [event for event in page if event.id <= captured]
        return known, known[-1].id if len(known) == _PAGE else captured

    def is_behind(self, follower: Follower) -> bool:
        return follower.place < self._position

    def _drop(self, event_id: int, loaders: Loaders) -> None:
        if self._shared.get(event_id) is loaders:
            del self._shared[event_id]

    async def _tail(self) -> None:
        failing = False
        while True:
            await _rung(self._bell, self.poll_seconds)
            self._bell.clear()
            try:
                while await self._advance():
                    pass
                failing = False
            except Exception:
                if not failing:
                    log.exception("The event log cannot be read; subscriptions wait until it can be.")
                failing = True
                await asyncio.sleep(self.poll_seconds)

    async def _advance(self) -> bool:
        """Takes up what is new; answers whether there may be more."""
        page = await reading.events_after(self._position, limit=_TAIL_PAGE, kinds=FOLLOWED)
        if not page:
            return False
        self._recent += page
        self._position = page[-1].id
        concerned: set[int | None] = {None, *(event.script_id for event in page)}
        if len(self._recent) > 2 * self._capacity:
            surplus = len(self._recent) - self._capacity
            self._recent_from = self._recent[surplus - 1].id
            del self._recent[:surplus]
            concerned.update(self._followers)  # or who hears of nothing would fall behind
        for script_id in concerned & self._followers.keys():
            for follower in self._followers[script_id]:
                follower.signal.set()
        return len(page) == _TAIL_PAGE


class Follower:
    """What someone wants of the log, of one script only or of all, and the place that it has read up to.

    `watched_jobs` are those whose progress wakes it as well; `readers` tells how many subscriptions it stands for.
    """

    def __init__(
        self, feed: EventFeed, after: int, kinds: frozenset[EventKind], script_id: int | None,
        readers: Callable[[], int] = lambda: 1,
    ) -> None:  # fmt: skip
        self.place = after
        self.kinds = kinds
        self.script_id = script_id
        self.readers = readers
        self.watched_jobs: frozenset[int] = frozenset()
        self.signal = asyncio.Event()
        self._feed = feed

    def wants(self, event: Event) -> bool:
        return event.kind in self.kinds and self.script_id in (None, event.script_id)

    async def pull(self) -> list[Event]:
        """The next few events it wants; empty when it is up to date."""
        self.signal.clear()
        while self._feed.is_behind(self):
            events, self.place = await self._feed.read(self.place, self)
            if events:
                if self._feed.is_behind(self):
                    self.signal.set()
                return events
        return []

    async def wait(self, timeout: float | None = None) -> None:
        """Until there may be something new, at most this many seconds."""
        await _rung(self.signal, timeout)


class Changes(Source):
    """One subscriber's beginning: behind the event `after`."""

    def __init__(
        self, feed: EventFeed, after: int, script_id: int | None, kinds: frozenset[EventKind] = STATUS_EVENTS
    ) -> None:
        self.key = ("changes", script_id, kinds)
        self._feed = feed
        self._after = after
        self._script_id = script_id
        self._kinds = kinds

    def open_track(self, readers: Callable[[], int]) -> Track:
        return _EventTrack(self._feed, self._script_id, self._kinds, readers)

    def begin(self, track: Track) -> Begin:
        async def nothing() -> Page:
            return Page((), self._after)

        return nothing


class _EventTrack(Track):
    def __init__(
        self, feed: EventFeed, script_id: int | None, kinds: frozenset[EventKind], readers: Callable[[], int]
    ) -> None:
        self._feed = feed
        self._follower = Follower(feed, feed.position, kinds, script_id, readers)
        feed.add(self._follower)

    @property
    def position(self) -> int:
        return self._feed.position

    async def read(self, place: int) -> Page:
        events, place = await self._feed.read(place, self._follower)
        return Page([Item(event.id, event) for event in events], place)

    async def wait(self) -> None:
        await self._follower.signal.wait()
        self._follower.signal.clear()

    async def cursor_behind(self, item: Item) -> str:
        return await self._feed.cursor_behind(item.payload)

    def close(self) -> None:
        self._feed.remove(self._follower)


async def _rung(bell: asyncio.Event, timeout: float | None) -> None:
    # Not `wait_for`: before Python 3.12 it loses a cancellation that comes together with the bell.
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            await bell.wait()


def _id_of(event: Event) -> int:
    return event.id
