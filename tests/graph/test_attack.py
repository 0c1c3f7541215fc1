"""What is sent to exhaust the server: each costs little work and no memory, and others have their turn meanwhile."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph import documents
from graph.context import GraphContext
from graph.documents import MAX_FAULTS, RequestRefused, choose_operation
from graph.limits import DocumentLimits, RequestLimits
from graph.media_types import GRAPHQL_JSON
from graph.operations import Request, execute_once
from graph.turns import FIELDS_AT_ONCE
from tests.graph.client import Api
from tests.graph.conftest import serving
from tests.graph.documents import Composer
from tests.graph.studio import Studio, wait_until
from workflow import reading

MEGABYTE = 1_000_000


def many(count: int, part: Callable[[int], str]) -> str:
    return " ".join(part(number) for number in range(count))


USES_EACH = "fragment F on Query { " + many(90, lambda n: f"a{n}: script(id: $v) {{ id }}") + " }"
ATTACKS = {
    "fragments that double": "{ ...F0 } "
    + many(90, lambda n: f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}")
    + " fragment F90 on Query { __typename }",
    "fragments in circles": "{ ...F0 } "
    + many(100, lambda n: f"fragment F{n} on Query {{ ...F{(n + 1) % 100} ...F{(n + 7) % 100} }}"),
    "deep": "{ a" * 30_000,
    "deep lists": "{ nodes(ids: " + "[" * 2_400 + "]" * 2_400 + ") { id } }",
    "deep objects": "{ scripts(filter: " + "{ a: " * 1_200 + "1" + "}" * 1_200 + ") { totalCount } }",
    "aliases": "{ " + many(1_600, lambda n: f"a{n}: __typename") + " }",
    "unknown names": "{ " + many(990, lambda n: "sc" + "r" * 80 + str(n)) + " }",
    "unknown inputs": "{ scripts(filter: { " + many(1_200, lambda n: f"a{n}: 1") + " }) { totalCount } }",
    "a large default": "query($f: ScriptFilter = { " + many(1_200, lambda n: f"a{n}: 1") + " }) "
    "{ scripts(filter: $f) { totalCount } }",
    "unknown arguments": "{ scripts(" + many(1_200, lambda n: f"a{n}: 1") + ") { totalCount } }",
    "operations": many(900, lambda n: f"query A{n} {{ __typename }}"),
    "operations with many uses": many(280, lambda n: f"query A{n}($v: ID!) {{ ...F }}") + USES_EACH,
    "variables": "query(" + many(1_200, lambda n: f"$v{n}: Scrip{n}") + ") { __typename }",
    "directives": "{ __typename " + "@skip(if: false) " * 5_000 + "}",
    "tokens": "{ " + "a " * 49_990 + "}",
    "comments": "{ a" + "#\n" * 48_000 + "}",
    "byte order marks": "\ufeff" * 20_000 + "{ __typename }",
    "controls": "{ a" + "\u202e" * 20_000 + "}",
    "a string": '{ script(id: "' + "x" * 200_000 + '") { id } }',
    "a number": "{ scripts(first: " + "9" * 90_000 + ") { totalCount } }",
    "an exponent": "{ scripts(first: 1e" + "9" * 90_000 + ") { totalCount } }",
    "an enum": "{ scripts(orderBy: " + "A" * 90_000 + ") { totalCount } }",
    "a block": '{ script(id: """' + "\n  a" * 20_000 + '""") { id } }',
    "types": many(800, lambda n: f"type A{n} {{ a: Int }}"),
    "roots": "subscription { " + many(600, lambda n: f"a{n}: jobProgress {{ id }}") + " }",
}


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    documents._documents.cache_clear()
    yield
    documents._documents.cache_clear()


@pytest.mark.parametrize("name", ATTACKS)
async def test_documents(api: Api, name: str, caplog: pytest.LogCaptureFixture) -> None:
    query = ATTACKS[name]
    took = []
    for _ in range(3):
        documents._documents.cache_clear()
        began = time.thread_time()
        with suppress(RequestRefused):
            choose_operation(query, None)
        took.append(time.thread_time() - began)
    assert min(took) < 0.4  # those of inputs took seconds
    with caplog.at_level(logging.ERROR):
        response = await api.post({"query": query}, accept=GRAPHQL_JSON)
        assert response.status_code in (200, 400)
        assert len(response.content) < 100_000
        async with api.socket() as socket:
            frame = await socket.frame_of(await socket.subscribe(query))
            assert frame["type"] in ("next", "error")
    assert [record.getMessage() for record in caplog.records] == []


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many fields of one object after the other."""
    found: list[int] = []
    execute = StrawberryGraphQLCoreExecutionContext.execute_fields

    def noted(self: Any, kind: Any, source: Any, path: Any, fields: Any, *more: Any, **named: Any) -> Any:
        found.append(len(fields))
        return execute(self, kind, source, path, fields, *more, **named)

    monkeypatch.setattr(StrawberryGraphQLCoreExecutionContext, "execute_fields", noted)
    return found


def test_faults_are_counted() -> None:
    with pytest.raises(RequestRefused) as refused:
        choose_operation("{ " + many(900, lambda n: f"a{n}") + " }", None)
    assert len(refused.value.errors) == MAX_FAULTS + 1


@pytest.mark.parametrize(
    "query",
    [
        "{ " + many(480, lambda n: f"a{n}: __typename") + " }",
        "{ " + many(990, lambda n: f"a{n}") + " }",
        "{ nodes(ids: [" + "{} " * 240 + "]) { id } }",
        "{ " + "a " * 3_900 + " !",
        "{ " + "a " * 2_400 + "}",
    ],
    ids=["sound", "unknown", "wrong", "broken", "large"],
)  # fmt: skip
def test_what_is_remembered_takes_little(query: str) -> None:
    def look(count: int) -> None:
        for number in range(count):
            with suppress(RequestRefused):
                choose_operation(f"# {number}\n{query}", None)

    look(2)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        look(28)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 12 * MEGABYTE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "query",
    [
        "{ scripts(first: 100) { nodes { " + many(400, lambda n: f"a{n}: title") + " } } }",
        "{ scripts(first: 100) { nodes { scenes { " + many(60, lambda n: f"a{n}: id") + " } } } }",
        "{ __schema { types { fields { " + many(60, lambda n: f"a{n}: name") + " } } } }",
        "{ " + many(20, lambda n: f"a{n}: __schema {{ types {{ name fields {{ name }} }} }}") + " }",
    ],
    ids=["wide", "lists", "introspection", "introspections"],
)
async def test_large_answers_let_others_have_their_turn(studio: Studio, resolved: list[int], query: str) -> None:
    for number in range(30):
        await studio.a_script(scenes=20 if number < 10 else 0)
    context = GraphContext(studio.context, studio.feed)
    request = Request(query)
    answering = asyncio.create_task(execute_once(request, request.operation(), context))
    steps = [0]
    while not answering.done():
        await asyncio.sleep(0)
        steps.append(sum(resolved))
    assert "errors" not in answering.result()
    assert steps[-1] > 5_000
    most = max(after - before for before, after in pairwise(steps))
    assert most < 2 * FIELDS_AT_ONCE


async def test_what_is_loaded_for_a_large_answer_is_read_together(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(60):
        await studio.a_script(scenes=2)
    reads: list[int] = []
    read = reading.scenes_of_scripts

    async def counted(ids: list[int]) -> object:
        reads.append(len(ids))
        return await read(ids)

    monkeypatch.setattr(reading, "scenes_of_scripts", counted)
    names = many(90, lambda n: f"a{n}: title")
    request = Request(f"{{ scripts(first: 100) {{ nodes {{ {names} scenes {{ id }} }} }} }}")
    answer = await execute_once(request, request.operation(), GraphContext(studio.context, studio.feed))
    assert sum(reads) == len(answer["data"]["scripts"]["nodes"]) == 60
    assert len(reads) <= 1 + 60 * 92 // FIELDS_AT_ONCE


async def test_one_that_is_ended_between_its_turns(studio: Studio, resolved: list[int]) -> None:
    for _ in range(50):
        await studio.a_script()
    request = Request("{ scripts(first: 100) { nodes { " + many(900, lambda n: f"a{n}: title") + " } } }")
    context = GraphContext(studio.context, studio.feed, limits=RequestLimits(seconds=0.02))
    answer = await execute_once(request, request.operation(), context)
    assert answer["errors"][0]["extensions"] == {"code": "TIMED_OUT"}
    assert sum(resolved) < 45_000


@pytest.mark.timeout(1_000)
@pytest.mark.parametrize(("seed", "count"), [(0, 400), pytest.param(1, 5_000, marks=pytest.mark.slow)])
async def test_documents_by_chance(
    api: Api, studio: Studio, seed: int, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    await studio.a_script(scenes=3)
    composer = Composer(seed)
    seen = {"sound": 0, "refused": 0}
    with caplog.at_level(logging.ERROR):
        for _ in range(count):
            query = composer.document()
            response = await api.post({"query": query}, accept=f"{GRAPHQL_JSON}, application/json;q=0.5")
            assert response.status_code in (200, 400, 406), (response.status_code, query)
            seen["sound" if response.status_code == 200 else "refused"] += 1
            for error in json.loads(response.content).get("errors", []):
                assert error.get("extensions", {}).get("code") not in ("INTERNAL", "UNAVAILABLE"), query
    assert [record.getMessage() for record in caplog.records] == []
    assert min(seen.values()) > count // 5, seen


async def test_a_ping_deeper_than_can_be_written(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        async with api.socket() as socket:
            await socket.send('{"type": "ping", "payload": ' + '{"a": ' * 600 + "1" + "}" * 600 + "}")
            assert await socket.close_code() == (4400, "The payload of a ping message is nested too deeply")
    assert [record.getMessage() for record in caplog.records] == []


async def test_subscriptions_beyond_the_usual_limits(studio: Studio) -> None:
    """Where the settings allow them."""
    nested = "latestVideo { script { " * 8 + "id" + " } }" * 8
    query = f"subscription {{ statusChanged {{ subject {{ ... on Script {{ id {nested} }} }} }} }}"
    async with serving(studio, limits=RequestLimits(document=DocumentLimits(depth=30))) as api, api.socket() as socket:
        id = await socket.subscribe(query)
        await socket.settle()
        await studio.a_script()
        assert (await socket.next_of(id))["data"]["statusChanged"]["subject"]["latestVideo"] is None


async def test_a_storm_of_subscriptions(api: Api, studio: Studio) -> None:
    queries = [f"subscription {{ a{number}: statusChanged {{ id }} }}" for number in range(5)]

    async def storm(count: int) -> None:
        for number in range(count):
            id = await socket.subscribe(queries[number % 5])
            await socket.send({"type": "complete", "id": id})
            if number % 100 == 99:
                await socket.settle()
        await socket.settle()

    async with api.socket() as socket:
        await storm(200)
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            await storm(1_000)
            await wait_until(lambda: studio.feed.followers == 0)
            gc.collect()
            assert tracemalloc.get_traced_memory()[0] - before < MEGABYTE
        finally:
            tracemalloc.stop()
        assert len(studio.feed.groups) == 0
        assert (await socket.next_of(await socket.subscribe("{ __typename }")))["data"]
