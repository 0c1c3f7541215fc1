"""Hears, over Redis, that something happened, and tells the live layer to look at the database."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import structlog
from arq.connections import ArqRedis
from redis.exceptions import RedisError

from graph.live import EventFeed
from jobs.listening import next_message
from jobs.names import Names

_PAUSE_SECONDS = 0.5

_log = structlog.get_logger(__name__)


async def follow_news(redis: ArqRedis, names: Names, feed: EventFeed) -> None:
    """Until cancelled. While Redis is away the feed's own slow poll does the work."""
    while True:
        channel = redis.pubsub()
        try:
            await channel.subscribe(names.news)
            while True:
                message = await next_message(channel)
                if message["type"] == "subscribe":
                    feed.ring_events()  # for what happened while nobody listened
                elif message["type"] == "message":
                    _pass_on(message["data"], feed)
        except (RedisError, OSError) as error:
            _log.debug("Redis does not answer", error=type(error).__name__)
        finally:
            with suppress(RedisError, OSError):
                await channel.aclose()  # type: ignore[no-untyped-call]
        await asyncio.sleep(_PAUSE_SECONDS)


def _pass_on(data: bytes, feed: EventFeed) -> None:
    try:
        events, job_ids = json.loads(data)
        numbers = [int(job_id) for job_id in job_ids]
    except (ValueError, TypeError):  # not one of ours
        return
    if events:
        feed.ring_events()
    for number in numbers:
        feed.ring_job(number)
