"""The book of paid calls: what is noted, what is kept, what is never bought twice, and what stops a call."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.calls import CallAnswer, ProviderError, Role
from domain.entities import Job
from domain.errors import JobErrorCode, JobLost, WorkDelayed, WorkFailed, WorkParked
from domain.lifecycle import Entity, JobState
from domain.money import Cost
from domain.protocols import LOCAL
from storage import models
from storage.calls import committed, costs_of_jobs
from tests.money.paying import PLANNED, Provider, a_held_job, again, book, states
from tests.world import World
from workflow import jobs, reading, scripts, work
from workflow.book import Ambiguous


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
    """Ten dollars, three reserved for each call, which then costs two: three fit at once, and a fourth after them.

    While money is only reserved the others wait for what comes back; when it is spent they wait for a person.
    """
    held = [await a_held_job(world) for _ in range(8)]
    answers = await asyncio.gather(
        *(book(world, job, budget=Decimal(10)).make(PLANNED, provider.answer) for job in held), return_exceptions=True
    )
    stopped = [answer for answer in answers if isinstance(answer, WorkParked | WorkDelayed)]
    assert {answer.code for answer in stopped} == {JobErrorCode.BUDGET_REACHED}
    assert provider.calls["answered"] == 8 - len(stopped)
    assert 3 <= provider.calls["answered"] <= 4
    assert await committed() <= 10


async def test_what_is_reserved_for_a_call_under_way_is_waited_for(world: World, provider: Provider) -> None:
    first, second = await a_held_job(world), await a_held_job(world)
    under_way = asyncio.create_task(book(world, first, budget=Decimal(5)).make(PLANNED, provider.never))
    while not provider.calls["sent"]:
        await asyncio.sleep(0.01)
    with pytest.raises(WorkDelayed, match="goes on when they have ended") as delayed:
        await book(world, second, budget=Decimal(5)).make(PLANNED, provider.answer)
    assert delayed.value.code is JobErrorCode.BUDGET_REACHED
    under_way.cancel()
    await asyncio.wait([under_way])
    with pytest.raises(WorkParked, match="Raise the budget"):  # it may have been paid: nothing comes back
        await book(world, second, budget=Decimal(5)).make(PLANNED, provider.answer)


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


async def test_the_answers_of_one_job_are_not_those_of_another(world: World, provider: Provider) -> None:
    first, second = [await a_held_job(world) for _ in range(2)]
    for job in (first, second):
        await book(world, job).make(PLANNED, provider.answer)
    assert provider.calls == {"answered": 2}
    assert (await world.last_job(Entity.SCENE, first.subject_id)).id == first.id


async def test_a_call_under_way_may_end_before_its_job_stops(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    door = asyncio.Event()

    async def slowly() -> CallAnswer:
        provider.calls["sent"] += 1
        await door.wait()
        return await provider.answer()

    call = asyncio.create_task(book(world, job, patience_seconds=10.0).make(PLANNED, slowly))
    while not provider.calls["sent"]:
        await asyncio.sleep(0.01)
    call.cancel()
    await asyncio.sleep(0.05)
    assert not call.done()
    door.set()
    await asyncio.wait([call])
    assert call.cancelled()
    assert await states(job) == ["answered"]
    assert await book(world, await again(world, job)).make(PLANNED, provider.answer) == b"a picture"
    assert provider.calls["answered"] == 1


@pytest.mark.parametrize("asked", ["once", "twice"])
async def test_patience_ends(world: World, provider: Provider, asked: str) -> None:
    job = await a_held_job(world)
    patience = 0.1 if asked == "once" else 60.0
    call = asyncio.create_task(book(world, job, patience_seconds=patience).make(PLANNED, provider.never))
    while not provider.calls["sent"]:
        await asyncio.sleep(0.01)
    call.cancel()
    if asked == "twice":
        await asyncio.sleep(0.05)
        call.cancel()
    async with asyncio.timeout(10):
        await asyncio.wait([call])
    assert call.cancelled()
    assert await states(job) == ["unknown"]


async def test_answers_are_kept_until_their_job_has_succeeded(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    await book(world, job).make(PLANNED, provider.answer)
    folder = world.context.media.folder / "calls"
    await work.forget_answers(world.context)
    assert len(list(folder.iterdir())) == 1
    await world.picture_by(job)
    await work.forget_answers(world.context, job_id=job.id)
    assert list(folder.iterdir()) == []
    assert (await costs_of_jobs([job.id]))[job.id].amount == 2


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED, JobState.SUCCEEDED])
async def test_answers_of_an_ended_video_wait_thirty_days_for_the_next_one(
    world: World, provider: Provider, state: JobState
) -> None:
    job = await world.claim(await world.a_job(JobState.QUEUED, of_video=True))
    await book(world, job).make(PLANNED, provider.answer)
    other = await a_held_job(world)
    await book(world, other).make(PLANNED, provider.answer)
    await models.Job.filter(id=other.id).update(
        state=JobState.FAILED.value, finished_at=datetime(2000, 1, 1, tzinfo=UTC)
    )
    folder = world.context.media.folder / "calls"
    for days, kept in ((29, 1 if state is JobState.SUCCEEDED else 2), (31, 1)):
        ended = world.context.clock.now() - timedelta(days=days)
        await models.Job.filter(id=job.id).update(state=state.value, finished_at=ended)
        await work.forget_answers(world.context)
        assert len(list(folder.iterdir())) == kept
    rows = await models.ProviderCall.filter(answer_key__isnull=False).values("job_id")
    assert [row["job_id"] for row in rows] == [other.id]  # a picture's: its job can be retried at any time


async def test_answers_that_nobody_took_are_removed_as_well(world: World, provider: Provider) -> None:
    """One that was of no use, and one whose worker died when the file had its name and the row did not say so."""
    job = await a_held_job(world)
    first = book(world, job)
    await first.make(PLANNED, provider.answer)
    await first.reject_answer()
    job = await again(world, job)
    await cut_off(world, job, provider, ambiguous=Ambiguous.RETRY)
    lost = (await models.ProviderCall.all().order_by("-id").first().values("id"))["id"]
    media = world.context.media
    await media.promote(await media.stage_bytes("call.bin", b"a picture"), f"calls/call_{lost}.bin")
    job = await again(world, job)
    await book(world, job, ambiguous=Ambiguous.RETRY).make(PLANNED, provider.answer)
    assert await states(job) == ["unusable", "given_up", "answered"]
    await world.picture_by(job)
    await work.forget_answers(world.context, job_id=job.id)
    assert list((media.folder / "calls").iterdir()) == []


@pytest.mark.parametrize("ambiguous", list(Ambiguous))
async def test_a_kept_answer_that_somebody_removed_is_lost(
    world: World, provider: Provider, ambiguous: Ambiguous
) -> None:
    job = await a_held_job(world)
    await book(world, job).make(PLANNED, provider.answer)
    (file,) = (world.context.media.folder / "calls").iterdir()
    file.unlink()
    rerun = book(world, await again(world, job), ambiguous=ambiguous)
    expected = WorkParked if ambiguous is Ambiguous.PARK else WorkFailed
    with pytest.raises(expected, match="is missing in the media folder"):
        await rerun.make(PLANNED, provider.answer)
    assert await rerun.make(PLANNED, provider.answer) == b"a picture"
    assert await states(job) == ["unusable", "answered"]
