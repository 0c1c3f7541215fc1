"""The official document as JSON Schema: what a request's shape must be, and in the tests what an answer's must be.

`openapi.json` holds OpenAI's schemas as published (https://github.com/openai/openai-openapi, MIT licence in
`openapi-LICENSE.txt`), only without prose. They are turned into JSON Schema 2020-12 here: `nullable` becomes a type,
`allOf` of objects one object, and an object that lists its properties takes no others, as the real service does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match

from tests.providers.double.errors import Json, Refusal

_TYPES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "an integer", float: "a number"}
_NAMED = {"object": "an object", "array": "an array", "integer": "an integer", "null": "null"}
_DISCRIMINATORS = ("role", "type")


def fault_in(schema: str, body: object) -> Refusal | None:
    """What the real service would say of a request body that is not a `schema` of the document."""
    error = best_match(_validator(schema).iter_errors(body))
    return None if error is None else _refusal(_telling(error))


def answer_faults(schema: str, body: object) -> list[str]:
    """Where an answer departs from the document."""
    return [f"{error.json_path}: {error.message}" for error in _validator(schema).iter_errors(body)]


@cache
def _schemas() -> Json:
    document = json.loads((Path(__file__).parent / "openapi.json").read_text(encoding="utf-8"))
    published: Json = document["components"]["schemas"]
    return {name: _converted(schema, published) for name, schema in published.items()}


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": {"schemas": _schemas()}})


def _converted(schema: Any, published: Json) -> Any:
    """A schema of the document as JSON Schema."""
    if isinstance(schema, list):
        return [_converted(item, published) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "allOf" in schema:
        schema = _merged(schema, published)
    made = {
        key: {name: _converted(value, published) for name, value in part.items()}
        if key == "properties"
        else part
        if key in ("enum", "default", "required")
        else _converted(part, published)
        for key, part in schema.items()
        if key not in ("nullable", "discriminator")
    }
    if "properties" in made:
        made.setdefault("additionalProperties", False)
    return _with_null(made) if schema.get("nullable") else made


def _merged(schema: Json, published: Json) -> Json:
    """One object schema in place of `allOf`."""
    properties: Json = {}
    required: list[str] = []
    for part in schema["allOf"]:
        while "$ref" in part:
            part = published[part["$ref"].rsplit("/", 1)[1]]
        whole = _merged(part, published) if "allOf" in part else part
        properties |= whole.get("properties", {})
        required += whole.get("required", [])
    return {"type": "object", "properties": properties, "required": required}


def _with_null(schema: Json) -> Json:
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    nullable = schema | {"type": [schema["type"], "null"]}
    return nullable | {"enum": [*schema["enum"], None]} if "enum" in schema else nullable


def _telling(error: ValidationError) -> ValidationError:
    """The error inside the alternative that was meant, where it is one of several."""
    if not error.context:
        return error
    branches: dict[object, list[ValidationError]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    meant = next((faults for faults in branches.values() if not any(map(_is_another, faults))), None)
    if meant is None:
        meant = next(iter(branches.values()))
    return _telling(meant[0])


def _is_another(error: ValidationError) -> bool:
    """Whether an alternative fails because it is for something else altogether."""
    at = list(error.path)
    return (error.validator == "type" and not at) or (
        error.validator == "enum" and len(at) == 1 and at[0] in _DISCRIMINATORS
    )


def _refusal(error: ValidationError) -> Refusal:
    wanted: Any = error.validator_value
    at = spelled(error.absolute_path)
    match error.validator:
        case "additionalProperties":
            schema: Any = error.schema
            known = schema["properties"]
            extra = next(name for name in cast(Json, error.instance) if name not in known)
            param = f"{at}.{extra}" if at else extra
            return Refusal(400, f"Unknown parameter: '{param}'.", code="unknown_parameter", param=param)
        case "required":
            missing = next(name for name in wanted if name not in cast(Json, error.instance))
            param = f"{at}.{missing}" if at else missing
            text = f"Missing required parameter: '{param}'."
            return Refusal(400, text, code="missing_required_parameter", param=param)
        case "type":
            names = [_NAMED.get(name, f"a {name}") for name in ([wanted] if isinstance(wanted, str) else wanted)]
            got = "null" if error.instance is None else _TYPES.get(type(error.instance), "something else")
            text = f"Invalid type for '{at}': expected {' or '.join(names)}, but got {got} instead."
            return Refusal(400, text, code="invalid_type", param=at)
        case "enum":
            supported = ", ".join(f"'{value}'" for value in wanted if value is not None)
            text = f"Invalid value: '{error.instance}'. Supported values are: {supported}."
            return Refusal(400, text, code="invalid_value", param=at)
        case rule:
            text = f"Invalid '{at}': it does not satisfy {rule} {json.dumps(wanted)[:80]}."
            return Refusal(400, text, code="invalid_value", param=at)


def spelled(path: Iterable[str | int]) -> str:
    """A place in a body as the real service writes it: messages[0].content."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
