"""Makes a worker die at an exact point of a paid call. Python loads it by itself in each process that finds it on its
path; the processes are otherwise those of `reelgate serve`, and nothing of this is known to the product.

`TEST_DEATHS` names a folder. An `order` there ("images kept") is taken by the first worker that gets to that
point: it notes the death in `deaths.jsonl` and kills itself. Calls carry their row's id in a header.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from enum import StrEnum
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

FOLDER = "TEST_DEATHS"
CALL_HEADER = "x-provider-call"
_PR_SET_PDEATHSIG = 1
_LOADED_ONCE = (
    "anyio._backends._asyncio", "app.embedded", "app.worker", "httpx", "openai.resources.audio",
    "openai.resources.chat", "openai.resources.images", "openai.resources.models",
    "providers.openai_compatible.images", "providers.openai_compatible.speech", "providers.openai_compatible.text",
    "tortoise.backends.asyncpg", "tortoise.backends.sqlite", "typer",
)  # fmt: skip


class Point(StrEnum):
    """Where a worker dies, in the order in which it comes there."""

    BEFORE_ROW = "before_row"
    ROW = "row"  # noted, but not sent
    AT_PROVIDER = "at_provider"  # charged, not answered: killed from outside
    ANSWERED = "answered"
    ANSWER_STAGED = "answer_staged"
    ANSWER_PLACED = "answer_placed"  # under its key, but the row does not say so yet
    KEPT = "kept"
    RESULT_STAGED = "result_staged"  # the picture, or the sound
    RESULT_PLACED = "result_placed"  # all that goes with it is written, but not committed
    COMMITTED = "committed"
    ANSWER_FORGOTTEN = "answer_forgotten"  # its file is gone, but the row does not say so yet


_call: ContextVar[dict[str, Any]] = ContextVar("call")


def reach(point: Point) -> None:
    """Dies here if that is ordered."""
    call = _call.get({})
    folder = Path(os.environ[FOLDER])
    wanted = f"{call.get('role')} {point}"
    try:
        if (folder / "order").read_text() != wanted:
            return
        (folder / "order").rename(folder / "obeyed")
    except FileNotFoundError:
        return
    with (folder / "deaths.jsonl").open("a") as deaths:
        deaths.write(json.dumps({**call, "point": point}) + "\n")
    os.kill(os.getpid(), signal.SIGKILL)


def around(
    function: Callable[..., Awaitable[Any]], before: Point | None, after: Point | None
) -> Callable[..., Awaitable[Any]]:
    """The function, and a death before or after it."""

    async def run(*args: Any, **kwargs: Any) -> Any:
        if before is not None:
            reach(before)
        result = await function(*args, **kwargs)
        if after is not None:
            reach(after)
        return result

    return run


def change_book() -> None:
    from workflow import book

    changed: Any = book
    begin, end = book._begin, book._end

    async def noted(context: Any, *, job: Any, planned: Any, **others: Any) -> Any:
        call = {"job": job.id, "role": planned.role.value}
        _call.set(call)
        reach(Point.BEFORE_ROW)
        begun = await begin(context, job=job, planned=planned, **others)
        _call.set({**call, "call": begun.call_id})
        if begun.answer_key is None:
            reach(Point.ROW)
        return begun

    async def ended(context: Any, **kwargs: Any) -> None:
        if kwargs["staged"] is not None:
            reach(Point.ANSWER_STAGED)
        await end(context, **kwargs)

    changed._begin = noted
    changed._end = ended
    changed.with_patience = around(changed.with_patience, None, Point.ANSWERED)
    changed.JobBook._keep = around(book.JobBook._keep, None, Point.KEPT)


def change_media() -> None:
    from storage.media import MediaStore

    promote, remove = MediaStore.promote, MediaStore.remove

    async def promoted(self: Any, staged: Any, key: str, **kwargs: Any) -> None:
        await promote(self, staged, key, **kwargs)
        reach(Point.ANSWER_PLACED if key.startswith("calls/") else Point.RESULT_PLACED)

    async def removed(self: Any, key: str) -> None:
        await remove(self, key)
        reach(Point.ANSWER_FORGOTTEN)

    changed: Any = MediaStore
    changed.promote = promoted
    changed.remove = removed


def change_records() -> None:
    import jobs.generate_image as pictures
    from workflow import speeches

    changed: Any = pictures
    changed.record_image = around(changed.record_image, Point.RESULT_STAGED, Point.COMMITTED)
    changed = speeches
    changed._record = around(changed._record, Point.RESULT_STAGED, Point.COMMITTED)


def name_calls() -> None:
    from providers.openai_compatible import client

    changed: Any = client
    http = changed.DefaultAsyncHttpxClient

    async def tag(request: Any) -> None:
        if (call := _call.get({}).get("call")) is not None:
            request.headers[CALL_HEADER] = str(call)

    changed.DefaultAsyncHttpxClient = lambda **options: http(event_hooks={"request": [tag]}, **options)


def pass_on(child: int, number: int, frame: FrameType | None) -> None:
    os.kill(child, number)


def live_again_and_again() -> None:
    """After each death that was ordered this process goes on as a copy of itself from before its first step.

    That saves the seconds of a start, in which the libraries are loaded. Who is killed from outside stays dead.
    """
    for library in _LOADED_ONCE:
        import_module(library)
    while (child := os.fork()) != 0:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, partial(pass_on, child))
        status = os.waitpid(child, 0)[1]
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            os._exit(os.waitstatus_to_exitcode(status) & 255)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def hurry_the_keeper() -> None:
    """A worker that dies again and again is started again at once: what is tested is not how long that takes."""
    from app import keeper

    changed: Any = keeper
    changed._LONGEST_PAUSE = 0.05


if FOLDER in os.environ:
    with suppress(ImportError):  # another Python of the same environment
        if "worker" in sys.orig_argv:
            change_book()
            change_media()
            change_records()
            name_calls()
            live_again_and_again()
        elif "serve" in sys.orig_argv:
            hurry_the_keeper()
