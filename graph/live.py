"""The tail of the event log in this process, which all its subscriptions read.

One task reads the log when it is rung, and every second whether or not, since a bell may be lost. The last few
thousand events stay in memory; who is further behind reads pages of the database. A subscriber holds nothing but its
place in the log and pulls from there, so that one that does not read costs no memory.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

from domain.events import STATUS_EVENTS, Event, EventKind
from graph.loaders import Loaders
from workflow import reading

FOLLOWED: Final = STATUS_EVENTS | {EventKind.JOB_CHANGED}
"""What the feed keeps: status changes, and where jobs went."""

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
        self._followers: set[Follower] = set()
        self._shared: dict[int, Loaders] = {}

    def ring_events(self) -> None:
        """Something was appended to the log."""
        self.forget()
        self._bell.set()

    def ring_job(self, job_id: int) -> None:
        """The job's progress, or its state, has changed."""
        for follower in self._followers:
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
        return len(self._followers)

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
        """Something was changed: what was read before is not shared any more."""
        self._shared.clear()

    @contextmanager
    def follow(self, after: int, kinds: frozenset[EventKind], script_id: int | None) -> Iterator[Follower]:
        """A subscriber's place in the log, behind the event `after`; of one script only, or of all."""
        follower = Follower(self, after, kinds, script_id)
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    async def status_changes(self, after: int, script_id: int | None) -> AsyncIterator[Event]:
        """Every status change behind `after`, once each and in order, for as long as someone asks for the next."""
        with self.follow(after, STATUS_EVENTS, script_id) as follower:
            while True:
                for event in await follower.pull():
                    yield event
                await follower.wait()

    async def read(self, follower: Follower) -> tuple[list[Event], int]:
        """A few events behind the follower's place, and the place up to which that is all of them."""
        after, captured = follower.place, self._position
        if after >= self._recent_from:
            start = bisect_right(self._recent, after, key=_id_of)
            page = self._recent[start : start + _PAGE]
            return [event for event in page if follower.wants(event)], page[-1].id if page else captured
        page = await reading.events_after(after, limit=_PAGE, script_id=follower.script_id, kinds=follower.kinds)
        if len(page) == _PAGE:
            return page, page[-1].id
        return page, max(captured, page[-1].id if page else 0)

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
        if len(self._recent) > 2 * self._capacity:
            surplus = len(self._recent) - self._capacity
            self._recent_from = self._recent[surplus - 1].id
            del self._recent[:surplus]
        for follower in self._followers:
            follower.signal.set()
        return len(page) == _TAIL_PAGE


class Follower:
    """One subscriber's place in the log. `watched_jobs` are those whose progress wakes it as well."""

    def __init__(self, feed: EventFeed, after: int, kinds: frozenset[EventKind], script_id: int | None) -> None:
        self.place = after
        self.kinds = kinds
        self.script_id = script_id
        self.watched_jobs: frozenset[int] = frozenset()
        self.signal = asyncio.Event()
        self._feed = feed

    def wants(self, event: Event) -> bool:
        return event.id > self.place and event.kind in self.kinds and self.script_id in (None, event.script_id)

    async def pull(self) -> list[Event]:
        """The next few events it wants; empty when it is up to date."""
        self.signal.clear()
        while self._feed.is_behind(self):
            events, self.place = await self._feed.read(self)
            if events:
                if self._feed.is_behind(self):
                    self.signal.set()
                return events
        return []

    async def wait(self, timeout: float | None = None) -> None:
        """Until there may be something new, at most this many seconds."""
        await _rung(self.signal, timeout)


async def _rung(bell: asyncio.Event, timeout: float | None) -> None:
    # Not `wait_for`: before Python 3.12 it loses a cancellation that comes together with the bell.
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            await bell.wait()


def _id_of(event: Event) -> int:
    return event.id
