"""The limit of calls a minute, kept by two workers at once, as the other side's ledger tells."""

from __future__ import annotations

import pytest

from domain.entities import Job
from domain.errors import JobErrorCode
from domain.lifecycle import JobState
from storage import models
from tests.jobs.paid import PaidStudio, let_pass
from tests.jobs.studio import until_true
from tests.providers.double import Endpoint
from workflow import reading

pytestmark = pytest.mark.usefixtures("quick_sweeps")

LIMIT = 3


async def test_two_workers_keep_one_limit_of_pictures_a_minute(any_paid: PaidStudio) -> None:
    """Seven pictures at three a minute: three, three, one."""
    paid = any_paid
    async with (
        paid.worker(images_per_minute=LIMIT, concurrency=2),
        paid.worker(images_per_minute=LIMIT, concurrency=2),
    ):
        jobs = await paid.picture_jobs(7)
        for due in (3, 6, 7):
            waiting = await until_waiting(paid, jobs, 7 - due)
            assert len(paid.requests(Endpoint.IMAGES)) == due
            for job in waiting:
                seen = await paid.seen(job)
                assert (seen["attempt"], seen["error"]["retryable"]) == (0, True)
                assert f"The limit of {LIMIT} calls a minute is used up" in seen["error"]["message"]
                assert seen["error"]["nextRetryAt"] is not None
            await let_pass(61)
    assert paid.charged() == (7, 7)
    assert await models.Image.all().count() == 7
    assert paid.double.violations == []


async def until_waiting(paid: PaidStudio, jobs: list[Job], number: int) -> list[Job]:
    """Until so many are held back by the limit and the others are done; answers those that wait."""

    async def held_back() -> list[Job]:
        found = [await reading.read_job(job.id) for job in jobs]
        return [job for job in found if job.failure and job.failure.code is JobErrorCode.RATE_LIMITED]

    async def settled() -> bool:
        done = [job for job in jobs if (await reading.read_job(job.id)).state is JobState.SUCCEEDED]
        return (len(await held_back()), len(done)) == (number, len(jobs) - number)

    await until_true(settled, what=f"{number} jobs that wait")
    return await held_back()
