"""How large a document may be, what it may cost, and that finding it out costs nothing."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

import pytest
from graphql import DocumentNode, get_introspection_query, parse

from graph import documents
from graph.documents import RequestRefused, choose_operation
from graph.limits import DocumentLimits, Limit
from graph.measure import Measure
from graph.media_types import GRAPHQL_JSON
from tests.costs import assert_answer_is_cheap
from tests.graph.client import Api
from tests.graph.studio import Studio
from tests.graph.test_http import errors_of

USUAL = DocumentLimits()


def doubling(fragments: int) -> str:
    """A few hundred bytes that ask for 2^n fields."""
    parts = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(fragments)]
    return "{ ...F0 } " + " ".join(parts) + f" fragment F{fragments} on Query {{ __typename }}"


def nested(depth: int) -> str:
    return "{ script(id: 1) " + "{ scenes { script " * depth + "{ id }" + " } }" * depth + " }"


def winding(depth: int) -> str:
    """As deep, without lists."""
    return "{ script(id: 1) " + "{ latestVideo { script " * depth + "{ id }" + " } }" * depth + " }"


LARGE: dict[str, tuple[str, Limit]] = {
    "doubling": (doubling(60), Limit.TOO_MANY_FIELDS),
    "deep": (winding(8), Limit.TOO_DEEP),
    "deep in a fragment": (
        "{ script(id: 1) { ...A } } fragment A on Script " + winding(8).split(") ", 1)[1][:-2], Limit.TOO_DEEP,
    ),
    "many aliases": ("{ " + " ".join(f"a{n}: __typename" for n in range(1_001)) + " }", Limit.TOO_MANY_FIELDS),
    "one field often": ("{ " + "__typename " * 2_400 + "}", Limit.TOO_MANY_FIELDS),
    "one field in many places": ("{ " + "...{ __typename } " * 900 + "}", Limit.TOO_MANY_FIELDS),
    "directives": ("{ __typename " + "@include(if: true) " * 101 + "}", Limit.TOO_MANY_DIRECTIVES),
    "directives that nobody knows": ("{ __typename " + "@a" * 1_000 + "}", Limit.TOO_MANY_DIRECTIVES),
    "directives of a fragment": (
        "{ " + " ".join(f"a{n}: script(id: 1) {{ ...A }}" for n in range(11)) + " } fragment A on Script { id "
        + "@skip(if: false) " * 10 + "}", Limit.TOO_MANY_DIRECTIVES,
    ),
    "lists in lists": (nested(5), Limit.TOO_COSTLY),
    "pages in pages": (
        "query($n: Int) { scripts(first: $n) { ...P } } fragment P on ScriptConnection { edges { node { "
        "history(first: 100) { nodes { id version actor subject { id status } } } a: history { nodes { id } } "
        + " ".join(f"b{n}: history(first: 100) {{ nodes {{ id version actor }} }}" for n in range(6)) + " } } }",
        Limit.TOO_COSTLY,
    ),
    "tokens": ("{ __typename " + "@include(if: true) " * 900 + "}", Limit.DOCUMENT_TOO_LARGE),
    "characters": ("{ __typename } #" + "x" * 100_000, Limit.DOCUMENT_TOO_LARGE),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
async def test_documents_that_are_too_large(api: Api, name: str) -> None:
    query, limit = LARGE[name]
    response = await assert_answer_is_cheap(lambda: api.post({"query": query}, accept=GRAPHQL_JSON), 0.5)
    assert response.status_code == 400
    (error,) = errors_of(response)
    assert error["extensions"] == {"code": limit}


async def test_a_document_of_the_full_size_is_fine(api: Api) -> None:
    names = " ".join(f"a{n}: __typename" for n in range(1_000))
    assert len(await api.data(f"{{ {names} }}")) == 1_000
    assert (await api.data(winding(6).replace("id: 1", 'id: "script_1"'))) == {"script": None}
    assert await api.data(get_introspection_query(input_value_deprecation=True, specified_by_url=True))


async def test_lists_inside_of_lists_have_a_budget(api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    await studio.a_script(scenes=30)
    monkeypatch.setattr("graph.executor.MAX_RESOLVED", 2_000)
    query = '{ script(id: "script_1") { scenes { id script { id scenes { id script { scenes { id } } } } } } }'
    answer = await api.ask(query)
    assert answer["data"] == {"script": None}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"LIMIT_EXCEEDED"}
    assert await api.data("{ scripts { nodes { scenes { id } } } }")


COSTS = [
    ("{ __typename }", 1),
    ("{ scripts { totalCount } }", 2),
    ("{ scripts { nodes { id } } }", 101),
    ("{ scripts(first: 3) { nodes { id title } edges { cursor node { id } } totalCount } }", 2 + 3 * 3 + 3 * 4),
    (
        "{ scripts(first: 3) { ...P } } fragment P on ScriptConnection { nodes { id } ...{ nodes { title } } }",
        1 + 3 * 4,
    ),
    ("query($n: Int) { scripts(first: $n) { nodes { id } } }", 201),
    ("{ scripts(first: 99999999999) { nodes { id } } }", 201),
    ("{ scripts(first: -5) { nodes { id } } }", 3),
    ('{ nodes(ids: ["a", "b"]) { id } }', 3),
    ('{ script(id: "script_1") { id scenes { id images { id url } } } }', 1 + 1 + 1 + 10 * (1 + 1 + 10 * 2)),
    ("mutation { approveScript(input: {id: 1}) { script { id } } }", 3),
]


@pytest.mark.parametrize(("query", "cost"), COSTS)
def test_costs(query: str, cost: int) -> None:
    document = parse(query)
    Measure(document, replace(USUAL, cost=cost)).check()
    with pytest.raises(RequestRefused, match="could have more than"):
        Measure(document, replace(USUAL, cost=cost - 1)).check()


def test_measuring_takes_no_time() -> None:
    """Fragments that double, that are many, and lists in fragments in lists."""
    chain = " ".join(
        f"fragment F{n} on Script {{ scenes {{ script {{ ...F{n + 1} ...F{n + 1} }} }} }}" for n in range(20)
    )
    for query in (
        doubling(18),
        doubling(60),
        f"{{ script(id: 1) {{ ...F0 }} }} {chain} fragment F20 on Script {{ id }}",
        "{ " + "...F " * 700 + "} fragment F on Query { a: __typename @skip(if: true) }",
    ):
        document = parse(query)
        times = []
        for _ in range(5):
            began = time.thread_time()
            with pytest.raises(RequestRefused):
                Measure(document, USUAL).check()
            times.append(time.thread_time() - began)
        assert min(times) < 0.001, query[:60]


def test_documents_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sound or not, under the limits that they were looked at with."""
    looked_at: list[str] = []
    checked = documents._checked

    def noted(query: str, limits: DocumentLimits) -> DocumentNode:
        looked_at.append(query)
        return checked(query, limits)

    monkeypatch.setattr(documents, "_checked", noted)
    for query in ("{ __typename remembered: __typename }", "{ remembered }", doubling(19)):
        for _ in range(3):
            with suppress(RequestRefused):
                choose_operation(query, None)
        assert looked_at.count(query) == 1
    with pytest.raises(RequestRefused):
        choose_operation("{ __typename remembered: __typename }", None, DocumentLimits(fields=1))
    assert choose_operation("{ __typename remembered: __typename }", None)
