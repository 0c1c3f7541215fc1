"""Scenes from a text model that answers nonsense, half an answer or none: the script's words are never in danger."""

from __future__ import annotations

import pytest

from domain.entities import Job
from domain.lifecycle import JobState
from domain.protocols import LOCAL
from tests.jobs.paid import PaidStudio, make_due
from tests.providers.double import Behaviour, Body, Cuts, Endpoint, Error, in_turn
from tests.running import SCRIPT
from workflow import reading, scripts

pytestmark = pytest.mark.usefixtures("quick_sweeps")

CHAT = Endpoint.CHAT
BUILT_IN = "The text model's answer was unusable for 1 of 1 part; the built-in rules cut there."


async def approved(paid: PaidStudio) -> Job:
    """A script that is to be cut."""
    script = await scripts.create_script(paid.studio.context, title=None, content=SCRIPT, actor=LOCAL)
    return (await scripts.approve_script(paid.studio.context, script_id=script.id, actor=LOCAL)).job


async def assert_every_word_is_there(job: Job) -> None:
    scenes = (await reading.scenes_of_scripts([job.script_id]))[job.script_id]
    assert len(scenes) > 1
    assert "".join(scene.text + scene.gap for scene in scenes) == SCRIPT


@pytest.mark.parametrize(
    "bad", [Behaviour(body=Body.PROSE), Behaviour(body=Body.WRONG_SHAPE), Behaviour(cuts=Cuts.GARBAGE)], ids=str
)
@pytest.mark.parametrize("times", [1, 2])
async def test_nonsense_is_asked_about_once_more_and_then_cut_by_the_built_in_rules(
    paid: PaidStudio, bad: Behaviour, times: int
) -> None:
    paid.double.script(in_turn(*[bad] * times, endpoint=CHAT))
    async with paid.worker():
        job = await approved(paid)
        done = await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert done.note == (BUILT_IN if times == 2 else None)
    assert (await paid.faces.http.get(f"/api/jobs/{job.id}")).json()["note"] == done.note
    assert await paid.studio.moves_of(job) == ["queued", "succeeded"]
    assert (paid.counts(), paid.charged()) == ((2, 0), (2, 0))
    assert paid.double.violations == []
    await assert_every_word_is_there(job)


async def test_an_answer_that_was_cut_short_counts_as_far_as_it_goes_or_not_at_all(paid: PaidStudio) -> None:
    """finish_reason `length`."""
    paid.double.script(in_turn(Behaviour(body=Body.CUT_OFF), Behaviour(body=Body.CUT_OFF), endpoint=CHAT))
    async with paid.worker():
        job = await approved(paid)
        await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert paid.counts()[0] == paid.charged()[0] <= 3
    await assert_every_word_is_there(job)


async def test_a_refusal_to_read_is_no_reason_to_stop(paid: PaidStudio) -> None:
    paid.double.script(in_turn(Behaviour(body=Body.REFUSAL), endpoint=CHAT))
    async with paid.worker():
        job = await approved(paid)
        done = await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert done.note == "The text model refused 1 of 1 part; the built-in rules cut there."
    assert await paid.calls_of(job) == [("text", "unusable")]
    await assert_every_word_is_there(job)


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (Behaviour(error=Error.OVERLOADED_503), "PROVIDER_UNAVAILABLE"),
        (Behaviour(error=Error.RATE_LIMIT), "RATE_LIMITED"),
        (Behaviour(body=Body.HTML), "BAD_OUTPUT"),
        (Behaviour(body=Body.TRUNCATED_JSON), "BAD_OUTPUT"),
        (Behaviour(body=Body.EMPTY), "BAD_OUTPUT"),
    ],
    ids=str,
)
async def test_a_call_that_fails_is_made_again_later(paid: PaidStudio, behaviour: Behaviour, code: str) -> None:
    paid.double.script(in_turn(behaviour, endpoint=CHAT))
    async with paid.worker():
        job = await approved(paid)
        await paid.studio.reaches(job, JobState.RETRYING)
        seen = await paid.seen(job)
        assert (seen["attempt"], seen["error"]["code"]) == (1, code)
        await make_due(job)
        await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert await paid.studio.moves_of(job) == ["queued", "retrying", "succeeded"]
    assert paid.counts() == (2, 0)
    assert paid.charged() == (1 + behaviour.is_charged, 0)
    await assert_every_word_is_there(job)
