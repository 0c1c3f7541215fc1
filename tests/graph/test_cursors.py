"""Cursors of the event log over backups, and what is read for an event."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import CursorInvalid
from domain.events import Event
from domain.protocols import LOCAL
from graph import live
from storage import models
from tests.graph.client import Api
from tests.graph.studio import Studio
from workflow import reading, scripts


async def all_events() -> list[Event]:
    return await reading.events_after(0, limit=1_000)


async def test_a_cursor_names_one_event(studio: Studio) -> None:
    await studio.a_script(scenes=2)
    identity = await reading.log_identity()
    assert await reading.decode_cursor(reading.cursor_in_log(identity, None)) == 0
    for event in await all_events():
        assert await reading.decode_cursor(reading.cursor_in_log(identity, event)) == event.id
    assert await reading.decode_cursor(await reading.event_cursor()) == await reading.last_event_id()


async def test_the_cursor_of_an_empty_log(api: Api, studio: Studio) -> None:
    cursor = (await api.data("{ eventCursor }"))["eventCursor"]
    assert await reading.decode_cursor(cursor) == 0
    await studio.a_script()
    assert await reading.decode_cursor(cursor) == 0


async def test_a_database_restored_from_a_backup(api: Api, studio: Studio) -> None:
    """It goes on with the same identity and the same ids, but with other events."""
    await studio.a_script()
    kept = await reading.event_cursor()
    await studio.a_script()
    lost = await reading.event_cursor()
    last = await reading.last_event_id()
    (row,) = await models.Event.filter(id=last).values()
    await models.Event.filter(id=last).delete()
    with pytest.raises(CursorInvalid, match="newer than anything"):
        await reading.decode_cursor(lost)
    await models.Event.create(**row | {"occurred_at": row["occurred_at"] + timedelta(microseconds=1)})
    with pytest.raises(CursorInvalid, match="a state of the database that has been replaced since"):
        await reading.decode_cursor(lost)
    assert await reading.decode_cursor(kept) == last - 1
    async with api.socket() as socket:
        id = await socket.subscribe("subscription($a: Cursor) { statusChanged(after: $a) { id } }", a=lost)
        frame = await socket.frame_of(id)
        assert frame["payload"][0]["extensions"] == {"code": "CURSOR_INVALID", "field": ["after"]}


async def test_an_event_that_is_missing(studio: Studio) -> None:
    await studio.a_script(scenes=2)
    events = await all_events()
    identity = await reading.log_identity()
    await models.Event.filter(id=events[1].id).delete()
    with pytest.raises(CursorInvalid, match="replaced since"):
        await reading.decode_cursor(reading.cursor_in_log(identity, events[1]))
    await models.EventLog.filter(id=1).update(kept_from=events[2].id)
    with pytest.raises(CursorInvalid, match="no longer kept"):
        await reading.decode_cursor(reading.cursor_in_log(identity, events[1]))
    with pytest.raises(CursorInvalid, match="no longer kept"):
        await reading.decode_cursor(reading.cursor_in_log(identity, None))


async def test_a_cursor_without_its_stamp(studio: Studio) -> None:
    await studio.a_script()
    identity = await reading.log_identity()
    for text in (f"{identity}:1", f"{identity}:1:", f"{identity}:1:0", f"{identity}:1:x:y", f"{identity}:0:1"):
        with pytest.raises(CursorInvalid):
            await reading.decode_cursor(base64.urlsafe_b64encode(text.encode()).decode().rstrip("="))


async def test_forged_cursors_of_a_list_sorted_by_title(api: Api, studio: Studio) -> None:
    from domain.paging import encode_place

    await studio.a_script()
    for title in ("a\x00b", "\x00", "\ud800", "a\udfff"):
        answer = await api.ask(
            "query($a: String) { scripts(after: $a, orderBy: TITLE_ASC) { totalCount } }",
            a=encode_place("title_asc", [title, 1]),
        )
        assert answer["errors"][0]["extensions"] == {"code": "INVALID", "field": ["after"]}, title
    good = "query($a: String) { scripts(after: $a, orderBy: TITLE_ASC) { nodes { id } } }"
    assert await api.data(good, a=encode_place("title_asc", ["", 1])) == {"scripts": {"nodes": [{"id": "script_1"}]}}


def counted_reads(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    read: list[list[int]] = []
    original = reading.scripts_by_id

    async def counting(ids: list[int]) -> Any:
        read.append(ids)
        return await original(ids)

    monkeypatch.setattr(reading, "scripts_by_id", counting)
    return read


async def test_the_subject_of_an_event_is_read_once_for_all(
    api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SHARED_SECONDS", 5.0)
    read = counted_reads(monkeypatch)
    async with api.socket() as socket:
        ids = [await socket.subscribe("subscription { statusChanged { subject { id status } } }") for _ in range(50)]
        await socket.settle()
        await scripts.create_script(studio.context, title=None, content="x", actor=LOCAL)
        for id in ids:
            assert (await socket.next_of(id))["data"]["statusChanged"]["subject"] == {
                "id": "script_1", "status": "DRAFT",
            }  # fmt: skip
    assert read == [[1]]


async def test_what_was_read_for_an_event_counts_until_the_next_change(
    api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SHARED_SECONDS", 60.0)
    start = (await api.data("{ eventCursor }"))["eventCursor"]
    query = "subscription($a: Cursor) { statusChanged(after: $a) { subject { ... on Script { title } } } }"
    await studio.a_script(title="One")

    async def title() -> Any:
        async with api.socket() as socket:
            answer = await socket.next_of(await socket.subscribe(query, a=start))
            return answer["data"]["statusChanged"]["subject"]["title"]

    assert await title() == "One"
    await api.mutate("updateScript", "script { id }", id="script_1", title="Two")
    assert await title() == "Two"


async def test_what_was_read_for_an_event_is_dropped_soon(studio: Studio) -> None:
    await studio.a_script(scenes=60)
    events = await all_events()
    found = [studio.feed.loaders_behind(event) for event in events]
    assert studio.feed.loaders_behind(events[-1]) is found[-1]
    assert len(studio.feed._shared) <= 32
    await asyncio.sleep(live.SHARED_SECONDS * 2)
    assert not studio.feed._shared
