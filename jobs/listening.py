"""Hears what is published over Redis, and notices when nobody is at the other end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from redis.asyncio.client import PubSub

PATIENCE_SECONDS: Final = 10.0
"""A Redis that takes longer to answer is as good as gone; a network cut in two gives no other sign."""

SILENCE_SECONDS: Final = 30.0
"""After so long without a message one asks whether the subscription is still there."""


async def next_message(channel: PubSub) -> Mapping[str, Any]:
    """Raises `ConnectionError` when nobody is at the other end."""
    message = await channel.get_message(timeout=SILENCE_SECONDS)
    if message is None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await channel.ping()
        message = await channel.get_message(timeout=PATIENCE_SECONDS)
    if message is None:
        raise ConnectionError("Redis is silent")
    answer: Mapping[str, Any] = message
    return answer
