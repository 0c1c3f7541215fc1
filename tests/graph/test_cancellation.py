"""A field that fails cancels those beside it; nobody else may suffer from that."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests.graph.client import Api
from tests.graph.studio import Studio
from workflow import reading

FAILING_BESIDE_A_SHARED_READ = [
    """{ a: script(id: "script_1") { scenes { id } history(after: "x") { totalCount } }
         b: script(id: "script_1") { scenes { id } } }""",
    """{ a: script(id: "script_1") { latestVideo { id } history(after: "x") { totalCount } }
         b: script(id: "script_1") { latestVideo { id } } }""",
    """{ a: script(id: "script_1") { progress { scenes } history(first: 0) { totalCount } }
         b: script(id: "script_1") { progress { scenes } } }""",
    """{ a: script(id: "script_1") { videos { images { id } } history(after: "x") { totalCount } }
         b: script(id: "script_1") { videos { images { id } } } }""",
]


@pytest.mark.parametrize("query", FAILING_BESIDE_A_SHARED_READ)
async def test_a_read_that_several_wait_for_outlives_one_of_them(api: Api, studio: Studio, query: str) -> None:
    await studio.a_script(scenes=2)
    async with api.socket() as socket:
        for _ in range(5):
            over_http = await api.ask(query)
            over_socket = await socket.next_of(await socket.subscribe(query))
            for answer in (over_http, over_socket):
                assert answer["data"]["a"] is None
                assert answer["data"]["b"] is not None
                assert [error["extensions"]["code"] for error in answer["errors"]] == ["INVALID"]


async def test_a_cancellation_that_is_not_ours_is_a_fault(
    api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def cancelled(*_: Any, **__: Any) -> Any:
        raise asyncio.CancelledError

    monkeypatch.setattr(reading, "page_of_videos", cancelled)
    with caplog.at_level(logging.ERROR, "reelgate.graph"):
        response = await api.post({"query": "{ videos { totalCount } }"})
        assert response.status_code == 500
        assert response.json()["errors"][0]["extensions"] == {"code": "INTERNAL"}
        async with api.socket() as socket:
            frame = await socket.frame_of(await socket.subscribe("{ videos { totalCount } }"))
            assert (frame["type"], frame["payload"][0]["extensions"]) == ("error", {"code": "INTERNAL"})
            assert (await socket.next_of(await socket.subscribe("{ __typename }")))["data"]
    assert len([record for record in caplog.records if record.exc_info]) == 2
