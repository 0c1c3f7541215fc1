"""Live status changes and job progress: nothing missed, nothing twice, in order, whatever happens in between."""

from __future__ import annotations

import asyncio
import base64
import gc
import random
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from domain.events import STATUS_EVENTS, Event
from domain.protocols import LOCAL
from graph.context import GraphContext
from graph.live import EventFeed, Follower
from graph.operations import Request, open_stream
from tests.graph.client import Api, Socket
from tests.graph.studio import Studio, wait_until
from workflow import reading, scripts

CHANGED = "subscription($after: Cursor, $id: ID) { statusChanged(after: $after, scriptId: $id) { cursor subjectId } }"


async def all_changes(script_id: int | None = None) -> list[Event]:
    return await reading.events_after(0, limit=100_000, script_id=script_id, kinds=STATUS_EVENTS)


def subjects(events: list[Event]) -> list[str]:
    return [f"{event.subject.value}_{event.subject_id}" for event in events]


async def changes(socket: Socket, id: str, count: int) -> list[dict[str, Any]]:
    return [(await socket.next_of(id))["data"]["statusChanged"] for _ in range(count)]


async def test_a_snapshot_and_what_follows_it(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=2)
    snapshot = await api.data("{ eventCursor scripts { nodes { id status } } }")
    await studio.a_script(scenes=1)
    async with api.socket() as socket:
        id = await socket.subscribe(
            """subscription($after: Cursor) { statusChanged(after: $after) { id cursor subjectId version previousStatus
                newStatus actor feedback occurredAt subject { __typename id status } } }""",
            after=snapshot["eventCursor"],
        )
        seen = await changes(socket, id, 3)
        assert [(change["subjectId"], change["previousStatus"], change["newStatus"]) for change in seen] == [
            ("script_2", None, "DRAFT"), ("script_2", "DRAFT", "APPROVED"), ("scene_3", None, "PENDING"),
        ]  # fmt: skip
        assert seen[0]["subject"] == {"__typename": "Script", "id": "script_2", "status": "APPROVED"}
        assert (seen[0]["actor"], seen[2]["actor"], seen[0]["version"], seen[1]["version"]) == ("local", "worker", 1, 2)
        await api.mutate("updateScript", "script { id }", id="script_1", title="An edit is no status change")
        await api.mutate("approveScene", "scene { id }", id="scene_1", feedback="Nice.")
        (live,) = await changes(socket, id, 1)
        assert (live["subjectId"], live["feedback"]) == ("scene_1", "Nice.")
        await socket.settle()
        assert socket.waiting == []


async def test_only_one_script(api: Api, studio: Studio) -> None:
    await studio.a_script()
    cursor = (await api.data("{ eventCursor }"))["eventCursor"]
    async with api.socket() as socket:
        id = await socket.subscribe(CHANGED, after=cursor, id="script_1")
        await studio.a_script(scenes=2)
        await scripts.approve_script(studio.context, script_id=1, actor=LOCAL)
        assert [change["subjectId"] for change in await changes(socket, id, 1)] == ["script_1"]
        await socket.settle()
        assert socket.waiting == []


async def test_without_a_cursor_from_now_on(api: Api, studio: Studio) -> None:
    studio.bell.broken = True
    await studio.a_script(scenes=2)
    async with api.socket() as socket:
        id = await socket.subscribe(CHANGED)
        await socket.settle()
        await studio.a_script()
        assert [change["subjectId"] for change in await changes(socket, id, 1)] == ["script_2"]


async def test_a_cursor_that_cannot_be_continued_from(api: Api, studio: Studio) -> None:
    await studio.a_script()
    cursor = (await api.data("{ eventCursor }"))["eventCursor"]
    identity = base64.urlsafe_b64decode(cursor + "==").decode().partition(":")[0]

    def made(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    bad = [
        "", "x", "é", "%", made(""), made(":"), made("7"), made(f"{identity}:"), made(f"{identity}:-1"),
        made(f"{identity}:x"), made(f"{identity}:2"), made(f"{identity}:{10**18}"), made(f"{identity}:{10**40}"),
        made("0123456789abcdef:1"), cursor + "A", "A" * 10_000,
    ]  # fmt: skip
    async with api.socket() as socket:
        for after in bad:
            frame = await socket.frame_of(await socket.subscribe(CHANGED, after=after))
            assert frame["type"] == "error", after
            assert frame["payload"][0]["extensions"] == {"code": "CURSOR_INVALID", "field": ["after"]}
        await socket.frame_of(await socket.subscribe("{ __typename }"))


async def test_a_lost_bell_only_delays(api: Api, studio: Studio) -> None:
    studio.bell.broken = True
    async with api.socket() as socket:
        id = await socket.subscribe(CHANGED)
        await socket.settle()
        await studio.a_script(scenes=3)
        assert len(await changes(socket, id, 5)) == 5


async def test_across_a_restart(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=3)
    expected = subjects(await all_changes())
    async with api.socket() as socket:
        id = await socket.subscribe(CHANGED, after=reading.cursor_in_log(await reading.log_identity(), None))
        before = await changes(socket, id, 2)
    restarted = EventFeed(poll_seconds=0.5)
    async with restarted.running():
        after = await reading.decode_cursor(before[-1]["cursor"])
        async with aclosing(aiter(restarted.status_changes(after, None))) as rest:  # type: ignore[type-var]
            found = [await anext(rest) for _ in range(len(expected) - 2)]
    assert [change["subjectId"] for change in before] + subjects(found) == expected


async def test_an_unsteady_crowd_misses_nothing(api: Api, studio: Studio) -> None:
    """20 subscribers that keep disconnecting, 3 writers at once, bells that are lost now and then."""
    chance = random.Random(7)
    begin = await reading.event_cursor()
    writing = asyncio.gather(*(write(studio, 12, random.Random(seed)) for seed in range(3)))
    total: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    crowd = [asyncio.create_task(unsteady(api, begin, random.Random(seed), total)) for seed in range(20)]
    while not writing.done():
        studio.bell.broken = chance.random() < 0.3
        await asyncio.sleep(0.02)
    studio.bell.broken = False
    await writing
    expected = subjects(await all_changes())
    assert len(expected) > 200
    total.set_result(len(expected))
    for seen in await asyncio.gather(*crowd):
        assert seen == expected
    await wait_until(lambda: studio.feed.followers == 0)


async def write(studio: Studio, scripts_to_write: int, chance: random.Random) -> None:
    for _ in range(scripts_to_write):
        await studio.a_script(scenes=4)
        await asyncio.sleep(chance.random() * 0.03)


async def unsteady(api: Api, cursor: str, chance: random.Random, total: asyncio.Future[int]) -> list[str]:
    """Everything one client sees that comes back with its last cursor whenever it was cut off."""
    seen: list[str] = []
    while True:
        async with api.socket() as socket:
            id = await socket.subscribe(CHANGED, after=cursor)
            for _ in range(chance.randrange(1, 60)):
                if total.done() and len(seen) >= total.result():
                    return seen
                try:
                    change = (await socket.next_of(id, seconds=0.6))["data"]["statusChanged"]
                except TimeoutError:
                    break
                cursor = change["cursor"]
                seen.append(change["subjectId"])
            if chance.random() < 0.5:
                socket.raw.transport.abort()


async def test_who_is_far_behind_reads_the_database_and_then_memory(studio: Studio) -> None:
    """The feed of the tests keeps 64 to 128 events in memory."""
    for _ in range(30):
        await studio.a_script(scenes=4)
    expected = await all_changes()
    await wait_until(lambda: studio.feed._position >= expected[-1].id)
    assert len(studio.feed._recent) <= 2 * 64
    for start in (0, len(expected) // 2, len(expected) - 1):
        after = expected[start].id
        async with aclosing(aiter(studio.feed.status_changes(after, None))) as stream:  # type: ignore[type-var]
            assert [await anext(stream) for _ in expected[start + 1 :]] == expected[start + 1 :]
    ninth = await all_changes(9)
    async with aclosing(aiter(studio.feed.status_changes(0, 9))) as stream:  # type: ignore[type-var]
        assert [await anext(stream) for _ in ninth] == ninth


async def test_nobody_gets_ahead_of_the_tail(studio: Studio) -> None:
    """An event that the database has and the tail has not seen is not told: others who read from memory would wait
    for a place that does not come, without ever letting the tail go on.
    """
    feed = EventFeed(capacity=2)
    for _ in range(8):
        await studio.a_script()
    events = await all_changes()
    feed._position, feed._recent_from = events[-2].id, events[-3].id
    follower = Follower(feed, 0, STATUS_EVENTS, None)
    told, place = await feed.read(0, follower)
    assert [event.id for event in told] == [event.id for event in events[:-1]]
    assert place == events[-2].id


async def test_the_feed_survives_a_database_that_is_away(
    api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> Any:
        raise OSError("away")

    async with api.socket() as socket:
        id = await socket.subscribe(CHANGED)
        await socket.settle()
        with monkeypatch.context() as patch:
            patch.setattr(reading, "events_after", away)
            await studio.a_script()
            await asyncio.sleep(0.1)
        assert len(await changes(socket, id, 1)) == 1


async def test_events_leave_no_memory_behind(studio: Studio) -> None:
    """graphql-core by itself keeps some kilobytes of every event for as long as the subscription lives."""

    class Endless(EventFeed):
        async def status_changes(self, after: int, script_id: int | None) -> AsyncIterator[Event]:  # type: ignore[override]
            event = (await all_changes())[0]
            while True:
                yield event

    await studio.a_script()
    request = Request("subscription { statusChanged { id cursor subject { id ... on Script { title } } } }")
    operation = request.operation()
    stream: Any = await open_stream(request, operation, GraphContext(studio.context, Endless()))
    async with aclosing(stream):
        tracemalloc.start()
        for _ in range(200):
            await anext(stream)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            await anext(stream)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    assert grown < 500 * 200
