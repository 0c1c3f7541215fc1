"""Makes every spoken clip alike, whatever a provider sent: 48 kHz, one channel, as loud as all others, no dead air.

What a provider sends is not trusted: it is decoded by a process with bounds, with the demuxer and decoders pinned.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import secrets
import shutil
import tempfile
import wave
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.speaking import MOST_SPEECH_SECONDS
from video.failures import file_trouble
from video.runner import run_ffmpeg
from video.sound import arguments
from video.sound.decoding import Undecodable, decode
from video.sound.failures import bad_speech, long_speech, sound_failed
from video.sound.kinds import Kind, NotSound, kind_of
from video.sound.levels import MOST_GAIN_DB, NOTHING_HEARD_LUFS, SPEECH_LUFS, ratio
from video.sound.loudness import Loudness, read_report
from video.sound.plan import SAMPLE_RATE

MOST_SPEECH_BYTES: Final = 128 * 1024 * 1024
RAW, REPORT = "speech.f32", "report.txt"
STEP: Final = SAMPLE_RATE // 100
BELOW_SPEECH_DB: Final = 40.0  # what is that much quieter than the words is not part of them
KEPT_BEFORE, KEPT_AFTER = round(0.06 * SAMPLE_RATE), round(0.15 * SAMPLE_RATE)  # breath, and a room's last sound
QUIETEST_DBFS: Final = -75.0
BOTH_CHANNELS_DB: Final = 2.3  # two channels count 3 dB more than one, and the standard takes 0.7 off
SHORT: Final = SAMPLE_RATE
BLOCK: Final = 60 * SAMPLE_RATE
SPEECH: Final = "The narration"


@dataclass(frozen=True, slots=True)
class Words:
    """From sample `first` up to `last`; `power` is the mean square in between."""

    first: int
    last: int
    power: float

    @property
    def samples(self) -> int:
        return self.last - self.first


@dataclass(frozen=True, slots=True)
class SpeechFacts:
    """A WAV file of one channel, 48 kHz, 16 bit; `samples` is exact, `sha256` of the file."""

    samples: int
    byte_size: int
    sha256: str

    @property
    def seconds(self) -> float:
        return self.samples / SAMPLE_RATE


async def normalise_speech(
    source: Path,
    output: Path,
    *,
    ffmpeg: str,
    work_dir: Path,
    subject: str = SPEECH,
    most_seconds: int = MOST_SPEECH_SECONDS,
    timeout: float = 120.0,
) -> SpeechFacts:
    """Write the words of `source` (WAV, MP3, AAC, M4A, Opus or FLAC) to `output`, replacing it.

    Silence before and after is trimmed, the level set to `SPEECH_LUFS`. `subject` begins the messages: "Scene 3".
    Raises `WorkFailed`, retryable where the provider may do better (not with too many words); then, or when
    cancelled, nothing is left.
    """
    partial = output.with_name(f".{output.name}.{secrets.token_hex(4)}.partial")
    folder: Path | None = None
    try:
        with file_trouble(subject):
            kind = await asyncio.to_thread(_kind, source, subject)
            folder = Path(tempfile.mkdtemp(prefix="speech-", dir=work_dir))
        heard = await _decode(source, kind, folder, ffmpeg, subject, most_seconds, timeout)
        with file_trouble(subject):
            words = await asyncio.to_thread(_words, folder / RAW)
        if words.samples == 0:
            raise bad_speech(subject, "it is silent")
        if words.samples > most_seconds * SAMPLE_RATE:
            raise long_speech(subject, most_seconds)
        levelling = arguments.keep_speech(
            ffmpeg, RAW, first=words.first, last=words.last, gain=_gain(heard, words), output=partial
        )
        await run_ffmpeg(levelling, subject=subject, timeout=timeout, failure=sound_failed, folder=folder)
        with file_trouble(subject):
            facts = await asyncio.to_thread(_facts, partial)
            partial.replace(output)
        return facts
    finally:
        with suppress(OSError):
            partial.unlink()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _kind(source: Path, subject: str) -> Kind:
    if source.stat().st_size > MOST_SPEECH_BYTES:
        raise bad_speech(subject, f"the file is larger than {MOST_SPEECH_BYTES >> 20} MB")
    try:
        return kind_of(source)
    except NotSound as refusal:
        raise bad_speech(subject, str(refusal).rstrip(".")) from None


async def _decode(
    source: Path, kind: Kind, folder: Path, ffmpeg: str, subject: str, most_seconds: int, timeout: float
) -> Loudness:
    decoding = arguments.unpack_speech(ffmpeg, source, kind, output=RAW, report=REPORT, seconds=most_seconds + 60)
    try:
        await decode(decoding, subject=subject, most_written=(1 << 28), timeout=timeout, folder=folder)
    except Undecodable:
        raise bad_speech(subject, "it cannot be decoded") from None
    with file_trouble(subject):
        return read_report(folder / REPORT)


def _words(raw: Path) -> Words:
    """Where in raw samples somebody speaks. In blocks, for ten minutes are 120 MB. Raises OSError."""
    samples = np.memmap(raw, "<f4", "r") if raw.stat().st_size else np.zeros(0, np.float32)
    blocks = (samples[at : at + BLOCK] for at in range(0, len(samples), BLOCK))
    powers = np.concatenate([_powers(block) for block in blocks] or [np.zeros(0)])
    threshold = max(powers.max(initial=0.0) * ratio(-BELOW_SPEECH_DB) ** 2, ratio(QUIETEST_DBFS) ** 2)
    loud = np.flatnonzero(powers > threshold)
    if not len(loud):
        return Words(0, 0, 0.0)
    first, last = int(loud[0]), int(loud[-1]) + 1
    return Words(
        max(0, first * STEP - KEPT_BEFORE),
        min(len(samples), last * STEP + KEPT_AFTER),
        float(powers[first:last].mean()),
    )


def _powers(block: NDArray[np.float32]) -> NDArray[np.float64]:
    squares = np.square(np.pad(block, (0, -len(block) % STEP)), dtype=np.float64)
    powers: NDArray[np.float64] = squares.reshape(-1, STEP).mean(axis=1)
    return powers


def _gain(heard: Loudness, words: Words) -> float:
    """In dB. A word or two are too short to be measured by the standard: then their power has to do."""
    loudness = heard.integrated
    if loudness <= NOTHING_HEARD_LUFS or words.samples < SHORT:
        loudness = 10 * math.log10(words.power) + BOTH_CHANNELS_DB
    return min(MOST_GAIN_DB, SPEECH_LUFS - loudness)


def _facts(path: Path) -> SpeechFacts:
    """Raises OSError."""
    with path.open("rb") as file, wave.open(file) as sound:
        samples = sound.getnframes()
        file.seek(0)
        return SpeechFacts(samples, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
