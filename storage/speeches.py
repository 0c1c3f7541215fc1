"""Spoken texts, kept for every video that needs the same words in the same voice. A row exists only when its file
does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from domain.calls import Role
from domain.lifecycle import JobState
from storage import models
from storage.calls import CallState

_FIELDS: Final = (
    "id", "script_id", "text_sha256", "voice_sha256", "voice", "job_id", "file_path", "sha256", "duration_seconds",
    "byte_size",
)  # fmt: skip

_LETTING_END: Final = timedelta(seconds=60)
"""Longer than a worker waits for the calls of a job that was cancelled."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A spoken text. `job_id` is the job that had it spoken, `file_path` its key in the media store."""

    id: int
    script_id: int
    text_sha256: str
    voice_sha256: str
    voice: str
    job_id: int
    file_path: str
    sha256: str
    duration_seconds: float
    byte_size: int


@dataclass(frozen=True, slots=True)
class NewSpeech:
    """A spoken text about to get its row."""

    script_id: int
    text_sha256: str
    voice_sha256: str
    voice: str
    job_id: int
    sha256: str
    duration_seconds: float
    byte_size: int


def speech_key(script_id: int, speech_id: int) -> str:
    return f"speech/script_{script_id}/speech_{speech_id}.wav"


async def spoken_texts(script_id: int, voice_sha256: str, text_sha256s: Sequence[str]) -> dict[str, Speech]:
    """Those of these texts that this voice has spoken for this script, by the SHA-256 of the text."""
    query = models.Speech.filter(script_id=script_id, voice_sha256=voice_sha256, text_sha256__in=list(text_sha256s))
    return {row["text_sha256"]: Speech(**row) for row in await query.values(*_FIELDS)}


async def spoken_text(script_id: int, voice_sha256: str, text_sha256: str) -> Speech | None:
    return (await spoken_texts(script_id, voice_sha256, [text_sha256])).get(text_sha256)


async def store_speech(new: NewSpeech, *, instead_of: int | None, now: datetime) -> Speech:
    """Insert a row, or write over the one whose file is gone; `file_path` follows from the ids."""
    told: dict[str, Any] = {
        "voice": new.voice, "job_id": new.job_id, "sha256": new.sha256, "duration_seconds": new.duration_seconds,
        "byte_size": new.byte_size, "created_at": now,
    }  # fmt: skip
    speech_id = instead_of
    if speech_id is None:
        row = await models.Speech.create(
            script_id=new.script_id, text_sha256=new.text_sha256, voice_sha256=new.voice_sha256, file_path="", **told
        )
        speech_id = row.id
    told["file_path"] = speech_key(new.script_id, speech_id)
    await models.Speech.filter(id=speech_id).update(**told)
    stored = await spoken_text(new.script_id, new.voice_sha256, new.text_sha256)
    assert stored is not None
    return stored


async def is_being_spoken(script_id: int, request_sha256: str, *, besides: int, now: datetime) -> bool:
    """Whether another job than `besides` is having this very request spoken, or holds its answer.

    That of a job which has just been cancelled may still come: its worker lets paid calls end.
    """
    query = models.ProviderCall.filter(script_id=script_id, role=Role.SPEECH.value, request_sha256=request_sha256)
    rows = await query.exclude(job_id=besides).values("job_id", "state", "answer_key")
    sent = {row["job_id"] for row in rows if row["state"] == CallState.SENT.value}
    kept = {row["job_id"] for row in rows if row["state"] == CallState.ANSWERED.value and row["answer_key"]}
    if not sent and not kept:
        return False
    if await models.Job.filter(id__in=sorted(sent | kept), state=JobState.RUNNING.value).exists():
        return True
    cancelled = models.Job.filter(id__in=sorted(sent), state=JobState.CANCELLED.value)
    if await cancelled.filter(finished_at__gt=now - _LETTING_END).exists():
        return True
    return await models.Job.filter(id__in=sorted(kept), state=JobState.RETRYING.value).exists()
