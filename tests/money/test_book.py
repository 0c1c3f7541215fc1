"""The book of paid calls: what is noted, what is kept, what is never bought twice, and what stops a call."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from domain.calls import CallAnswer, PlannedCall, ProviderError, ProviderErrorKind, Role, Usage
from domain.entities import Job
from domain.errors import JobErrorCode, JobLost, WorkDelayed, WorkParked
from domain.lifecycle import Entity, JobState
from domain.money import Cost, Price, PriceTable
from domain.protocols import LOCAL
from storage import models
from storage.calls import committed, costs_of_jobs, pause_of
from storage.transaction import database_now_ms
from tests.world import World
from workflow import jobs, reading, scripts, work
from workflow.book import Ambiguous, JobBook, Rules, settings_changed

PRICES = PriceTable(models={"painter": Price(output=Decimal(1_000_000))})
"""A dollar a token: amounts that can be read."""

MOST = Usage(output_tokens=3)
PLANNED = PlannedCall(Role.IMAGES, "painter", "1" * 64, MOST)


@dataclass
class Provider:
    """What is on the other side: counts how often it was called."""

    calls: Counter[str] = field(default_factory=Counter)
    used: int = 2

    async def answer(self) -> CallAnswer:
        self.calls["answered"] += 1
        return CallAnswer(b"a picture", Usage(output_tokens=self.used), "req_1")

    async def never(self) -> CallAnswer:
        self.calls["sent"] += 1
        await asyncio.Event().wait()
        raise AssertionError

    async def quota(self) -> CallAnswer:
        self.calls["refused"] += 1
        raise ProviderError(ProviderErrorKind.QUOTA, JobErrorCode.QUOTA_EXHAUSTED, "The credit is used up.")

    async def lost(self) -> CallAnswer:
        self.calls["lost"] += 1
        raise ProviderError(ProviderErrorKind.RETRY, JobErrorCode.TIMED_OUT, "No answer came.", charged=True)


@pytest.fixture
def provider() -> Provider:
    return Provider()


async def a_held_job(world: World) -> Job:
    return await world.a_running_job()


def book(world: World, job: Job, **rules: object) -> JobBook:
    return JobBook(world.context, job, Rules(prices=PRICES, **rules))  # type: ignore[arg-type]


async def again(world: World, job: Job) -> Job:
    """The worker died; another one has the job now."""
    await work.release_lost_jobs(world.context, owner_prefix="test")
    return await world.claim(await reading.read_job(job.id))


async def states(job: Job) -> list[str]:
    rows = await models.ProviderCall.filter(job_id=job.id).order_by("id").values("state")
    return [row["state"] for row in rows]


async def test_an_answer_is_kept_and_never_bought_again(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    assert await book(world, job).make(PLANNED, provider.answer) == b"a picture"
    rerun = await again(world, job)
    assert await book(world, rerun).make(PLANNED, provider.answer) == b"a picture"
    assert provider.calls == {"answered": 1}
    (row,) = await models.ProviderCall.all().values(
        "state", "cost_nano", "estimate_nano", "request_id", "output_tokens"
    )
    assert row == {
        "state": "answered", "cost_nano": 2_000_000_000, "estimate_nano": 3_000_000_000, "request_id": "req_1",
        "output_tokens": 2,
    }  # fmt: skip
    assert (await costs_of_jobs([job.id]))[job.id].amount == 2


async def test_an_answer_that_was_of_no_use_is_asked_for_again(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    first = book(world, job)
    await first.make(PLANNED, provider.answer)
    await first.reject_answer()
    await book(world, await again(world, job)).make(PLANNED, provider.answer)
    assert provider.calls == {"answered": 2}
    assert await states(job) == ["unusable", "answered"]
    assert await committed() == 4


async def cut_off(world: World, job: Job, provider: Provider, **rules: object) -> None:
    """The call is on its way when its worker is stopped."""
    call = asyncio.create_task(book(world, job, **rules).make(PLANNED, provider.never))
    while not provider.calls["sent"]:
        await asyncio.sleep(0.01)
    call.cancel()
    await asyncio.wait([call])


async def test_a_lost_answer_waits_for_a_person(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    await cut_off(world, job, provider)
    assert await states(job) == ["unknown"]
    rerun = await again(world, job)
    with pytest.raises(WorkParked) as parked:
        await book(world, rerun).make(PLANNED, provider.answer)
    assert parked.value.code is JobErrorCode.ANSWER_LOST
    await work.record_parked(world.context, rerun, parked=parked.value)
    assert (await reading.read_job(job.id)).state is JobState.PARKED
    assert provider.calls == {"sent": 1}

    await jobs.retry_job(world.context, job_id=job.id, actor=LOCAL)
    decided = await world.claim(await reading.read_job(job.id))
    assert await book(world, decided).make(PLANNED, provider.answer) == b"a picture"
    assert await states(job) == ["given_up", "answered"]


@pytest.mark.parametrize(("role", "ambiguous"), [(Role.IMAGES, Ambiguous.RETRY), (Role.TEXT, Ambiguous.PARK)])
async def test_where_the_risk_is_taken_a_lost_answer_is_asked_for_again(
    world: World, provider: Provider, role: Role, ambiguous: Ambiguous
) -> None:
    planned = replace(PLANNED, role=role)
    job = await a_held_job(world)
    with pytest.raises(ProviderError):
        await book(world, job, ambiguous=ambiguous).make(planned, provider.lost)
    rerun = await again(world, job)
    assert await book(world, rerun, ambiguous=ambiguous).make(planned, provider.answer) == b"a picture"
    assert await states(job) == ["given_up", "answered"]


async def test_a_lost_answer_parks_in_the_same_attempt(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    with pytest.raises(WorkParked, match="paying twice"):
        await book(world, job).make(PLANNED, provider.lost)
    assert await committed() == 3, "what may have been paid counts with its estimate"


async def test_a_job_that_is_not_held_any_more_pays_nothing(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    await again(world, job)
    with pytest.raises(JobLost):
        await book(world, job).make(PLANNED, provider.answer)
    assert provider.calls == {}


async def test_a_budget_is_never_crossed_however_many_ask(world: World, provider: Provider) -> None:
    """Ten dollars, three reserved for each call: three fit, whatever they then cost."""
    held = [await a_held_job(world) for _ in range(8)]
    answers = await asyncio.gather(
        *(book(world, job, budget=Decimal(10)).make(PLANNED, provider.answer) for job in held), return_exceptions=True
    )
    parked = [answer for answer in answers if isinstance(answer, WorkParked)]
    assert {answer.code for answer in parked} <= {JobErrorCode.BUDGET_REACHED}
    assert provider.calls["answered"] == 8 - len(parked)
    assert 3 <= provider.calls["answered"] <= 4
    assert await committed() <= 10


async def test_raising_the_budget_of_a_script_heals_it(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    await scripts.update_script(world.context, script_id=job.script_id, budget=Decimal(1), actor=LOCAL)
    with pytest.raises(WorkParked, match="Raise the budget") as parked:
        await book(world, job).make(PLANNED, provider.answer)
    await work.record_parked(world.context, job, parked=parked.value)
    await scripts.update_script(world.context, script_id=job.script_id, budget=Decimal(5), actor=LOCAL)
    resumed = await reading.read_job(job.id)
    assert resumed.state is JobState.QUEUED
    assert await book(world, await world.claim(resumed)).make(PLANNED, provider.answer)


async def test_an_unknown_price_is_not_taken_for_nothing(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    unknown = replace(PLANNED, model="a model nobody knows")
    with pytest.raises(WorkParked, match="no price is known"):
        await book(world, job, budget=Decimal(10)).make(unknown, provider.answer)
    assert await book(world, job).make(unknown, provider.answer)
    cost = (await costs_of_jobs([job.id]))[job.id]
    assert cost == Cost(Decimal(0), calls=1, unknown=1)


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


async def test_the_answers_of_one_job_are_not_those_of_another(world: World, provider: Provider) -> None:
    first, second = [await a_held_job(world) for _ in range(2)]
    for job in (first, second):
        await book(world, job).make(PLANNED, provider.answer)
    assert provider.calls == {"answered": 2}
    assert (await world.last_job(Entity.SCENE, first.subject_id)).id == first.id
