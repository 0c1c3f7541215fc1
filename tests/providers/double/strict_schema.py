"""What a schema must be for `strict` structured output, beyond being JSON Schema.

Source: OpenAI's guide to structured outputs, "Supported schemas"; the wording is that of the service's answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.providers.double.errors import Json, Refusal

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOT_PERMITTED = (
    "allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties",
    "unevaluatedProperties", "unevaluatedItems", "propertyNames", "minProperties", "maxProperties", "contains",
    "minContains", "maxContains", "uniqueItems", "prefixItems", "default",
)  # fmt: skip
_DEEPEST = 10
_MOST_PROPERTIES = 5000


def fault_in_format(response_format: Json) -> Refusal | None:
    """What is wrong with a `response_format` of type json_schema."""
    told = response_format["json_schema"]
    if not _NAME.fullmatch(told["name"]):
        return _refusal(f"Invalid 'response_format.json_schema.name': {told['name']!r} does not match [a-zA-Z0-9_-]+.")
    if "schema" not in told:
        return _refusal("Missing required parameter: 'response_format.json_schema.schema'.")
    if not told.get("strict"):
        return None
    said = next(_faults(told["schema"]), None)
    return None if said is None else _refusal(f"Invalid schema for response_format '{told['name']}': {said}")


def _refusal(message: str) -> Refusal:
    return Refusal(400, message, param="response_format")


def _faults(root: Json) -> Iterator[str]:
    if root.get("type") != "object" and "$ref" not in root:
        yield f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{root.get('type')}\"'."
    properties = 0
    for place, schema, depth in _subschemas(root, (), 1):
        properties += len(schema.get("properties", {}))
        for said in _faults_here(schema, depth):
            yield f"In context={place}, {said}"
    if properties > _MOST_PROPERTIES:
        yield f"more than {_MOST_PROPERTIES} object properties are not supported."


def _subschemas(schema: Json, place: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], Json, int]]:
    yield place, schema, depth
    for name, inner in schema.get("properties", {}).items():
        yield from _subschemas(inner, (*place, "properties", name), depth + 1)
    for name, inner in (schema.get("$defs") or {}).items():
        yield from _subschemas(inner, (*place, "$defs", name), 1)
    if isinstance(schema.get("items"), dict):
        yield from _subschemas(schema["items"], (*place, "items"), depth + 1)
    for index, inner in enumerate(schema.get("anyOf", [])):
        yield from _subschemas(inner, (*place, "anyOf", str(index)), depth)


def _faults_here(schema: Json, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        yield f"more than {_DEEPEST} levels of nesting are not supported."
    for keyword in _NOT_PERMITTED:
        if keyword in schema:
            yield f"'{keyword}' is not permitted."
    if "$ref" in schema:
        if others := set(schema) - {"$ref", "$defs"}:
            yield f"$ref cannot have keywords {sorted(others)}."
        return
    if "type" not in schema and "anyOf" not in schema and "enum" not in schema and "const" not in schema:
        yield "schema must have a 'type' key."
    if schema.get("type") == "array" and "items" not in schema:
        yield "array schema missing items."
    if schema.get("type") == "object" or "properties" in schema:
        if schema.get("additionalProperties") is not False:
            yield "'additionalProperties' is required to be supplied and to be false."
        missing = [name for name in schema.get("properties", {}) if name not in schema.get("required", [])]
        if missing:
            yield (
                "'required' is required to be supplied and to be an array including every key in properties. "
                f"Missing '{missing[0]}'."
            )
