"""Declined commands as typed `userErrors`, and what clients may see of any other error.

A mutation that is declined answers with `userErrors`. In queries and subscriptions the same declines are GraphQL errors
with a stable `extensions.code`. What is neither a decline nor a fault of the request itself is masked, and logged once.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import strawberry
from graphql import GraphQLError

from domain import entities, errors
from domain.errors import DomainError, ErrorCode
from graph import enums
from graph.context import Info
from graph.fields import attribute, field, interface_type, object_type
from graph.forward import SCENE
from graph.ids import global_id
from workflow.reading import database_failure

log = logging.getLogger("reelgate.graph")

BAD_REQUEST: Final = "BAD_REQUEST"
"""The request cannot be executed as it is written."""

INTERNAL: Final = "INTERNAL"

UNAVAILABLE: Final = "UNAVAILABLE"
"""The database does not answer now; the same operation may succeed in a while."""

MAX_ERRORS: Final = 100
"""Of one answer: every item of a list can bring one, with a path as long as its aliases."""

_LONGEST_MESSAGE = 500
_PYTHON_WORD = re.compile(r"""'[^']*'|"[^"]*"|\b(?:None|True|False)\b""")
_GRAPHQL_WORDS = {"None": "null", "True": "true", "False": "false"}

_FIELD = "The path of the input at fault, inside of `input`; null if it is not about one."


@interface_type("Why a mutation was declined. Nothing was changed. The type need not be known: the fields say it all.")
class UserError:
    code: enums.UserErrorCode = attribute("A stable code.")
    message: str = attribute("What is wrong and what can be done, for a person.")
    field: list[str] | None = attribute(_FIELD)


@object_type("The input can never be accepted as it is.")
class InvalidInputError(UserError):
    pass


@object_type("Nothing has this id.")
class NotFoundError(UserError):
    pass


@object_type("The state of things does not allow it now.")
class StateConflictError(UserError):
    pass


@object_type("It has changed since the version that was decided on. Read it again and decide again.")
class VersionConflictError(UserError):
    expected: int = attribute("The version that was decided on.")
    current: int = attribute("The version it has now.")


@object_type("The idempotency key was used before, for another request.")
class IdempotencyConflictError(UserError):
    pass


@object_type("Well formed, but larger than this installation takes.")
class LimitExceededError(UserError):
    pass


@object_type("What one scene is short of.")
class SceneShortfall:
    order: int = attribute("The scene's place in the script, from 1.")
    reason: enums.ShortfallReason = attribute("A stable reason.")
    message: str = attribute("What to do about it, for a person.")

    @field(strawberry.ID, "Which scene.")
    def scene_id(self, parent: strawberry.Parent[errors.SceneShortfall]) -> str:
        return global_id("scene", parent.scene_id)

    @field(SCENE, "The scene as it is now.")
    async def scene(self, parent: strawberry.Parent[errors.SceneShortfall], info: Info) -> entities.Scene | None:
        return await info.context.loaders.scene.load(parent.scene_id)


@object_type("A video was asked for while scenes are short of something. Its code is `STATE_CONFLICT`.")
class ScenesNotReadyError(UserError):
    scenes: list[SceneShortfall] = attribute("Every scene that is short of something, in playing order.")


USER_ERRORS: Final[Mapping[ErrorCode, type[UserError] | None]] = {
    ErrorCode.INVALID: InvalidInputError,
    ErrorCode.NOT_FOUND: NotFoundError,
    ErrorCode.STATE_CONFLICT: StateConflictError,
    ErrorCode.VERSION_CONFLICT: VersionConflictError,
    ErrorCode.IDEMPOTENCY_CONFLICT: IdempotencyConflictError,
    ErrorCode.LIMIT_EXCEEDED: LimitExceededError,
    ErrorCode.CURSOR_INVALID: None,  # of subscriptions alone: no mutation takes a cursor
}

ERROR_TYPES: Final = (
    *(error_type for error_type in USER_ERRORS.values() if error_type is not None),
    ScenesNotReadyError,
)


def user_error(error: DomainError, *, id_field: str = "id") -> UserError:
    """`id_field` is the name under which the mutation takes the id that the error calls `id`."""
    at_fault = [id_field if name == "id" else name for name in error.field] or None
    plain: dict[str, Any] = {
        "code": enums.UserErrorCode(error.code.value), "message": error.message, "field": at_fault,
    }  # fmt: skip
    match error:
        case errors.VersionConflict():
            return VersionConflictError(expected=error.expected, current=error.current, **plain)
        case errors.ScenesNotReady():
            shortfalls: list[Any] = list(error.shortfalls)
            return ScenesNotReadyError(scenes=shortfalls, **plain)
    error_type = USER_ERRORS[error.code]
    if error_type is None:
        raise error
    return error_type(**plain)


def public_errors(found: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    """The errors of a response as clients may see them. What is masked is logged, each exception once."""
    logged: set[int] = set()
    errors = [_public(error, logged) for error in found]
    if len(errors) > MAX_ERRORS:
        more = f"There are {len(errors) - MAX_ERRORS} more errors."
        errors[MAX_ERRORS:] = [{"message": more, "extensions": {"code": ErrorCode.LIMIT_EXCEEDED.value}}]
    return errors


def is_told_to_end() -> bool:
    """Whether a `CancelledError` in this task means the task. If not, it is a fault of something that was awaited."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def public_error(error: BaseException) -> dict[str, Any]:
    """An error outside of any field, such as one that ends a subscription."""
    return _public(GraphQLError("", original_error=error), set())  # type: ignore[arg-type]


def _public(error: GraphQLError, logged: set[int]) -> dict[str, Any]:
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    shown: dict[str, Any] = dict(error.formatted)
    if isinstance(cause, DomainError):
        at_fault = {"field": list(cause.field)} if cause.field else {}
        return shown | {"message": cause.message, "extensions": {"code": cause.code.value, **at_fault}}
    if isinstance(cause, GraphQLError):
        return shown | {
            "message": _in_graphql_words(error.message),
            "extensions": {"code": BAD_REQUEST, **(error.extensions or {})},
        }
    if id(cause) not in logged:
        logged.add(id(cause))
        log.error("An operation failed at %s.", error.path or "its root", exc_info=cause)
    if isinstance(cause, Exception) and database_failure(cause) is not None:
        return shown | {"message": "The database does not answer. Try again soon.", "extensions": {"code": UNAVAILABLE}}
    return shown | {"message": "Internal error", "extensions": {"code": INTERNAL}}


def _in_graphql_words(message: str) -> str:
    """A message of graphql-core, which repeats what the client sent in full and shows values as Python writes them."""
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[: _LONGEST_MESSAGE - 1]}…"
    return _PYTHON_WORD.sub(lambda found: _GRAPHQL_WORDS.get(found[0], found[0]), message)
