"""From a request's text to a document that is safe to execute.

Cheap checks come first: size, tokens, then one linear pass for depth, breadth and cost, and only then validation,
whose rules can be driven into quadratic work. Sound documents and their faults are remembered by their text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

from graph.limits import DocumentLimits, Limit, beyond
from graph.measure import Measure
from graph.refusals import RequestRefused as RequestRefused
from graph.schema import schema

MAX_CHARACTERS: Final = 100_000
MAX_TOKENS: Final = 5_000

MAX_FAULTS: Final = 20
"""Of one document: more are not looked for. Each is told with the value or the names around it, which takes time."""

MAX_VALUES: Final = 10_000
"""In the variables of an operation, those inside of lists and objects included."""

MAX_NAME: Final = 200
"""Characters of a name in the variables. One that is not known is compared with all that are."""

_REMEMBERED_CHARACTERS = 200_000
_TOKEN_WEIGHT = 8
"""Characters of the usual document for each of its tokens, which are what takes memory once it is parsed."""

_LONGEST_REMEMBERED = 8_000
_NO_MORE_TOKENS = "Parsing aborted."
_USUAL = DocumentLimits()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, ready to be executed."""

    document: DocumentNode
    name: str | None
    type: OperationType


def choose_operation(query: str, name: str | None, limits: DocumentLimits = _USUAL) -> Operation:
    """The operation of this name; without a name, the document's only one.

    Raises:
        RequestRefused: not a sound document, too large, or no such operation.
    """
    document = _sound_document(query, limits)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None and len(operations) > 1:
        raise _unclear("The document has several operations: name the one to execute as `operationName`.")
    named = [node for node in operations if name is None or (node.name and node.name.value == name)]
    if not named:
        raise _unclear(f"The document has no operation named {name[:80]!r}." if name else "There is no operation.")
    return Operation(document, named[0].name.value if named[0].name else None, named[0].operation)


def _sound_document(query: str, limits: DocumentLimits) -> DocumentNode:
    documents = _documents(limits)
    found = documents.get(query)
    if isinstance(found, DocumentNode):
        return found
    if found is None:
        try:
            found = _checked(query, limits)
        except RequestRefused as refused:
            documents.keep(query, refused)
            raise
        documents.keep(query, found)
        return found
    raise RequestRefused(found.errors)


def _checked(query: str, limits: DocumentLimits) -> DocumentNode:
    if len(query) > MAX_CHARACTERS:
        raise beyond(
            Limit.DOCUMENT_TOO_LARGE,
            f"The document has {len(query)} characters; at most {MAX_CHARACTERS} are accepted. "
            "Send texts as variables.",
        )
    try:
        document = parse(query, no_location=False, max_tokens=MAX_TOKENS)
        _untie(document)
        Measure(document, limits).check()
        errors = validate(schema._schema, document, max_errors=MAX_FAULTS)
    except GraphQLSyntaxError as error:
        if error.message.endswith(_NO_MORE_TOKENS):
            raise beyond(Limit.DOCUMENT_TOO_LARGE, f"The document has more than {MAX_TOKENS} tokens.") from None
        raise RequestRefused([error]) from None
    except RecursionError:
        raise beyond(Limit.TOO_DEEP, "The document is nested too deeply.") from None
    if errors:
        raise RequestRefused(errors)
    return document


def _untie(document: DocumentNode) -> None:
    """Tokens hold on to each other both ways, so that all of a document would wait for the collector of cycles."""
    token = document.loc.start_token if document.loc else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following


def _unclear(message: str) -> RequestRefused:
    return RequestRefused([GraphQLError(message)])


def check_variables(variables: Mapping[str, Any]) -> None:
    """Coercing them takes long, and no input of this schema needs many values.

    Raises:
        RequestRefused: more than `MAX_VALUES`, or names beyond `MAX_NAME`, however they are nested.
    """
    pending: list[Any] = [variables]
    values = 0
    while pending:
        inner = pending.pop()
        values += len(inner)
        if values > MAX_VALUES:
            raise beyond(
                Limit.TOO_MANY_VALUES, f"The variables hold more than {MAX_VALUES} values. Send fewer at once."
            )
        items = inner
        if isinstance(inner, Mapping):
            if any(len(name) > MAX_NAME for name in inner):
                raise _unclear(f"A name in the variables has more than {MAX_NAME} characters.")
            items = inner.values()
        pending += [item for item in items if isinstance(item, dict | list)]


class _Documents:
    """The last documents by their text, bounded by the total length of the texts, or by their tokens."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, DocumentNode | RequestRefused] = OrderedDict()
        self._weight = 0

    def get(self, query: str) -> DocumentNode | RequestRefused | None:
        found = self._kept.get(query)
        if found is not None:
            self._kept.move_to_end(query)
        return found

    def keep(self, query: str, found: DocumentNode | RequestRefused) -> None:
        if len(query) > _LONGEST_REMEMBERED:
            return
        if isinstance(found, RequestRefused):
            _lighten(found)
        self._kept[query] = found
        self._weight += _weight(query, found)
        while self._weight > _REMEMBERED_CHARACTERS:
            self._weight -= _weight(*self._kept.popitem(last=False))


def _weight(query: str, found: DocumentNode | RequestRefused) -> int:
    tokens = (found.token_count or 0) if isinstance(found, DocumentNode) else 0
    return max(len(query), tokens * _TOKEN_WEIGHT)


def _lighten(refused: RequestRefused) -> None:
    """Without the syntax tree and the parser's frames, which its errors hold on to."""
    refused.__traceback__ = refused.__context__ = None
    for error in refused.errors:
        error.__traceback__ = error.__context__ = error.nodes = None


@cache
def _documents(limits: DocumentLimits) -> _Documents:
    """What was refused under other limits may be sound under these."""
    return _Documents()
