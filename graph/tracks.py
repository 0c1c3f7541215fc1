"""What subscriptions read from. A source is one subscriber's beginning on a track; a track is read by many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from typing import Any, NamedTuple


class Item(NamedTuple):
    """Something that subscribers are told of. On one track places rise, and none is used twice."""

    place: int
    payload: Any


class Page(NamedTuple):
    """A few items, and the place up to which there are no others."""

    items: Sequence[Item]
    place: int


Begin = Callable[[], Awaitable[Page]]
"""Reads what a subscriber is told first. Can be asked again when it was not waited for."""


class Track(ABC):
    """What one group of subscribers reads from, each from a place of its own."""

    @property
    def ended(self) -> bool:
        """Nothing will come behind what can be read now."""
        return False

    @property
    @abstractmethod
    def position(self) -> int:
        """The place at which a group begins that starts now."""

    @abstractmethod
    async def read(self, place: int) -> Page:
        """The next items behind the place. None, if there are none yet."""

    @abstractmethod
    async def wait(self) -> None:
        """Until there may be more than at the last wait. For one waiter. Raises what keeps the track from going on."""

    async def cursor_behind(self, item: Item) -> str | None:
        """For who wants to continue there in another connection, where that can be done."""
        return None

    @abstractmethod
    def close(self) -> None: ...


class Source(ABC):
    """What the resolver of a subscription returns. Sources with the same `key` may be read from one track."""

    key: Hashable

    @abstractmethod
    def open_track(self, readers: Callable[[], int]) -> Track:
        """`readers` tells how many subscribers it is read for."""

    @abstractmethod
    def begin(self, track: Any) -> Begin:
        """Takes the subscriber's place, at once, on a track that a source with the same key has opened."""

    async def __aiter__(self) -> AsyncIterator[Any]:
        """By itself, without a group."""
        track = self.open_track(lambda: 1)
        try:
            items, place = await self.begin(track)()
            while True:
                for item in items:
                    yield item.payload
                ended = track.ended
                items, found = await track.read(place)
                place = max(place, found)
                if not items:
                    if ended:
                        return
                    await track.wait()
        finally:
            track.close()
