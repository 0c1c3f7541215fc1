"""Speech over real HTTP: what is sent, and every way of answering with a sound or without one."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from domain.calls import ProviderError, ProviderErrorKind, Role, Usage
from domain.errors import WorkFailed
from domain.generation import SpeechRequest
from providers.openai_compatible import speech as speech_module
from providers.openai_compatible.options import SpeechOptions
from providers.openai_compatible.speech import OpenAISpeech
from providers.sounds import milliseconds_of, wav
from tests.providers.double.sounds import made_speech
from tests.providers.openai_compatible.loopback import (
    CANARY,
    KEY,
    Loopback,
    MemoryBook,
    Reply,
    Respond,
    error_reply,
    json_reply,
    serving,
)

WORDS = f"{CANARY} flew over the moor"
REQUEST = SpeechRequest(WORDS)
SOUND = made_speech(WORDS, "wav")


def sound_reply(data: bytes = SOUND, **reply: Any) -> Reply:
    return Reply(200, data, {"content-type": "audio/wav", "x-request-id": "req_speech"}, **reply)


@asynccontextmanager
async def speech_at(respond: Respond, **options: Any) -> AsyncIterator[tuple[OpenAISpeech, Loopback]]:
    async with serving(respond) as server:
        told = {"base_url": server.base_url, "api_key": KEY, "timeout_seconds": 5, **options}
        speech = OpenAISpeech(SpeechOptions(**told))
        try:
            yield speech, server
        finally:
            await speech.aclose()


async def failure_of(reply: Reply, book: MemoryBook | None = None, **options: Any) -> ProviderError:
    async with speech_at(lambda _: reply, **options) as (speech, _):
        with pytest.raises(ProviderError) as caught:
            await speech.speak(REQUEST, book or MemoryBook())
    told = repr(caught.value) + str(caught.value) + repr(caught.value.__context__)
    assert KEY not in told
    assert CANARY not in told
    return caught.value


async def test_what_is_sent_and_what_comes_of_it() -> None:
    async with speech_at(lambda _: sound_reply(), instructions="Calmly.") as (speech, server):
        book = MemoryBook()
        clip = await speech.speak(SpeechRequest(WORDS, "cedar"), book)
        assert await speech.speak(SpeechRequest(WORDS, "cedar"), book) == clip
    assert clip.data == SOUND
    (asked,) = server.asked
    assert asked.path == "/v1/audio/speech"
    assert asked.json == {
        "model": "gpt-4o-mini-tts", "input": WORDS, "voice": "cedar", "response_format": "wav",
        "instructions": "Calmly.",
    }  # fmt: skip
    assert asked.headers["connection"] == "close"
    (answer,) = book.answers.values()
    assert answer.usage == Usage(characters=len(WORDS), audio_ms=milliseconds_of(SOUND))
    assert answer.request_id == "req_speech"
    assert book.planned[0].role is Role.SPEECH
    assert book.planned[0].most.audio_ms > milliseconds_of(SOUND)


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "opus", "aac"])
async def test_every_format_however_it_is_wrapped(kind: str) -> None:
    sound = made_speech(WORDS, kind)
    encoded = base64.b64encode(sound).decode()
    for reply in (
        sound_reply(sound),
        json_reply({"audio": encoded}),
        json_reply({"data": {"audio": f"data:audio/{kind};base64,{encoded}"}}),
    ):
        async with speech_at(lambda _, reply=reply: reply) as (speech, _):  # type: ignore[misc]
            assert (await speech.speak(REQUEST, MemoryBook())).data == sound


async def test_a_long_text_is_cut_at_sentences_and_joined() -> None:
    text = "The heron rose. It flew over the moor, slowly. Then it was gone."

    def respond(asked: Any) -> Reply:
        return sound_reply(made_speech(asked.json["input"], "mp3" if "gone" in asked.json["input"] else "wav"))

    async with speech_at(respond, most_characters=40) as (speech, server):
        clip = await speech.speak(SpeechRequest(text), MemoryBook())
    spoken = [asked.json["input"] for asked in server.asked]
    assert spoken == ["The heron rose.", "It flew over the moor, slowly.", "Then it was gone."]
    assert clip.data is not None
    single = sum(milliseconds_of(made_speech(piece, "wav")) for piece in spoken)
    assert milliseconds_of(clip.data) == pytest.approx(single + 500, abs=100)


async def test_nothing_to_say_costs_nothing() -> None:
    async with speech_at(lambda _: sound_reply()) as (speech, server):
        clip = await speech.speak(SpeechRequest(" … — !"), MemoryBook())
    assert (clip.data, server.asked) == (None, [])
    assert clip.note


async def test_own_voices_of_openai_have_an_id() -> None:
    assert speech_module.speech_arguments(SpeechOptions(), "a", "voice_12")["voice"] == {"id": "voice_12"}
    assert speech_module.speech_arguments(SpeechOptions(base_url="http://x/v1"), "a", "voice_12")["voice"] == "voice_12"


async def test_who_speaks_is_known_by_all_that_is_heard() -> None:
    options = [
        SpeechOptions(), SpeechOptions(model="tts-1"), SpeechOptions(voice="cedar"), SpeechOptions(instructions="x"),
        SpeechOptions(base_url="http://x/v1"),
    ]  # fmt: skip
    assert len({OpenAISpeech(option).voice(None).sha256 for option in options}) == len(options)
    same = [SpeechOptions(), SpeechOptions(api_key="sk-2", timeout_seconds=3)]
    assert len({OpenAISpeech(option).voice(None).sha256 for option in same}) == 1
    with pytest.raises(WorkFailed):
        OpenAISpeech(SpeechOptions()).voice("a\nb")


@pytest.mark.parametrize(
    ("reply", "kind", "charged"),
    [
        (error_reply(429, "rate_limit_exceeded"), ProviderErrorKind.RETRY, False),
        (error_reply(500, None), ProviderErrorKind.RETRY, False),
        (error_reply(502, None), ProviderErrorKind.RETRY, True),
        (error_reply(429, "insufficient_quota"), ProviderErrorKind.QUOTA, False),
        (error_reply(401, "invalid_api_key"), ProviderErrorKind.CONFIG, False),
        (error_reply(404, "model_not_found"), ProviderErrorKind.CONFIG, False),
        (error_reply(400, "content_policy_violation"), ProviderErrorKind.PROMPT, False),
        (error_reply(400, "invalid_value", param="voice"), ProviderErrorKind.PROMPT, False),
        (error_reply(400, "string_above_max_length", param="input"), ProviderErrorKind.PROMPT, False),
        (error_reply(400, "unsupported", param="response_format"), ProviderErrorKind.CONFIG, False),
        (error_reply(422, None), ProviderErrorKind.PROMPT, False),
        (json_reply({"error": {"code": 429, "message": CANARY}}), ProviderErrorKind.RETRY, False),
        (sound_reply(cut=2_000), ProviderErrorKind.RETRY, True),
        (sound_reply(b""), ProviderErrorKind.BAD_OUTPUT, True),
        (Reply(200, b"<html>hello</html>"), ProviderErrorKind.BAD_OUTPUT, True),
        (json_reply({"audio": "%%"}), ProviderErrorKind.BAD_OUTPUT, True),
        (json_reply({"hello": 1}), ProviderErrorKind.BAD_OUTPUT, True),
    ],
)
async def test_each_failure_by_the_one_mapping(reply: Reply, kind: ProviderErrorKind, charged: bool) -> None:
    error = await failure_of(reply)
    assert (error.kind, error.charged) == (kind, charged)


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (SOUND[: len(SOUND) // 2], "cut off"),
        (b"\xff\xfb" + bytes(2_000), "damaged"),
        (b"samples without any header" * 99, "no sound in a known format"),
        (wav(bytes(48_000), 24_000), "silent"),
        (wav(b"", 24_000), "no sound"),
        (made_speech("a", "wav")[:10_000], "cut off"),
        (wav(made_speech("a", "wav")[44:6_000], 24_000), "too short for its text"),
    ],
)
async def test_a_sound_that_is_none_is_kept_and_rejected(sound: bytes, said: str) -> None:
    book = MemoryBook()
    error = await failure_of(sound_reply(sound), book)
    assert (error.kind, error.charged, book.rejected) == (ProviderErrorKind.BAD_OUTPUT, False, 1)
    assert said in error.message


async def test_an_answer_may_not_be_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech_module, "_MOST_ANSWER_BYTES", 10_000)
    assert (await failure_of(sound_reply())).kind is ProviderErrorKind.BAD_OUTPUT
    monkeypatch.undo()
    slow = await failure_of(sound_reply(pause=0.3, pieces=9), timeout_seconds=0.5)
    assert (slow.kind, slow.charged) == (ProviderErrorKind.RETRY, True)
