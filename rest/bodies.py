"""Request bodies: what each may hold, and how bytes become one, with plain words for whatever is wrong.

FastAPI's own decoding is not used: it takes NaN and duplicate names, and speaks of `body.content` and `string_type`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, NoReturn, Self, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError
from starlette.requests import Request

from domain.money import amount_of
from rest.arriving import pieces_of
from rest.errors import invalid
from rest.problems import FieldProblem, HttpCode, Problem, Refused
from rest.renders import RenderBody

M = TypeVar("M", bound="Body")

ExpectedVersion = Annotated[
    int | None, Field(description="The version that the decision is made on; another one is a VERSION_CONFLICT.")
]
Feedback = Annotated[str | None, Field(description="Why, in the reviewer's words.")]


def _amount(value: object) -> Decimal:
    try:
        return amount_of(value)
    except ValueError as error:
        raise PydanticCustomError("amount", "{said}", {"said": str(error)}) from None


Amount = Annotated[
    Decimal, BeforeValidator(_amount), WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}]})
]
_STYLE: Final = "What all its pictures are to look like"
_BUDGET: Final = "What its paid calls may cost in all, in US dollars, as text or as a number"


class Body(BaseModel):
    """Unknown names are refused: they are most often misspelt ones."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NewScript(Body):
    """A script to store as a draft."""

    content: Annotated[str, Field(description="The whole text; not blank.")]
    title: Annotated[str | None, Field(description="Found by the segmentation if there is none.")] = None
    style: Annotated[str | None, Field(description=f"{_STYLE}.")] = None
    budget: Annotated[
        Amount | None, Field(description=f"{_BUDGET}. Only the installation's limit holds if there is none.")
    ] = None


class _Edit(Body):
    expected_version: ExpectedVersion = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        editable = [name for name in type(self).model_fields if name != "expected_version"]
        if all(getattr(self, name) in (None, False) for name in editable):
            *most, last = (f"`{name}`" for name in editable)
            raise PydanticCustomError("nothing", "Give {names}.", {"names": f"{', '.join(most)} or {last}"})
        return self


class ScriptEdit(_Edit):
    """What is not given, or null, stays as it is; something must be given."""

    title: Annotated[str | None, Field(description="A blank one removes the title.")] = None
    content: Annotated[str | None, Field(description="Possible while the script is a draft.")] = None
    style: Annotated[str | None, Field(description=f"{_STYLE}. A blank one removes it.")] = None
    budget: Annotated[Amount | None, Field(description=f"{_BUDGET}. Jobs that wait for a higher one go on.")] = None
    no_budget: Annotated[bool | None, Field(description="Removes the budget. Not together with `budget`.")] = None


class SceneEdit(_Edit):
    """What is not given, or null, stays as it is; one of the two must be given."""

    text: Annotated[str | None, Field(description="New text takes an approved scene back to `pending`.")] = None
    title: Annotated[str | None, Field(description="A blank one removes the title.")] = None


class Decision(Body):
    """What may go with a decision. The whole body may be left out."""

    feedback: Feedback = None
    expected_version: ExpectedVersion = None


class ImageApproval(Decision):
    """What may go with the approval of an image. The whole body may be left out."""

    accept_stale: Annotated[
        bool | None, Field(description="Keep a picture that was made from an earlier text, for the present text.")
    ] = None
    expected_scene_version: Annotated[
        int | None,
        Field(
            description="The version of the scene whose text was seen with the picture; another one is a "
            "VERSION_CONFLICT."
        ),
    ] = None


class NewVideo(Body):
    """What may go with the request for a video. The whole body may be left out."""

    render: Annotated[
        RenderBody | None, Field(description="How it is to be made; else as this installation has it.")
    ] = None


class Nothing(Body):
    """This takes no values; an empty body and `{}` are both fine."""


def body_of(model: type[M], *, optional: bool = False) -> Callable[[Request], Awaitable[M]]:
    """A dependency that reads the request's body as `model`. Raises `Refused`."""

    async def read(request: Request) -> M:
        raw = b"".join([piece async for piece in pieces_of(request)])
        if optional and not raw.strip():
            return model()
        _require_json(request, raw)
        return _validated(model, _decoded(raw))

    return read


def described_body(model: type[Body], *, optional: bool = False) -> dict[str, Any]:
    """The body in OpenAPI."""
    schema = model.model_json_schema()
    schema = _without_references(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": not optional, "content": {"application/json": {"schema": schema}}}}


def _without_references(node: Any, defined: Mapping[str, Any]) -> Any:
    """With what is referred to in its place: FastAPI does not know of these models."""
    if isinstance(node, list):
        return [_without_references(each, defined) for each in node]
    if not isinstance(node, dict):
        return node
    if (name := node.get("$ref")) is not None:
        own = {key: value for key, value in node.items() if key != "$ref"}
        return _without_references(defined[name.rpartition("/")[2]] | own, defined)
    return {key: _without_references(value, defined) for key, value in node.items()}


def _require_json(request: Request, raw: bytes) -> None:
    if not raw.strip():
        raise invalid(FieldProblem("body", "This request needs a JSON object as its body; it came without one."))
    media_type, *parameters = request.headers.get("content-type", "application/json").lower().split(";")
    kind = media_type.strip()
    charsets = [value.strip().strip('"') for name, _, value in (p.partition("=") for p in parameters)
                if name.strip() == "charset"]  # fmt: skip
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise _unsupported(f"The body is {kind[:80] or 'of no type'}; send JSON, with Content-Type: application/json.")
    if any(charset not in ("utf-8", "utf8", "us-ascii") for charset in charsets):
        raise _unsupported("JSON is sent in UTF-8; leave the charset out.")
    if encoding not in ("identity", ""):
        raise _unsupported("Compressed bodies are not understood; leave Content-Encoding out.")


def _unsupported(detail: str) -> Refused:
    headers = {"Accept-Post": "application/json"}
    return Refused(Problem(415, HttpCode.UNSUPPORTED_MEDIA_TYPE, "Not this type of body", detail, headers=headers))


def _decoded(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(
            raw.decode("utf-8-sig"), object_pairs_hook=_without_duplicates, parse_constant=_no_constant,
            parse_float=_exact,
        )  # fmt: skip
    except UnicodeDecodeError as error:
        raise _unreadable(f"The body is not UTF-8: byte {error.start} begins no character.") from None
    except json.JSONDecodeError as error:
        reason = error.msg.removesuffix(" at")
        message = f"The body is not JSON; line {error.lineno}, column {error.colno}: {reason}."
        raise _unreadable(message) from None
    except RecursionError:
        raise _unreadable("The body is nested too deeply.") from None
    except ValueError:
        raise _unreadable("The body holds a number with too many digits.") from None
    if not isinstance(value, dict):
        raise invalid(FieldProblem("body", "The body must be a JSON object: { … }."))
    return value


def _unreadable(message: str) -> Refused:
    return invalid(FieldProblem("body", message), status=400)


def _no_constant(name: str) -> NoReturn:
    raise _unreadable(f"The body is not JSON: {name} is not a JSON value.")


def _exact(text: str) -> Decimal:
    """As it was written: a binary number would be another one."""
    return amount_of(text)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if any("\ud800" <= character <= "\udfff" for character in name):
            raise _unreadable("The body has a name with half of a surrogate pair, which is not a character.")
        if name in found:
            raise _unreadable(f"The body names `{_shown(name)}` twice.")
        found[name] = value
    return found


def _validated(model: type[M], value: dict[str, Any]) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = [
            _in_words(detail["type"], detail["loc"], detail["msg"], _known(model, detail["loc"]))
            for detail in error.errors()
        ]
    raise invalid(*problems)


def _known(model: type[BaseModel], place: Sequence[str | int]) -> str:
    """The names of the fields beside the one at this place."""
    for part in place[:-1]:
        if isinstance(part, str):
            model = _model_in(model.model_fields[part].annotation) or model
    return ", ".join(model.model_fields) or "none"


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, alone, in a list or as an option."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each)) is not None), None)


_WORDS: Final[Mapping[str, str]] = {
    "bool_type": "must be true or false.",
    "float_type": "must be a number.",
    "int_type": "must be a whole number.",
    "list_type": "must be a list.",
    "model_type": "must be a JSON object: { … }.",
    "missing": "is missing.",
    "string_type": "must be text.",
    "string_unicode": "contains half of a surrogate pair, which is not a character. Send valid Unicode.",
}


def _in_words(kind: str, place: Sequence[str | int], message: str, known: str) -> FieldProblem:
    name = _shown(".".join(str(part) for part in place))
    if kind == "nothing":
        return FieldProblem("body", message)
    if kind == "amount":
        return FieldProblem(name, f"`{name}` {message}")
    if kind == "extra_forbidden":
        return FieldProblem(name, f"`{name}` is not a field of this request; its fields are: {known}.")
    if kind == "enum":
        return FieldProblem(name, f"`{name}` {message.replace('Input should be', 'must be')}.")
    return FieldProblem(name, f"`{name}` {_WORDS.get(kind, 'is not valid.')}")


def _shown(name: str) -> str:
    return name if len(name) <= 60 else name[:57] + "..."
