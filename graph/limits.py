"""What one request, one connection and one client may take of this server. Settings choose the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from graphql import GraphQLError

from graph.refusals import RequestRefused


class Limit(StrEnum):
    """Which limit was hit: the `code` in the extensions of the error."""

    TIMED_OUT = "TIMED_OUT"
    DOCUMENT_TOO_LARGE = "DOCUMENT_TOO_LARGE"
    TOO_DEEP = "TOO_DEEP"
    TOO_MANY_FIELDS = "TOO_MANY_FIELDS"
    TOO_MANY_DIRECTIVES = "TOO_MANY_DIRECTIVES"
    TOO_COSTLY = "TOO_COSTLY"
    TOO_MANY_VALUES = "TOO_MANY_VALUES"
    TOO_MANY_CONNECTIONS = "TOO_MANY_CONNECTIONS"
    TOO_MANY_SUBSCRIPTIONS = "TOO_MANY_SUBSCRIPTIONS"
    TOO_MANY_OPERATIONS = "TOO_MANY_OPERATIONS"


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Of one operation, with its fragments counted wherever they are used.

    `fields` counts uses of fragments as well. `cost` is the number of fields that the answer may be expected to have.
    """

    depth: int = 15
    fields: int = 1_000
    directives: int = 100
    cost: int = 200_000


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """`seconds` are for the execution of a query or mutation, and for the answer to one event of a subscription;
    `body_seconds` for the body of a request to come. `operations` run on one WebSocket at once. `connections` and
    `subscriptions` are those that one client may have open. 0 means no limit, but not in `operations`.
    """

    document: DocumentLimits = field(default_factory=DocumentLimits)
    seconds: float = 30.0
    body_seconds: float = 30.0
    operations: int = 100
    connections: int = 2_000
    subscriptions: int = 10_000


def beyond(limit: Limit, message: str) -> RequestRefused:
    """To be raised. Nothing was executed."""
    return RequestRefused([GraphQLError(message, extensions=_extensions(limit))])


def timed_out(seconds: float) -> Mapping[str, Any]:
    """The error of an operation that was ended, as clients see it."""
    message = (
        f"It took longer than {seconds:g} s and was ended. What a mutation had committed by then is done: look before "
        "you repeat it."
    )
    return {"message": message, "extensions": _extensions(Limit.TIMED_OUT)}


def _extensions(limit: Limit) -> dict[str, Any]:
    return {"code": limit.value}
