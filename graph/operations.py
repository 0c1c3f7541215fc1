"""Executes one operation, whichever way the request came in, and makes its answer fit to be sent.

Strawberry's own views are not used: they answer malformed requests with a 500, close a WebSocket with all its
operations for one bad document, and mask errors in some places only. graphql-core executes its schema directly.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable
from typing import Any, Protocol

import orjson
from graphql import (
    ExecutionResult,
    GraphQLError,
    OperationType,
    create_source_event_stream,
    execute,
    execute_subscription_event,
)

from graph.alike import likeness
from graph.context import GraphContext
from graph.documents import Operation, RequestRefused, check_variables, choose_operation
from graph.errors import BAD_REQUEST, public_error, public_errors
from graph.executor import BoundedExecutor
from graph.limits import DocumentLimits, Limit, beyond, timed_out
from graph.schema import schema
from graph.sharing import Delivery, Sink
from graph.tracks import Source
from workflow import reading

Answer = dict[str, Any]
MakeContext = Callable[[], GraphContext]


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for, well formed."""

    query: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None

    def operation(self, limits: DocumentLimits = DocumentLimits()) -> Operation:  # noqa: B008 (it is immutable)
        """Raises `RequestRefused`."""
        check_variables(self.variables or {})
        return choose_operation(self.query, self.operation_name, limits)


async def execute_once(request: Request, operation: Operation, context: GraphContext) -> Answer:
    """The answer of a query or mutation, which is ended when it takes too long.

    Raises:
        RequestRefused: its variables do not fit.
    """
    seconds = context.limits.seconds
    try:
        async with asyncio.timeout(seconds or None) as timeout:
            return await _executed(request, operation, context)
    except TimeoutError:
        if not timeout.expired():
            raise
        return {"data": None, "errors": [timed_out(seconds)]}


async def _executed(request: Request, operation: Operation, context: GraphContext) -> Answer:
    if operation.type is OperationType.QUERY and "eventCursor" in request.query:
        try:
            context.event_cursor = await reading.event_cursor()
        except Exception as error:
            return {"data": None, "errors": [public_error(error)]}
    result = execute(schema._schema, operation.document, **_arguments(request, operation, context))
    return _answer(await result if isawaitable(result) else result)


class Stream(Protocol):
    """The answers of one subscription. Closing it ends the subscription."""

    def __aiter__(self) -> AsyncIterator[Delivery]: ...

    async def __anext__(self) -> Delivery: ...

    async def deliver_to(self, sink: Sink) -> None:
        """All of them; instead of taking them one by one."""

    async def aclose(self) -> None: ...


async def open_stream(request: Request, operation: Operation, context: GraphContext) -> Stream:
    """The answers of a subscription. When this returns, the subscription has its place and will miss nothing.

    The stream raises `RequestRefused` as well, where an event cannot be answered.

    Raises:
        RequestRefused: its variables do not fit, or it cannot be subscribed to.
    """
    variables = dict(request.variables or {})
    executor = BoundedExecutor.build(
        schema._schema, operation.document, context_value=context, raw_variable_values=variables,
        operation_name=operation.name,
    )  # fmt: skip
    if isinstance(executor, list):
        raise RequestRefused(executor)
    source = await _opened(executor, context.limits.seconds)
    if isinstance(source, ExecutionResult):
        raise RequestRefused(source.errors or [GraphQLError("There is nothing to subscribe to.")])
    render = partial(_render, executor)
    if not isinstance(source, Source):
        return _Unshared(_rendered(source, render))
    alike = likeness(request.query, operation, variables, context, source)
    return context.feed.groups.join(alike, source, render, _told_to_all)


async def _opened(executor: Any, seconds: float) -> Any:
    opened = create_source_event_stream(executor)
    try:
        async with asyncio.timeout(seconds or None) as timeout:
            return await opened if isawaitable(opened) else opened
    except TimeoutError:
        if not timeout.expired():
            raise
        raise beyond(Limit.TIMED_OUT, f"It took longer than {seconds:g} s to subscribe. Try again later.") from None


async def _render(executor: Any, payload: Any) -> bytes:
    seconds = executor.context_value.limits.seconds
    found = execute_subscription_event(executor.build_per_event_executor(payload))
    try:
        async with asyncio.timeout(seconds or None) as timeout:
            result = await found if isawaitable(found) else found
    except TimeoutError:
        if not timeout.expired():
            raise
        message = f"It took longer than {seconds:g} s to answer an event. Subscribe again, behind the last one."
        raise beyond(Limit.TIMED_OUT, message) from None
    # Copied, since it is kept: orjson answers with the whole of its buffer, which is up to ten times as large.
    return bytes(memoryview(orjson.dumps(_answer(result))))


async def _rendered(source: Any, render: Callable[[Any], Any]) -> AsyncGenerator[Delivery, None]:
    try:
        async for payload in source:
            yield Delivery(await render(payload), None)
    finally:
        if hasattr(source, "aclose"):
            await source.aclose()


class _Unshared:
    """Of a source that knows no places: executed for this subscriber alone."""

    def __init__(self, deliveries: AsyncGenerator[Delivery, None]) -> None:
        self._deliveries = deliveries

    def __aiter__(self) -> AsyncIterator[Delivery]:
        return self._deliveries

    async def __anext__(self) -> Delivery:
        return await anext(self._deliveries)

    async def deliver_to(self, sink: Sink) -> None:
        async for body, _ in self._deliveries:
            await sink.send(body)

    async def aclose(self) -> None:
        await self._deliveries.aclose()


def _told_to_all(error: BaseException) -> RequestRefused:
    """What the subscribers of a group are told of an error. It is masked and logged once, not by each of them."""
    errors = public_errors(error.errors) if isinstance(error, RequestRefused) else [public_error(error)]
    return RequestRefused([GraphQLError(shown["message"], extensions=shown["extensions"]) for shown in errors])


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
