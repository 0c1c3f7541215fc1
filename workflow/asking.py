"""What is asked of storage outside of a command."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from workflow.reading import database_failure

P = ParamSpec("P")
T = TypeVar("T")


def asking(ask: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """What is asked outside of a command fails in the same words: with `StorageError`."""

    @wraps(ask)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await ask(*args, **kwargs)
        except Exception as error:
            if (known := database_failure(error)) is not None:
                raise known from None
            raise

    return run
