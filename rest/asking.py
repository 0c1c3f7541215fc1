"""What every route is given: the context of the commands, and the headers they share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import Request

from rest.errors import invalid
from rest.problems import FieldProblem
from workflow.context import Context


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


GivenContext = Annotated[Context, Depends(_context)]


def _idempotency_key(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="Any text of your own. The same request with the same key is carried out once and answered "
            "twice.",
        ),
    ] = None,
) -> str | None:
    """Raises `Refused`: of two keys, either could be the one that was used before."""
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise invalid(FieldProblem("Idempotency-Key", "Several Idempotency-Key headers were sent. Send one."))
    return key


IdempotencyKey = Annotated[str | None, Depends(_idempotency_key)]


def path_to(request: Request, path: str) -> str:
    """The path of another resource of this API, from the root of the server."""
    return f"{request.scope.get('root_path', '')}{path}"
