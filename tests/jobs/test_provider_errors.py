"""Every way in which a paid provider fails, over the wire: where the job goes, what people see, what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest

from domain.lifecycle import JobState
from storage import models
from tests.jobs.paid import PaidStudio, make_due
from tests.providers.double import Behaviour, Body, Closes, Endpoint, Error, Picture, RetryAfter, always, in_turn

pytestmark = pytest.mark.usefixtures("quick_sweeps")

CHAT, IMAGES = Endpoint.CHAT, Endpoint.IMAGES
LATE = 5.0
"""A busy machine may be so late, in seconds."""


@dataclass(frozen=True)
class Case:
    """What one request of `endpoint` meets; how the job and the book's call show it. `asked`: a pause, in seconds."""

    name: str
    endpoint: Endpoint
    behaviour: Behaviour
    code: str
    says: str
    call: str = "refused"
    asked: float = 0.0

    def __str__(self) -> str:
        return f"{self.endpoint}-{self.name}"


def cases(*found: Case) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", found, ids=str)


def charge(case: Case) -> int:
    """Whether the other side takes money for the failed request itself."""
    return int(case.behaviour.is_charged)


TROUBLE = "is in trouble"
TRY_AGAIN = (
    Case("500", IMAGES, Behaviour(error=Error.SERVER_500), "PROVIDER_UNAVAILABLE", TROUBLE),
    Case("500", CHAT, Behaviour(error=Error.SERVER_500), "PROVIDER_UNAVAILABLE", TROUBLE),
    Case("503", IMAGES, Behaviour(error=Error.OVERLOADED_503), "PROVIDER_UNAVAILABLE", TROUBLE),
    Case("408", IMAGES, Behaviour(error=Error.TIMEOUT_408), "PROVIDER_UNAVAILABLE", TROUBLE),
    Case("429", IMAGES, Behaviour(error=Error.RATE_LIMIT), "RATE_LIMITED", "fewer requests"),
    Case(
        "429-retry-after", IMAGES, Behaviour(error=Error.RATE_LIMIT, retry_after=20), "RATE_LIMITED", "fewer requests",
        asked=20,
    ),
    Case(
        "429-retry-after-date", CHAT,
        Behaviour(error=Error.RATE_LIMIT, retry_after=20, retry_after_form=RetryAfter.DATE), "RATE_LIMITED",
        "fewer requests", asked=20,
    ),
    Case("cut", CHAT, Behaviour(closes=Closes.BEFORE), "PROVIDER_UNAVAILABLE", "broke before", "unknown"),
    Case("cut-midway", CHAT, Behaviour(closes=Closes.MIDWAY), "PROVIDER_UNAVAILABLE", "broke before", "unknown"),
    Case("502", CHAT, Behaviour(error=Error.GATEWAY_502), "PROVIDER_UNAVAILABLE", TROUBLE, "unknown"),
    Case("html", IMAGES, Behaviour(body=Body.HTML), "BAD_OUTPUT", "a web page", "unusable"),
    Case("html", CHAT, Behaviour(body=Body.HTML), "BAD_OUTPUT", "a web page", "unusable"),
    Case("cut-json", IMAGES, Behaviour(body=Body.TRUNCATED_JSON), "BAD_OUTPUT", "no answer of its", "unusable"),
    Case("base64", IMAGES, Behaviour(body=Body.INVALID_BASE64), "BAD_OUTPUT", "damaged base64", "unusable"),
    Case("nothing", IMAGES, Behaviour(body=Body.NOTHING), "BAD_OUTPUT", "without a picture", "unusable"),
    Case("half-a-picture", IMAGES, Behaviour(picture=Picture.TRUNCATED), "BAD_OUTPUT", "usable picture", "unusable"),
    Case("no-picture", IMAGES, Behaviour(picture=Picture.NOT_A_PICTURE), "BAD_OUTPUT", "usable picture", "unusable"),
    Case("no-words", CHAT, Behaviour(content=""), "BAD_OUTPUT", "wrote no prompt", "unusable"),
)  # fmt: skip


@cases(*TRY_AGAIN)
async def test_what_passes_is_asked_again_by_itself_and_not_before_its_time(paid: PaidStudio, case: Case) -> None:
    paid.double.script(in_turn(case.behaviour, endpoint=case.endpoint))
    async with paid.worker():
        (job,) = await paid.picture_jobs(1)
        await paid.studio.reaches(job, JobState.RETRYING)
        seen = await paid.seen(job)
        error = seen["error"]
        assert (seen["attempt"], error["code"], error["retryable"]) == (1, case.code, True)
        assert case.says in error["message"]
        pause = (datetime.fromisoformat(error["nextRetryAt"]) - paid.requests(case.endpoint)[-1].time).total_seconds()
        assert max(1.4, case.asked - 1.1) <= pause <= max(2.5, case.asked) + LATE, "a date is in whole seconds"
        failed_first = (1, 0) if case.endpoint is CHAT else (1, 1)
        assert paid.counts() == failed_first
        await make_due(job)
        await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert await paid.studio.moves_of(job) == ["queued", "retrying", "succeeded"]
    assert (await paid.seen(job))["error"] is None
    again = (2, 1) if case.endpoint is CHAT else (1, 2)
    assert paid.counts() == again, "an earlier answer is not bought again"
    extra = charge(case)
    assert paid.charged() == ((1 + extra, 1) if case.endpoint is CHAT else (1, 1 + extra))
    assert paid.double.violations == []
    states = [state for role, state in await paid.calls_of(job) if (role == "text") == (case.endpoint is CHAT)]
    assert states == ["given_up" if case.call == "unknown" else case.call, "answered"]
    assert await models.Image.all().count() == 1


async def test_the_pause_that_a_server_asks_for_is_kept_by_the_clock(paid: PaidStudio) -> None:
    """Nobody moves a clock here: the ledger tells when the second request came."""
    paid.double.script(in_turn(Behaviour(error=Error.RATE_LIMIT, retry_after=4), endpoint=IMAGES))
    async with paid.worker():
        (job,) = await paid.picture_jobs(1)
        await paid.studio.reaches(job, JobState.SUCCEEDED)
    first, second = paid.requests(IMAGES)
    assert 4.0 <= (second.time - first.time).total_seconds() <= 4.0 + LATE
    assert paid.charged() == (1, 1)


LOST = (
    Case("cut", IMAGES, Behaviour(closes=Closes.BEFORE), "ANSWER_LOST", "broke before"),
    Case("cut-midway", IMAGES, Behaviour(closes=Closes.MIDWAY), "ANSWER_LOST", "broke before"),
    Case("time", IMAGES, Behaviour(first_byte_after=30), "ANSWER_LOST", "did not answer in time"),
    Case("slow-body", IMAGES, Behaviour(spread_over=30), "ANSWER_LOST", "did not answer in time"),
    Case("502", IMAGES, Behaviour(error=Error.GATEWAY_502), "ANSWER_LOST", TROUBLE),
    Case("504", IMAGES, Behaviour(error=Error.GATEWAY_504), "ANSWER_LOST", TROUBLE),
    Case("error-in-200", IMAGES, Behaviour(body=Body.ERROR), "ANSWER_LOST", TROUBLE),
)  # fmt: skip


@cases(*LOST)
async def test_a_picture_that_may_have_been_paid_for_waits_for_a_person(paid: PaidStudio, case: Case) -> None:
    paid.double.script(in_turn(case.behaviour, endpoint=IMAGES))
    hangs = case.behaviour.first_byte_after or case.behaviour.spread_over
    async with paid.worker(image_seconds=3.0 if hangs else None):
        (job,) = await paid.picture_jobs(1)
        await paid.studio.reaches(job, JobState.PARKED)
        error = (await paid.seen(job))["error"]
        assert (error["code"], error["retryable"], error["nextRetryAt"]) == (case.code, True, None)
        assert case.says in error["message"]
        assert "Retry the job to ask again, at the risk of paying twice." in error["message"]
        assert paid.charged() == (1, charge(case))
        assert await paid.calls_of(job) == [("text", "answered"), ("images", "unknown")]
        assert await paid.faces.graphql("retry_job", job.id) is None
        await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert await paid.studio.moves_of(job) == ["queued", "parked", "queued", "succeeded"]
    assert paid.counts() == (1, 2)
    assert await paid.calls_of(job) == [("text", "answered"), ("images", "given_up"), ("images", "answered")]


async def test_where_the_risk_is_taken_a_lost_picture_is_asked_for_again(paid: PaidStudio) -> None:
    paid.double.script(in_turn(Behaviour(closes=Closes.BEFORE), endpoint=IMAGES))
    async with paid.worker(ambiguous="retry"):
        (job,) = await paid.picture_jobs(1)
        await paid.studio.reaches(job, JobState.RETRYING)
        await make_due(job)
        await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert await paid.studio.moves_of(job) == ["queued", "retrying", "succeeded"]
    assert paid.charged() == (1, 2), "this is the risk"


REFUSED = (
    Case("moderation", IMAGES, Behaviour(error=Error.MODERATION_BLOCKED), "PROVIDER_REFUSED", "refuses this"),
    Case("policy", IMAGES, Behaviour(error=Error.CONTENT_POLICY), "PROVIDER_REFUSED", "refuses this"),
    Case("invalid-prompt", CHAT, Behaviour(error=Error.INVALID_PROMPT), "PROVIDER_REFUSED", "refuses this"),
    Case("declined", CHAT, Behaviour(body=Body.REFUSAL), "PROVIDER_REFUSED", "refuses this", "unusable"),
    Case("filtered", CHAT, Behaviour(body=Body.FILTERED), "PROVIDER_REFUSED", "refuses this", "unusable"),
    Case(
        "sorry", CHAT, Behaviour(content="I'm sorry, but I can't help with that."), "PROVIDER_REFUSED", "refuses this",
        "unusable",
    ),
)  # fmt: skip


@cases(*REFUSED)
async def test_a_refusal_says_the_way_out_and_that_way_is_open(paid: PaidStudio, case: Case) -> None:
    paid.double.script(in_turn(case.behaviour, endpoint=case.endpoint))
    async with paid.worker():
        (job,) = await paid.picture_jobs(1)
        await paid.studio.reaches(job, JobState.FAILED)
        seen = await paid.seen(job)
        error = seen["error"]
        assert (seen["attempt"], error["code"], error["retryable"], error["nextRetryAt"]) == (
            1, case.code, False, None,
        )  # fmt: skip
        assert case.says in error["message"]
        assert "Edit the scene's text, or give a prompt of your own" in error["message"]
        before = paid.counts()
        assert before == ((1, 0) if case.endpoint is CHAT else (1, 1))
        assert paid.charged()[1] == 0
        assert [state for _, state in await paid.calls_of(job)][-1] == case.call
        own = await paid.ask_for_image(job.subject_id, "A quiet harbour in the morning light.")
        await paid.studio.reaches(own, JobState.SUCCEEDED)
    assert await paid.studio.moves_of(job) == ["queued", "failed"]
    assert paid.counts() == (before[0], before[1] + 1), "one's own prompt needs no text model"
    assert paid.double.requests[-1]["body"]["prompt"] == "A quiet harbour in the morning light."
    (image,) = await paid.studio.pictures(job.subject_id)
    assert image.prompt == "A quiet harbour in the morning light."
    assert paid.charged()[1] == 1


@pytest.mark.parametrize(
    ("behaviour", "code", "attempts"),
    [
        (Behaviour(picture=Picture.NOT_A_PICTURE), "BAD_OUTPUT", 2),
        (Behaviour(body=Body.HTML), "BAD_OUTPUT", 2),
        (Behaviour(error=Error.SERVER_500), "PROVIDER_UNAVAILABLE", 4),
    ],
    ids=["no-picture", "html", "500"],
)
async def test_what_stays_bad_fails_in_the_end(
    paid: PaidStudio, behaviour: Behaviour, code: str, attempts: int
) -> None:
    """What costs each time is tried twice, the rest four times; the prompt is bought once."""
    paid.double.script(always(behaviour, endpoint=IMAGES))
    async with paid.worker():
        (job,) = await paid.picture_jobs(1)
        for number in range(1, attempts):
            while (await paid.studio.reaches(job, JobState.RETRYING)).attempt != number:
                pass
            await make_due(job)
        await paid.studio.reaches(job, JobState.FAILED)
        seen = await paid.seen(job)
        assert (seen["attempt"], seen["error"]["code"], seen["error"]["retryable"]) == (attempts, code, True)
        assert paid.counts() == (1, attempts)
        assert paid.charged() == (1, attempts if behaviour.is_charged else 0)
        paid.double.forget()
        assert await paid.faces.rest("retry_job", job.id) is None
        await paid.studio.reaches(job, JobState.SUCCEEDED)
    assert await paid.studio.moves_of(job) == [
        "queued",
        *["retrying"] * (attempts - 1),
        "failed",
        "queued",
        "succeeded",
    ]
    assert paid.counts() == (1, attempts + 1)


@pytest.mark.parametrize(
    ("behaviour", "ends"),
    [
        (Behaviour(error=Error.SERVER_500), JobState.RETRYING),
        (Behaviour(error=Error.MODERATION_BLOCKED), JobState.FAILED),
        (Behaviour(picture=Picture.NOT_A_PICTURE), JobState.RETRYING),
        (Behaviour(closes=Closes.BEFORE), JobState.PARKED),
        (Behaviour(hold="poison"), JobState.RUNNING),
    ],
    ids=["500", "refused", "no-picture", "lost", "hangs"],
)
async def test_one_scene_never_holds_up_another(paid: PaidStudio, behaviour: Behaviour, ends: JobState) -> None:
    paid.double.script(always(behaviour, endpoint=IMAGES, containing="Scene number 3"))
    async with paid.worker():
        jobs = await paid.picture_jobs(5)
        poisoned, others = jobs[2], [*jobs[:2], *jobs[3:]]
        await paid.all_reach(others, JobState.SUCCEEDED)
        await paid.studio.reaches(poisoned, ends)
        paid.double.release()
    assert await models.Image.filter(scene_id__in=[job.subject_id for job in others]).count() == 4
    assert await models.ProviderPause.all().count() == 0
    asked = [body["body"]["prompt"] for body in paid.double.requests if "prompt" in body["body"]]
    assert len({prompt for prompt in asked if "Scene number 3" not in prompt}) == 4
    assert len([prompt for prompt in asked if "Scene number 3" not in prompt]) == 4
