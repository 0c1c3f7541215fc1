"""What one request may cost: values in variables, fragments, bytes and errors in the answer, words in a message."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from graph.errors import MAX_ERRORS
from graph.media_types import GRAPHQL_JSON
from tests.costs import assert_answer_is_cheap, assert_cheap
from tests.graph.client import Api
from tests.graph.studio import Studio

IDS = "query($x: [ID!]!) { nodes(ids: $x) { id } }"
SEARCH = "query($x: ScriptFilter) { scripts(filter: $x) { totalCount } }"

TOO_MANY: list[tuple[str, Any]] = [
    (IDS, [0] * 100_000),
    (IDS, [{}] * 80_000),
    (IDS, [[0] * 100] * 101),
    (SEARCH, {f"s{number}": 1 for number in range(20_000)}),
    ("{ __typename }", [None] * 10_001),
]


@pytest.mark.parametrize(("query", "value"), TOO_MANY)
async def test_variables_of_very_many_values(api: Api, query: str, value: Any) -> None:
    response = await api.post({"query": query, "variables": {"x": value}}, accept=GRAPHQL_JSON)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "TOO_MANY_VALUES"}
    assert "10000 values" in error["message"]
    async with api.socket() as socket:
        id = await socket.subscribe(query, x=[0] * 10_001)
        assert (await socket.frame_of(id))["payload"][0]["extensions"] == {"code": "TOO_MANY_VALUES"}


async def test_many_values_are_still_looked_at(api: Api) -> None:
    answer = await api.ask(IDS, x=["script_1"] * 9_999)
    assert answer["errors"][0]["message"] == "9999 ids were given; at most 100 are accepted."


def test_counting_values_takes_no_time() -> None:
    from graph.documents import RequestRefused, check_variables

    values = {"x": [[0] * 1_000_000]}

    def check() -> None:
        with pytest.raises(RequestRefused):
            check_variables(values)

    assert_cheap(check, 0.05)


async def test_fragments(api: Api) -> None:
    def using(count: int) -> str:
        spread = " ".join(f"...F{number}" for number in range(count))
        return f"{{ {spread} }} " + " ".join(
            f"fragment F{number} on Query {{ a{number}: __typename }}" for number in range(count)
        )

    assert len(await api.data(using(100))) == 100
    for query in (using(101), using(380), "{ " + " ".join(f"...F{number}" for number in range(2_400)) + " }"):
        asked = partial(api.post, {"query": query}, accept=GRAPHQL_JSON)
        response = await assert_answer_is_cheap(asked, 1)  # the server's part is about 0.02
        assert response.json()["errors"][0]["extensions"] == {"code": "DOCUMENT_TOO_LARGE"}
    spread = "...G " * 40
    nested = "{ " + " ".join(f"a{n}: node(id: 1) {{ {spread} }}" for n in range(25)) + " } fragment G on Node { id }"
    response = await api.post({"query": nested}, accept=GRAPHQL_JSON)
    assert response.json()["errors"][0]["extensions"] == {"code": "TOO_MANY_FIELDS"}


@pytest.mark.parametrize(
    "query",
    [
        "{ " + " ".join(f"a{number}: scripts {{ nodes {{ content }} }}" for number in range(20)) + " }",
        "{ scripts { nodes { scenes { " + "x" * 500 + ": id } } } }",
    ],
    ids=["texts", "names"],
)
async def test_bytes_of_an_answer(api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    await studio.a_script(content="é" * 1_000)
    await studio.a_script(scenes=30)
    assert len((await api.post({"query": query})).content) > 15_000
    monkeypatch.setattr("graph.executor.MAX_BYTES", 10_000)
    response = await api.post({"query": query})
    answer = response.json()
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"LIMIT_EXCEEDED"}
    assert "10000 bytes" in answer["errors"][0]["message"]
    assert len(response.content) < 15_000
    assert await api.data("{ scripts { nodes { id } } }")


async def test_each_event_of_a_subscription_has_the_bytes_anew(
    api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.executor.MAX_BYTES", 3_000)
    async with api.socket() as socket:
        id = await socket.subscribe("subscription { statusChanged { subject { ... on Script { content } } } }")
        await socket.settle()
        for _ in range(3):
            await studio.a_script(content="a" * 2_000)
            assert "errors" not in await socket.next_of(id)


async def test_errors_of_an_answer(api: Api) -> None:
    query = "query($x: [ID!]!) { " + " ".join(f"a{number}: nodes(ids: $x) {{ id }}" for number in range(10)) + " }"
    errors = (await api.ask(query, x=["x"] * 100))["errors"]
    assert len(errors) == MAX_ERRORS + 1
    assert errors[-1] == {"message": "There are 900 more errors.", "extensions": {"code": "LIMIT_EXCEEDED"}}


async def test_messages_repeat_a_little_of_what_was_sent(api: Api) -> None:
    order = "query($x: ScriptOrder) { scripts(orderBy: $x) { totalCount } }"
    number = "query($x: Int) { scripts(first: $x) { totalCount } }"
    for query, variables in (
        (order, {"x": "A" * 100_000}), (number, {"x": "9" * 100_000}), (SEARCH, {"x": {"s" * 100_000: 1}}),
        ("{ " + "s" * 90_000 + " }", {}), ('{ script(id: "' + "s" * 90_000 + '") { id } }', {}),
        ("query A { __typename } query B { __typename }", {"operationName": "C" * 100_000}),
    ):  # fmt: skip
        named = {"operationName": variables["operationName"]} if "operationName" in variables else {}
        response = await api.post({"query": query, "variables": variables, **named})
        for error in response.json()["errors"]:
            assert len(error["message"]) <= 500


@pytest.mark.parametrize(
    ("query", "value", "said"),
    [
        ("query($x: ID!) { node(id: $x) { id } }", None, "not to be null"),
        ("query($x: Int) { scripts(first: $x) { totalCount } }", True, "non-integer value: true"),
        ("query($x: Int) { scripts(first: $x) { totalCount } }", "True", "non-integer value: 'True'"),
        ("query($x: [JobState!]) { jobs(states: $x) { totalCount } }", [None], "not to be null"),
        ("query($x: ID!) { node(id: $x) { id } }", [None, False], "[null, false]"),
    ],
)
async def test_messages_have_the_words_of_graphql(api: Api, query: str, value: Any, said: str) -> None:
    (error,) = (await api.ask(query, x=value))["errors"]
    assert said in error["message"]
    assert "None" not in error["message"]


async def test_ids_of_another_kind_in_good_english(api: Api) -> None:
    message = (await api.ask('{ script(id: "image_7") { id } }'))["errors"][0]["message"]
    assert message == "`image_7` is the id of an image; that of a script is needed here."
