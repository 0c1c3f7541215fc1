"""Large answers leave the event loop to others now and then: graphql-core resolves all it can without a pause."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

FIELDS_AT_ONCE: Final = 2_000
"""Resolved without a pause, about 10 µs each."""


class Turns:
    """Of one answer: which of its objects are resolved now, and which in a later turn of the event loop.

    As many are let go together as make up `FIELDS_AT_ONCE`, so that what they load is still read with one statement.
    """

    __slots__ = ("_left", "_waiting")

    def __init__(self) -> None:
        self._left = FIELDS_AT_ONCE
        self._waiting: deque[tuple[int, asyncio.Future[None]]] | None = None

    def take(self, fields: int) -> bool:
        """Whether so many can be resolved now."""
        if self._left <= 0:
            return False
        self._left -= fields
        return True

    async def wait(self, fields: int) -> None:
        """Until they can be."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            self._waiting = deque()
            loop.call_soon(self._next, self._waiting)
        turn = loop.create_future()
        self._waiting.append((fields, turn))
        await turn

    def _next(self, waiting: deque[tuple[int, asyncio.Future[None]]]) -> None:
        self._left = FIELDS_AT_ONCE
        while waiting and self._left > 0:
            fields, turn = waiting.popleft()
            if not turn.done():
                self._left -= fields
                turn.set_result(None)
        if waiting:
            asyncio.get_running_loop().call_soon(self._next, waiting)
