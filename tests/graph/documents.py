"""Documents made up from the schema by chance: most of them sound, some with a slip or two."""

from __future__ import annotations

import random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from graph.schema import schema

_SCHEMA = schema._schema
_SCALARS: dict[str, list[str]] = {
    "ID": ['"script_1"', '"scene_2"', "1", '"x"', '"image_999999999999"'],
    "Int": ["1", "0", "-1", "100", "2147483647"],
    "Boolean": ["true", "false"],
    "String": ['"a"', '""', '"é😀"', '"""b\n  c"""'],
    "Cursor": ['"x"', '""', '"NDQx"'],
}
_SLIPS = [
    "{",
    "}",
    "(",
    ")",
    "$a",
    "@skip(if: true)",
    "...",
    "...F",
    "on",
    "null",
    "-",
    '"',
    "é",
    "[",
    "x: y",
    "\\",
    "#",
]


class Composer:
    """Of one seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def document(self) -> str:
        kind, root = self._chance.choice(
            [("query", _SCHEMA.query_type)] * 6 + [("mutation", _SCHEMA.mutation_type)] * 2
            + [("subscription", _SCHEMA.subscription_type)]
        )  # fmt: skip
        text = f"{kind} {self._selection(root, self._chance.randrange(2, 7))}"
        while self._chance.random() < 0.25:
            words = text.split(" ")
            place = self._chance.randrange(len(words))
            words[place : place + self._chance.randrange(2)] = [self._chance.choice(_SLIPS)]
            text = " ".join(words)
        return text

    def _selection(self, kind: Any, depth: int) -> str:
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            parts = [f"... on {each.name} {self._selection(each, depth)}" for each in self._some(kind)]
            return "{ __typename " + " ".join(parts) + " }"
        fields = list(kind.fields.items())
        chosen = self._chance.sample(fields, min(len(fields), self._chance.randrange(1, 5)))
        return "{ " + " ".join(self._field(name, field, depth) for name, field in chosen) + " }"

    def _some(self, kind: Any) -> list[GraphQLObjectType]:
        possible = list(_SCHEMA.get_possible_types(kind))
        return self._chance.sample(possible, min(2, len(possible)))

    def _field(self, name: str, field: Any, depth: int) -> str:
        alias = f"a{self._chance.randrange(1_000)}: " if self._chance.random() < 0.5 else ""
        given = [
            f"{argument}: {self._value(each.type, 4)}" for argument, each in field.args.items()
            if isinstance(each.type, GraphQLNonNull) or self._chance.random() < 0.3
        ]  # fmt: skip
        arguments = f"({', '.join(given)})" if given else ""
        kind = get_named_type(field.type)
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            return f"{alias}{name}{arguments}"
        inner = self._selection(kind, depth - 1) if depth else "{ __typename }"
        return f"{alias}{name}{arguments} {inner}"

    def _value(self, kind: Any, depth: int) -> str:
        if isinstance(kind, GraphQLNonNull):
            return self._value(kind.of_type, depth)
        if self._chance.random() < 0.03:
            return self._chance.choice(["null", "{}", "[]", "x", "1e400", "[[[]]]"])
        if isinstance(kind, GraphQLList):
            return "[" + ", ".join(self._value(kind.of_type, depth) for _ in range(self._chance.randrange(4))) + "]"
        if isinstance(kind, GraphQLEnumType):
            names: list[str] = list(kind.values)
            return self._chance.choice(names)
        if isinstance(kind, GraphQLInputObjectType) and depth:
            given = [
                f"{name}: {self._value(each.type, depth - 1)}" for name, each in kind.fields.items()
                if isinstance(each.type, GraphQLNonNull) or self._chance.random() < 0.5
            ]  # fmt: skip
            return "{" + ", ".join(given) + "}"
        return self._chance.choice(_SCALARS.get(kind.name, ['"2020-01-01T00:00:00Z"', "1"]))
