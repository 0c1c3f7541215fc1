"""An arq worker that is woken instead of polling, and that outlives its Redis.

arq delivers, nothing more: its results, retries, time-outs and in-progress keys mean nothing here, because any of them
can be lost or left behind. The row of the job says who may work on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import structlog
from arq import func
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix, retry_key_prefix
from arq.worker import Worker
from redis.exceptions import RedisError

from domain.lifecycle import JobKind
from domain.protocols import Wake
from domain.work import deadline
from jobs.attempts import Attempts
from jobs.listening import PATIENCE_SECONDS, next_message
from jobs.names import FUNCTION, Names
from workflow.work import StorageError

FALLBACK_POLL_SECONDS: Final = 5.0
_LONGEST_BACKOFF_SECONDS: Final = 2.0
_FIRST_BACKOFF_SECONDS: Final = 0.1
PICKED_UP_SECONDS: Final = 5.0
"""How long arq holds back an id whose worker died, or lost Redis, before it claimed the row.

Too short does no harm: of two workers that get the same job one claims it.
"""

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
        self._completed = 0

    async def main(self) -> None:
        """Until `stop_picking`."""
        listener = asyncio.create_task(self._listen())
        backoff = _FIRST_BACKOFF_SECONDS
        try:
            while self.allow_pick_jobs:
                self._wake.clear()
                pause = FALLBACK_POLL_SECONDS
                try:
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await self._poll_iteration()
                    backoff = _FIRST_BACKOFF_SECONDS
                except Exception as error:
                    if not isinstance(error, RedisError | OSError):
                        _log.error("a round of deliveries failed", exc_info=error)
                    elif backoff == _FIRST_BACKOFF_SECONDS:
                        _log.warning("Redis does not answer", error=type(error).__name__)
                    pause, backoff = backoff, min(_LONGEST_BACKOFF_SECONDS, backoff * 2)
                # Not `wait_for`, which can lose the cancellation that ends this loop (Python 3.11).
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake.wait()
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener

    def stop_picking(self) -> None:
        """Take no more jobs. To be preferred to cancelling `main`, which would leave connections half way."""
        self.allow_pick_jobs = False
        self._wake.set()

    async def close(self) -> None:
        """Wait for the end of what is being delivered. The connections belong to whoever made them."""
        deliveries = list(self.tasks.values())
        if deliveries:
            await asyncio.wait(deliveries, timeout=_LONGEST_BACKOFF_SECONDS)
        for task in deliveries:
            task.cancel()
        await asyncio.gather(*deliveries, return_exceptions=True)

    async def heart_beat(self) -> None:
        """Nobody reads arq's."""

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """As arq does it, but a place taken for a job that could not be asked about is free again."""
        for job_id in job_ids:
            if self.job_counter >= self.max_jobs or not self.allow_pick_jobs:
                return
            expected, self._completed = self.job_counter, 0
            earlier = self.tasks.get(job_id.decode())  # may still be there, and ended: the job is delivered again
            try:
                await super().start_jobs([job_id])
            except BaseException:
                taken = self.job_counter > expected - self._completed
                if taken and self.tasks.get(job_id.decode()) is earlier:
                    super()._release_sem_dec_counter_on_complete()
                raise

    def _release_sem_dec_counter_on_complete(self) -> None:
        super()._release_sem_dec_counter_on_complete()
        self._completed += 1
        self._wake.set()

    async def _deliver(self, ctx: dict[Any, Any], job_id: int, fence: int) -> None:
        """What arq runs: the job's attempt, if its row lets us. Never raises, so that arq records nothing."""
        wake = Wake(job_id, fence)
        try:
            await self._attempts.attempt(wake, decided=lambda: self._forget(wake))
        except (StorageError, OSError) as error:
            _log.warning("a job could not be claimed", job_id=job_id, error=str(error))

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
        while True:
            channel = self.pool.pubsub()
            try:
                await channel.subscribe(self._names.due, self._names.cancelled)
                while True:
                    self._hear(await next_message(channel))
            except (RedisError, OSError):
                await asyncio.sleep(_FIRST_BACKOFF_SECONDS)
            finally:
                with suppress(RedisError, OSError):
                    await channel.aclose()  # type: ignore[no-untyped-call]

    def _hear(self, message: Mapping[str, Any]) -> None:
        match message["type"], message["channel"]:
            case "subscribe", _:  # also when the client has connected again by itself
                self._wake.set()  # for what was enqueued while nobody listened
            case "message", channel if channel == self._names.due.encode():
                self._wake.set()
            case "message", _:
                with suppress(ValueError):  # not one of ours
                    job_id, fence = map(int, message["data"].split(b":"))
                    self._attempts.cancel(Wake(job_id, fence))
