"""What nobody expected: answered with a masked problem, logged once with its trace.

Wrapped around an application that handles its own refusals. Nothing of an exception ever reaches the client.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rest.problems import HttpCode, Problem, problem_response
from workflow.reading import DatabaseBusy, DatabaseUnavailable, database_failure

log = structlog.stdlib.get_logger(__name__)


class Guard:
    """A database that does not answer is 503 with Retry-After; everything else that escapes is 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
            return
        except ClientDisconnect:
            return  # nobody is there to be answered
        except asyncio.CancelledError as error:
            if _is_told_to_end():
                raise
            problem = _logged(scope, error)
        except Exception as error:
            problem = _logged(scope, error)
        if not started:  # else the server breaks the connection off, for want of the rest
            await problem_response(problem, scope)(scope, receive, send)


def _is_told_to_end() -> bool:
    """Whether a `CancelledError` in this task means the task. If not, it is a fault of something that was awaited."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _logged(scope: Scope, error: BaseException) -> Problem:
    failure = database_failure(error) if isinstance(error, Exception) else None
    if failure is not None:
        log.error("database unavailable", path=scope["path"], error=str(failure))
        return unavailable(failure)
    bound: dict[str, Any] = structlog.contextvars.get_contextvars()
    request_id = str(bound.get("request_id") or uuid.uuid4().hex)
    log.error("request failed", path=scope["path"], method=scope["method"], request_id=request_id, exc_info=error)
    return Problem(
        500, HttpCode.INTERNAL, "Something went wrong on our side",
        f"This is a fault of the server, and it has been logged. When you report it, give the request id {request_id}.",
        members={"request_id": request_id},
    )  # fmt: skip


def unavailable(failure: DatabaseBusy | DatabaseUnavailable) -> Problem:
    """The message of the failure stays in the log: it may name hosts and files."""
    busy = isinstance(failure, DatabaseBusy)
    detail = (
        "The database is busy. Nothing was changed; send the request again."
        if busy
        else "The database does not answer. Send the request again in a while."
    )
    headers = {"Retry-After": "1" if busy else "5"}
    return Problem(503, HttpCode.UNAVAILABLE, "Not available at the moment", detail, headers=headers)
