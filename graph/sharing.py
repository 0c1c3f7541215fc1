"""One execution for all who subscribed to the same.

A group renders each item of its track once. It writes the bytes to those of its subscribers that are up to date and can
take them at this moment; any other is woken, and reads on from its own place through the same rendered bytes. A
subscriber holds nothing but its place, so that one which takes nothing costs no memory and holds up nobody.

Where a subscriber stands, and whether the group writes to it, never change with an `await` in between: that is why
nothing is lost or told twice. What is rendered, and who may share it, is not known here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Hashable
from typing import Final, NamedTuple, Protocol

from graph.renderings import Failing, Render, Rendering, Renderings, Since
from graph.tracks import Begin, Item, Source

BREATH: Final = 256
"""Sent without a pause; then others have their turn on the event loop."""


log = logging.getLogger("reelgate.graph.sharing")


class Delivery(NamedTuple):
    """One encoded answer, and the cursor behind it where there is one."""

    body: bytes
    cursor: str | None


class Sink(Protocol):
    """Where a subscriber's answers go."""

    takes_offers: bool

    def offer(self, body: bytes) -> bool:
        """Sends it now; or does nothing, and answers False."""

    async def send(self, body: bytes) -> None:
        """As soon as it can be sent. Raises if it never can."""


class Groups:
    """Of one process. `changes` counts whatever was changed, as far as it is known here."""

    def __init__(self) -> None:
        self.changes = 0
        self._shared: dict[Hashable, Group] = {}

    def __len__(self) -> int:
        return len(self._shared)

    def join(self, key: Hashable, source: Source, render: Render, failing: Failing) -> Subscriber:
        """A subscriber of the group with this key; without a key, of a group of its own.

        All sources, and all ways to render, that are given with one key must be alike.
        """
        group = self._shared.get(key) if key is not None else None
        if group is None:
            group = Group(self, key, source, render, failing)
            if key is not None:
                self._shared[key] = group
        return Subscriber(group, source)

    def drop(self, group: Group) -> None:
        """Nobody joins it any more."""
        if self._shared.get(group.key) is group:
            del self._shared[group.key]


class Group:
    """`place`: up to there it has told all whom it writes to, or is just doing so. `settled`: it has told them."""

    def __init__(self, groups: Groups, key: Hashable, source: Source, render: Render, failing: Failing) -> None:
        self.key = key
        self.members: set[Subscriber] = set()
        self.live: dict[Subscriber, None] = {}
        self.failure: Exception | None = None
        self.is_over = False
        readers = self.members.__len__
        self.track = source.open_track(readers)
        self.place = self.settled = self.track.position
        self._groups = groups
        self._renderings = Renderings(readers, render, failing)
        self._failing = failing
        self._sent = 0
        self._is_rendering = False
        self._following = asyncio.create_task(self._follow(), name="subscription group")

    def now(self) -> Since:
        return Since(asyncio.get_running_loop().time(), self._groups.changes)

    async def rendering(self, item: Item, since: Since) -> Rendering:
        return await self._renderings.of(item, since, self.now())

    def leave(self, subscriber: Subscriber) -> None:
        if subscriber not in self.members:
            return
        self.members.remove(subscriber)
        if not self.members:
            self._groups.drop(self)
            self.track.close()
            if not self._is_rendering:
                self._following.cancel()

    async def _follow(self) -> None:
        try:
            while True:
                ended = self.track.ended
                items, place = await self.track.read(self.place)
                for item in items:
                    await self._tell(item)
                    if not self.members:
                        return
                self.place = self.settled = max(self.place, place)
                if not items:
                    if ended:
                        break
                    await self.track.wait()
        except asyncio.CancelledError as error:
            if self._following.cancelling():
                raise
            self.failure = self._failing(error)
        except Exception as error:
            self.failure = self._failing(error)
        self.is_over = True
        self._groups.drop(self)
        for subscriber in tuple(self.live):
            subscriber.wake(self.settled)

    async def _tell(self, item: Item) -> None:
        self._is_rendering = True
        rendering = await self._renderings.of_next(item, self.now())
        self._is_rendering = False
        place = self.place = item.place
        body = None if rendering.has_failed else rendering.body
        began = rendering.began.moment
        for subscriber in tuple(self.live):
            if not subscriber.is_live or subscriber.place >= place:
                continue
            sink, is_sent = subscriber.sink, False
            is_served = subscriber.since.moment <= began or rendering.serves(subscriber.since)
            if is_served and body is not None and sink is not None:
                try:
                    is_sent = sink.offer(body)
                except Exception:
                    log.debug("A sink failed; it will again, when its own subscriber meets it.", exc_info=True)
            if is_sent:
                subscriber.place = place
            else:
                subscriber.wake(self.settled)
            self._sent += 1
            if self._sent % BREATH == 0:
                await asyncio.sleep(0)
        self.settled = place


class Subscriber:
    """One subscription's answers, from its place on: taken one by one, or delivered to a sink. Close it in the end."""

    __slots__ = ("_begin", "_group", "_is_first", "_page", "_page_end", "_woken", "is_live", "place", "since", "sink")

    def __init__(self, group: Group, source: Source) -> None:
        self.place = -1
        self.sink: Sink | None = None
        self.is_live = False
        self.since = group.now()
        self._group = group
        self._begin: Begin | None = source.begin(group.track)
        self._is_first = True
        self._page: deque[Item] = deque()
        self._page_end = -1
        self._woken: asyncio.Future[None] | None = None
        group.members.add(self)

    def __aiter__(self) -> AsyncIterator[Delivery]:
        return self

    async def __anext__(self) -> Delivery:
        item = await self._next_item(None)
        if item is None:
            raise StopAsyncIteration
        rendering = await self._group.rendering(item, self.since)
        if rendering.cursor is None:
            rendering.cursor = await self._group.track.cursor_behind(item)
        delivery = Delivery(rendering.body, rendering.cursor)
        self._pass(item)
        return delivery

    async def deliver_to(self, sink: Sink) -> None:
        """Until there will be nothing more. Raises what ends it before, and what the sink raises."""
        sent = 0
        while (item := await self._next_item(sink if sink.takes_offers else None)) is not None:
            body = (await self._group.rendering(item, self.since)).body
            if not sink.offer(body):
                if sink.takes_offers:
                    self._forget_page()
                await sink.send(body)
            self._pass(item)
            sent += 1
            if sent % BREATH == 0:
                await asyncio.sleep(0)

    async def aclose(self) -> None:
        self._group.leave(self)
        if self.is_live:
            self.wake(self._group.settled)

    def wake(self, settled: int) -> None:
        """It is not written to any more, and has been told all up to that place."""
        self.is_live = False
        self.place = max(self.place, settled)
        del self._group.live[self]
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    async def _next_item(self, sink: Sink | None) -> Item | None:
        """The next one that it has to send by itself. Until there is one, the group may write to the sink."""
        group = self._group
        while not self._page:
            if self not in group.members:
                return None
            if self._begin is not None:
                items, self._page_end = await self._begin()
                self._begin = None
            elif self.place < group.place:
                items, self._page_end = await group.track.read(self.place)
                self._is_first = False
            elif group.failure is not None:
                raise group.failure.with_traceback(None)
            elif group.is_over:
                return None
            else:
                await self._live(sink)
                continue
            self._page.extend(items)
            if not items:
                self.place = max(self.place, self._page_end)
        return self._page[0]

    async def _live(self, sink: Sink | None) -> None:
        self.sink = sink
        self.is_live = True
        self._group.live[self] = None
        self._woken = asyncio.get_running_loop().create_future()
        try:
            await self._woken
        finally:
            self._woken = None
            if self.is_live:
                self.wake(self._group.settled)

    def _pass(self, item: Item) -> None:
        self.place = item.place
        if self._page:
            self._page.popleft()
            if not self._page:
                self.place = max(item.place, self._page_end)

    def _forget_page(self) -> None:
        """Who has to wait holds its place only. But what it is told first cannot be read again."""
        if not self._is_first:
            self._page.clear()
