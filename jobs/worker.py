"""An arq worker that is woken instead of polling, and that outlives its Redis.

arq delivers, nothing more: its results, retries, time-outs and in-progress keys mean nothing here, because any of them
can be lost or left behind. The row of the job says who may work on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import structlog
from arq import func
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix, retry_key_prefix
from arq.worker import Worker
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from domain.lifecycle import JobKind
from domain.protocols import Wake
from domain.work import deadline
from jobs.attempts import Attempts
from jobs.names import FUNCTION, Names
from workflow.work import StorageError

FALLBACK_POLL_SECONDS: Final = 5.0
_LONGEST_BACKOFF_SECONDS: Final = 2.0
_FIRST_BACKOFF_SECONDS: Final = 0.1
PICKED_UP_SECONDS: Final = 30.0
"""How long arq keeps an id that a worker took and then died before it claimed the row."""

_log = structlog.get_logger(__name__)


class WakingWorker(Worker):
    """Takes due jobs from arq's queue within milliseconds of their enqueuing; idle, it sends next to nothing."""

    def __init__(self, redis: ArqRedis, names: Names, attempts: Attempts, *, concurrency: int) -> None:
        longest = max(deadline(kind) for kind in JobKind).total_seconds()
        super().__init__(
            functions=[func(self._deliver, name=FUNCTION)],
            redis_pool=redis,
            queue_name=names.queue,
            handle_signals=False,
            max_jobs=concurrency,
            max_tries=1,
            retry_jobs=False,
            keep_result=0,
            job_timeout=longest + 600,
            queue_read_limit=1000,
            log_results=False,
        )
        self.in_progress_timeout_s = PICKED_UP_SECONDS
        self._names = names
        self._attempts = attempts
        self._wake = asyncio.Event()

    async def main(self) -> None:
        """Until cancelled."""
        listener = asyncio.create_task(self._listen())
        backoff = _FIRST_BACKOFF_SECONDS
        try:
            while True:
                self._wake.clear()
                pause = FALLBACK_POLL_SECONDS
                try:
                    await self._poll_iteration()
                    backoff = _FIRST_BACKOFF_SECONDS
                except (RedisError, OSError) as error:
                    _log.warning("Redis does not answer", error=type(error).__name__)
                    pause, backoff = backoff, min(_LONGEST_BACKOFF_SECONDS, backoff * 2)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener

    async def close(self) -> None:
        """End what is still being delivered. The connections belong to whoever made them."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    async def heart_beat(self) -> None:
        """Nobody reads arq's."""

    def _release_sem_dec_counter_on_complete(self) -> None:
        super()._release_sem_dec_counter_on_complete()
        self._wake.set()

    async def _deliver(self, ctx: dict[Any, Any], job_id: int, fence: int) -> None:
        """What arq runs: the job's attempt, if its row lets us. Never raises, so that arq records nothing."""
        try:
            job = await self._attempts.claim(job_id, fence)
            await self._forget(Wake(job_id, fence))
        except StorageError as error:
            _log.warning("a job could not be claimed", job_id=job_id, error=str(error))
            return
        if job is not None:
            await self._attempts.run(job)

    async def _forget(self, wake: Wake) -> None:
        """Take the delivered job out of Redis: from now on only its row counts, and the queue stays short."""
        arq_id = self._names.arq_id(wake)
        with suppress(RedisError, OSError):
            async with self.pool.pipeline(transaction=True) as pipe:
                pipe.zrem(self.queue_name, arq_id)
                pipe.delete(*(prefix + arq_id for prefix in (job_key_prefix, in_progress_key_prefix, retry_key_prefix)))
                await pipe.execute()

    async def _listen(self) -> None:
        """Wakes the loop on enqueues and stops cancelled jobs."""
        handlers: dict[str, Callable[[bytes], None]] = {
            self._names.due: lambda _: self._wake.set(),
            self._names.cancelled: lambda data: self._attempts.cancel(int(data)),
        }
        while True:
            channel = self.pool.pubsub()
            try:
                await self._follow(channel, handlers)
            except (RedisError, OSError):
                await asyncio.sleep(_FIRST_BACKOFF_SECONDS)
            finally:
                with suppress(RedisError, OSError):
                    await channel.aclose()  # type: ignore[no-untyped-call]

    async def _follow(self, channel: PubSub, handlers: dict[str, Callable[[bytes], None]]) -> None:
        await channel.subscribe(*handlers)
        self._wake.set()  # for what was enqueued while nobody listened
        async for message in channel.listen():
            if message["type"] == "message":
                handlers[message["channel"].decode()](message["data"])
