"""A paid call that is under way when its job is stopped may come to its end, so that its answer is not lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from domain.calls import CallAnswer, ProviderError

_LETTING_GO_SECONDS: Final = 2.0


class Stopped(Exception):
    """The job was stopped while its call was under way. `outcome` is what came all the same; None: it is lost."""

    def __init__(self, cancellation: asyncio.CancelledError, outcome: CallAnswer | ProviderError | None) -> None:
        super().__init__()
        self.cancellation = cancellation
        self.outcome = outcome


async def with_patience(send: Callable[[], Awaitable[CallAnswer]], seconds: float) -> CallAnswer:
    """What `send` answers. If the caller is cancelled it may take `seconds` more; a second cancellation ends that.

    Raises `Stopped` when the caller was cancelled, and what `send` raises.
    """

    async def sent() -> CallAnswer:
        return await send()

    sending = asyncio.create_task(sent())
    try:
        await asyncio.wait([sending])
        return sending.result()
    except asyncio.CancelledError as cancelled:
        cancellation = cancelled
    with suppress(asyncio.CancelledError):
        await asyncio.wait([sending], timeout=seconds)
    if not sending.done():
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait([sending], timeout=_LETTING_GO_SECONDS)
    raise Stopped(cancellation, _outcome(sending))


def _outcome(sending: asyncio.Task[CallAnswer]) -> CallAnswer | ProviderError | None:
    if not sending.done() or sending.cancelled():
        return None
    match sending.exception():
        case None:
            return sending.result()
        case ProviderError() as error:
            return error
        case _:
            return None
