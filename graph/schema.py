"""The schema, put together once, and its text."""

from __future__ import annotations

from typing import Any, Final

from graphql import GraphQLEnumType, GraphQLError, GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, Undefined
from strawberry import Schema
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from graph.changes import StatusChange
from graph.errors import ERROR_TYPES
from graph.images import Image
from graph.jobs import Job
from graph.mutation import Mutation
from graph.query import Query
from graph.scalars import SCALARS
from graph.scenes import Scene
from graph.scripts import Script
from graph.subscription import Subscription
from graph.videos import Video

_LONGEST_ENUM_VALUE: Final = 100

schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Script, Scene, Image, Video, Job, StatusChange, *ERROR_TYPES],
    config=StrawberryConfig(scalar_map=SCALARS),
)


def _drop_null_defaults(built: GraphQLSchema) -> None:
    """What may be left out has no default in the schema; that Python sees None then is its own affair."""
    for named in built.type_map.values():
        match named:
            case GraphQLInputObjectType():
                inputs = [*named.fields.values()]
            case GraphQLObjectType():
                inputs = [argument for field in named.fields.values() for argument in field.args.values()]
            case _:
                continue
        for declared in inputs:
            if declared.default_value is None:
                declared.default_value = Undefined


def _bound_enum_values(built: GraphQLSchema) -> None:
    """What is no value is compared with all that are, twice: with a few million characters that takes very long."""

    def bound(kind: GraphQLEnumType) -> None:
        coerce = kind.coerce_input_value

        def coerce_if_short(value: Any, hide_suggestions: bool = False) -> Any:
            if isinstance(value, str) and len(value) > _LONGEST_ENUM_VALUE:
                raise GraphQLError(f"Value '{value[:_LONGEST_ENUM_VALUE]}…' does not exist in '{kind.name}' enum.")
            return coerce(value, hide_suggestions)

        kind.coerce_input_value = coerce_if_short  # type: ignore[assignment]

    for named in built.type_map.values():
        if isinstance(named, GraphQLEnumType):
            bound(named)


_drop_null_defaults(schema._schema)
_bound_enum_values(schema._schema)


def sdl() -> str:
    """The schema in the schema definition language, ending with a line feed."""
    return f"{print_schema(schema).strip()}\n"
