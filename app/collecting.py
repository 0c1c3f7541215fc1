"""How our processes collect reference cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

THRESHOLDS: Final = (10_000, 10, 500)


@contextmanager
def no_collections() -> Iterator[None]:
    """While modules are imported: what they make stays, and looking through it time and again is a sixth of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def rare_collections() -> Iterator[None]:
    """While this process serves. To be entered when all is imported and built.

    Python's own thresholds have every few thousand new objects walk over those of all connections: with thousands of
    subscribers that was a third of the CPU, in pauses of up to half a second. What a request or an event leaves behind
    is freed without the collector but for a little, and what is there before the first request stays for good. The
    young are collected in small portions: a thousand documents leave a million objects, which took a fifth of a second.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
