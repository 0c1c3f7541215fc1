"""Makes answers smaller where that pays: not tiny ones, and large ones beside the event loop."""

from __future__ import annotations

import asyncio
import zlib
from typing import Final

SMALLEST: Final = 1_024
"""Bytes. A smaller answer fits into a packet or two as it is."""

_LARGE = 64 * 1_024
_FASTEST = 1
_GZIP = 16 + zlib.MAX_WBITS


async def gzipped(body: bytes) -> bytes:
    """As gzip, at the level that costs least time: others take several times as long for a few percent."""
    if len(body) < _LARGE:
        return _gzip(body)
    return await asyncio.to_thread(_gzip, body)


def _gzip(body: bytes) -> bytes:
    return zlib.compress(body, _FASTEST, _GZIP)
