"""Having a video's scenes spoken: each text once for every voice, whatever happens in between.

What has been spoken is a row and a file of the script, found again by its words and its voice: for a rerun, for another
video, after an edit of another scene. What has been paid for is kept in the book until then.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from domain.calls import PlannedCall
from domain.entities import Job
from domain.errors import JobErrorCode, JobLost, WorkDelayed, WorkFailed, WorkParked
from domain.generation import SpeechProvider, SpeechRequest, Voice
from domain.rendering import Narration, RenderSpec
from domain.speaking import MOST_SPEECH_SECONDS, fits_speech
from domain.text import sha256_of_text
from storage.errors import MediaMissing
from storage.jobs import is_held
from storage.media import StagedFile
from storage.settle import settle
from storage.speeches import NewSpeech, Speech, is_being_spoken, speech_key, spoken_text, store_speech
from workflow.asking import asking
from workflow.book import JobBook, Rules
from workflow.context import Context
from workflow.taking import taken_script
from workflow.unit import Unit, command

Normalise = Callable[[bytes, Path], Awaitable[float]]
"""Writes a provider's sound to a path as the WAV that videos take; answers its length in seconds."""

_AT_ONCE: Final = 3
_MOST_FAILURES: Final = 3
"""So many that another try may mend; then the provider is left alone until the job's next attempt."""
_TROUBLED: Final = (JobErrorCode.RATE_LIMITED, JobErrorCode.STORAGE)
_SUBJECT: Final = "The narration: "
"""Begins what the video engine says of a sound whose scene it does not know."""
_POLL_SECONDS: Final = 0.3
_MOST_POLLS: Final = 200


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A text's sound: a file that is there, and its length in seconds."""

    speech_id: int
    path: Path
    sha256: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SpokenTexts:
    """One for each text, None for one that is not spoken; `notes` tell a person why, each of them once."""

    clips: tuple[SpokenText | None, ...]
    notes: tuple[str, ...]
    voice: Voice


def is_narrated(spec: RenderSpec, provider: SpeechProvider) -> bool:
    """Whether a video with this spec is to be spoken here."""
    return spec.narration is Narration.ON or (spec.narration is Narration.AUTO and provider.natural)


def words_of(text: str) -> str:
    """What is spoken of a scene: its words, with single spaces between. Empty where there are none."""
    words = " ".join(text.split())
    return words if any(map(str.isalnum, words)) else ""


async def spoken(
    context: Context,
    job: Job,
    *,
    provider: SpeechProvider,
    rules: Rules,
    texts: Sequence[str],
    voice: str | None,
    normalise: Normalise,
    language: str | None = None,
    at_once: int = _AT_ONCE,
    on_done: Callable[[int, int], Awaitable[None]] | None = None,
) -> SpokenTexts:
    """The sounds of the scenes' texts, in the scenes' order; `job` is the video's.

    Texts that are not there yet are spoken, `at_once` of them side by side. What comes is stored at once: where one
    fails, the others under way are still brought to their end, and the job's next attempt finds them. `on_done` is
    told how many of the different texts there are by now, and how many in all.

    Nothing is bought for a video in which a text cannot be spoken in `MOST_SPEECH_SECONDS` by any voice
    (`domain.speaking`), unless it was: what may fit is spoken, and measured then.

    Raises:
        JobLost, WorkDelayed, WorkParked, WorkFailed: the worst of what happened, with the place of its scene.
    """
    chosen = provider.voice(voice)
    words = [words_of(text) for text in texts]
    first_places: dict[str, int] = {}
    for place, said in enumerate(words, start=1):
        if said:
            first_places.setdefault(said, place)
    await _require_time(job, chosen, first_places)
    speaking = _Speaking(context, job, provider, rules, chosen, voice, normalise, language)
    run = _Run(speaking, deque(first_places.items()), len(first_places), on_done)
    tasks = [asyncio.create_task(run.work()) for _ in range(min(at_once, len(first_places)))]
    await _all_of(tasks)
    for task in tasks:
        task.result()
    if run.failures:
        raise min(run.failures, key=_severity)
    return SpokenTexts(tuple(run.clips.get(said) for said in words), tuple(dict.fromkeys(run.notes)), chosen)


async def _require_time(job: Job, voice: Voice, places: Mapping[str, int]) -> None:
    """Raises `WorkFailed`, which names the scenes whose texts take too long."""
    long = [
        place
        for words, place in places.items()
        if not fits_speech(words) and await _stored(job.script_id, voice.sha256, sha256_of_text(words)) is None
    ]
    if not long:
        return
    scenes = ", ".join(map(str, long))
    it, them = ("it takes", "this scene") if len(long) == 1 else ("each of them takes", "these scenes")
    raise WorkFailed(
        JobErrorCode.BAD_OUTPUT,
        f"Narration of scene {scenes}: {it} longer than {MOST_SPEECH_SECONDS // 60} minutes to speak, the most that a "
        f"scene may last. Nothing was spoken. Split {them}, or ask for the video without narration.",
        retryable=False,
    )


async def _all_of(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Until all have ended. A cancellation, and each further one, is passed on to them and raised at the end."""
    cancelled: asyncio.CancelledError | None = None
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            cancelled = error
            for task in pending:
                task.cancel()
    if cancelled is not None:
        raise cancelled


def _severity(error: Exception) -> int:
    """The worst first: what no rerun mends, then what a person has to decide, then what costs an attempt."""
    match error:
        case JobLost():
            return 0
        case WorkFailed(retryable=False):
            return 2
        case WorkParked():
            return 3
        case WorkFailed():
            return 4
        case WorkDelayed():
            return 5
    return 1


@dataclass
class _Run:
    """Texts that wait for their turn, with the places of their scenes, and what came of the others."""

    speaking: _Speaking
    waiting: deque[tuple[str, int]]
    total: int
    on_done: Callable[[int, int], Awaitable[None]] | None
    clips: dict[str, SpokenText | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def work(self) -> None:
        """One text after the other, until there is none left or it makes no sense to go on."""
        while self.waiting and self._goes_on:
            words, place = self.waiting.popleft()
            try:
                self.clips[words], note = await self.speaking.speech_of(words)
                if note is not None:
                    self.notes.append(note)
                if self.on_done is not None:
                    await self.on_done(len(self.clips), self.total)
            except Exception as error:
                self.failures.append(_named(error, place))

    @property
    def _goes_on(self) -> bool:
        mendable = [error for error in self.failures if isinstance(error, WorkFailed) and error.retryable]
        if len(mendable) < len(self.failures) or len(mendable) >= _MOST_FAILURES:
            return False
        return not any(error.code in _TROUBLED for error in mendable)


def _named(error: Exception, place: int) -> Exception:
    """The failure with the place of its scene, where it is the scene's."""
    if isinstance(error, WorkFailed):
        message = f"Narration of scene {place}: {error.message.removeprefix(_SUBJECT)}"
        return WorkFailed(error.code, message, retryable=error.retryable, retry_after=error.retry_after)
    if isinstance(error, WorkParked) and error.code is JobErrorCode.ANSWER_LOST:
        return WorkParked(error.code, f"Narration of scene {place}: {error.message}")
    return error


class _SpokenMeanwhile(Exception):
    """By another job: it is there now."""


class _BeingSpoken(Exception):
    """By another job, at this moment."""


@dataclass(frozen=True, slots=True)
class _Speaking:
    """All that the texts of one video have in common. `asked` is the voice's name as it was asked for."""

    context: Context
    job: Job
    provider: SpeechProvider
    rules: Rules
    voice: Voice
    asked: str | None
    normalise: Normalise
    language: str | None

    async def speech_of(self, words: str) -> tuple[SpokenText | None, str | None]:
        """The sound of these words, or a note why there is none."""
        text_sha256 = sha256_of_text(words)
        for _ in range(_MOST_POLLS):
            stored = await _stored(self.job.script_id, self.voice.sha256, text_sha256)
            if stored is not None and (there := await self._file_of(stored)) is not None:
                return there, None
            try:
                return await self._ask(words, text_sha256, gone=stored.id if stored is not None else None)
            except _SpokenMeanwhile:
                continue
            except _BeingSpoken:
                await asyncio.sleep(_POLL_SECONDS)
        message = "The same words are being spoken for another video; it goes on by itself."
        raise WorkDelayed(JobErrorCode.PROVIDER_UNAVAILABLE, message, seconds=5.0)

    async def _file_of(self, stored: Speech) -> SpokenText | None:
        """None if the file is gone, or is not what was stored."""
        media = self.context.media
        try:
            if await media.sha256_of(stored.file_path) != stored.sha256:
                return None
            path = media.path_of(stored.file_path)
        except MediaMissing:
            return None
        return SpokenText(stored.id, path, stored.sha256, stored.duration_seconds)

    async def _ask(self, words: str, text_sha256: str, *, gone: int | None) -> tuple[SpokenText | None, str | None]:
        async def unless(planned: PlannedCall) -> None:
            stored = await spoken_text(self.job.script_id, self.voice.sha256, text_sha256)
            if stored is not None and stored.id != gone:
                raise _SpokenMeanwhile
            now = self.context.clock.now()
            if await is_being_spoken(self.job.script_id, planned.request_sha256, besides=self.job.id, now=now):
                raise _BeingSpoken

        book = JobBook(self.context, self.job, self.rules, unless=unless)
        clip = await self.provider.speak(SpeechRequest(words, self.asked, self.language), book)
        if clip.data is None:
            return None, clip.note
        staged, seconds = await self._staged(clip.data, book)
        new = NewSpeech(
            self.job.script_id, text_sha256, self.voice.sha256, self.voice.name[:300], self.job.id, staged.sha256,
            seconds, staged.byte_size,
        )  # fmt: skip
        stored = await settle(self._store(new, staged, gone))
        await book.release()
        return await self._file_of(stored), None

    async def _staged(self, data: bytes, book: JobBook) -> tuple[StagedFile, float]:
        media = self.context.media
        path = media.staging_path(f"speech_{self.job.id}.wav")
        try:
            seconds = await self.normalise(data, path)
            return await media.stage_file(path), seconds
        except BaseException as error:
            await settle(media.discard(path))
            if isinstance(error, WorkFailed) and error.code is JobErrorCode.BAD_OUTPUT:
                await book.reject_all()  # or a rerun would take it again
            raise

    async def _store(self, new: NewSpeech, staged: StagedFile, gone: int | None) -> Speech:
        try:
            stored = await _record(self.context, job=self.job, new=new, staged=staged, gone=gone)
        except BaseException:
            await self.context.media.discard(staged)
            raise
        await self.context.media.discard(staged)  # if another job was first
        return stored


_stored = asking(spoken_text)


@command
async def _record(unit: Unit, *, job: Job, new: NewSpeech, staged: StagedFile, gone: int | None) -> Speech:
    """Give the staged sound its row and its place, unless another job has been first.

    Raises:
        JobLost, WorkFailed (the media folder).
    """
    await taken_script(job.script_id)
    if not await is_held(job):
        raise JobLost
    stored = await spoken_text(new.script_id, new.voice_sha256, new.text_sha256)
    if stored is not None and stored.id != gone:
        return stored
    stored = await store_speech(new, instead_of=stored.id if stored is not None else None, now=unit.now)
    unit.promote(staged, speech_key(stored.script_id, stored.id))
    return stored
