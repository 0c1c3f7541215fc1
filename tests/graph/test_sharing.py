"""Subscriptions that are alike share one execution: once and in order for each of them, whatever the others do."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Hashable
from contextlib import AsyncExitStack, aclosing
from typing import Any

import pytest
from strawberry.schema.schema_converter import GraphQLCoreConverter

import graph.operations
from domain.errors import JobErrorCode, WorkFailed
from domain.events import STATUS_EVENTS, Event
from domain.protocols import LOCAL, Actor
from graph.alike import _shape_of
from graph.context import GraphContext
from graph.documents import choose_operation
from graph.fields import SHARED_BY
from graph.operations import Request, Stream, open_stream
from graph.schema import schema
from storage.jobs import JobProgress
from tests.graph.client import Api
from tests.graph.studio import Studio, wait_until
from workflow import reading, scripts, work

LIVE = "subscription { statusChanged { subjectId newStatus } }"
FROM = "subscription($after: Cursor, $id: ID) { statusChanged(after: $after, scriptId: $id) { cursor subjectId } }"


async def opened(studio: Studio, query: str, actor: Actor = LOCAL, **variables: Any) -> Stream:
    request = Request(query, variables)
    return await open_stream(request, request.operation(), GraphContext(studio.context, studio.feed, actor))


async def test_what_is_alike(studio: Studio) -> None:
    await studio.a_script(scenes=1)
    cursor = await reading.event_cursor()
    async with AsyncExitStack() as stack:

        async def groups_with(query: str, **variables: Any) -> int:
            await stack.enter_async_context(aclosing(await opened(studio, query, **variables)))
            return len(studio.feed.groups)

        assert await groups_with(FROM) == 1
        assert await groups_with(FROM, after=cursor) == 1
        assert await groups_with(FROM, after=None, id=None) == 2  # what is left out may be told from null
        assert await groups_with(FROM, id="script_1") == 3
        assert await groups_with(FROM, after=cursor, id="script_1") == 3
        assert await groups_with(FROM.replace("subjectId", "id")) == 4
        assert await groups_with("subscription A { jobProgress { id } }") == 5
        assert studio.feed.followers == 7
    assert (len(studio.feed.groups), studio.feed.followers) == (0, 0)


def test_variables_that_are_left_out() -> None:
    def shape(query: str, name: str | None) -> tuple[str, frozenset[str]]:
        return _shape_of(choose_operation(query, name).document, name)

    one = "subscription($a: Cursor) { statusChanged(after: $a) { id } }"
    assert shape(one, None) == ("statusChanged", frozenset("a"))
    twice = """subscription S($a: Cursor, $b: Boolean!) { ...F } query Q { __typename }
        fragment F on Subscription { ... on Subscription { x: statusChanged(after: $a) { id @include(if: $b) } } }"""
    assert shape(twice, "S") == ("statusChanged", frozenset("a"))
    elsewhere = """subscription($a: String) { statusChanged { subject {
        ... on Script { history(after: $a) { totalCount } } } } }"""
    assert shape(elsewhere, None) == ("statusChanged", frozenset())


def counted_renderings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    rendered: list[Any] = []
    original = graph.operations._render

    async def counting(executor: Any, payload: Any) -> bytes:
        rendered.append(payload)
        return await original(executor, payload)

    monkeypatch.setattr(graph.operations, "_render", counting)
    return rendered


async def test_one_execution_for_all(api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = counted_renderings(monkeypatch)
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(api.socket()) for _ in range(20)]
        subscribed = [(socket, await socket.subscribe(LIVE)) for socket in sockets for _ in range(3)]
        for socket in sockets:
            await socket.settle()
        for number in range(1, 6):
            await scripts.create_script(studio.context, title=None, content="x", actor=LOCAL)
            for socket, id in subscribed:
                assert (await socket.next_of(id))["data"]["statusChanged"] == {
                    "subjectId": f"script_{number}", "newStatus": "DRAFT",
                }  # fmt: skip
    assert len(rendered) == 5


def declare(monkeypatch: pytest.MonkeyPatch, shared_by: Callable[[GraphContext], Hashable] | None) -> None:
    root = schema._schema.subscription_type
    assert root is not None
    field = root.fields["statusChanged"].extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    monkeypatch.setattr(field, "metadata", {} if shared_by is None else {SHARED_BY: shared_by})


async def test_two_scopes_never_mix(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    async def own(executor: Any, payload: Event) -> bytes:
        await asyncio.sleep(0)
        return f"{executor.context_value.actor.name}:{payload.id}".encode()

    declare(monkeypatch, lambda context: context.actor.name)
    monkeypatch.setattr(graph.operations, "_render", own)
    chance = random.Random(3)
    names = [chance.choice(["ann", "bob"]) for _ in range(40)]
    cursor = await reading.event_cursor()

    async def listen(name: str) -> list[bytes]:
        after = {"after": cursor} if chance.random() < 0.5 else {}
        async with aclosing(await opened(studio, FROM, Actor(name), **after)) as stream:
            joined.append(name)
            return [(await anext(stream)).body async for _ in _count(20)]

    joined: list[str] = []
    listeners = [asyncio.create_task(listen(name)) for name in names]
    await wait_until(lambda: len(joined) == len(names))
    assert len(studio.feed.groups) == 2
    for _ in range(20):
        await studio.a_script()
    events = await reading.events_after(0, limit=100, kinds=STATUS_EVENTS)
    for name, seen in zip(names, await asyncio.gather(*listeners), strict=True):
        assert seen == [f"{name}:{event.id}".encode() for event in events]


async def _count(number: int) -> Any:
    for place in range(number):
        yield place


async def test_what_does_not_say_who_may_share_it_is_not_shared(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, None)
    rendered = counted_renderings(monkeypatch)
    async with aclosing(await opened(studio, LIVE)) as one, aclosing(await opened(studio, LIVE)) as other:
        await studio.a_script()
        assert (await anext(one)).body == (await anext(other)).body
        assert (len(studio.feed.groups), studio.feed.followers, len(rendered)) == (0, 2, 2)
    assert studio.feed.followers == 0


async def test_a_delivery_has_its_cursor(studio: Studio) -> None:
    async with aclosing(await opened(studio, FROM)) as stream:
        await studio.a_script(scenes=2)
        seen = [await anext(stream) for _ in range(4)]
    async with aclosing(await opened(studio, FROM, after=seen[0].cursor)) as again:
        assert [await anext(again) for _ in range(3)] == seen[1:]
    async with aclosing(await opened(studio, "subscription { jobProgress { id } }")) as jobs:
        script = await studio.a_script()
        await scripts.approve_script(studio.context, script_id=script.id, actor=LOCAL)
        assert (await anext(jobs)).cursor is None


async def test_who_comes_later_sees_what_was_changed_by_then(studio: Studio) -> None:
    query = FROM.replace("cursor", "subject { ... on Script { title } }")
    start = await reading.event_cursor()
    async with aclosing(await opened(studio, query)) as early:
        await studio.a_script(title="One")
        assert b"One" in (await anext(early)).body
        await scripts.update_script(studio.context, script_id=1, title="Two", actor=LOCAL)
        async with aclosing(await opened(studio, query, after=start)) as late:
            assert len(studio.feed.groups) == 1
            assert b"Two" in (await anext(late)).body


async def test_an_event_that_cannot_be_answered_ends_those_who_meet_it(
    api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    original = graph.operations._render

    async def breaking(executor: Any, payload: Event) -> bytes:
        if payload.subject_id == 2:
            raise RuntimeError("the password is sesame")
        return await original(executor, payload)

    monkeypatch.setattr(graph.operations, "_render", breaking)
    async with api.socket() as socket:
        ids = [await socket.subscribe(LIVE) for _ in range(20)]
        await socket.settle()
        with caplog.at_level(logging.ERROR, "reelgate"):
            for _ in range(2):
                await studio.a_script()
            for id in ids:
                assert (await socket.next_of(id))["data"]["statusChanged"]["subjectId"] == "script_1"
                frame = await socket.frame_of(id)
                assert (frame["type"], frame["payload"]) == (
                    "error", [{"message": "Internal error", "extensions": {"code": "INTERNAL"}}],
                )  # fmt: skip
        assert len([record for record in caplog.records if record.exc_info]) == 1
        later = await socket.subscribe(LIVE)
        await socket.settle()
        await studio.a_script()
        assert (await socket.next_of(later))["data"]["statusChanged"]["subjectId"] == "script_3"


async def test_one_watch_for_all_who_ask_for_the_same_jobs(
    api: Api, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = counted_renderings(monkeypatch)
    script = await studio.a_script()
    approval = await scripts.approve_script(studio.context, script_id=script.id, actor=LOCAL)
    query = "subscription { jobProgress { state progress { completed } } }"
    async with api.socket() as socket:
        ids = [await socket.subscribe(query) for _ in range(30)]
        for id in ids:
            assert (await socket.next_of(id))["data"]["jobProgress"]["state"] == "QUEUED"
        assert (len(studio.feed.watches), len(studio.feed.groups), len(rendered)) == (1, 1, 1)
        claimed = await studio.claim(approval.job)
        await work.report_progress(studio.context, claimed, JobProgress(0.5, 1, 2, "reading"))
        newcomer = await socket.subscribe(query)
        assert (await socket.next_of(newcomer))["data"]["jobProgress"]["state"] == "RUNNING"
        failed = WorkFailed(JobErrorCode.BAD_OUTPUT, "No.", retryable=False)
        await work.record_failure(studio.context, claimed, failed=failed)
        for id in (*ids, newcomer):
            while (await socket.next_of(id))["data"]["jobProgress"]["state"] != "FAILED":
                pass
        assert len(rendered) <= 4
    await wait_until(lambda: not studio.feed.watches and studio.feed.followers == 0)
