"""Each text is spoken once for every voice, whatever happens in between. `either` is on either database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.calls import Role
from domain.errors import JobErrorCode, JobLost, WorkDelayed, WorkFailed, WorkParked
from domain.money import Price, PriceTable
from domain.rendering import Narration, RenderSpec
from domain.speaking import fits_speech
from providers.offline.speech import NoSpeech
from providers.openai_compatible.models import check_models
from providers.openai_compatible.options import SpeechOptions
from providers.sounds import format_of
from storage import models
from storage.calls import costs_of_jobs
from tests.providers.double import Behaviour, Endpoint, always, in_turn
from tests.providers.double.errors import Error
from tests.providers.double.script import Body, Closes
from tests.speech.speaking import KEY, TEXTS, Narrator, as_it_is
from workflow import reading, work
from workflow.book import Ambiguous
from workflow.estimating import video_estimate
from workflow.speeches import is_narrated


async def test_each_text_is_bought_once(either: Narrator) -> None:
    job = await either.a_video_job()
    told: list[tuple[int, int]] = []

    async def on_done(done: int, total: int) -> None:
        told.append((done, total))

    first = await either.speak(job, (*TEXTS, "", TEXTS[0], "  The violet  heron\nrose. "), on_done=on_done)
    assert sorted(either.asked()) == sorted(TEXTS)
    assert told == [(1, 3), (2, 3), (3, 3)]
    clips = first.clips
    assert clips[3] is None
    assert clips[4] == clips[0] == clips[5]
    for clip in (clips[0], clips[1], clips[2]):
        assert clip is not None
        assert format_of(clip.path.read_bytes()) == "wav"
        assert clip.path.relative_to(either.context.media.folder).as_posix() == (
            f"speech/script_{job.script_id}/speech_{clip.speech_id}.wav"
        )
    again = await either.speak(await either.again(job), reversed_texts := tuple(reversed(TEXTS)))
    assert again.clips == (clips[2], clips[1], clips[0])
    assert reversed_texts[0] == TEXTS[2]
    assert (len(either.bought()), either.kept_answers(), either.staged()) == (3, [], [])


async def test_an_edited_scene_and_another_video_buy_what_is_new(narrator: Narrator) -> None:
    job = await narrator.a_video_job()
    await narrator.speak(job)
    other = await narrator.another_job(job)
    await narrator.speak(other, (TEXTS[0], "It flew home.", TEXTS[2]))
    assert narrator.asked()[3:] == ["It flew home."]
    await narrator.speak(other, (TEXTS[0],), voice="cedar")
    assert len(narrator.bought()) == 5


LONG, LONG_IN_CHINESE = "heron " * 2401, "鹭" * 6001


async def test_what_no_voice_can_speak_in_time_is_said_before_anything_is_bought(narrator: Narrator) -> None:
    job = await narrator.a_video_job()
    with pytest.raises(WorkFailed) as failed:
        await narrator.speak(job, (TEXTS[0], LONG, TEXTS[1], LONG_IN_CHINESE))
    assert failed.value.message == (
        "Narration of scene 2, 4: each of them takes longer than 10 minutes to speak, the most that a scene may last. "
        "Nothing was spoken. Split these scenes, or ask for the video without narration."
    )
    assert not failed.value.retryable
    assert narrator.asked() == []


async def test_what_was_spoken_all_the_same_is_used(narrator: Narrator, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an earlier version, or a voice that is faster than any that is known."""
    job = await narrator.a_video_job()
    monkeypatch.setattr("workflow.speeches.fits_speech", lambda words: True)
    first = await narrator.speak(job, TEXTS)
    monkeypatch.setattr("workflow.speeches.fits_speech", lambda words: False)
    assert (await narrator.speak(job, TEXTS)).clips == first.clips


@pytest.mark.parametrize(
    ("text", "fits"),
    [("heron " * 2400, True), (LONG, False), ("鹭，" * 6000, True), (LONG_IN_CHINESE, False), ("… " * 20_000, True)],
    ids=["12,000 letters", "more", "6,000 characters", "more of them", "marks"],
)
def test_only_what_is_certain_to_be_too_long_is_refused(text: str, fits: bool) -> None:
    assert fits_speech(text) is fits


async def test_two_videos_at_once_buy_each_text_once(either: Narrator) -> None:
    job = await either.a_video_job()
    other = await either.another_job(job)
    one, two = await asyncio.gather(either.speak(job), either.speak(other))
    assert one.clips == two.clips
    assert sorted(either.asked()) == sorted(TEXTS)


async def test_what_it_costs_and_may_cost(either: Narrator) -> None:
    job = await either.a_video_job()
    spec = RenderSpec()
    texts = [scene.text for scene in (await reading.scenes_of_scripts([job.script_id]))[job.script_id]]
    estimate = await video_estimate(either.context, job.script_id, spec)
    characters = sum(map(len, texts))
    assert (estimate.calls, estimate.amount) == (2, Decimal(characters) / 100_000)
    off = await video_estimate(either.context, job.script_id, replace(spec, narration=Narration.OFF))
    assert (off.calls, off.amount) == (0, Decimal(0))
    await either.speak(job, texts)
    assert (await video_estimate(either.context, job.script_id, spec)).calls == 0
    assert (await video_estimate(either.context, job.script_id, replace(spec, voice="cedar"))).calls == 2
    cost = (await costs_of_jobs([job.id]))[job.id]
    assert (cost.amount, cost.calls, cost.unknown) == (Decimal(characters) / 100_000, 2, 0)
    rows = await models.ProviderCall.filter(job_id=job.id).values("characters", "role")
    assert sum(row["characters"] for row in rows) == characters
    assert {row["role"] for row in rows} == {"speech"}


FAILURES = [
    (Behaviour(error=Error.SERVER_500), WorkFailed, JobErrorCode.PROVIDER_UNAVAILABLE, "refused"),
    (Behaviour(error=Error.RATE_LIMIT), WorkFailed, JobErrorCode.RATE_LIMITED, "refused"),
    (Behaviour(error=Error.QUOTA), WorkDelayed, JobErrorCode.QUOTA_EXHAUSTED, "refused"),
    (Behaviour(error=Error.INVALID_KEY), WorkDelayed, JobErrorCode.PROVIDER_UNAVAILABLE, "refused"),
    (Behaviour(error=Error.CONTENT_POLICY, echo=True), WorkFailed, JobErrorCode.PROVIDER_REFUSED, "refused"),
    (Behaviour(body=Body.HTML), WorkFailed, JobErrorCode.BAD_OUTPUT, "unusable"),
    (Behaviour(body=Body.TRUNCATED_JSON), WorkFailed, JobErrorCode.BAD_OUTPUT, "unusable"),
    (Behaviour(body=Body.EMPTY, echo=True), WorkFailed, JobErrorCode.BAD_OUTPUT, "unusable"),
    (Behaviour(closes=Closes.MIDWAY), WorkParked, JobErrorCode.ANSWER_LOST, "unknown"),
    (Behaviour(error=Error.GATEWAY_504), WorkParked, JobErrorCode.ANSWER_LOST, "unknown"),
]


async def test_a_failure_names_its_scene_and_loses_no_other(narrator: Narrator) -> None:
    first = await narrator.a_video_job()
    for number, (behaviour, raised, code, state) in enumerate(FAILURES):
        texts = tuple(f"{number}: {text}" for text in TEXTS)
        job = await narrator.another_job(first)
        narrator.double.reset()
        narrator.double.script(
            in_turn(behaviour, containing=texts[1]), always(Behaviour(first_byte_after=0.2), endpoint=Endpoint.SPEECH)
        )
        with pytest.raises((WorkFailed, WorkDelayed, WorkParked)) as caught:
            await narrator.speak(job, texts)
        failure = caught.value
        assert isinstance(failure, (WorkFailed, WorkDelayed, WorkParked))
        assert (type(failure), failure.code) == (raised, code), behaviour
        assert ("Narration of scene 2: " in failure.message) == (raised is not WorkDelayed)
        assert sorted(await narrator.states(job)) == sorted(["answered", "answered", state])
        written = [await table.all().values() for table in (models.ProviderCall, models.ProviderPause)]
        assert not any(secret in f"{failure!r}{written}" for secret in (KEY, "heron", "moor"))
        paid = len(narrator.bought())
        narrator.double.forget()
        await models.ProviderPause.all().delete()
        if raised is WorkParked:
            with pytest.raises(WorkParked):
                await narrator.speak(job, texts)
            assert len(narrator.bought()) == paid
        else:
            assert None not in (await narrator.speak(job, texts)).clips
            assert len(narrator.bought()) == paid + 1


async def test_a_lost_answer_is_bought_again_where_the_rules_say_so(either: Narrator) -> None:
    job = await either.a_video_job()
    either.rules = replace(either.rules, ambiguous=Ambiguous.RETRY)
    either.double.script(in_turn(Behaviour(closes=Closes.MIDWAY), containing=TEXTS[1]))
    with pytest.raises(WorkFailed, match="scene 2"):
        await either.speak(job)
    either.double.script(always(Behaviour(first_byte_after=0.2), endpoint=Endpoint.SPEECH))
    await either.speak(job, (*TEXTS, "A fourth.", "A fifth."))
    # Those that were under way beside it have not been given up.
    assert sorted(await either.states(job)) == ["answered"] * 5 + ["given_up"]


async def test_a_kill_between_the_call_and_the_record_buys_nothing_twice(
    narrator: Narrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await narrator.a_video_job()

    class Killed(BaseException):
        """Nothing after this is done."""

    async def dies(data: bytes, output: object) -> float:
        raise Killed

    with pytest.raises(Killed):
        await narrator.speak(job, TEXTS[:1], normalise=dies)
    assert (len(narrator.kept_answers()), await models.Speech.all().count()) == (1, 0)
    job = await narrator.again(job)
    assert None not in (await narrator.speak(job, TEXTS[:1])).clips
    assert (narrator.asked(), narrator.kept_answers()) == ([TEXTS[0]], [])


async def test_a_sound_that_the_engine_cannot_use_is_asked_for_again(narrator: Narrator) -> None:
    job = await narrator.a_video_job()

    async def refuses(data: bytes, output: object) -> float:
        raise WorkFailed(JobErrorCode.BAD_OUTPUT, "It is no speech.", retryable=True)

    async def full(data: bytes, output: object) -> float:
        raise WorkFailed(JobErrorCode.STORAGE, "The disk is full.", retryable=False)

    for normalise, bought in ((refuses, 1), (full, 2), (as_it_is, 2)):
        if normalise is as_it_is:
            await narrator.speak(job, TEXTS[:1], normalise=normalise)
        else:
            with pytest.raises(WorkFailed):
                await narrator.speak(job, TEXTS[:1], normalise=normalise)
        assert (len(narrator.bought()), narrator.staged()) == (bought, [])


async def test_a_job_that_is_not_ours_any_more_stores_nothing(narrator: Narrator) -> None:
    job = await narrator.a_video_job()

    async def taken_over(data: bytes, output: object) -> float:
        await work.release_lost_jobs(narrator.context, owner_prefix="test")
        output.write_bytes(data)  # type: ignore[attr-defined]
        return 1.0

    with pytest.raises(JobLost):
        await narrator.speak(job, TEXTS[:1], normalise=taken_over)
    assert (await models.Speech.all().count(), narrator.staged(), len(narrator.kept_answers())) == (0, [], 1)


async def test_a_file_that_is_gone_is_spoken_again_in_its_place(narrator: Narrator) -> None:
    job = await narrator.a_video_job()
    (first,) = (await narrator.speak(job, TEXTS[:1])).clips
    assert first is not None
    first.path.unlink()
    assert (await narrator.speak(await narrator.again(job), TEXTS[:1])).clips == (first,)
    assert (len(narrator.bought()), await models.Speech.all().count()) == (2, 1)


async def test_money_that_is_not_there_is_not_spent(narrator: Narrator) -> None:
    job = await narrator.a_video_job()
    narrator.rules = replace(narrator.rules, budget=Decimal("0.0003"))
    with pytest.raises(WorkParked) as caught:
        await narrator.speak(job, at_once=1)
    assert caught.value.code is JobErrorCode.BUDGET_REACHED
    assert len(narrator.bought()) == 1
    narrator.rules = replace(narrator.rules, budget=None)
    await narrator.speak(job)
    assert len(narrator.bought()) == 3


async def test_who_does_not_speak_says_so_once(narrator: Narrator) -> None:
    job = await narrator.a_video_job()
    silent = await narrator.speak(job, provider=NoSpeech())
    assert silent.clips == (None, None, None)
    assert len(silent.notes) == 1
    assert "REELGATE_SPEECH" in silent.notes[0]


async def test_a_cancelled_job_waits_for_its_calls_under_way(narrator: Narrator) -> None:
    job = await narrator.a_video_job()
    narrator.rules = replace(narrator.rules, patience_seconds=10.0)
    narrator.double.script(always(Behaviour(hold="gate"), endpoint=Endpoint.SPEECH))
    task = asyncio.create_task(narrator.speak(job))
    await asyncio.to_thread(narrator.double.wait_until_held, "gate", 3)
    task.cancel()
    await asyncio.sleep(0.05)
    narrator.double.release("gate")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await narrator.states(job) == ["answered"] * 3
    job = await narrator.again(job)
    assert None not in (await narrator.speak(job)).clips
    assert len(narrator.bought()) == 3


def test_left_to_the_installation_only_natural_voices_speak() -> None:
    silent = NoSpeech()
    assert is_narrated(RenderSpec(narration=Narration.ON), silent)
    assert not is_narrated(RenderSpec(), silent)


async def test_a_rate_holds_for_speech_and_what_came_is_there(narrator: Narrator) -> None:
    job = await narrator.a_video_job()
    narrator.rules = replace(narrator.rules, rates={Role.SPEECH: 2})
    with pytest.raises(WorkDelayed) as caught:
        await narrator.speak(job)
    assert caught.value.code is JobErrorCode.RATE_LIMITED
    assert (len(narrator.bought()), await models.Speech.all().count()) == (2, 2)


async def test_a_price_by_tokens_leaves_the_cost_unknown(narrator: Narrator) -> None:
    job = await narrator.a_video_job()
    narrator.rules = replace(narrator.rules, prices=PriceTable(models={"gpt-4o-mini-tts": Price(output=Decimal(12))}))
    await narrator.speak(job, TEXTS[:1])
    cost = (await costs_of_jobs([job.id]))[job.id]
    assert (cost.known, cost.unknown) == (None, 1)


async def test_a_worker_is_told_of_a_model_that_ends(narrator: Narrator) -> None:
    options = SpeechOptions(base_url=narrator.double.url, api_key=KEY)
    (notice,) = await check_models([options], date(2026, 11, 22))
    assert (notice.role, notice.urgent, notice.shutdown_date) == (Role.SPEECH, True, date(2027, 1, 6))
