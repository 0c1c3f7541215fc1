"""Whatever is sent, the answer is a proper one: never a 500, and GraphQL errors where nothing could be done."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from typing import Any

import httpx
import pytest

from tests.graph.client import Api
from tests.graph.studio import Studio

REQUESTS = 300
METHODS = ["POST"] * 12 + ["GET"] * 6 + ["PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "PROPFIND"]
DOCUMENTS = [
    "{ __typename }", "{ scripts { nodes { id title } } }", "query A($id: ID!) { node(id: $id) { id } }",
    "query A { __typename } query B { __typename }", "mutation { approveScript(input: {id: 1}) { script { id } } }",
    "subscription($after: Cursor) { statusChanged(after: $after) { id } }", "subscription { jobProgress { id } }",
    "{ __schema { types { name } } }", "fragment A on Query { ...A } { ...A }", "{ eventCursor @skip(if: true) }",
    'query($x: [ID!] = ["a"]) { nodes(ids: $x) { ... on Scene { id images { id } } } }',
]  # fmt: skip
ODD: list[Any] = [
    None, True, 0, -1, 1e308, 2**70, "", "x", "\ud800", "\0", "é" * 300, [], [[]], {}, {"": 0}, {"a": {"b": []}}, "é",
    "script_1", "query", "{" * 200, "script_99999999999999999999",
]  # fmt: skip
ACCEPTS = [
    None, "*/*", "application/json", "application/graphql-response+json", "text/event-stream", "text/html", "image/png",
    'multipart/mixed;boundary="graphql";subscriptionSpec=1.0, application/json', "multipart/mixed;subscriptionSpec=1.0",
    ";;,=,q", "application/json;q=nan", "text/event-stream;q=0, */*;q=-1", "application/json;charset=latin-1",
]  # fmt: skip
CONTENT_TYPES = [
    "application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "text/plain", "", "application/json;;",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=\x80",
]  # fmt: skip
OTHER: dict[str, list[str]] = {
    "accept-encoding": ["gzip", "gzip;q=0", "*;q=nan", "", "gzip;q=inf, identity", "\x80"],
    "last-event-id": ["", "x", "\x80\xff", "A" * 4_000, "%00", "NDQx"],
    "origin": ["null", "https://elsewhere.example"],
    "x-request-id": ["\x80"],
}


def a_body(chance: random.Random) -> bytes:
    given: dict[str, Any] = {"query": chance.choice(DOCUMENTS)}
    if chance.random() < 0.6:
        given["variables"] = chance.choice([{name: chance.choice(ODD) for name in ("id", "after", "x", "first")}, *ODD])
    if chance.random() < 0.3:
        given["operationName"] = chance.choice(["A", "B", *ODD])
    if chance.random() < 0.2:
        given["extensions"] = chance.choice(ODD)
    if chance.random() < 0.3:
        given[chance.choice(["query", "variables", "operationName"])] = chance.choice(ODD)
    body = bytearray(json.dumps(chance.choice([given] * 9 + [[given], "x"])).encode())
    if chance.random() < 0.4:
        for _ in range(chance.randrange(1, 6)):
            body[chance.randrange(len(body))] = chance.randrange(256)
    if chance.random() < 0.1:
        del body[chance.randrange(len(body)) :]
    return bytes(body)


def a_request(api: Api, chance: random.Random) -> httpx.Request:
    method, body = chance.choice(METHODS), a_body(chance)
    headers = [("content-type", chance.choice([*CONTENT_TYPES] + ["application/json"] * 12))]
    accept = chance.choice(ACCEPTS)
    headers += [("accept", accept)] if accept is not None else []
    headers += [(name, chance.choice(values)) for name, values in OTHER.items() if chance.random() < 0.1]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    if method == "POST":
        return api.http.build_request(method, "/graphql", content=body, headers=raw)
    parameters = {
        name: chance.choice([chance.choice(DOCUMENTS), json.dumps(chance.choice(ODD)), "{", "\0"])
        for name in ("query", "variables", "operationName", "extensions") if chance.random() < 0.8
    }  # fmt: skip
    return api.http.build_request(method, "/graphql", params=parameters, headers=raw)


async def check(api: Api, request: httpx.Request) -> int:
    """A stream goes on: its beginning will do."""
    response = await api.http.send(request, stream=True)
    try:
        assert response.status_code < 500, (request.method, request.url, request.headers, request.content)
        if response.status_code >= 400 and request.method != "HEAD":
            answer = json.loads(await response.aread())
            assert set(answer) == {"errors"}
            assert all(error["message"] and error["extensions"]["code"] for error in answer["errors"])
        return response.status_code
    finally:
        await response.aclose()


@pytest.mark.parametrize("seed", range(3))
async def test_no_input_is_a_fault_of_the_server(
    api: Api, studio: Studio, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    await studio.a_script(scenes=2)
    chance = random.Random(seed)
    with caplog.at_level(logging.ERROR):
        seen = {await check(api, a_request(api, chance)) for _ in range(REQUESTS)}
    assert {200, 400, 405, 406, 415} <= seen
    assert [record.getMessage() for record in caplog.records] == []
    assert await api.data("{ __typename }") == {"__typename": "Query"}
    async with asyncio.timeout(5):
        while api.clients.connections:
            await asyncio.sleep(0.01)
