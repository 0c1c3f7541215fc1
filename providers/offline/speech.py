"""Speech without a network: by piper if it is installed, else by espeak-ng, else none, which is said plainly.

Both are programs of their own. They get the text on their standard input, where nobody else reads it, and are started
by a launcher that sees to it that they die with this process.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from domain.calls import CallBook
from domain.errors import JobErrorCode, WorkFailed
from domain.generation import SpeechRequest, SpokenClip, Voice
from domain.machines import voice_sha256
from providers.offline.voices import InstalledVoice
from providers.sentences import language_of
from providers.sounds import MOST_BYTES, wav

_LATIN: Final = ("en", "de", "fr", "es", "it", "pt", "nl")
_NO_LIMIT: Final = "0"
_LEAST_SECONDS: Final = 60.0
_SECONDS_A_CHARACTER: Final = 0.2
_NO_VOICE: Final = (
    "No voice is installed, so the video has no narration. Install one (`pip install 'reelgate[voice]'`, or "
    "espeak-ng), or set REELGATE_SPEECH."
)
_TURNED_OFF: Final = "Narration is turned off here (REELGATE_SPEECH=none)."


class NoSpeech:
    """Speaks nothing, and says why."""

    def __init__(self, note: str = _TURNED_OFF) -> None:
        self._note = note

    @property
    def natural(self) -> bool:
        return False

    def voice(self, name: str | None) -> Voice:
        return Voice("none", voice_sha256("none", ""), natural=False)

    async def speak(self, request: SpeechRequest, book: CallBook) -> SpokenClip:
        return SpokenClip(None, self._note)

    async def aclose(self) -> None:
        """There is nothing to close."""


class OfflineSpeech:
    """The voices of this machine. `launcher` is a command that becomes the program named behind its parent's pid and
    a limit of its memory."""

    def __init__(self, voices: Sequence[InstalledVoice], launcher: Sequence[str], *, chosen: str | None = None) -> None:
        self._voices = tuple(voices)
        self._launcher = tuple(launcher)
        self._chosen = chosen
        self._default = self._named(chosen) if chosen else self._voices[0]

    @property
    def natural(self) -> bool:
        return self._default.natural

    def voice(self, name: str | None) -> Voice:
        found = self._default if name is None else self._named(name)
        return Voice(found.name, voice_sha256("offline", found.identity), found.natural)

    async def aclose(self) -> None:
        """There is nothing to close."""

    async def speak(self, request: SpeechRequest, book: CallBook) -> SpokenClip:
        """The text as a WAV; nothing of it, and a note, where it is in a script that the voice cannot read."""
        voice = self._default if request.voice is None else self._named(request.voice)
        text = " ".join(request.text.split())
        if not any(map(str.isalnum, text)):
            return SpokenClip(None, "There are no words to speak.")
        language = _language_for(voice, request.language or language_of(text))
        if language is None:
            return SpokenClip(None, f"The voice {voice.name} does not speak this language, so the scene is silent.")
        seconds = _LEAST_SECONDS + _SECONDS_A_CHARACTER * len(text)
        data = await self._run(voice.name, voice.command(language), text, seconds)
        return SpokenClip(data if voice.rate is None else wav(data[: len(data) // 2 * 2], voice.rate))

    def _named(self, name: str) -> InstalledVoice:
        for voice in self._voices:
            if name == voice.name or name == f"{voice.name}.onnx" or name.endswith(f"/{voice.name}.onnx"):
                return voice
        known = ", ".join(voice.name for voice in self._voices)
        message = f"There is no such voice here. There is: {known}."
        raise WorkFailed(JobErrorCode.PROVIDER_REFUSED, message, retryable=False)

    async def _run(self, name: str, command: Sequence[str], text: str, seconds: float) -> bytes:
        try:
            # Nothing secret reaches it.
            process = await asyncio.create_subprocess_exec(
                *self._launcher, str(os.getpid()), _NO_LIMIT, *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"},
            )  # fmt: skip
        except OSError as error:
            raise _failed(name, f"could not be started: {error.strerror}") from None
        try:
            async with asyncio.timeout(seconds):
                data = await _talk(process, text)
        except TimeoutError:
            raise _failed(name, f"took longer than {seconds:.0f} s") from None
        finally:
            _kill(process)
            await asyncio.shield(process.wait())
        if data is None:
            raise _failed(name, "went on and on")
        if process.returncode != 0:
            raise _failed(name, f"ended with {process.returncode}")
        if len(data) < _LEAST_BYTES:
            raise _failed(name, "brought no sound")
        return data


_LEAST_BYTES: Final = 1_000


async def _talk(process: Process, text: str) -> bytes | None:
    """What the program writes while and after it reads the text; None if that is too much."""
    assert process.stdin is not None
    assert process.stdout is not None
    stdin = process.stdin

    async def write() -> None:
        with suppress(ConnectionError):  # it has ended: its exit code tells why
            stdin.write(text.encode("utf-8", "replace") + b"\n")
            await stdin.drain()
            stdin.close()

    writing = asyncio.create_task(write())
    data = bytearray()
    try:
        while chunk := await process.stdout.read(65_536):
            data += chunk
            if len(data) > MOST_BYTES:
                return None
        await process.wait()
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
    return bytes(data)


def _kill(process: Process) -> None:
    """The group, and the process by itself: it may not have got as far as having its own group."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            process.kill()


def _language_for(voice: InstalledVoice, language: str) -> str | None:
    """What the voice speaks this text in: its own language for any in the same script, None for another script."""
    if language in voice.languages:
        return language
    same_script = language in _LATIN and voice.languages[0] not in _OTHER_SCRIPTS
    return voice.languages[0] if same_script else None


_OTHER_SCRIPTS: Final = frozenset(
    [
        "ja",
        "zh",
        "ko",
        "ru",
        "uk",
        "be",
        "bg",
        "sr",
        "kk",
        "ar",
        "fa",
        "ur",
        "hi",
        "ne",
        "bn",
        "pa",
        "gu",
        "ta",
        "te",
        "th",
        "el",
        "he",
        "hy",
        "am",
        "ka",
        "ml",
    ]
)


def _failed(name: str, what: str) -> WorkFailed:
    return WorkFailed(JobErrorCode.INTERNAL, f"The offline voice {name} {what}.", retryable=True)


def no_voice() -> NoSpeech:
    """For a machine without any voice."""
    return NoSpeech(_NO_VOICE)
