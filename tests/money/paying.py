"""A provider that costs, and a job's book for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from domain.calls import CallAnswer, PlannedCall, ProviderError, ProviderErrorKind, Role, Usage
from domain.entities import Job
from domain.errors import JobErrorCode
from domain.money import Price, PriceTable
from storage import models
from tests.world import World
from workflow import reading, work
from workflow.book import JobBook, Rules

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

    async def refuses(self) -> CallAnswer:
        self.calls["refused"] += 1
        raise ProviderError(ProviderErrorKind.PROMPT, JobErrorCode.PROVIDER_REFUSED, "Not that.")

    async def lost(self) -> CallAnswer:
        self.calls["lost"] += 1
        raise ProviderError(ProviderErrorKind.RETRY, JobErrorCode.TIMED_OUT, "No answer came.", charged=True)


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
