"""Runs a short piece of work to its end whatever happens to the task that asked for it.

A dropped request or a job's timeout cancels a task wherever it stands. Inside a transaction that leaves a connection
half way: on SQLite the process's only one, on PostgreSQL one of the pool's few. For short database work only: the
caller cannot be cancelled before the work has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def settle(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, run as a task of its own that inherits the caller's context variables.

    However often the caller is cancelled meanwhile, this waits for the end of the work and raises the last
    `CancelledError` then; what the work itself raised is that error's `__cause__`.
    """
    task = asyncio.ensure_future(work)
    cancellation: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as cancelled:
            cancellation = cancelled
    if cancellation is None:
        return task.result()
    raise cancellation from (None if task.cancelled() else task.exception())
