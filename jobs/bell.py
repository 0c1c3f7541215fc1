"""Tells other processes, over Redis, to look at the database. All of it may be lost; a sweep and polls make it good."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Final

import structlog
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from domain.protocols import Ring, Wake
from jobs.names import FUNCTION, Names

PATIENCE_SECONDS: Final = 0.1
"""A command waits this long for Redis, and then answers its client."""

_log = structlog.get_logger(__name__)


def connect(url: str, names: Names) -> ArqRedis:
    """A client of the installation's queue. Connects when first used, and again whenever it has to."""
    pool = ConnectionPool.from_url(url, max_connections=1000, socket_connect_timeout=5)
    return ArqRedis(pool, default_queue_name=names.queue)


class RedisBell:
    """Fills `domain.protocols.Bell`."""

    def __init__(self, redis: ArqRedis, names: Names) -> None:
        self._redis = redis
        self._names = names

    async def ring(self, ring: Ring) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._tell(ring)
                await enqueue(self._redis, self._names, ring.wakes)
        except (RedisError, OSError, TimeoutError) as error:
            _log.debug("bell lost", error=type(error).__name__)

    async def _tell(self, ring: Ring) -> None:
        if not (ring.script_ids or ring.progressed or ring.cancelled):
            return
        async with self._redis.pipeline(transaction=False) as pipe:
            if ring.script_ids or ring.progressed:
                pipe.publish(self._names.news, json.dumps([bool(ring.script_ids), sorted(ring.progressed)]))
            for wake in ring.cancelled:
                pipe.publish(self._names.cancelled, f"{wake.job_id}:{wake.fence}")
            await pipe.execute()


async def enqueue(redis: ArqRedis, names: Names, wakes: Iterable[Wake]) -> int:
    """Put due jobs into arq's queue and wake the workers; answers how many were not there yet.

    Raises `RedisError` or `OSError`.
    """
    added = 0
    for wake in wakes:
        arq_id = names.arq_id(wake)
        if await redis.enqueue_job(FUNCTION, wake.job_id, wake.fence, _job_id=arq_id) is not None:
            added += 1
        else:  # arq knows it; unless a part of what it knows was lost, this changes nothing
            added += await redis.zadd(names.queue, {arq_id: int(time.time() * 1000)}, nx=True)
    if added:
        await redis.publish(names.due, added)
    return added
