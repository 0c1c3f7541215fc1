"""A provider that works for nobody until a person acts is left in peace, costs no attempts, and is tried again."""

from __future__ import annotations

from typing import Any

import pytest

from domain.entities import Job
from domain.errors import JobErrorCode
from domain.lifecycle import JobState
from storage import models
from storage.calls import Pause, pauses
from storage.transaction import database_now_ms
from tests.jobs.paid import KEY, PaidStudio, let_pass
from tests.jobs.studio import until_true
from tests.providers.double import Behaviour, Endpoint, Error, always

pytestmark = pytest.mark.usefixtures("quick_sweeps")

CHAT, IMAGES = Endpoint.CHAT, Endpoint.IMAGES
AT_A_TIME = 2
QUOTA = JobErrorCode.QUOTA_EXHAUSTED
WRONG = JobErrorCode.PROVIDER_UNAVAILABLE

DEAD_ENDS = pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (Error.BILLING_LIMIT, QUOTA, "Pay or raise the limit there."),
        (Error.QUOTA, QUOTA, "Pay or raise the limit there."),
        (Error.INVALID_KEY, WRONG, "Check the key in the settings."),
        (Error.MODEL_NOT_FOUND, WRONG, "does not know this model or address"),
        (Error.FORBIDDEN, WRONG, "Check what the API key may do"),
    ],
    ids=["400-billing", "429-quota", "401-key", "404-model", "403"],
)


async def the_pause() -> Pause:
    (pause,) = await pauses()
    return pause


async def paused_again() -> bool:
    return (await the_pause()).pauses == 2


async def all_stopped(paid: PaidStudio, number: int, code: JobErrorCode) -> list[Job]:
    """Jobs that have all met the dead end."""
    jobs = await paid.picture_jobs(number)
    return await paid.all_wait_for(jobs, code)


async def assert_all_done_once(paid: PaidStudio, jobs: list[Job]) -> None:
    done = await paid.all_reach(jobs, JobState.SUCCEEDED)
    assert {job.attempt for job in done} == {1}
    assert paid.charged() == (len(jobs), len(jobs))
    assert await models.Image.all().count() == len(jobs)
    assert await pauses() == []
    assert paid.double.violations == []


@DEAD_ENDS
async def test_what_works_for_nobody_pauses_the_provider_and_ends_by_itself(
    paid: PaidStudio, error: Error, code: JobErrorCode, says: str
) -> None:
    await pauses_and_goes_on(paid, error, code, says)


async def test_a_pause_on_either_database(any_paid: PaidStudio) -> None:
    await pauses_and_goes_on(any_paid, Error.BILLING_LIMIT, QUOTA, "Pay or raise the limit there.")


async def pauses_and_goes_on(paid: PaidStudio, error: Error, code: JobErrorCode, says: str) -> None:
    paid.double.script(always(Behaviour(error=error), endpoint=IMAGES))
    async with paid.worker(concurrency=AT_A_TIME):
        jobs = await all_stopped(paid, 5, code)
        pause = await the_pause()
        assert (pause.role, pause.code, pause.pauses) == ("images", code, 1)
        assert 40_000 < pause.until_ms - await database_now_ms() <= 60_000
        asked = paid.counts()[1]
        assert 1 <= asked <= AT_A_TIME, "only what was under way when it began"
        for job in jobs:
            seen = await paid.seen(job)
            assert (seen["state"], seen["attempt"], seen["error"]["code"]) == ("RETRYING", 0, code)
            assert says in seen["error"]["message"]
            assert seen["error"]["nextRetryAt"] is not None
            assert KEY not in str(seen)

        await let_pass(61)  # the probe fails: twice as long
        await until_true(paused_again, what="a second pause")
        await paid.all_wait_for(jobs, code)
        assert paid.counts()[1] == asked + 1, "one tries, the others wait"
        assert 100_000 < (await the_pause()).until_ms - await database_now_ms() <= 120_000

        paid.double.forget()
        await let_pass(121)
        await assert_all_done_once(paid, jobs)
    for job in jobs:
        moves = await paid.studio.moves_of(job)
        assert (moves[0], set(moves[1:-1]), moves[-1]) == ("queued", {"retrying"}, "succeeded")
    assert {state for job in jobs for _, state in await paid.calls_of(job)} == {"answered", "refused"}


@pytest.mark.parametrize("face", ["graphql", "rest"])
async def test_a_person_who_does_not_want_to_wait_makes_one_job_try_and_the_others_follow(
    any_paid: PaidStudio, face: str
) -> None:
    paid = any_paid
    paid.double.script(always(Behaviour(error=Error.QUOTA), endpoint=IMAGES))
    async with paid.worker(concurrency=AT_A_TIME):
        jobs = await all_stopped(paid, 5, QUOTA)
        asked = paid.counts()[1]
        assert await paid.faces.by(face, "retry_job", jobs[3].id) is None  # too early: nothing has changed there
        await until_true(paused_again, what="a second pause")
        await paid.all_wait_for(jobs, QUOTA)
        assert paid.counts()[1] == asked + 1
        paid.double.forget()
        assert await paid.faces.by(face, "retry_job", jobs[3].id) is None
        await assert_all_done_once(paid, jobs)
    assert await paid.studio.moves_of(jobs[3]) == ["queued", "retrying", "queued", "retrying", "queued", "succeeded"]
    assert paid.counts()[1] == asked + 1 + 5


async def test_a_pause_of_the_text_provider_leaves_pictures_of_own_prompts_alone(paid: PaidStudio) -> None:
    paid.double.script(always(Behaviour(error=Error.QUOTA), endpoint=CHAT))
    async with paid.worker(concurrency=AT_A_TIME):
        (job,) = await all_stopped(paid, 1, QUOTA)
        assert (await the_pause()).role == "text"
        own = await paid.ask_for_image(job.subject_id, "A quiet harbour in the morning light.")
        await paid.studio.reaches(own, JobState.SUCCEEDED)
        assert (await the_pause()).role == "text"
    assert paid.charged() == (0, 1)


async def test_a_restart_with_other_settings_ends_a_pause(any_paid: PaidStudio) -> None:
    paid = any_paid
    paid.double.accept_only("sk-the-right-one")
    text: dict[str, Any] = {"text_base_url": paid.double.url, "text_api_key": "sk-the-right-one"}
    async with paid.worker(concurrency=AT_A_TIME, **text):
        jobs = await all_stopped(paid, 3, WRONG)
    asked = paid.counts()[1]
    async with paid.worker(concurrency=AT_A_TIME, **text):  # nothing has changed: the pause goes on
        await paid.all_wait_for(jobs, WRONG)
        assert (paid.counts()[1], (await the_pause()).pauses) == (asked, 1)
    async with paid.worker(concurrency=AT_A_TIME, openai_api_key="sk-the-right-one"):
        await assert_all_done_once(paid, jobs)
    assert paid.counts()[1] == asked + len(jobs)
