"""Looks into an uploaded piece of music, which nobody has looked into yet, and keeps only what can be heard of it.

It is decoded once, in full, by a process with bounds on memory, CPU time and what it may write, with the demuxer and
the decoders pinned: a playlist is never opened, whatever it is called. What is kept is FLAC, so that a lossy piece
does not lose again before the video's one encode.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from domain.errors import InvalidInput, JobErrorCode, LimitExceeded, WorkFailed
from video.failures import file_trouble
from video.sound import arguments
from video.sound.decoding import Undecodable, decode
from video.sound.kinds import FLAC_START, Kind, NotSound, flac_length, kind_of, promised_seconds
from video.sound.plan import SAMPLE_RATE

MOST_MUSIC_BYTES: Final = 50 * 1024 * 1024
MOST_MUSIC_SECONDS: Final = 3600
LEAST_MUSIC_SECONDS: Final = 1
FIELD: Final = ("music",)
MUSIC: Final = "The music"
LOST_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class MusicFacts:
    """A checked piece: FLAC, stereo, 48 kHz, 16 bit, without metadata. `samples` is exact, `sha256` of the file."""

    samples: int
    byte_size: int
    sha256: str

    @property
    def seconds(self) -> float:
        return self.samples / SAMPLE_RATE


async def check_music(
    source: Path,
    output: Path,
    *,
    ffmpeg: str,
    most_bytes: int = MOST_MUSIC_BYTES,
    most_seconds: int = MOST_MUSIC_SECONDS,
    timeout: float = 120.0,
) -> MusicFacts:
    """Write the music of `source`, a file of MP3, M4A, AAC, OGG, Opus, FLAC or WAV, to `output`, replacing it.

    Raises, and leaves nothing behind then or when cancelled:
        InvalidInput, LimitExceeded: it is no music, or too much of it.
        WorkFailed: this machine could not look into it.
    """
    partial = output.with_name(f".{output.name}.{secrets.token_hex(4)}.partial")
    try:
        with file_trouble(MUSIC):
            kind = await asyncio.to_thread(_kind, source, most_bytes)
        await _decode(source, partial, kind, ffmpeg, most_seconds, timeout)
        with file_trouble(MUSIC):
            facts = await asyncio.to_thread(_facts, partial)
            _check_length(facts, most_seconds, promised_seconds(source, kind))
            partial.replace(output)
        return facts
    finally:
        with suppress(OSError):
            partial.unlink()


def _kind(source: Path, most_bytes: int) -> Kind:
    if source.stat().st_size > most_bytes:
        limit = f"{most_bytes / 1024 / 1024:g} MB"
        raise LimitExceeded(f"The music is larger than {limit}. Send a shorter piece, or an MP3 of it.", field=FIELD)
    try:
        return kind_of(source)
    except NotSound as refusal:
        raise InvalidInput(f"The music cannot be used: {refusal}", field=FIELD) from None


async def _decode(source: Path, output: Path, kind: Kind, ffmpeg: str, most_seconds: int, timeout: float) -> None:
    decoding = arguments.keep_music(ffmpeg, source, kind, output=output, seconds=most_seconds + 1)
    most_written = (most_seconds + 2) * SAMPLE_RATE * 4 + (1 << 20)
    try:
        await decode(decoding, subject=MUSIC, most_written=most_written, timeout=timeout)
    except Undecodable as failure:
        if failure.greedy:
            raise InvalidInput("The music cannot be read: decoding it takes too much.", field=FIELD) from None
        raise InvalidInput("The music cannot be read: the file is damaged, or holds no sound.", field=FIELD) from None
    except WorkFailed as failure:
        if failure.code is not JobErrorCode.TIMED_OUT:
            raise
        message = f"The music could not be checked in {timeout:g} s. Send it again in a while, or a shorter piece."
        raise WorkFailed(JobErrorCode.TIMED_OUT, message, retryable=True) from None


def _facts(path: Path) -> MusicFacts:
    """Of a FLAC file. Raises OSError."""
    with path.open("rb") as file:
        samples, _ = flac_length(file.read(FLAC_START))
        file.seek(0)
        return MusicFacts(samples, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _check_length(facts: MusicFacts, most_seconds: int, promised: float) -> None:
    if facts.samples > most_seconds * SAMPLE_RATE:
        message = f"The music is longer than {most_seconds / 60:g} minutes. Send a shorter piece; it is repeated."
        raise LimitExceeded(message, field=FIELD)
    if facts.samples < LEAST_MUSIC_SECONDS * SAMPLE_RATE:
        raise InvalidInput("The music is shorter than a second. Send a longer piece.", field=FIELD)
    if facts.seconds < promised - LOST_SECONDS:
        raise InvalidInput("The music cannot be used: the file is incomplete. Send it again.", field=FIELD)
