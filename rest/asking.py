"""What every route is given: the context of the commands, and the headers they share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import Request

from workflow.context import Context


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


GivenContext = Annotated[Context, Depends(_context)]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Any text of your own. The same request with the same key is carried out once and answered twice.",
    ),
]


def path_to(request: Request, path: str) -> str:
    """The path of another resource of this API, from the root of the server."""
    return f"{request.scope.get('root_path', '')}{path}"
