"""The contract itself: complete, described, and in step with the domain."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    is_specified_scalar_type,
)

from domain import calls, errors, lifecycle
from graph import enums
from graph.errors import USER_ERRORS
from graph.schema import schema, sdl
from workflow import reading
from workflow.providers import ProviderState
from workflow.videos import _WHAT_TO_DO

BUILT = build_schema(sdl())
OWN = {name: kind for name, kind in BUILT.type_map.items() if not name.startswith("__")}


def elements() -> Iterator[tuple[str, str | None]]:
    """Everything that can have a description, by its coordinate."""
    for name, kind in OWN.items():
        if is_specified_scalar_type(kind):
            continue
        yield name, kind.description
        match kind:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for field_name, field in kind.fields.items():
                    yield f"{name}.{field_name}", field.description
                    for argument_name, argument in field.args.items():
                        yield f"{name}.{field_name}({argument_name}:)", argument.description
            case GraphQLInputObjectType():
                for field_name, input_field in kind.fields.items():
                    yield f"{name}.{field_name}", input_field.description
            case GraphQLEnumType():
                for value_name, value in kind.values.items():
                    yield f"{name}.{value_name}", value.description


def test_everything_has_a_description() -> None:
    described = dict(elements())
    assert len(described) > 300
    assert [coordinate for coordinate, text in described.items() if not text or len(text) < 4] == []


@pytest.mark.parametrize(
    ("shown", "source"),
    [
        (enums.Status, lifecycle.Status),
        (enums.ReviewAction, lifecycle.ReviewAction),
        (enums.JobKind, lifecycle.JobKind),
        (enums.JobState, lifecycle.JobState),
        (enums.JobErrorCode, errors.JobErrorCode),
        (enums.ProviderState, ProviderState),
        (enums.ProviderRole, calls.Role),
    ],
)
def test_enums_mirror_the_domain(shown: type[Enum], source: type[Enum]) -> None:
    assert {value.name: value.value for value in shown} == {value.name: value.value for value in source}


def test_enums_that_leave_something_out() -> None:
    codes = {code.value for code, error_type in USER_ERRORS.items() if error_type is not None}
    assert {value.value for value in enums.UserErrorCode} == codes
    assert {order.value for order in enums.ScriptOrder} == set(reading.ScriptOrder) - {reading.ScriptOrder.ID_ASC}
    assert {reason.value for reason in enums.ShortfallReason} == set(_WHAT_TO_DO)


@pytest.mark.parametrize("code", list(errors.ErrorCode))
def test_each_error_code_has_its_line(code: errors.ErrorCode) -> None:
    assert code in USER_ERRORS


def test_shape_of_the_contract() -> None:
    nodes = {"Script", "Scene", "Image", "Video", "Job", "StatusChange"}
    node, reviewable, user_error = (OWN[name] for name in ("Node", "Reviewable", "UserError"))
    assert isinstance(node, GraphQLInterfaceType)
    assert isinstance(reviewable, GraphQLInterfaceType)
    assert isinstance(user_error, GraphQLInterfaceType)
    assert {kind.name for kind in BUILT.get_possible_types(node)} == nodes
    assert {kind.name for kind in BUILT.get_possible_types(reviewable)} == {"Script", "Scene", "Image", "Video"}
    assert len(BUILT.get_possible_types(user_error)) == 7
    for name, kind in OWN.items():
        if name.endswith("Connection"):
            assert isinstance(kind, GraphQLObjectType)
            assert set(kind.fields) == {"edges", "nodes", "pageInfo", "totalCount"}
        if name.endswith("Payload"):
            assert isinstance(kind, GraphQLObjectType)
            assert str(kind.fields["userErrors"].type) == "[UserError!]!"


def test_operations() -> None:
    assert BUILT.query_type is not None
    assert BUILT.mutation_type is not None
    assert BUILT.subscription_type is not None
    assert set(BUILT.query_type.fields) == {
        "node", "nodes", "script", "scripts", "scene", "image", "video", "videos", "job", "jobs", "providers",
        "eventCursor", "reviewQueue",
    }  # fmt: skip
    assert set(BUILT.mutation_type.fields) == {
        "createScript", "updateScript", "approveScript", "updateScene", "approveScene", "generateImage", "approveImage",
        "rejectImage", "createVideo", "retryJob", "cancelJob", "splitScene", "mergeScenes", "reorderScenes",
        "chooseImage", "duplicateScript", "archiveScript", "approveScenes", "reviewImages", "removeMusic",
    }  # fmt: skip
    assert set(BUILT.subscription_type.fields) == {"statusChanged", "scriptChanged", "jobProgress"}


def test_the_text_is_stable_and_says_what_is_executed() -> None:
    assert sdl() == sdl()
    assert sdl().endswith("}\n")
    assert " = null" not in sdl()
    assert set(OWN) - {"Boolean", "Float", "ID", "Int", "String"} <= set(schema._schema.type_map)
