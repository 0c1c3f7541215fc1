"""Makes good what bells lost and workers left: enqueues what is due, releases what nobody holds any more, and removes
kept answers that nobody needs.

Every worker sweeps. Two sweeps at once do no harm: enqueuing is idempotent and releasing is fenced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from typing import Final

import structlog
from arq.connections import ArqRedis

from domain.protocols import Wake
from jobs.attempts import Attempts
from jobs.bell import enqueue
from jobs.names import Names
from workflow.context import Context
from workflow.work import due_jobs, forget_answers, milliseconds_to_next_due, release_lost_jobs

LONGEST_PAUSE_SECONDS: Final = 2.0
FORGETTING_SECONDS: Final = 3600.0
"""How often kept answers are removed that their own jobs have left: each worker does it at its start, too."""
_SHORTEST_PAUSE_SECONDS: Final = 0.05
_BATCH: Final = 500
_PATIENCE_SECONDS: Final = 10.0

_log = structlog.get_logger(__name__)


async def sweep(context: Context, redis: ArqRedis, names: Names, *, held: Collection[Wake] = frozenset()) -> int:
    """One round; answers how many jobs were put into the queue. Raises `StorageError`, `RedisError`, `OSError`.

    `held` are the jobs that this worker is at: a lease of theirs that ran out (the machine was asleep) is renewed.
    """
    if released := await release_lost_jobs(context, held=held):
        _log.warning("released jobs of lost workers", count=released)
    wakes = await due_jobs(_BATCH)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        return await enqueue(redis, names, wakes)


async def sweep_until(
    stop: asyncio.Event, context: Context, redis: ArqRedis, names: Names, *, attempts: Attempts
) -> None:
    """A round at least every two seconds, and one when the next retry falls due."""
    failing, clock = False, asyncio.get_running_loop()
    forgotten = clock.time()
    while not stop.is_set():
        pause = LONGEST_PAUSE_SECONDS
        try:
            await sweep(context, redis, names, held=attempts.held)
            if (waiting := await milliseconds_to_next_due()) is not None:
                pause = min(pause, max(_SHORTEST_PAUSE_SECONDS, waiting / 1000))
            if clock.time() - forgotten >= FORGETTING_SECONDS:
                forgotten = clock.time()
                await forget_answers(context)
            failing = False
        except Exception as error:
            if not failing:
                _log.warning("sweep failed; it is tried again", error=type(error).__name__)
            failing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stop.wait()
