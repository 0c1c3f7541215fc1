"""A rerun whose request is not the earlier one's: a neighbour, the style or a setting has changed in between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.calls import CallAnswer, PlannedCall, Role, Usage
from domain.errors import JobErrorCode, WorkParked
from domain.lifecycle import JobKind
from storage import models
from storage.calls import UNSETTLED, Call, CallState
from tests.money.paying import PLANNED, Provider, a_held_job, again, book, states
from tests.world import World
from workflow.book import Ambiguous
from workflow.earlier_calls import standing_for

WRITING = replace(PLANNED, role=Role.TEXT, request_sha256="2" * 64)
OTHER = "3" * 64


async def wrote() -> CallAnswer:
    return CallAnswer(b"a prompt", Usage(output_tokens=1), None)


async def rewrote() -> CallAnswer:
    return CallAnswer(b"another prompt", Usage(output_tokens=1), None)


async def test_a_picture_that_is_kept_is_taken_with_its_prompt(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    first = book(world, job)
    await first.make(WRITING, wrote)
    await first.make(PLANNED, provider.answer)
    rerun = book(world, await again(world, job))
    assert await rerun.make(replace(WRITING, request_sha256=OTHER), rewrote) == b"a prompt"
    assert await rerun.make(replace(PLANNED, request_sha256=OTHER), provider.answer) == b"a picture"
    assert provider.calls == {"answered": 1}
    assert await states(job) == ["answered", "answered"]


async def test_a_lost_picture_waits_for_a_person(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    with pytest.raises(WorkParked):
        await book(world, job).make(PLANNED, provider.lost)
    rerun = book(world, await again(world, job))
    with pytest.raises(WorkParked) as parked:
        await rerun.make(replace(PLANNED, request_sha256=OTHER), provider.answer)
    assert parked.value.code is JobErrorCode.ANSWER_LOST
    assert provider.calls == {"lost": 1}
    assert await states(job) == ["unknown"]


async def test_a_lost_text_does_not_give_up_a_lost_picture(world: World, provider: Provider) -> None:
    job = await a_held_job(world)
    for planned in (WRITING, PLANNED):
        await book(world, job, ambiguous=Ambiguous.RETRY).make(planned, provider.answer)
        await states_become(CallState.UNKNOWN)
    rerun = book(world, await again(world, job))
    await rerun.make(WRITING, wrote)
    assert await states(job) == ["given_up", "unknown", "answered"]
    with pytest.raises(WorkParked):
        await rerun.make(PLANNED, provider.answer)


async def states_become(state: CallState) -> None:
    await models.ProviderCall.all().update(state=state.value)


PICTURES = [
    Call(number, Role.IMAGES, "4" * 64, state, "calls/call.bin" if state is CallState.ANSWERED else None)
    for number, state in enumerate(CallState)
]
WRITTEN = Call(90, Role.TEXT, "5" * 64, CallState.ANSWERED, "calls/call_90.bin")


@pytest.mark.parametrize("picture", PICTURES, ids=lambda call: call.state.value)
def test_an_earlier_prompt_counts_while_its_picture_does(picture: Call) -> None:
    counts = picture.kept or picture.state in UNSETTLED
    assert standing_for(WRITING, JobKind.GENERATE_IMAGE, [picture, WRITTEN]) == ([WRITTEN] if counts else [])


@pytest.mark.parametrize("planned", [WRITING, PLANNED], ids=["text", "images"])
def test_windows_of_a_script_are_told_apart_by_their_content(planned: PlannedCall) -> None:
    same = Call(91, planned.role, planned.request_sha256, CallState.ANSWERED, "calls/call_91.bin")
    assert standing_for(planned, JobKind.SEGMENT_SCRIPT, [*PICTURES, WRITTEN, same]) == [same]
