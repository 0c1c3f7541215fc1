"""How fields of the schema are declared: with a description, always.

The objects behind the schema's types are the immutable rows of `domain`; a field without a function of its own is the
row's attribute of the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from typing import Annotated, Any, TypeVar

import strawberry

T = TypeVar("T")


def attribute(description: str) -> Any:
    """A field that is read from the row as it stands."""
    return strawberry.field(description=cleandoc(description))


def optional(description: str) -> Any:
    """A field of an input that may be left out."""
    return strawberry.field(description=cleandoc(description), default=None)


def field(of: Any, description: str) -> Callable[[Callable[..., object]], Any]:
    """A field of the schema's type `of` that a function answers, with a row."""
    decorate: Any = strawberry.field(graphql_type=of, description=cleandoc(description))
    return lambda resolver: decorate(resolver)


def mutation(of: Any, description: str) -> Callable[[Callable[..., object]], Any]:
    decorate: Any = strawberry.mutation(graphql_type=of, description=cleandoc(description))
    return lambda resolver: decorate(resolver)


def subscription(of: Any, description: str) -> Callable[[Callable[..., object]], Any]:
    decorate: Any = strawberry.subscription(graphql_type=of, description=cleandoc(description))
    return lambda resolver: decorate(resolver)


def object_type(description: str, *, name: str | None = None) -> Callable[[type[T]], type[T]]:
    return strawberry.type(name=name, description=cleandoc(description))


def interface_type(description: str) -> Callable[[type[T]], type[T]]:
    return strawberry.interface(description=cleandoc(description))


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
