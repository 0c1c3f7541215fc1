"""The one shape of every error over HTTP: `application/problem+json` (RFC 9457) with a stable `code`.

Knows no command and no framework beyond Starlette, so that the middleware around all faces can use it too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.types import Scope

MEDIA_TYPE: Final = "application/problem+json"
_LONGEST_MESSAGE: Final = 500
_LONGEST_INSTANCE: Final = 500
_TYPE_PREFIX: Final = "urn:reelgate:problem:"


class HttpCode(StrEnum):
    """Codes of what is declined before any command is reached. Those of commands are `domain.errors.ErrorCode`."""

    HOST_REFUSED = "HOST_REFUSED"
    HTTP_ERROR = "HTTP_ERROR"
    INTERNAL = "INTERNAL"
    INVALID = "INVALID"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_FOUND = "NOT_FOUND"
    ORIGIN_REFUSED = "ORIGIN_REFUSED"
    PRECONDITION_FAILED = "PRECONDITION_FAILED"
    RANGE_NOT_SATISFIABLE = "RANGE_NOT_SATISFIABLE"
    UNAVAILABLE = "UNAVAILABLE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one part of the request; `field` is its name in the body, the query or the headers."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """`detail` is a sentence for a person. `members` are further members of the object, `headers` of the response."""

    status: int
    code: str
    title: str
    detail: str
    errors: Sequence[FieldProblem] = ()
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self, instance: str | None) -> bytes:
        """Pure ASCII: what a client sent may come back in `detail`, and half a surrogate pair has no UTF-8 form."""
        problem: dict[str, Any] = {
            "type": _TYPE_PREFIX + self.code.lower().replace("_", "-"),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if instance is not None:
            problem["instance"] = instance
        if self.errors:
            problem["errors"] = [{"field": error.field, "message": error.message} for error in self.errors]
        return json.dumps({**problem, **self.members}, ensure_ascii=True, separators=(",", ":")).encode("ascii")


class Refused(Exception):
    """Ends the handling of a request with this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def shortened(message: str) -> str:
    """For a message that repeats what the client has sent."""
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[: _LONGEST_MESSAGE - 1]}…"


def problem_response(problem: Problem, scope: Scope) -> Response:
    """The answer to the request of this scope; its path becomes `instance`, unless it is very long."""
    headers = {"Cache-Control": "no-store", **problem.headers}
    path = quote(str(scope.get("path", "")), errors="replace")
    body = problem.as_json(path if 0 < len(path) <= _LONGEST_INSTANCE else None)
    return Response(body, status_code=problem.status, headers=headers, media_type=MEDIA_TYPE)
