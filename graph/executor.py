"""How operations are executed: graphql-core's executor with budgets, and without its leak in subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import isawaitable
from typing import Any, Final

from graphql.execution.collect_fields import collect_subfields
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from domain.errors import LimitExceeded
from graph.turns import Turns

MAX_RESOLVED: Final = 200_000
"""Fields resolved for one answer: a few seconds of work. Lists inside of lists would have no other bound."""

MAX_BYTES: Final = 32 * 1024 * 1024
"""Of one answer, in its texts and names: the longest script a hundred times over."""


class BoundedExecutor(StrawberryGraphQLCoreExecutionContext):
    """Counts in the operation's `GraphContext`."""

    def execute_fields(
        self, parent_type: Any, source_value: Any, path: Any, grouped_field_set: Any, *more: Any, **named: Any
    ) -> Any:
        context = self.context_value
        context.fields_resolved += len(grouped_field_set)
        if context.fields_resolved > MAX_RESOLVED:
            raise LimitExceeded(f"The answer has more than {MAX_RESOLVED} fields. Ask for shorter pages.")
        self._take(sum(map(len, grouped_field_set)))
        fields = len(grouped_field_set)
        if context.turns.take(fields):
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, *more, **named)
        execute = partial(super().execute_fields, parent_type, source_value, path, grouped_field_set, *more, **named)
        return _in_turn(context.turns, fields, execute)

    def complete_leaf_value(self, return_type: Any, result: Any) -> Any:  # type: ignore[override]
        value = super().complete_leaf_value(return_type, result)
        if isinstance(value, str):
            self._take(len(value) if value.isascii() else len(value.encode(errors="replace")))
        return value

    def _take(self, size: int) -> None:
        """From the bytes that the answer may have. Raises `LimitExceeded`."""
        context = self.context_value
        context.bytes_taken += size
        if context.bytes_taken > MAX_BYTES:
            raise LimitExceeded(f"The answer has more than {MAX_BYTES} bytes. Ask for shorter pages or fewer texts.")

    def build_per_event_executor(self, payload: Any) -> Any:
        executor = super().build_per_event_executor(payload)
        executor.context_value = self.context_value.renewed(payload)
        return executor

    def collect_subfields(self, return_type: Any, field_details_list: Any) -> Any:
        """As in graphql-core, remembered by the document's nodes.

        graphql-core 3.3 remembers by the identity of lists that are made anew for every event of a subscription: the
        memory then grows with each event.
        """
        if any(details.fragment_variable_values or details.defer_usage for details in field_details_list):
            return super().collect_subfields(return_type, field_details_list)
        remembered: dict[Any, Any] = self._relevant_sub_fields
        key = (return_type, *(id(details.node) for details in field_details_list))
        if key not in remembered:
            remembered[key] = collect_subfields(
                self.schema, self.fragments, self.variable_values, self.operation, return_type, field_details_list,
                self.hide_suggestions,
            )  # fmt: skip
        return remembered[key]


async def _in_turn(turns: Turns, fields: int, execute: Callable[[], Any]) -> Any:
    await turns.wait(fields)
    found = execute()
    return await found if isawaitable(found) else found
