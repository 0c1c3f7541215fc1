"""Which subscriptions are alike: the same document, operation and variables, and the same in all else they depend on.

Where one continues is no part of that: the argument `after` of a subscription only moves its beginning.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

import orjson
from graphql import (
    SKIP,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    visit,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from graph.context import GraphContext
from graph.documents import Operation
from graph.fields import SHARED_BY
from graph.schema import schema
from graph.tracks import Source

PLACE: Final = "after"
"""The argument that says where to continue, and nothing else."""

_LONGEST_REMEMBERED = 8_000
_MOST_REMEMBERED = 256

_Shape = tuple[str, frozenset[str]]


def likeness(
    query: str, operation: Operation, variables: Mapping[str, Any], context: GraphContext, source: Source
) -> Hashable | None:
    """What is equal for those who can share an execution; None if nobody can share this one."""
    field, places = _shape(query, operation)
    shared_by = _declared(field)
    if shared_by is None:
        return None
    try:
        rest = {name: value for name, value in variables.items() if name not in places}
        encoded = orjson.dumps(rest, option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONEncodeError, RecursionError):  # of a caller in this process that is not JSON
        return None
    return query, operation.name, encoded, shared_by(context), source.key


def _declared(field: str) -> Any:
    root = schema._schema.subscription_type
    declared = root.fields[field].extensions[GraphQLCoreConverter.DEFINITION_BACKREF] if root else None
    return declared.metadata.get(SHARED_BY) if declared else None


def _shape(query: str, operation: Operation) -> _Shape:
    """The field that is subscribed to, and the variables that are used for its place in the log and nowhere else."""
    if len(query) > _LONGEST_REMEMBERED:
        return _shape_of(operation.document, operation.name)
    key = (query, operation.name)
    if key not in _remembered:
        _remembered[key] = _shape_of(operation.document, operation.name)
        if len(_remembered) > _MOST_REMEMBERED:
            del _remembered[next(iter(_remembered))]
    return _remembered[key]


_remembered: dict[tuple[str, str | None], _Shape] = {}


def _shape_of(document: DocumentNode, operation_name: str | None) -> _Shape:
    roots = list(_root_fields(document, operation_name))
    uses = _Uses()
    visit(document, uses)
    places = {id(argument.value) for root in roots for argument in root.arguments or () if argument.name.value == PLACE}
    elsewhere = {use.name.value for use in uses.found if id(use) not in places}
    return roots[0].name.value, frozenset(use.name.value for use in uses.found) - elsewhere


class _Uses(Visitor):
    """Of variables, anywhere but in their definitions."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[VariableNode] = []

    def enter_variable_definition(self, *_: Any) -> Any:
        return SKIP

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.found.append(node)


def _root_fields(document: DocumentNode, operation_name: str | None) -> Iterator[FieldNode]:
    """Validation leaves one, which fragments may name again."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}

    def fields_in(selections: SelectionSetNode) -> Iterator[FieldNode]:
        for node in selections.selections:
            match node:
                case FieldNode():
                    yield node
                case InlineFragmentNode():
                    yield from fields_in(node.selection_set)
                case FragmentSpreadNode():
                    yield from fields_in(fragments[node.name.value].selection_set)

    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            name = node.name.value if node.name else None
            if name == operation_name:
                yield from fields_in(node.selection_set)
