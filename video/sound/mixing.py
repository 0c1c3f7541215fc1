"""Makes the one sound track of a video: words to the sample, music under them, one loudness, one AAC encode.

The steps are files in a folder of their own: the music unpacked, words and music blended by `blending.py`, that mix
measured, then encoded with the gain and limiter it needs, and what came out decoded and measured again. Every step is
a process that dies with this one; sound itself is never in this process.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import inspect
import json
import math
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av

from domain.errors import WorkFailed
from video.failures import disk_full, file_trouble, too_little_space, too_slow
from video.runner import run_ffmpeg
from video.sound import arguments, blending
from video.sound.failures import SOUND, bad_sound, music_lost, narration_lost, sound_failed
from video.sound.levels import DUCKING_DB, MUSIC_BELOW_SPEECH, NOTHING_HEARD_LUFS, SPEECH_LUFS, VIDEO_PEAK_DBTP, ratio
from video.sound.loudness import Loudness, read_report
from video.sound.mastering import Mastering
from video.sound.plan import SAMPLE_RATE, Music, SoundPlan

MIX, ENCODED, TASK, MUSIC, REPORT = "mix.f32", "sound.m4a", "task.json", "music.s16", "report.txt"
SHORTEST_MEASURED: Final = SAMPLE_RATE // 2
ENCODES: Final = 4
ENCODED_BYTES_A_SECOND: Final = 26_000
NOTEWORTHY: Final = 0.01
HASHED_AT_ONCE: Final = 4 << 20
UNPACKED, BLENDED, MEASURED = 0.05, 0.3, 0.4  # of the whole work, what is done after each step
OnProgress = Callable[[float], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """A sound track of `samples` samples. `loudness` in LUFS and `peak` in dBTP are of what a decoder gives; None for
    a track that is silent. `sha256` is of the file."""

    samples: int
    loudness: float | None
    peak: float | None
    byte_size: int
    sha256: str

    @property
    def seconds(self) -> Fraction:
        return Fraction(self.samples, SAMPLE_RATE)


async def mix(
    plan: SoundPlan,
    *,
    output: Path,
    work_dir: Path,
    ffmpeg: str,
    timeout: float = 1800.0,
    stall_timeout: float = 120.0,
    on_progress: OnProgress | None = None,
) -> SoundFacts:
    """Write the sound of `plan` to `output`, an M4A (AAC-LC, stereo, 48 kHz) of exactly `plan.samples` samples.

    Mux it with `-c copy` and a `-movie_timescale` that `movie_timescale` gives: then sound and pictures end together.
    A plan of nothing gives a silent track (about 3 kbit/s) and not no track: every player takes both, but some
    platforms refuse a video without sound, editors and joining by copy want the same streams in each file.

    `on_progress` gets a fraction that never goes back. `timeout` is for the whole. Raises `WorkFailed`; then, or
    when cancelled, nothing is left and `output` is untouched.
    """
    partial = output.with_name(f".{output.name}.{secrets.token_hex(4)}.partial")
    folder: Path | None = None
    try:
        async with asyncio.timeout(timeout) as clock:
            with file_trouble(SOUND):
                _check_space(plan, work_dir)
                folder = Path(tempfile.mkdtemp(prefix="sound-", dir=work_dir))
            facts = await _Mix(plan, folder, ffmpeg, stall_timeout, on_progress).make()
            # Not in a thread, which a cancellation could not stop.
            with file_trouble(SOUND):
                _publish(folder / ENCODED, partial, output)
        return facts
    except TimeoutError:
        if clock.expired():
            raise too_slow(SOUND, timeout) from None
        raise
    finally:
        with suppress(OSError):
            partial.unlink()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def movie_timescale(fps: int) -> int:
    """Units a second in which both frames and samples are whole: for the `-movie_timescale` of the muxed MP4."""
    return math.lcm(SAMPLE_RATE, fps)


@dataclass
class _Mix:
    plan: SoundPlan
    folder: Path
    ffmpeg: str
    stall_timeout: float
    receiver: OnProgress | None
    done: float = 0.0

    async def make(self) -> SoundFacts:
        """Make the sound in `folder`."""
        await self._report(0.0)
        if self.plan.silent:
            await self._run(arguments.silence(self.ffmpeg, samples=self.plan.samples, output=ENCODED), (0.0, 0.9))
            return await self._facts(None)
        gain = await self._unpack(self.plan.music) if self.plan.music else 1.0
        await self._blend(gain)
        return await self._facts(await self._master())

    async def _unpack(self, music: Music) -> float:
        """Make the raw music; returns what to multiply it by."""
        try:
            if await _sha256(music.path) != music.sha256:
                raise music_lost()
        except OSError:
            raise music_lost() from None
        seconds = self.plan.samples / SAMPLE_RATE + blending.SEAM / SAMPLE_RATE
        unpacking = arguments.unpack_music(self.ffmpeg, music.path, output=MUSIC, report=REPORT, seconds=seconds)
        await self._run(unpacking, (0.0, UNPACKED))
        with file_trouble(SOUND):
            heard = read_report(self.folder / REPORT)
            if (self.folder / MUSIC).stat().st_size < SAMPLE_RATE // 10:
                raise music_lost()
        if not self.plan.narrations or heard.integrated <= NOTHING_HEARD_LUFS:
            return 1.0
        return ratio(min(30.0, SPEECH_LUFS - MUSIC_BELOW_SPEECH - heard.integrated))

    async def _blend(self, music_gain: float) -> None:
        plan = self.plan
        clips = [
            {"path": str(words.path.absolute()), "sha256": words.sha256, "scene": words.scene, "start": start}
            for words, start in zip(plan.narrations, plan.starts, strict=True)
        ]
        music = MUSIC if plan.music else None
        task = blending.Task(plan.samples, MIX, clips, music, music_gain, DUCKING_DB)
        with file_trouble(SOUND):
            (self.folder / TASK).write_text(json.dumps(asdict(task)), encoding="ascii")

        async def blended(second: int) -> None:
            await self._report(UNPACKED + (BLENDED - UNPACKED) * second * SAMPLE_RATE / plan.samples)

        program = [sys.executable, "-P", str(Path(blending.__file__).resolve()), TASK]
        await run_ffmpeg(
            program, subject=SOUND, stall_timeout=self.stall_timeout, on_frame=blended, failure=_why_not_blended,
            folder=self.folder,
        )  # fmt: skip

    async def _master(self) -> Loudness:
        """Find the gain and the limit, and encode. What counts is what comes out of a decoder."""
        raw = await self._measured(Mastering(self.channels))
        mastering = Mastering(self.channels).first(raw)
        if mastering.limits(raw):
            for _ in range(3):
                limited = await self._measured(mastering)
                better = mastering.louder(limited)
                if better == mastering:
                    break
                mastering = better
        for attempt in range(ENCODES):
            heard = await self._encoded(mastering, attempt)
            better = mastering.after_encoding(heard)
            if better == mastering:
                return heard
            mastering = better
        if heard.peak > VIDEO_PEAK_DBTP:
            raise bad_sound(f"its true peak is {heard.peak:.1f} dBTP, above {VIDEO_PEAK_DBTP:g}")
        return heard

    async def _measured(self, mastering: Mastering) -> Loudness:
        measuring = arguments.measure(
            self.ffmpeg, MIX, channels=self.channels, filters=mastering.filters(), report=REPORT, again=self._again
        )
        await self._run(measuring, (BLENDED, MEASURED))
        with file_trouble(SOUND):
            return read_report(self.folder / REPORT)

    async def _encoded(self, mastering: Mastering, attempt: int) -> Loudness:
        left = MEASURED + (1 - MEASURED) * (1 - 0.5**attempt)
        part = (1 - left) / 2
        encoding = arguments.encode(
            self.ffmpeg, MIX, channels=self.channels, filters=mastering.filters(), samples=self.plan.samples,
            output=ENCODED,
        )  # fmt: skip
        await self._run(encoding, (left, left + part * 0.8))
        measuring = arguments.measure_encoded(self.ffmpeg, ENCODED, report=REPORT, again=self._again)
        await self._run(measuring, (left + part * 0.8, left + part))
        with file_trouble(SOUND):
            return read_report(self.folder / REPORT)

    @property
    def channels(self) -> int:
        return 2 if self.plan.music else 1

    @property
    def _again(self) -> int:
        return SHORTEST_MEASURED // self.plan.samples

    async def _facts(self, heard: Loudness | None) -> SoundFacts:
        path = self.folder / ENCODED
        with file_trouble(SOUND):
            samples = await asyncio.to_thread(count_samples, path)
            if samples != self.plan.samples:
                raise bad_sound(f"it has {samples} samples, not {self.plan.samples}")
            sha256, size = await _sha256(path), path.stat().st_size
        await self._report(1.0)
        if heard is None or heard.integrated <= NOTHING_HEARD_LUFS:
            return SoundFacts(samples, None, None, size, sha256)
        return SoundFacts(samples, heard.integrated, heard.peak, size, sha256)

    async def _run(self, command: list[str], share: tuple[float, float]) -> None:
        start, end = share

        async def reached(microsecond: int) -> None:
            await self._report(start + (end - start) * min(1.0, microsecond * SAMPLE_RATE / 1e6 / self.plan.samples))

        await run_ffmpeg(
            command, subject=SOUND, stall_timeout=self.stall_timeout, on_microsecond=reached, failure=sound_failed,
            folder=self.folder,
        )  # fmt: skip

    async def _report(self, fraction: float) -> None:
        fraction = min(1.0, fraction)
        if fraction < self.done + NOTEWORTHY and 0.0 < fraction < 1.0:
            return
        self.done = max(self.done, fraction)
        if self.receiver is not None:
            answer = self.receiver(self.done)
            if inspect.isawaitable(answer):
                await answer


def count_samples(path: Path) -> int:
    """How many samples a player shows of an AAC track, as its edit list says. Raises `WorkFailed`."""
    try:
        with av.open(f"file:{path.absolute()}", format="mp4", options={"protocol_whitelist": "file"}) as container:
            stream = container.streams.audio[0]
            return round((stream.duration or 0) * (stream.time_base or Fraction(0)) * SAMPLE_RATE)
    except (av.FFmpegError, IndexError):
        raise bad_sound("it cannot be read back") from None


def _why_not_blended(subject: str, returncode: int, stderr: str) -> WorkFailed:
    if returncode == blending.LOST_FILE:
        scene = stderr.strip()
        return narration_lost(int(scene) if scene.isdigit() else 0)
    if returncode == blending.FULL_DISK:
        return disk_full(subject)
    return sound_failed(subject, returncode, stderr)


def _publish(made: Path, partial: Path, output: Path) -> None:
    try:
        os.replace(made, output)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(made, partial)
        os.replace(partial, output)


async def _sha256(path: Path) -> str:
    """In pieces, between which it can be cancelled. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, HASHED_AT_ONCE):
            await asyncio.to_thread(digest.update, piece)
    return digest.hexdigest()


def _check_space(plan: SoundPlan, work_dir: Path) -> None:
    bytes_a_sample = 0 if plan.silent else 12 if plan.music else 4
    needed = plan.samples * bytes_a_sample + plan.samples * 2 * ENCODED_BYTES_A_SECOND // SAMPLE_RATE
    free = shutil.disk_usage(work_dir).free
    if free < needed:
        raise too_little_space(needed, free)
