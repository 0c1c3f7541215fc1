"""How fields of the schema are declared: with a description, always.

The objects behind the schema's types are the immutable rows of `domain`; a field without a function of its own is the
row's attribute of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from enum import Enum
from inspect import cleandoc
from typing import Annotated, Any, Final, TypeVar, dataclass_transform

import strawberry

T = TypeVar("T")

SHARED_BY: Final = "shared_by"


def enum_value(source: Enum | str, description: str) -> str:
    """A value of an enum, which mirrors one of the domain's."""
    raw = source.value if isinstance(source, Enum) else source
    declared: str = strawberry.enum_value(raw, description=description)  # type: ignore[assignment]
    return declared


def attribute(description: str) -> Any:
    """A field that is read from the row as it stands."""
    return strawberry.field(description=cleandoc(description))


def optional(description: str) -> Any:
    """A field of an input that may be left out."""
    return strawberry.field(description=cleandoc(description), default=None)


def field(of: Any, description: str) -> Callable[[Callable[..., object]], Any]:
    """A field of the schema's type `of` that a function answers, with a row."""
    return _answered_by(strawberry.field(graphql_type=of, description=cleandoc(description)))


def mutation(of: Any, description: str) -> Callable[[Callable[..., object]], Any]:
    return _answered_by(strawberry.mutation(graphql_type=of, description=cleandoc(description)))


def subscription(
    of: Any, description: str, *, shared_by: Callable[[Any], Hashable] | None = None
) -> Callable[[Callable[..., object]], Any]:
    """`shared_by` tells, from the `GraphContext`, whatever its answers depend on besides the request itself.

    Those for whom it is the same are sent the same bytes. Without it nothing is shared.
    """
    metadata = {} if shared_by is None else {SHARED_BY: shared_by}
    return _answered_by(strawberry.subscription(graphql_type=of, description=cleandoc(description), metadata=metadata))


def everyone(_: object) -> Hashable:
    """Of what anyone may see, and sees alike."""
    return "everyone"


def _answered_by(declare: Any) -> Callable[[Callable[..., object]], Any]:
    def decorate(resolver: Callable[..., object]) -> Any:
        # Strawberry would take the row's type for one of the schema.
        resolver.__annotations__.pop("return", None)
        return declare(resolver)

    return decorate


@dataclass_transform(kw_only_default=True, field_specifiers=(attribute, optional))
def object_type(description: str, *, name: str | None = None) -> Callable[[type[T]], type[T]]:
    return strawberry.type(name=name, description=cleandoc(description))


@dataclass_transform(kw_only_default=True, field_specifiers=(attribute, optional))
def interface_type(description: str) -> Callable[[type[T]], type[T]]:
    return strawberry.interface(description=cleandoc(description))


@dataclass_transform(kw_only_default=True, field_specifiers=(attribute, optional))
def input_type(description: str) -> Callable[[type[T]], type[T]]:
    return strawberry.input(description=cleandoc(description))


def argument(description: str, *, name: str | None = None) -> Any:
    """The description of an argument, for `Annotated`."""
    return strawberry.argument(description=cleandoc(description), name=name)


First = Annotated[
    int | None,
    argument("How many items the page has at most: 50 if not given, at least 1, never more than 100."),
]
After = Annotated[
    str | None,
    argument("Continue behind this place: an edge's `cursor`, or `pageInfo.endCursor`, of a page of the same list."),
]
