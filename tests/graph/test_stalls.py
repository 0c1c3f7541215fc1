"""Whatever is asked, the event loop has its turns: measured as it serves, with what it takes of memory."""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.collecting import rare_collections
from domain.protocols import Limits
from tests.graph.conftest import serving
from tests.graph.documents import Composer
from tests.graph.stalls import Stalls, send_all, watched_loop
from tests.graph.studio import Studio
from tests.graph.test_attack import ATTACKS

LONGEST_STALL = 0.1
MEGABYTE = 1_000_000
LARGE = 1_000_000
TEXT = 3 * LARGE
"""Nearly as long as a body may be."""


@pytest.fixture(autouse=True)
def as_in_the_api_process() -> Iterator[None]:
    with rare_collections():
        yield


def resident() -> int:
    gc.collect()
    size: int = psutil.Process().memory_info().rss
    return size


def body(query: str, **variables: Any) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def nested(depth: int, part: Callable[[Any], Any]) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = part(value)
    return value


TAKERS = {
    "enum": "query($v: ScriptOrder) { scripts(orderBy: $v) { totalCount } }",
    "input": "query($v: ScriptFilter) { scripts(filter: $v) { totalCount } }",
    "status": "query($v: Status) { scripts(filter: {status: $v}) { totalCount } }",
    "search": "query($v: String) { scripts(filter: {search: $v}) { totalCount } }",
    "id": "query($v: ID!) { script(id: $v) { id } }",
    "ids": "query($v: [ID!]!) { nodes(ids: $v) { id } }",
    "number": "query($v: Int) { scripts(first: $v) { totalCount } }",
    "switch": "query($v: Boolean!) { __typename @include(if: $v) }",
    "cursor": "query($v: String) { scripts(after: $v) { totalCount } }",
    "amount": 'mutation($v: Decimal) { updateScript(input: {id: "script_1", budget: $v}) { script { id } } }',
    "content": "mutation($v: String!) { createScript(input: {content: $v}) { script { id } userErrors { code } } }",
    "unused": "query { __typename }",
}
VALUES: dict[str, Any] = {
    "text": "x" * TEXT,
    "spaces": " " * TEXT,
    "digits": "9" * TEXT,
    "beyond ASCII": "é😀" * (LARGE // 8),
    "quotes": "'\"\\\n" * (LARGE // 8),
    "deep list": nested(400, lambda inner: [inner]),
    "deep object": nested(400, lambda inner: {"search": inner}),
    "many": ["x" * 90] * 9_990,
    "many names": {f"name{number}": number for number in range(9_990)},
    "long names": {"x" * TEXT: 1},
    "long in an object": {"search": "x" * LARGE, "status": "y" * LARGE},
    "long in a list": ["x" * LARGE, "y" * LARGE],
    "large number": 10**18,
    "huge": 1e308,
}


async def stalled_by(studio: Studio, bodies: list[bytes], folder: Path) -> tuple[Stalls, set[int]]:
    """The same requests, until they stall nothing: what a request costs it costs again, other processes may not."""
    studio.context = replace(studio.context, limits=Limits())
    for _ in range(8):
        async with serving(studio) as api, watched_loop() as stalls:
            answers = await send_all(api.port, bodies, folder)
        assert not answers.codes.keys() & {"INTERNAL", "UNAVAILABLE"}, answers
        if stalls.cpu < LONGEST_STALL:
            break
    return stalls, {*answers.statuses}


@pytest.mark.parametrize("taker", TAKERS)
async def test_variables(studio: Studio, taker: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await studio.a_script()
    bodies = [body(TAKERS[taker], v=value) for value in VALUES.values()]
    before = resident()
    with caplog.at_level(logging.ERROR):
        stalls, statuses = await stalled_by(studio, bodies, tmp_path)
    print(f"{taker}: {stalls}, memory grew by {(resident() - before) / MEGABYTE:.0f} MB")
    assert statuses <= {200, 400}
    assert stalls.cpu < LONGEST_STALL
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize("name", ATTACKS)
async def test_attacks(studio: Studio, name: str, tmp_path: Path) -> None:
    stalls, statuses = await stalled_by(studio, [body(ATTACKS[name])] * 2, tmp_path)
    print(f"{name}: {stalls}")
    assert statuses <= {200, 400, 406}
    assert stalls.cpu < LONGEST_STALL


# graphql-core leaves these behind where a field fails beside others that are still to be awaited.
@pytest.mark.filterwarnings("ignore:coroutine 'Executor.* was never awaited:RuntimeWarning")
@pytest.mark.timeout(1_000)
@pytest.mark.parametrize("count", [200, pytest.param(5_000, marks=pytest.mark.slow)])
async def test_documents_by_chance(
    studio: Studio, count: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await studio.a_script(scenes=3)
    composer = Composer(2)
    bodies = [body(composer.document()) for _ in range(count)]
    before = resident()
    with caplog.at_level(logging.ERROR):
        stalls, statuses = await stalled_by(studio, bodies, tmp_path)
    grown = resident() - before
    gc.collect()
    print(f"{count} documents: {stalls}, memory grew by {grown / MEGABYTE:.0f} MB")
    assert statuses <= {200, 400, 406}
    assert stalls.cpu < LONGEST_STALL
    assert grown < 50 * MEGABYTE
    assert [record.getMessage() for record in caplog.records] == []
