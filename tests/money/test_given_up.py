"""Calls that are given up, and what comes of them all the same."""

from __future__ import annotations

import asyncio

import pytest

from domain.calls import CallAnswer
from domain.entities import Job
from domain.errors import JobErrorCode, WorkParked
from domain.protocols import LOCAL
from storage import models
from storage.calls import committed, give_up_unsettled
from tests.money.paying import PLANNED, Provider, a_held_job, book, states
from tests.world import World
from workflow import jobs, reading


async def under_way(world: World, job: Job, provider: Provider, door: asyncio.Event) -> asyncio.Task[bytes]:
    async def slowly() -> CallAnswer:
        provider.calls["sent"] += 1
        await door.wait()
        return await provider.answer()

    call = asyncio.create_task(book(world, job, patience_seconds=20.0).make(PLANNED, slowly))
    while not provider.calls["sent"]:
        await asyncio.sleep(0.01)
    return call


async def test_a_retry_does_not_give_up_what_nobody_said_was_lost(world: World, provider: Provider) -> None:
    """The job is cancelled and retried at once; its call is under way all the while."""
    job = await a_held_job(world)
    door = asyncio.Event()
    call = await under_way(world, job, provider, door)
    await jobs.cancel_job(world.context, job_id=job.id, actor=LOCAL)
    await jobs.retry_job(world.context, job_id=job.id, actor=LOCAL)
    again = await world.claim(await reading.read_job(job.id))
    with pytest.raises(WorkParked) as parked:
        await book(world, again).make(PLANNED, provider.answer)
    assert parked.value.code is JobErrorCode.ANSWER_LOST
    door.set()
    assert await call == b"a picture"
    assert await book(world, again).make(PLANNED, provider.answer) == b"a picture"
    assert provider.calls["answered"] == 1
    assert await states(job) == ["answered"]


async def test_a_late_answer_of_a_call_given_up_tells_its_cost_and_leaves_no_file(
    world: World, provider: Provider
) -> None:
    job = await a_held_job(world)
    door = asyncio.Event()
    call = await under_way(world, job, provider, door)
    await give_up_unsettled(job.id)
    assert await committed() == 3
    door.set()
    await call
    assert await states(job) == ["given_up"]
    assert await committed() == 2
    (row,) = await models.ProviderCall.all().values("request_id", "output_tokens")
    assert row == {"request_id": "req_1", "output_tokens": 2}
    media = world.context.media
    assert not list(media.folder.glob("calls/*"))
    assert not list(media.staging.iterdir())


async def test_a_late_refusal_of_a_call_given_up_frees_its_money(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    door = asyncio.Event()

    async def refused_late() -> CallAnswer:
        provider.calls["sent"] += 1
        await door.wait()
        return await provider.refuses()

    call = asyncio.create_task(book(world, job).make(PLANNED, refused_late))
    while not provider.calls["sent"]:
        await asyncio.sleep(0.01)
    await give_up_unsettled(job.id)
    door.set()
    await asyncio.wait([call])
    assert call.exception() is not None
    assert await states(job) == ["refused"]
    assert await committed() == 0
