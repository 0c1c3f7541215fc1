"""How large an operation is, found in one linear pass before anything slower looks at it.

Every fragment is measured once, however often it is used: walking into each use would take exponential time for a few
hundred bytes of fragments that spread each other twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    get_named_type,
)

from graph.limits import DocumentLimits, Limit, beyond
from graph.schema import schema

MAX_FRAGMENTS: Final = 100
"""That are used in a document: each is compared with each other one."""

MAX_SAME_NAME: Final = 50
"""Fields of one selection, through its fragments, that answer under one name: comparing them takes quadratic time."""

MAX_OPERATIONS: Final = 50
"""In a document: each is compared with all the fragments that it uses."""

MAX_DIGITS: Final = 400
"""Of a number: Python refuses to read very long ones."""

MAX_LITERALS: Final = 250
"""Values in the arguments of one field, those inside of lists and objects included. Each fault in an object is told
with all of the object, so that a few thousand in one place take seconds."""

USUAL_PAGE: Final = 50
LARGEST_PAGE: Final = 100
ASSUMED_ITEMS: Final = 10
"""Of a list that comes whole: its length is not known before it is read."""


@dataclass(slots=True)
class Size:
    """`cost` is without, `per_item` with what belongs to each item of the page around this selection.

    `names` counts the fields of the selection itself by the name they answer under, through its fragments.
    """

    depth: int = 0
    fields: int = 0
    directives: int = 0
    cost: int = 0
    per_item: int = 0
    names: Counter[str] = dataclass_field(default_factory=Counter)

    def add(self, part: Size, limits: DocumentLimits) -> None:
        """Raises `RequestRefused` once it is too much."""
        self.depth = max(self.depth, part.depth)
        self.fields += part.fields
        self.directives += part.directives
        self.cost += part.cost
        self.per_item += part.per_item
        self.names.update(part.names)
        if self.depth > limits.depth:
            raise beyond(Limit.TOO_DEEP, f"Fields are nested more than {limits.depth} deep.")
        if self.fields > limits.fields:
            raise beyond(
                Limit.TOO_MANY_FIELDS,
                f"More than {limits.fields} fields and fragments are asked for. Ask for less at once.",
            )
        if any(self.names[name] > MAX_SAME_NAME for name in part.names):
            raise beyond(Limit.TOO_MANY_FIELDS, f"A field is asked for more than {MAX_SAME_NAME} times in one place.")
        if self.directives > limits.directives:
            raise beyond(Limit.TOO_MANY_DIRECTIVES, f"More than {limits.directives} directives are used.")
        if self.cost + self.per_item > limits.cost:
            raise beyond(
                Limit.TOO_COSTLY,
                f"The answer could have more than {limits.cost} fields. Ask for shorter pages or fewer lists in lists.",
            )


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a field of the schema is, as far as it bears on size."""

    type: str
    is_list: bool
    is_paged: bool
    is_page_item: bool


class Measure:
    """One document against the limits."""

    def __init__(self, document: DocumentNode, limits: DocumentLimits) -> None:
        self._document = document
        self._limits = limits
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, Size] = {}

    def check(self) -> None:
        """Raises `RequestRefused`."""
        operations = 0
        for node in self._document.definitions:
            match node:
                case OperationDefinitionNode():
                    operations += 1
                    if operations > MAX_OPERATIONS:
                        raise beyond(Limit.DOCUMENT_TOO_LARGE, f"There are more than {MAX_OPERATIONS} operations.")
                    _check_literals(variable.default_value for variable in node.variable_definitions or ())
                    own = len(node.directives or ()) + sum(
                        len(variable.directives or ()) for variable in node.variable_definitions or ()
                    )
                    size = self._size_of(node.selection_set, _ROOTS.get(node.operation, ""))
                    size.add(Size(directives=own), self._limits)
                case FragmentDefinitionNode():
                    self._size_of(node.selection_set, node.type_condition.name.value)

    def _size_of(self, selections: SelectionSetNode | None, parent: str) -> Size:
        size = Size()
        for node in selections.selections if selections else ():
            size.add(self._size_of_node(node, parent), self._limits)
        return size

    def _size_of_node(self, node: object, parent: str) -> Size:
        match node:
            case FieldNode():
                return self._size_of_field(node, parent)
            case InlineFragmentNode():
                kind = node.type_condition.name.value if node.type_condition else parent
                inner = self._size_of(node.selection_set, kind)
                inner.directives += len(node.directives or ())
                return inner
            case FragmentSpreadNode():
                inner = self._size_of_fragment(node.name.value)
                directives = inner.directives + len(node.directives or ())
                return Size(inner.depth, inner.fields + 1, directives, inner.cost, inner.per_item, inner.names)
        return Size()

    def _size_of_field(self, node: FieldNode, parent: str) -> Size:
        _check_literals(argument.value for argument in node.arguments or ())
        shape = _SHAPES.get(parent, {}).get(node.name.value)
        inner = self._size_of(node.selection_set, shape.type if shape else "")
        size = Size(
            inner.depth + 1,
            inner.fields + 1,
            inner.directives + len(node.directives or ()),
            names=Counter({(node.alias or node.name).value: 1}),
        )
        if shape is None or not (shape.is_list or shape.is_paged):
            size.cost = 1 + inner.cost + inner.per_item
        elif shape.is_paged:
            size.cost = 1 + inner.cost + _page(node) * inner.per_item
        elif shape.is_page_item:
            size.per_item = 1 + inner.cost + inner.per_item
        else:
            size.cost = 1 + _items(node) * (inner.cost + inner.per_item)
        return size

    def _size_of_fragment(self, name: str) -> Size:
        if name not in self._known:
            self._known[name] = Size()  # what a fragment that spreads itself finds; validation refuses it
            if len(self._known) > MAX_FRAGMENTS:
                raise beyond(Limit.DOCUMENT_TOO_LARGE, f"More than {MAX_FRAGMENTS} fragments are used.")
            fragment = self._fragments.get(name)
            if fragment is not None:
                size = self._size_of(fragment.selection_set, fragment.type_condition.name.value)
                size.directives += len(fragment.directives or ())
                self._known[name] = size
        return self._known[name]


def _check_literals(given: Iterable[ValueNode | None]) -> None:
    pending = list(given)
    values = 0
    while pending:
        node = pending.pop()
        if isinstance(node, IntValueNode | FloatValueNode) and len(node.value) > MAX_DIGITS:
            raise beyond(Limit.DOCUMENT_TOO_LARGE, f"A number in the document has more than {MAX_DIGITS} digits.")
        if isinstance(node, ListValueNode):
            inner: list[ValueNode | None] = list(node.values)
        elif isinstance(node, ObjectValueNode):
            inner = [field.value for field in node.fields]
        else:
            continue
        values += len(inner)
        if values > MAX_LITERALS:
            raise beyond(
                Limit.TOO_MANY_VALUES,
                f"More than {MAX_LITERALS} values are written in one place of the document. Send them as variables.",
            )
        pending += inner


def _page(node: FieldNode) -> int:
    """How many items the page of this field may have. That of a variable is not known yet: the most, then."""
    for argument in node.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            if not isinstance(value, IntValueNode) or len(value.value) > 3:
                return LARGEST_PAGE
            return min(LARGEST_PAGE, max(1, int(value.value)))
    return USUAL_PAGE


def _items(node: FieldNode) -> int:
    """How many items the list of this field may have: as many as are named, if they are."""
    for argument in node.arguments or ():
        if argument.name.value == "ids":
            return len(argument.value.values) if isinstance(argument.value, ListValueNode) else LARGEST_PAGE
    return ASSUMED_ITEMS


def _shape(parent: str, field: Any) -> _Shape:
    kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    is_list = isinstance(kind, GraphQLList)
    is_page_item = is_list and parent.endswith("Connection")
    return _Shape(get_named_type(field.type).name, is_list, "first" in field.args, is_page_item)


def _shapes_of(schema: GraphQLSchema) -> Mapping[str, Mapping[str, _Shape]]:
    """By type and field."""
    shapes = {
        name: {field_name: _shape(name, field) for field_name, field in kind.fields.items()}
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    }
    shapes[_ROOTS[OperationType.QUERY]] |= {
        name: _Shape(kind, False, False, False) for name, kind in (("__schema", "__Schema"), ("__type", "__Type"))
    }
    return shapes


_ROOTS: Final = {kind: root.name for kind in OperationType if (root := schema._schema.get_root_type(kind)) is not None}
_SHAPES: Final = _shapes_of(schema._schema)
