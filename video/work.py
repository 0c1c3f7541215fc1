"""How work is shared out among processes: a few at a time, neighbours together, the first failure ends all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T")


async def each(items: Iterable[T], parallel: int, work: Callable[[T], Awaitable[None]]) -> None:
    """Do `work` for every item, at most `parallel` at once. The first failure stops the others and is raised."""
    waiting = iter(items)

    async def take() -> None:
        for item in waiting:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, parallel)):
                group.create_task(take())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


@dataclass(frozen=True)
class Runs(Generic[T]):
    """Items in runs of neighbours, one run for each worker; who has done its own takes half of the longest."""

    _left: tuple[deque[T], ...]

    @property
    def count(self) -> int:
        return len(self._left)

    def next(self, mine: int) -> T | None:
        """The next item of worker `mine`, or None when there is no more."""
        own = self._left[mine]
        if not own:
            longest = max(self._left, key=len)
            own.extendleft(longest.pop() for _ in range((len(longest) + 1) // 2))
        return own.popleft() if own else None


def in_runs(items: Sequence[T], workers: int) -> Runs[T]:
    """As many items for each of `workers`, in their order."""
    bounds = [len(items) * worker // max(1, workers) for worker in range(workers + 1)]
    return Runs(tuple(deque(items[start:end]) for start, end in pairwise(bounds)))
