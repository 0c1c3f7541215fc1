"""What the last items of one group look like to its subscribers: each rendered once, and kept for those behind."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, Final, NamedTuple

from graph.tracks import Item

SHARED_SECONDS: Final = 0.1
"""How old a rendering may be when it is taken for a subscriber that came after it, if nothing has changed since."""

MOST_ITEMS: Final = 256
MOST_BYTES: Final = 2 * 1024 * 1024
"""Kept by one group. What was dropped is rendered again for who still needs it."""

Render = Callable[[Any], bytes | Awaitable[bytes]]
"""An item's payload to the encoded answer."""

Failing = Callable[[BaseException], Exception]
"""What subscribers are told of an error."""


_running: set[asyncio.Task[None]] = set()
"""They come to their end, whoever goes away: cancelled at its start, an execution leaves coroutines nobody awaited."""


class Since(NamedTuple):
    """A moment, and how often anything had changed by then."""

    moment: float
    changes: int


class Rendering:
    """What became of one item. Without a body it failed, or has not come about yet."""

    __slots__ = ("_body", "_done", "_failure", "began", "cursor")

    def __init__(self, began: Since) -> None:
        self.began = began
        self.cursor: str | None = None
        self._body: bytes | None = None
        self._failure: Exception | None = None
        self._done = asyncio.Event()

    @property
    def size(self) -> int:
        return len(self._body or b"")

    @property
    def has_failed(self) -> bool:
        return self._body is None

    @property
    def body(self) -> bytes:
        """Raises what it failed of."""
        if self._body is not None:
            return self._body
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        raise asyncio.CancelledError

    def serves(self, subscriber: Since) -> bool:
        """Whether one that came at that time would not have seen anything newer, or only just."""
        if self.began.moment >= subscriber.moment:
            return True
        return self.began.changes == subscriber.changes and subscriber.moment - self.began.moment <= SHARED_SECONDS

    async def run(self, payload: Any, render: Render, failing: Failing) -> None:
        try:
            found = render(payload)
            self._body = await found if isawaitable(found) else found
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self._failure = failing(error)
        except Exception as error:
            self._failure = failing(error)
        finally:
            self._done.set()

    async def wait(self) -> None:
        if not self._done.is_set():
            await self._done.wait()


class Renderings:
    """Of one group. `readers` tells how many subscribers it has: for a single one the last alone is kept."""

    def __init__(self, readers: Callable[[], int], render: Render, failing: Failing) -> None:
        self._readers = readers
        self._render = render
        self._failing = failing
        self._kept: OrderedDict[int, Rendering] = OrderedDict()
        self._bytes = 0

    async def of(self, item: Item, since: Since, now: Since) -> Rendering:
        """For a subscriber that is there since some time. That it goes away does not end what others wait for too."""
        found = self._kept.get(item.place)
        if found is None or not found.serves(since):
            found = self._begun(item, now)
            task = asyncio.create_task(self._run(item, found), name="rendering")
            _running.add(task)
            task.add_done_callback(_running.discard)
        await found.wait()
        return found

    async def of_next(self, item: Item, now: Since) -> Rendering:
        """For the group itself, which outlives all who wait."""
        found = self._kept.get(item.place)
        if found is None or not found.serves(now):
            found = self._begun(item, now)
            await self._run(item, found)
        await found.wait()
        return found

    def _begun(self, item: Item, now: Since) -> Rendering:
        replaced = self._kept.pop(item.place, None)
        self._bytes -= replaced.size if replaced else 0
        begun = self._kept[item.place] = Rendering(now)
        return begun

    def _told(self, error: BaseException) -> Exception:
        """Nothing is made of it when all have gone meanwhile, as when the process ends."""
        return self._failing(error) if self._readers() else RuntimeError("Nobody is left to be told.")

    async def _run(self, item: Item, rendering: Rendering) -> None:
        await rendering.run(item.payload, self._render, self._told)
        if self._kept.get(item.place) is not rendering:
            return
        self._bytes += rendering.size
        most = MOST_ITEMS if self._readers() > 1 else 1
        while len(self._kept) > most or self._bytes > MOST_BYTES:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.size
