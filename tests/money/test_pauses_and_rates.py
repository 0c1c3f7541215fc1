"""Pauses of a provider that does not work, and rates: who waits, how long, and who tries again."""

from __future__ import annotations

import asyncio

import pytest

from domain.calls import CallAnswer, ProviderError, Role
from domain.errors import JobErrorCode, WorkDelayed
from domain.lifecycle import JobState
from domain.protocols import LOCAL
from storage import models
from storage.calls import committed, pause_of
from storage.transaction import database_now_ms
from tests.money.paying import PLANNED, Provider, a_held_job, book
from tests.world import World
from workflow import jobs, reading, work
from workflow.book import Rules, settings_changed


async def test_a_used_up_quota_pauses_the_provider_for_all(world: World, provider: Provider) -> None:
    first, second = [await a_held_job(world) for _ in range(2)]
    with pytest.raises(WorkDelayed) as delayed:
        await book(world, first).make(PLANNED, provider.quota)
    assert (delayed.value.code, delayed.value.seconds) == (JobErrorCode.QUOTA_EXHAUSTED, 60)
    await work.record_delay(world.context, first, delayed=delayed.value)
    with pytest.raises(WorkDelayed):
        await book(world, second).make(PLANNED, provider.answer)
    assert provider.calls == {"refused": 1}
    waiting = await reading.read_job(first.id)
    assert (waiting.state, waiting.attempt) == (JobState.RETRYING, 0)
    assert await committed() == 0

    await models.ProviderPause.all().update(until_ms=await database_now_ms())
    with pytest.raises(WorkDelayed) as delayed:
        await book(world, second).make(PLANNED, provider.quota)
    assert delayed.value.seconds == 120
    await models.ProviderPause.all().update(until_ms=await database_now_ms())
    assert await book(world, second).make(PLANNED, provider.answer)
    assert await pause_of(Role.IMAGES) is None


async def test_one_probes_while_the_others_wait(world: World, provider: Provider) -> None:
    held = [await a_held_job(world) for _ in range(4)]
    with pytest.raises(WorkDelayed):
        await book(world, held[0]).make(PLANNED, provider.quota)
    await models.ProviderPause.all().update(until_ms=await database_now_ms())
    answers = await asyncio.gather(
        *(book(world, job).make(PLANNED, provider.quota) for job in held), return_exceptions=True
    )
    assert all(isinstance(answer, WorkDelayed) for answer in answers)
    assert provider.calls == {"refused": 2}


async def test_other_settings_end_a_pause(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    before, after = ({Role.IMAGES: name} for name in ("old", "new"))
    with pytest.raises(WorkDelayed):
        await book(world, job, settings_sha256=before).make(PLANNED, provider.quota)
    assert await settings_changed(world.context, rules=Rules(settings_sha256=before)) == []
    assert await settings_changed(world.context, rules=Rules(settings_sha256=after)) == [Role.IMAGES]
    assert await book(world, job).make(PLANNED, provider.answer)


async def test_a_rate_is_kept_before_the_call_and_over_all_jobs(world: World, provider: Provider) -> None:
    held = [await a_held_job(world) for _ in range(3)]
    rates = {Role.IMAGES: 2}
    for job in held[:2]:
        await book(world, job, rates=rates).make(PLANNED, provider.answer)
    with pytest.raises(WorkDelayed) as delayed:
        await book(world, held[2], rates=rates).make(PLANNED, provider.answer)
    assert delayed.value.code is JobErrorCode.RATE_LIMITED
    assert 50 < delayed.value.seconds <= 60
    assert provider.calls == {"answered": 2}
    assert await book(world, held[2], rates={Role.TEXT: 1}).make(PLANNED, provider.answer)


async def test_a_clock_that_is_set_back_holds_no_call_up_for_long(world: World, provider: Provider) -> None:
    held = [await a_held_job(world) for _ in range(2)]
    rates = {Role.IMAGES: 1}
    await book(world, held[0], rates=rates).make(PLANNED, provider.answer)
    await models.ProviderCall.all().update(sent_at_ms=await database_now_ms() + 3_600_000)
    assert await book(world, held[1], rates=rates).make(PLANNED, provider.answer)


async def test_each_job_that_a_rate_holds_back_gets_a_turn_of_its_own(world: World, provider: Provider) -> None:
    rates = {Role.IMAGES: 2}
    for _ in range(2):
        await book(world, await a_held_job(world), rates=rates).make(PLANNED, provider.answer)
    turns: list[float] = []
    for _ in range(5):
        job = await a_held_job(world)
        with pytest.raises(WorkDelayed) as delayed:
            await book(world, job, rates=rates).make(PLANNED, provider.answer)
        await work.record_delay(world.context, job, delayed=delayed.value)
        turns.append(delayed.value.seconds)
    assert [round(turn / 60) for turn in turns] == [1, 1, 2, 2, 3]


async def test_calls_under_way_when_a_pause_begins_do_not_make_it_longer(world: World, provider: Provider) -> None:
    held = [await a_held_job(world) for _ in range(3)]
    doors = asyncio.Event()

    async def quota_later() -> CallAnswer:
        await doors.wait()
        return await provider.quota()

    calls = [asyncio.create_task(book(world, job).make(PLANNED, quota_later)) for job in held]
    await asyncio.sleep(0.2)
    doors.set()
    await asyncio.gather(*calls, return_exceptions=True)
    pause = await pause_of(Role.IMAGES)
    assert pause is not None
    assert (pause.pauses, provider.calls["refused"]) == (1, 3)


async def test_when_a_probe_succeeds_everybody_goes_on(world: World, provider: Provider) -> None:
    first, second = [await a_held_job(world) for _ in range(2)]
    for job in (first, second):
        with pytest.raises(WorkDelayed) as delayed:
            await book(world, job).make(PLANNED, provider.quota)
        await work.record_delay(world.context, job, delayed=delayed.value)
    assert {wake.job_id for wake in await work.due_jobs(10)} & {first.id, second.id} == set()
    waiting = await reading.read_job(first.id)
    retried = await jobs.retry_job(world.context, job_id=waiting.id, actor=LOCAL)  # a person does not want to wait
    assert retried.state is JobState.QUEUED
    assert await book(world, await world.claim(retried)).make(PLANNED, provider.answer)
    assert await pause_of(Role.IMAGES) is None
    assert second.id in {wake.job_id for wake in await work.due_jobs(10)}


async def test_a_job_that_is_about_to_wait_for_a_pause_that_ends_goes_on(world: World, provider: Provider) -> None:
    """Between being told of the pause and lying down to wait it is nobody whom the end of the pause could wake."""
    first, second = [await a_held_job(world) for _ in range(2)]
    with pytest.raises(WorkDelayed) as begun:
        await book(world, first).make(PLANNED, provider.quota)
    with pytest.raises(WorkDelayed) as told:
        await book(world, second).make(PLANNED, provider.answer)
    await models.ProviderPause.all().update(until_ms=await database_now_ms())
    assert await book(world, first).make(PLANNED, provider.answer)
    assert begun.value.paused == told.value.paused == Role.IMAGES
    await work.record_delay(world.context, second, delayed=told.value)
    waiting = await reading.read_job(second.id)
    assert (waiting.state, waiting.attempt, waiting.failure) == (JobState.RETRYING, 0, None)
    assert second.id in {wake.job_id for wake in await work.due_jobs(10)}


async def test_a_probe_whose_content_is_refused_shows_that_the_provider_works(world: World, provider: Provider) -> None:
    first, second = [await a_held_job(world) for _ in range(2)]
    with pytest.raises(WorkDelayed) as delayed:
        await book(world, first).make(PLANNED, provider.quota)
    await work.record_delay(world.context, first, delayed=delayed.value)
    await models.ProviderPause.all().update(until_ms=await database_now_ms())
    with pytest.raises(ProviderError, match="Not that"):
        await book(world, second).make(PLANNED, provider.refuses)
    assert await pause_of(Role.IMAGES) is None
    assert first.id in {wake.job_id for wake in await work.due_jobs(10)}
