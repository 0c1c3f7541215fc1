"""Speech from a model behind OpenAI's speech protocol."""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Any, Final

from openai import AsyncOpenAI

from domain.bounds import most_of_speech
from domain.calls import CallAnswer, CallBook, PlannedCall, Role, Usage
from domain.errors import JobErrorCode, WorkFailed
from domain.generation import SpeechRequest, SpokenClip, Voice
from domain.machines import voice_sha256
from providers.openai_compatible.client import Answer, exchange, open_client, request_sha256, sendable
from providers.openai_compatible.envelopes import json_object
from providers.openai_compatible.failures import bad_output
from providers.openai_compatible.options import SpeechOptions
from providers.sounds import MOST_BYTES, Unusable, format_of, joined, milliseconds_of
from providers.spoken_words import pieces_of

_MOST_ANSWER_BYTES: Final = MOST_BYTES * 4 // 3 + 1_000_000
_LONGEST_VOICE: Final = 200
_OWN_VOICE: Final = "voice_"
"""Of OpenAI's: the id of a voice that a customer has made."""
_LEAST_MS_A_LETTER: Final = 15
"""Nobody speaks four times as fast as people do: what sounds so is the beginning of an answer."""


class OpenAISpeech:
    """A provider of speech with one client of its own; close it with `aclose`."""

    def __init__(self, options: SpeechOptions) -> None:
        self._options = options
        self._client: AsyncOpenAI = open_client(
            options.base_url, options.api_key, options.timeout_seconds, keep_alive=False
        )

    @property
    def natural(self) -> bool:
        return True

    def voice(self, name: str | None) -> Voice:
        """The voice of that name. Whether the server has it shows when it is to speak."""
        options, chosen = self._options, name or self._options.voice
        if len(chosen) > _LONGEST_VOICE or not chosen.isprintable():
            raise WorkFailed(JobErrorCode.PROVIDER_REFUSED, "This is no name of a voice.", retryable=False)
        shown = f"{options.model}, {chosen}"
        return Voice(shown[:300], voice_sha256(options.speaker_sha256, chosen), natural=True)

    async def aclose(self) -> None:
        """Close the client's connections."""
        await self._client.close()

    async def speak(self, request: SpeechRequest, book: CallBook) -> SpokenClip:
        """The text as one sound that has been decoded in full; a long one is asked for in pieces, one by one.

        Raises:
            WorkFailed: a call failed, was refused, or brought no sound.
        """
        self.voice(request.voice)
        pieces = pieces_of(sendable(request.text), self._options.most_characters)
        if not pieces:
            return SpokenClip(None, "There are no words to speak.")
        clips = [await self._spoken(piece, request.voice, book) for piece in pieces]
        return SpokenClip(clips[0] if len(clips) == 1 else await asyncio.to_thread(joined, clips))

    async def _spoken(self, text: str, voice: str | None, book: CallBook) -> bytes:
        options = self._options
        arguments = speech_arguments(options, text, voice)

        async def send() -> CallAnswer:
            answer = await exchange(
                self._client.audio.speech.with_streaming_response.create(**arguments),
                Role.SPEECH,
                seconds=options.timeout_seconds,
                most_bytes=_MOST_ANSWER_BYTES,
            )
            sound = await asyncio.to_thread(_sound_in, answer)
            return CallAnswer(sound, await asyncio.to_thread(_usage, text, sound), answer.request_id)

        planned = PlannedCall(Role.SPEECH, options.model, request_sha256(arguments), most_of_speech(text))
        sound = await book.make(planned, send)
        try:
            milliseconds = await asyncio.to_thread(milliseconds_of, sound)
            if milliseconds < _LEAST_MS_A_LETTER * sum(map(str.isalpha, text)):
                raise Unusable("is too short for its text")
        except Unusable as reason:
            what = str(reason)
        else:
            return sound
        await book.reject_answer()
        raise bad_output(Role.SPEECH, f"answered without usable speech: it {what}", kept=True)


def speech_arguments(options: SpeechOptions, text: str, voice: str | None) -> dict[str, Any]:
    """The parameters of a request. `stream_format` is left out, so that every server answers with the sound itself."""
    chosen = voice or options.voice
    own = options.base_url is None and chosen.startswith(_OWN_VOICE)
    arguments: dict[str, Any] = {
        "model": options.model,
        "input": text,
        "voice": {"id": chosen} if own else chosen,
        "response_format": options.sound_format,
    }
    if options.instructions is not None:
        arguments["instructions"] = options.instructions
    return arguments


def _usage(text: str, sound: bytes) -> Usage | None:
    """What was used: such an answer comes without an account. None where the sound's length cannot be told."""
    try:
        return Usage(characters=len(text), audio_ms=milliseconds_of(sound))
    except Unusable:
        return None


def _sound_in(answer: Answer) -> bytes:
    """The sound: the body itself or, with some servers, base64 in a JSON object."""
    body, request_id = answer.body, answer.request_id
    if format_of(body) is not None:
        return bytes(body)
    if not body:
        raise bad_output(Role.SPEECH, "answered with nothing", request_id=request_id)
    start = bytes(body[:512]).lstrip()
    if not start.startswith((b"{", b"<", b"\xef\xbb\xbf")):
        return bytes(body)  # it is looked at once it is kept: the server has worked for it
    fields = json_object(body, Role.SPEECH, request_id)
    inner = fields.get("data")
    holders = (fields, inner) if isinstance(inner, dict) else (fields,)
    names = ("audio", "audio_content", "audioContent", "data", "b64_json")
    told = [holder.get(name) for holder in holders for name in names]
    encoded = next((value for value in told if isinstance(value, str) and value), None)
    if encoded is None:
        raise bad_output(Role.SPEECH, "answered without speech", request_id=request_id)
    encoded = encoded.partition(",")[2] if encoded.startswith("data:") else encoded
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        failure = bad_output(Role.SPEECH, "answered with speech in damaged base64", request_id=request_id)
    raise failure
