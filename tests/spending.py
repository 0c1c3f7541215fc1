"""Paid calls of jobs, through the real book; what is on the other side answers at once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest

from domain.calls import CallAnswer, PlannedCall, ProviderError, ProviderErrorKind, Role, Usage
from domain.entities import Job
from domain.errors import JobErrorCode, WorkDelayed, WorkParked
from domain.machines import ImageMachine, Machines, SpeechMachine, TextMachine
from domain.money import Price, PriceTable
from workflow import work
from workflow.book import JobBook, Rules
from workflow.context import Context

PRICES = PriceTable(
    models={"painter": Price(output=Decimal(1_000_000)), "writer": Price(output=Decimal(1_250))},
)
"""A dollar a token for pictures, an eighth of a cent for text: amounts that can be read."""

MACHINES = Machines(
    TextMachine(provider="openai", model="writer", price=PRICES.models["writer"]),
    ImageMachine(provider="openai", model="painter", price=PRICES.models["painter"], quality="low"),
    SpeechMachine(provider="openai", model="speaker", price=Price(characters=Decimal(15)), voice="coral"),
)
_numbers = count(1)


def a_call(role: Role, model: str) -> PlannedCall:
    """One that nobody has made before."""
    return PlannedCall(role, model, f"{next(_numbers):064}", Usage(output_tokens=3))


async def spend(context: Context, job: Job, *, tokens: int = 2, model: str = "painter") -> None:
    """A call of a held job. Of a model that `PRICES` do not know, the cost is not known."""

    async def answer() -> CallAnswer:
        return CallAnswer(b"an answer", Usage(output_tokens=tokens), None)

    role = Role.TEXT if model == "writer" else Role.IMAGES
    await JobBook(context, job, Rules(prices=PRICES)).make(a_call(role, model), answer)


async def run_into_budget(context: Context, job: Job) -> None:
    """A held job finds its script's budget reached, and waits."""
    with pytest.raises(WorkParked) as parked:
        await spend(context, job)
    await work.record_parked(context, job, parked=parked.value)


async def use_up_quota(context: Context, job: Job, *, role: Role = Role.IMAGES) -> None:
    """A held job finds out that the provider's credit is used up, which pauses it for all."""

    async def refuse() -> CallAnswer:
        raise ProviderError(ProviderErrorKind.QUOTA, JobErrorCode.QUOTA_EXHAUSTED, "The credit is used up.")

    with pytest.raises(WorkDelayed) as delayed:
        await JobBook(context, job, Rules(prices=PRICES)).make(a_call(role, "painter"), refuse)
    await work.record_delay(context, job, delayed=delayed.value)


def with_machines(context: Context, machines: Machines = MACHINES) -> Context:
    """The same system with other machines."""
    return replace(context, machines=machines)
