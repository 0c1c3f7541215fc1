"""Subscriptions as a multipart answer, as Apollo's clients ask for them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from graph.media_types import GRAPHQL_JSON, JSON
from tests.graph.client import Api
from tests.graph.streaming import MULTIPART, parts
from tests.graph.studio import Studio, wait_until

LIVE = "subscription { statusChanged { subjectId } }"
ONLY = "multipart/mixed;subscriptionSpec=1.0"


def asked(api: Api, query: str, accept: str = MULTIPART) -> Any:
    headers = {"accept": accept, "content-type": "application/json"}
    return api.http.stream("POST", "/graphql", content=json.dumps({"query": query}), headers=headers)


async def test_what_is_sent(api: Api, studio: Studio) -> None:
    async with asked(api, LIVE) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
        assert response.headers["cache-control"] == "no-store"
        await wait_until(lambda: studio.feed.followers == 1)
        found = parts(response)
        for number in (1, 2):
            await studio.a_script()
            async with asyncio.timeout(5):
                part = await anext(found)
            assert part == {"payload": {"data": {"statusChanged": {"subjectId": f"script_{number}"}}}}
    await wait_until(lambda: studio.feed.followers == 0 and api.clients.connections == 0)


async def test_an_operation_that_ends(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1)
    async with asked(api, 'subscription { jobProgress(jobId: "job_1") { state } }') as response:
        found = [part async for part in parts(response)]
    assert found == [{"payload": {"data": {"jobProgress": {"state": "SUCCEEDED"}}}}, None]


async def test_heartbeats(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.streams.KEEP_ALIVE_SECONDS", 0.05)
    async with asked(api, LIVE) as response, asyncio.timeout(5):
        found = parts(response)
        assert [await anext(found) for _ in range(3)] == [{}, {}, {}]


async def test_queries_are_answered_in_what_is_preferred(api: Api) -> None:
    async with asked(api, "{ __typename }") as response:
        # The first of equals: this client lists the stream first.
        assert response.headers["content-type"].startswith("multipart/mixed")
        assert [part async for part in parts(response)] == [{"payload": {"data": {"__typename": "Query"}}}, None]
    async with asked(api, "{ __typename }", f"{ONLY};q=0.9, {JSON}") as response:
        assert response.headers["content-type"].startswith(JSON)


@pytest.mark.parametrize("query", ["{", LIVE.replace("subjectId", "nonsense"), LIVE.replace(" {", '(after: "x") {', 1)])
async def test_what_cannot_be_executed(api: Api, query: str) -> None:
    for more, status in ((JSON, 200), (GRAPHQL_JSON, 400)):
        async with asked(api, query, f"{ONLY}, {more}") as response:
            assert (response.status_code, response.headers["content-type"]) == (status, f"{more}; charset=utf-8")
            assert set(json.loads(await response.aread())) == {"errors"}
    async with asked(api, query, ONLY) as response:
        first, last = [part async for part in parts(response)]
        assert (first is not None and first["payload"], last) == (None, None)
        assert first is not None
        assert first["errors"][0]["extensions"]["code"] in ("BAD_REQUEST", "CURSOR_INVALID")
    await wait_until(lambda: api.clients.connections == 0)


async def test_errors_on_the_way(api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaking(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the password is sesame")
        yield

    monkeypatch.setattr(studio.feed, "status_changes", breaking)
    async with asked(api, LIVE) as response:
        found = [part async for part in parts(response)]
    failure = {"message": "Internal error", "extensions": {"code": "INTERNAL"}}
    assert found == [{"payload": None, "errors": [failure]}, None]


async def test_the_server_stops(api: Api, studio: Studio) -> None:
    async with asked(api, LIVE) as response:
        await wait_until(lambda: studio.feed.followers == 1)
        api.clients.end_streams()
        first, last = [part async for part in parts(response)]
    assert first is not None
    assert (first["payload"], first["errors"][0]["extensions"], last) == (None, {"code": "UNAVAILABLE"}, None)


async def test_another_multipart_protocol_is_not_meant(api: Api) -> None:
    response = await api.post({"query": LIVE}, accept="multipart/mixed;deferSpec=20220824, application/json")
    assert response.status_code == 406
