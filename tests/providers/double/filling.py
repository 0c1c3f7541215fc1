"""Sensible JSON for a schema: every member filled by its type, its limits and what its name suggests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.providers.double.errors import Json

Words = Callable[[str], str]
"""The text for a string member of that name."""


def filled(schema: Json, words: Words) -> Any:
    """A value of the schema. `schema` may hold `$defs` that it refers to."""
    return _value(schema, "", schema, words)


def rows_of(schema: Json) -> tuple[str | None, Json] | None:
    """The list of objects with a whole number in it that a segmentation asks for: its member's name and one object.

    The name is None where the list is the whole answer.
    """
    top = resolved(schema, schema)
    places: list[tuple[str | None, Json]] = [(None, top)]
    places += [(name, resolved(inner, schema)) for name, inner in top.get("properties", {}).items()]
    for name, place in places:
        if place.get("type") == "array":
            row = resolved(place.get("items", {}), schema)
            kinds = [resolved(inner, schema).get("type") for inner in row.get("properties", {}).values()]
            if "integer" in kinds:
                return name, row
    return None


def resolved(schema: Json, root: Json) -> Json:
    """A schema with its reference followed and, of several alternatives, the first that is not null."""
    while "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    if "anyOf" in schema:
        first = next((option for option in schema["anyOf"] if option.get("type") != "null"), {"type": "null"})
        return resolved(first, root)
    if isinstance(schema.get("type"), list):
        return schema | {"type": next((kind for kind in schema["type"] if kind != "null"), "null")}
    return schema


def embedded_schema(text: str) -> Json | None:
    """A JSON Schema, or an example that one can be told from, in the words of a message."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            value, _ = decoder.raw_decode(text, at)
        except ValueError:
            value = None
        if isinstance(value, dict) and value:
            inner = value.get("schema")
            value = inner if isinstance(inner, dict) else value
            return value if "properties" in value or "$ref" in value else _schema_of(value)
        at = text.find("{", at + 1)
    return None


def _schema_of(example: Any) -> Json:
    match example:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case list():
            return {"type": "array", "items": _schema_of(example[0]) if example else {"type": "string"}}
        case dict():
            return {"type": "object", "properties": {name: _schema_of(value) for name, value in example.items()}}
        case _:
            return {"type": "string"}


def _value(schema: Json, name: str, root: Json, words: Words) -> Any:
    schema = resolved(schema, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {key: _value(inner, key, root, words) for key, inner in schema.get("properties", {}).items()}
        case "array":
            count = max(1, schema.get("minItems", 1))
            return [_value(schema.get("items", {}), name, root, words) for _ in range(count)]
        case "integer":
            return int(_number(schema))
        case "number":
            return _number(schema)
        case "boolean":
            return False
        case "null":
            return None
        case _:
            return words(name)[: schema.get("maxLength", 2000)].ljust(schema.get("minLength", 0), ".")


def _number(schema: Json) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return float(min(low, schema.get("maximum", low)))
