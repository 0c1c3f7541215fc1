"""Places that cannot be continued from are refused in every way that a subscription can be asked for."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storage import models
from tests.graph.client import Api
from tests.graph.streaming import event_stream, parts
from tests.graph.studio import Studio, wait_until
from workflow import reading

CHANGED = "subscription($after: Cursor) { statusChanged(after: $after) { subjectId } }"
LIVE = "subscription { statusChanged { subjectId } }"
ONLY_MULTIPART = "multipart/mixed;subscriptionSpec=1.0"


async def too_old() -> str:
    first = (await reading.events_after(0, limit=10))[0]
    cursor = reading.cursor_in_log(await reading.log_identity(), first)
    assert await models.EventLog.filter(id=1).update(kept_from=first.id + 1) == 1
    return cursor


async def too_old_from_the_beginning() -> str:
    cursor = reading.cursor_in_log(await reading.log_identity(), None)
    assert await models.EventLog.filter(id=1).update(kept_from=1) == 1
    return cursor


async def of_another_log() -> str:
    (last,) = (await reading.events_after(0, limit=10))[-1:]
    return reading.cursor_in_log("0123456789abcdef", last)


async def from_the_future() -> str:
    (last,) = (await reading.events_after(0, limit=10))[-1:]
    return reading.cursor_in_log(await reading.log_identity(), replace(last, id=last.id + 1))


async def of_a_state_that_was_replaced() -> str:
    (last,) = (await reading.events_after(0, limit=10))[-1:]
    other = replace(last, occurred_at=last.occurred_at + timedelta(seconds=1))
    return reading.cursor_in_log(await reading.log_identity(), other)


async def of_no_shape() -> str:
    return base64.urlsafe_b64encode(b"7").decode()


async def by_websocket(api: Api, cursor: str) -> Any:
    async with api.socket() as socket:
        sibling = await socket.subscribe(LIVE)
        frame = await socket.frame_of(await socket.subscribe(CHANGED, after=cursor))
        assert frame["type"] == "error"
        await api.mutate("createScript", "script { id }", content="x")
        assert (await socket.next_of(sibling))["data"]["statusChanged"] == {"subjectId": "script_3"}
        await socket.settle()
        assert socket.waiting == []
        return frame["payload"]


async def by_event_stream(api: Api, cursor: str) -> Any:
    async with event_stream(api, CHANGED, after=cursor) as stream:
        errors = (await stream.event()).answer["errors"]
        assert (await stream.event()).event == "complete"
        return errors


async def by_last_event_id(api: Api, cursor: str) -> Any:
    async with event_stream(api, LIVE, last_event_id=cursor) as stream:
        errors = (await stream.event()).answer["errors"]
        assert (await stream.event()).event == "complete"
        return errors


async def by_multipart(api: Api, cursor: str) -> Any:
    body = json.dumps({"query": CHANGED, "variables": {"after": cursor}})
    headers = {"accept": ONLY_MULTIPART, "content-type": "application/json"}
    async with api.http.stream("POST", "/graphql", content=body, headers=headers) as response:
        first, last = [part async for part in parts(response)]
        assert first is not None
        assert (first["payload"], last) == (None, None)
        return first["errors"]


@pytest.mark.parametrize("ask", [by_websocket, by_event_stream, by_last_event_id, by_multipart])
@pytest.mark.parametrize(
    "cursor",
    [too_old, too_old_from_the_beginning, of_another_log, from_the_future, of_a_state_that_was_replaced, of_no_shape],
)
async def test_a_cursor_is_refused(
    api: Api, studio: Studio, cursor: Callable[[], Awaitable[str]], ask: Callable[[Api, str], Awaitable[Any]]
) -> None:
    await studio.a_script()
    await studio.a_script()
    (error,) = await ask(api, await cursor())
    assert error["extensions"] == {"code": "CURSOR_INVALID", "field": ["after"]}
    assert error["message"]
    await wait_until(lambda: studio.feed.followers == 0 and api.clients.connections == 0)
