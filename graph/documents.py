"""From a request's text to a document that is safe to execute.

Cheap checks come first: size, tokens, then one linear pass for depth and breadth, and only then validation, whose rules
can be driven into quadratic work. Sound documents and their faults are remembered by their text.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    validate,
)

from domain.errors import ErrorCode
from graph.schema import schema

MAX_CHARACTERS: Final = 100_000
MAX_TOKENS: Final = 5_000
MAX_DEPTH: Final = 15
MAX_FIELDS: Final = 1_000
"""Fields that an operation names, those of a fragment, and the fragment itself, counted wherever it is used."""

MAX_FRAGMENTS: Final = 100
"""That are used in a document: each is compared with each other one."""

MAX_SAME_NAME: Final = 50
"""Fields of one selection, through its fragments, that answer under one name: comparing them takes quadratic time."""

MAX_VALUES: Final = 10_000
"""In the variables of an operation, those inside of lists and objects included."""

_REMEMBERED_CHARACTERS = 200_000
_LONGEST_REMEMBERED = 8_000


class RequestRefused(Exception):
    """Nothing was executed."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = list(errors)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, ready to be executed."""

    document: DocumentNode
    name: str | None
    type: OperationType


def choose_operation(query: str, name: str | None) -> Operation:
    """The operation of this name; without a name, the document's only one.

    Raises:
        RequestRefused: not a sound document, too large, or no such operation.
    """
    document = _sound_document(query)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None and len(operations) > 1:
        raise _unclear("The document has several operations: name the one to execute as `operationName`.")
    named = [node for node in operations if name is None or (node.name and node.name.value == name)]
    if not named:
        raise _unclear(f"The document has no operation named {name[:80]!r}." if name else "There is no operation.")
    return Operation(document, named[0].name.value if named[0].name else None, named[0].operation)


def _sound_document(query: str) -> DocumentNode:
    found = _documents.get(query)
    if isinstance(found, DocumentNode):
        return found
    if found is None:
        try:
            found = _checked(query)
        except RequestRefused as refused:
            _documents.keep(query, refused)
            raise
        _documents.keep(query, found)
        return found
    raise RequestRefused(found.errors)


def _checked(query: str) -> DocumentNode:
    if len(query) > MAX_CHARACTERS:
        raise _too_large(
            f"The document has {len(query)} characters; at most {MAX_CHARACTERS} are accepted. Send texts as variables."
        )
    try:
        document = parse(query, no_location=False, max_tokens=MAX_TOKENS)
        _Measure(document).check()
        errors = validate(schema._schema, document)
    except GraphQLSyntaxError as error:
        raise RequestRefused([error]) from None
    except RecursionError:
        raise _too_large("The document is nested too deeply.") from None
    if errors:
        raise RequestRefused(errors)
    return document


def _unclear(message: str) -> RequestRefused:
    return RequestRefused([GraphQLError(message)])


def check_variables(variables: Mapping[str, Any]) -> None:
    """Coercing them takes long, and no input of this schema needs many values.

    Raises:
        RequestRefused: more than `MAX_VALUES`, however they are nested.
    """
    pending: list[Any] = [variables]
    values = 0
    while pending:
        inner = pending.pop()
        values += len(inner)
        if values > MAX_VALUES:
            raise _too_large(f"The variables hold more than {MAX_VALUES} values. Send fewer at once.")
        items = inner.values() if isinstance(inner, Mapping) else inner
        pending += [item for item in items if isinstance(item, dict | list)]


def _too_large(message: str) -> RequestRefused:
    return RequestRefused([GraphQLError(message, extensions={"code": ErrorCode.LIMIT_EXCEEDED.value})])


@dataclass(slots=True)
class _Size:
    """`names` counts the fields of the selection itself by the name they answer under, through its fragments."""

    depth: int = 0
    fields: int = 0
    names: Counter[str] = dataclass_field(default_factory=Counter)

    def add(self, part: _Size) -> None:
        """Raises `RequestRefused` once it is too much."""
        self.depth = max(self.depth, part.depth)
        self.fields += part.fields
        self.names.update(part.names)
        if self.depth > MAX_DEPTH:
            raise _too_large(f"Fields are nested more than {MAX_DEPTH} deep.")
        if self.fields > MAX_FIELDS:
            raise _too_large(f"More than {MAX_FIELDS} fields and fragments are asked for. Ask for less at once.")
        if any(self.names[name] > MAX_SAME_NAME for name in part.names):
            raise _too_large(f"A field is asked for more than {MAX_SAME_NAME} times in one place.")


class _Measure:
    """Depth and breadth of a document in one pass: every fragment is measured once, however often it is used."""

    def __init__(self, document: DocumentNode) -> None:
        self._document = document
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, _Size] = {}

    def check(self) -> None:
        """Raises `RequestRefused`."""
        for node in self._document.definitions:
            if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode):
                self._size_of(node.selection_set)

    def _size_of(self, selections: SelectionSetNode | None) -> _Size:
        size = _Size()
        for node in selections.selections if selections else ():
            size.add(self._size_of_node(node))
        return size

    def _size_of_node(self, node: object) -> _Size:
        match node:
            case FieldNode():
                inner = self._size_of(node.selection_set)
                return _Size(inner.depth + 1, inner.fields + 1, Counter({(node.alias or node.name).value: 1}))
            case InlineFragmentNode():
                return self._size_of(node.selection_set)
            case FragmentSpreadNode():
                inner = self._size_of_fragment(node.name.value)
                return _Size(inner.depth, inner.fields + 1, inner.names)
        return _Size()

    def _size_of_fragment(self, name: str) -> _Size:
        if name not in self._known:
            self._known[name] = _Size()  # what a fragment that spreads itself finds; validation refuses it
            if len(self._known) > MAX_FRAGMENTS:
                raise _too_large(f"More than {MAX_FRAGMENTS} fragments are used.")
            fragment = self._fragments.get(name)
            self._known[name] = self._size_of(fragment.selection_set if fragment else None)
        return self._known[name]


class _Documents:
    """The last documents by their text, bounded by the texts' total length."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, DocumentNode | RequestRefused] = OrderedDict()
        self._characters = 0

    def get(self, query: str) -> DocumentNode | RequestRefused | None:
        found = self._kept.get(query)
        if found is not None:
            self._kept.move_to_end(query)
        return found

    def keep(self, query: str, found: DocumentNode | RequestRefused) -> None:
        if len(query) > _LONGEST_REMEMBERED:
            return
        if isinstance(found, RequestRefused):
            found.__traceback__ = None
        self._kept[query] = found
        self._characters += len(query)
        while self._characters > _REMEMBERED_CHARACTERS:
            dropped, _ = self._kept.popitem(last=False)
            self._characters -= len(dropped)


_documents = _Documents()
