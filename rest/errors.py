"""How declined commands and bad requests are said over HTTP: one line for each error code."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from domain.errors import (
    DomainError,
    ErrorCode,
    IllegalTransition,
    JobErrorCode,
    NotFound,
    ScenesNotReady,
    VersionConflict,
    WorkFailed,
)
from domain.pictures import CheckingUnavailable
from rest.problems import FieldProblem, HttpCode, Problem, Refused, problem_response, shortened

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

REFUSALS: Final[Mapping[ErrorCode, tuple[int, str]]] = {
    ErrorCode.INVALID: (422, "The request cannot be accepted as it is"),
    ErrorCode.NOT_FOUND: (404, "There is no such thing"),
    ErrorCode.STATE_CONFLICT: (409, "The present state does not allow this"),
    ErrorCode.VERSION_CONFLICT: (409, "It has changed since you read it"),
    ErrorCode.IDEMPOTENCY_CONFLICT: (409, "The idempotency key belongs to another request"),
    ErrorCode.LIMIT_EXCEEDED: (413, "It is too large"),
    ErrorCode.CURSOR_INVALID: (400, "The cursor cannot be continued from"),
}

_MOST_ERRORS: Final = 20

_NAMES_OVER_REST: Final[Mapping[str, str]] = {
    "musicId": "music_id",
    "sceneId": "scene_id",
    "sceneSeconds": "scene_seconds",
    "transitionSeconds": "transition_seconds",
    "acceptStale": "accept_stale",
    "after": "cursor",
    "expectedSceneVersion": "expected_scene_version",
    "expectedVersion": "expected_version",
    "expectedVersions": "expected_versions",
    "first": "limit",
    "idempotencyKey": "Idempotency-Key",
    "noBudget": "no_budget",
    "sceneIds": "scene_ids",
}


def problem_of(error: DomainError) -> Problem:
    """The problem that says what a command has declined."""
    status, title = REFUSALS[error.code]
    message = error.message
    for name in error.field:
        if not name.islower():  # a name, not a word that may be part of the sentence
            message = message.replace(name, _NAMES_OVER_REST.get(name, name))
    fields = [_NAMES_OVER_REST.get(name, name) for name in error.field if not isinstance(error, NotFound)]
    errors = [FieldProblem(".".join(fields), message)] if fields else []
    return Problem(status, error.code, title, message, errors, _members(error))


def _members(error: DomainError) -> dict[str, Any]:
    match error:
        case ScenesNotReady():
            return {"scenes": [asdict(short) for short in error.shortfalls]}
        case IllegalTransition():
            return {"current_status": error.current, "wanted_status": error.wanted}
        case VersionConflict():
            return {"current_version": error.current, "expected_version": error.expected}
    return {}


def invalid(*errors: FieldProblem, status: int = 422) -> Refused:
    """The request is wrong in these places; with 400, so wrong that it could not be read."""
    said = [FieldProblem(error.field, shortened(error.message)) for error in errors[:_MOST_ERRORS]]
    detail = shortened(" ".join(error.message for error in said))
    title = REFUSALS[ErrorCode.INVALID][1] if status == 422 else "The request cannot be read"
    return Refused(Problem(status, HttpCode.INVALID, title, detail, said))


def no_such_path(path: str) -> Problem:
    detail = shortened(f"There is nothing at {path}.")
    return Problem(404, HttpCode.NOT_FOUND, REFUSALS[ErrorCode.NOT_FOUND][1], detail)


def exception_handlers() -> dict[int | type[Exception], Handler]:
    """For any Starlette application, so that all of them answer errors in the one shape."""
    return {
        CheckingUnavailable: _on_checking_unavailable,
        DomainError: _on_domain_error,
        HTTPException: _on_http_exception,
        Refused: _on_refused,
        RequestValidationError: _on_validation_error,
        WorkFailed: _on_work_failed,
    }


async def _on_domain_error(request: Request, error: DomainError) -> Response:
    return problem_response(problem_of(error), request.scope)


async def _on_refused(request: Request, error: Refused) -> Response:
    return problem_response(error.problem, request.scope)


async def _on_checking_unavailable(request: Request, error: CheckingUnavailable) -> Response:
    return problem_response(_unavailable(error.message, seconds=error.seconds), request.scope)


async def _on_work_failed(request: Request, error: WorkFailed) -> Response:
    """The media folder, where a request writes into it."""
    if error.code is not JobErrorCode.STORAGE:
        raise error
    problem = _unavailable(f"{error.message} Nothing was changed.", seconds=5 if error.retryable else 60)
    return problem_response(problem, request.scope)


def _unavailable(detail: str, *, seconds: int) -> Problem:
    headers = {"Retry-After": str(seconds)}
    return Problem(503, HttpCode.UNAVAILABLE, "Not available at the moment", detail, headers=headers)


async def _on_http_exception(request: Request, error: HTTPException) -> Response:
    """What the router itself declines."""
    path = request.url.path
    headers = dict(error.headers or {})
    match error.status_code:
        case 404:
            problem = no_such_path(path)
        case 405:
            allowed = _allowed_methods(request) or headers.get("Allow", "")
            detail = shortened(f"{request.method} is not possible at {path}. These are: {allowed}.")
            problem = Problem(405, HttpCode.METHOD_NOT_ALLOWED, "Not with this method", detail)
            headers["Allow"] = allowed
        case status:
            phrase = HTTPStatus(status).phrase
            problem = Problem(status, HttpCode.HTTP_ERROR, phrase, str(error.detail or phrase))
    response = problem_response(problem, request.scope)
    response.headers.update(headers)
    return response


def _allowed_methods(request: Request) -> str:
    """Of all routes at this path: the router's own answer knows only the first of them."""
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.original_route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))


async def _on_validation_error(request: Request, error: RequestValidationError) -> Response:
    """Ids in the path, and the query."""
    details = error.errors()
    for detail in details:
        place, name = detail["loc"][0], str(detail["loc"][-1])
        if place == "path":
            entity = name.removesuffix("_id")
            message = f"There is no {entity} {str(request.path_params.get(name, ''))[:40]}."
            status, title = REFUSALS[ErrorCode.NOT_FOUND]
            return problem_response(Problem(status, HttpCode.NOT_FOUND, title, message), request.scope)
    errors = [FieldProblem(str(detail["loc"][-1]), _said(detail)) for detail in details]
    return problem_response(invalid(*errors).problem, request.scope)


def _said(detail: Mapping[str, Any]) -> str:
    name = str(detail["loc"][-1])
    if name == "limit":
        return "`limit` must be a whole number from 1 to 100."
    return f"`{name}` is not valid: {detail['msg']}."
