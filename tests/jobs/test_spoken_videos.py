"""A video's job whose narration is paid for: what a person sees when speech fails, and that there is a way on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from domain.entities import Job, Video
from domain.errors import JobErrorCode
from domain.lifecycle import JobState, Status
from domain.render_requests import RenderRequest
from domain.rendering import Narration
from storage.calls import pauses
from tests.jobs.paid import PaidStudio, let_pass, make_due
from tests.jobs.studio import AtWork
from tests.providers.double import Behaviour, Body, Closes, Endpoint, Error, always, in_turn
from tests.world import TINY
from workflow import reading

pytestmark = pytest.mark.usefixtures("quick_sweeps")

SPOKEN = replace(TINY, narration=Narration.ON)
SILENT = RenderRequest(narration=Narration.OFF)
FIRST, SECOND = "Scene number 1 of the tale.", "Scene number 2 of the tale."


@asynccontextmanager
async def speaking(paid: PaidStudio) -> AsyncIterator[AtWork]:
    settings: dict[str, Any] = {
        "speech_provider": "openai",
        "speech_model": "tts-1",
        "speech_base_url": paid.double.url,
    }
    async with paid.worker(**settings) as worker:
        yield worker


async def a_video(paid: PaidStudio) -> tuple[Video, Job]:
    return await paid.studio.a_video_job(2, render=SPOKEN)


async def the_video(video: Video) -> Video:
    return await reading.read_video(video.id)


def bought(paid: PaidStudio) -> Counter[str]:
    """How often each text was charged."""
    charged = {entry.seq for entry in paid.requests(Endpoint.SPEECH) if entry.charged}
    return Counter(request["body"]["input"] for request in paid.double.requests if request["seq"] in charged)


async def test_a_spent_credit_pauses_speech_and_the_video_goes_on_by_itself(paid: PaidStudio) -> None:
    paid.double.script(always(Behaviour(error=Error.QUOTA), endpoint=Endpoint.SPEECH))
    video, job = await a_video(paid)
    async with speaking(paid):
        await paid.all_wait_for([job], JobErrorCode.QUOTA_EXHAUSTED)
        seen = await paid.seen(job)
        assert (seen["state"], seen["attempt"]) == ("RETRYING", 0)
        assert [pause.role for pause in await pauses()] == ["speech"]
        assert (await the_video(video)).status is Status.PENDING
        paid.double.forget()
        await let_pass(61)
        done = await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert (done.attempt, (await the_video(video)).status) == (1, Status.APPROVED)
    assert (bought(paid), await pauses()) == (Counter((FIRST, SECOND)), [])


async def test_a_refused_text_names_its_scene_and_the_way_out(paid: PaidStudio) -> None:
    paid.double.script(in_turn(Behaviour(error=Error.CONTENT_POLICY, echo=True), containing=SECOND))
    video, job = await a_video(paid)
    async with speaking(paid):
        failed = await paid.studio.reaches(job, JobState.FAILED)
        rejected = await the_video(video)
        assert failed.failure is not None
        assert (failed.failure.code, failed.attempt) == (JobErrorCode.PROVIDER_REFUSED, 1)
        assert (rejected.status, rejected.error) == (Status.REJECTED, failed.failure.message)
        assert failed.failure.message == (
            "Narration of scene 2: The speech provider refuses to speak this. Edit the scene's text, or make the video "
            "without narration."
        )
        assert await paid.faces.by("graphql", "retry_job", job.id) == "STATE_CONFLICT"
        silent = await paid.studio.asked_again(video.script_id, render=SPOKEN, asked=SILENT)
        await paid.studio.reaches(silent, JobState.SUCCEEDED)
    assert bought(paid) == Counter((FIRST,))


@pytest.mark.parametrize("body", [Body.HTML, Body.TRUNCATED_JSON, Body.EMPTY])
async def test_garbage_is_asked_for_once_more(paid: PaidStudio, body: Body) -> None:
    paid.double.script(in_turn(Behaviour(body=body), containing=SECOND))
    video, job = await a_video(paid)
    async with speaking(paid):
        (waiting,) = await paid.all_wait_for([job], JobErrorCode.BAD_OUTPUT)
        assert waiting.failure is not None
        assert waiting.failure.message.startswith("Narration of scene 2: The speech provider answered with")
        await make_due(job)
        await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert bought(paid) == Counter({FIRST: 1, SECOND: 2})
    assert (await the_video(video)).status is Status.APPROVED


async def test_garbage_twice_ends_the_video_with_words(paid: PaidStudio) -> None:
    paid.double.script(always(Behaviour(body=Body.HTML), endpoint=Endpoint.SPEECH, containing=SECOND))
    video, job = await a_video(paid)
    async with speaking(paid):
        await paid.all_wait_for([job], JobErrorCode.BAD_OUTPUT)
        await make_due(job)
        await paid.studio.reaches(job, JobState.FAILED)
    rejected = await the_video(video)
    assert rejected.status is Status.REJECTED
    assert rejected.error is not None
    assert rejected.error.startswith("Narration of scene 2: ")
    assert bought(paid) == Counter({FIRST: 1, SECOND: 2})


@pytest.mark.parametrize("face", ["graphql", "rest"])
async def test_after_a_lost_answer_a_person_retries_the_video(any_paid: PaidStudio, face: str) -> None:
    paid = any_paid
    paid.double.script(in_turn(Behaviour(closes=Closes.MIDWAY), containing=SECOND))
    video, job = await a_video(paid)
    async with speaking(paid):
        parked = await paid.studio.reaches(job, JobState.PARKED)
        assert parked.failure is not None
        assert parked.failure.code is JobErrorCode.ANSWER_LOST
        assert parked.failure.message.startswith("Narration of scene 2: ")
        assert parked.failure.message.endswith("Retry the job to ask again, at the risk of paying twice.")
        actions = await paid.faces.query(f'{{ video(id: "video_{video.id}") {{ status allowedActions }} }}')
        assert actions["video"] == {"status": "PENDING", "allowedActions": ["RETRY", "CANCEL"]}
        again = await paid.studio.asked_again(video.script_id, render=SPOKEN)
        assert (again.id, bought(paid)) == (job.id, Counter((FIRST, SECOND)))  # asking for the same spends nothing
        assert await paid.faces.by(face, "retry_job", job.id) is None
        await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert bought(paid) == Counter({FIRST: 1, SECOND: 2})
    assert (await the_video(video)).status is Status.APPROVED
    assert sorted(await paid.calls_of(job)) == [("speech", state) for state in ("answered", "answered", "given_up")]


async def test_a_lost_answer_is_no_dead_end_for_who_cancels(paid: PaidStudio) -> None:
    paid.double.script(in_turn(Behaviour(closes=Closes.MIDWAY), containing=SECOND))
    video, job = await a_video(paid)
    async with speaking(paid):
        await paid.studio.reaches(job, JobState.PARKED)
        assert await paid.faces.by("rest", "cancel_job", job.id) is None
        assert (await the_video(video)).status is Status.REJECTED
        again = await paid.studio.asked_again(video.script_id, render=SPOKEN)
        await paid.studio.reaches(again, JobState.SUCCEEDED)
    assert bought(paid) == Counter({FIRST: 1, SECOND: 2})


async def test_what_a_cancelled_video_has_paid_for_serves_the_next(any_paid: PaidStudio) -> None:
    paid = any_paid
    paid.double.script(always(Behaviour(hold="speech"), endpoint=Endpoint.SPEECH))
    video, job = await a_video(paid)
    async with speaking(paid):
        await asyncio.to_thread(paid.double.wait_until_held, "speech", 2)
        assert await paid.faces.by("graphql", "cancel_job", job.id) is None
        again = await paid.studio.asked_again(video.script_id, render=SPOKEN)
        await paid.studio.reaches(again, JobState.RUNNING)
        paid.double.release("speech")
        await paid.studio.reaches(again, JobState.SUCCEEDED)
    assert bought(paid) == Counter((FIRST, SECOND))
    assert await paid.calls_of(job) == [("speech", "answered")] * 2
    assert await paid.calls_of(again) == []
    assert list((paid.studio.context.media.folder / "calls").iterdir()) == []


@pytest.mark.parametrize("face", ["graphql", "rest"])
async def test_a_narration_beyond_the_budget_waits_and_goes_on_when_it_is_raised(
    any_paid: PaidStudio, face: str
) -> None:
    paid = any_paid
    video, job = await a_video(paid)
    assert await paid.faces.by(face, "fund_script", video.script_id, budget="0.0005") is None
    async with speaking(paid):
        parked = await paid.studio.reaches(job, JobState.PARKED)
        assert parked.failure is not None
        assert parked.failure.code is JobErrorCode.BUDGET_REACHED
        assert "Raise the budget, and the job goes on." in parked.failure.message
        assert (await the_video(video)).status is Status.PENDING
        assert bought(paid).total() == 1
        assert await paid.faces.by(face, "fund_script", video.script_id, budget="0.001") is None
        await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert bought(paid) == Counter((FIRST, SECOND))
    assert (await the_video(video)).status is Status.APPROVED
