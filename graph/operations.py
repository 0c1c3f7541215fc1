"""Executes one operation, whichever way the request came in, and makes its answer fit to be sent.

Strawberry's own views are not used: they answer malformed requests with a 500, close a WebSocket with all its
operations for one bad document, and mask errors in some places only. graphql-core executes its schema directly.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, GraphQLError, OperationType, execute, subscribe

from graph.context import GraphContext
from graph.documents import Operation, RequestRefused, check_variables, choose_operation
from graph.errors import BAD_REQUEST, public_error, public_errors
from graph.executor import BoundedExecutor
from graph.schema import schema
from workflow import reading

Answer = dict[str, Any]
MakeContext = Callable[[], GraphContext]


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for, well formed."""

    query: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None

    def operation(self) -> Operation:
        """Raises `RequestRefused`."""
        check_variables(self.variables or {})
        return choose_operation(self.query, self.operation_name)


async def execute_once(request: Request, operation: Operation, context: GraphContext) -> Answer:
    """The answer of a query or mutation.

    Raises:
        RequestRefused: its variables do not fit.
    """
    if operation.type is OperationType.QUERY and "eventCursor" in request.query:
        try:
            context.event_cursor = await reading.event_cursor()
        except Exception as error:
            return {"data": None, "errors": [public_error(error)]}
    result = execute(schema._schema, operation.document, **_arguments(request, operation, context))
    return _answer(await result if isawaitable(result) else result)


async def open_stream(request: Request, operation: Operation, context: GraphContext) -> AsyncIterator[Answer]:
    """The answers of a subscription. When this returns, the subscription has its place and will miss nothing.

    Raises:
        RequestRefused: its variables do not fit, or it cannot be subscribed to.
    """
    opened = subscribe(schema._schema, operation.document, **_arguments(request, operation, context))
    stream = await opened if isawaitable(opened) else opened
    if isinstance(stream, ExecutionResult):
        raise RequestRefused(stream.errors or [GraphQLError("There is nothing to subscribe to.")])
    return _answers(stream)


async def _answers(stream: Any) -> AsyncIterator[Answer]:
    async with aclosing(stream):
        async for result in stream:
            yield _answer(result)


def _arguments(request: Request, operation: Operation, context: GraphContext) -> dict[str, Any]:
    return {
        "context_value": context,
        "variable_values": dict(request.variables or {}),
        "operation_name": operation.name,
        "executor_class": BoundedExecutor,
    }


def _answer(result: ExecutionResult) -> Answer:
    if result.data is None and result.errors and all(error.path is None for error in result.errors):
        raise RequestRefused(result.errors)
    answer: Answer = {"data": result.data}
    if result.errors:
        answer["errors"] = public_errors(result.errors)
    return answer


def refusal(refused: RequestRefused) -> Answer:
    """The answer where nothing was executed: no `data` at all."""
    return {"errors": public_errors(refused.errors)}


def plain_refusal(message: str, code: str = BAD_REQUEST) -> Answer:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}
