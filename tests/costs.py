"""What work may cost, said so that neither a busy machine nor the garbage collector decides."""

import gc
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Answer = TypeVar("Answer")

_TRIES = 6


@contextmanager
def _without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def assert_cheap(action: Callable[[], object], seconds: float) -> None:
    """Asserts that `action` needs less than `seconds` of this process's CPU.

    The least of several tries counts: caches shared with other processes add to a try and never take from it.
    """
    taken = []
    with _without_collector():
        for _ in range(_TRIES):
            taken.append(_cpu_of(action))
            if taken[-1] < seconds:
                return
    raise AssertionError(f"took {min(taken):.3f} s of CPU at the least; {seconds} s are allowed")


async def assert_answer_is_cheap(ask: Callable[[], Awaitable[Answer]], seconds: float) -> Answer:
    """Like `assert_cheap`, of this whole process while it answers; returns the last answer."""
    taken = []
    for _ in range(_TRIES):
        began = time.process_time()
        answer = await ask()
        taken.append(time.process_time() - began)
        if taken[-1] < seconds:
            return answer
    raise AssertionError(f"took {min(taken):.3f} s of CPU at the least; {seconds} s are allowed")


def assert_grows_no_faster_than(times: float, small: Callable[[], object], large: Callable[[], object]) -> None:
    """Asserts that `large` needs at most `times` the CPU of `small`, each the least of its tries so far."""
    least_small = least_large = float("inf")
    with _without_collector():
        for _ in range(_TRIES):
            least_small, least_large = min(least_small, _cpu_of(small)), min(least_large, _cpu_of(large))
            if least_large < times * least_small + 0.1:
                return
    raise AssertionError(f"{least_large:.3f} s of CPU after {least_small:.3f} s, more than {times:g} times")


def _cpu_of(action: Callable[[], object]) -> float:
    began = time.process_time()
    action()
    return time.process_time() - began
