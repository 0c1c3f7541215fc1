"""Makes good what bells lost and workers left: enqueues what is due, releases what nobody holds any more.

Every worker sweeps. Two sweeps at once do no harm: enqueuing is idempotent and releasing is fenced.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from arq.connections import ArqRedis
from redis.exceptions import RedisError

from jobs.bell import enqueue
from jobs.names import Names
from workflow.context import Context
from workflow.work import StorageError, due_jobs, milliseconds_to_next_due, release_lost_jobs

LONGEST_PAUSE_SECONDS: Final = 2.0
_SHORTEST_PAUSE_SECONDS: Final = 0.05
_BATCH: Final = 500
_PATIENCE_SECONDS: Final = 10.0

_log = structlog.get_logger(__name__)


async def sweep(context: Context, redis: ArqRedis, names: Names) -> int:
    """One round; answers how many jobs were put into the queue. Raises `StorageError`, `RedisError`, `OSError`."""
    if released := await release_lost_jobs(context):
        _log.warning("released jobs of lost workers", count=released)
    wakes = await due_jobs(_BATCH)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        return await enqueue(redis, names, wakes)


async def sweep_forever(context: Context, redis: ArqRedis, names: Names) -> None:
    """A round at least every two seconds, and one when the next retry falls due."""
    while True:
        pause = LONGEST_PAUSE_SECONDS
        try:
            await sweep(context, redis, names)
            if (waiting := await milliseconds_to_next_due()) is not None:
                pause = min(pause, max(_SHORTEST_PAUSE_SECONDS, waiting / 1000))
        except (StorageError, RedisError, OSError) as error:
            _log.warning("sweep failed", error=type(error).__name__, reason=str(error))
        await asyncio.sleep(pause)
