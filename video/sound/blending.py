"""Lays words over music, block by block: a program of its own, so that it can be stopped at any moment.

    python -P blending.py TASK

TASK is a file of JSON, the fields of `Task`. Writes raw 32-bit float samples at 48 kHz to its `output`: one channel
without music, else two, interleaved. Reports seconds done as `-progress` of ffmpeg does. Ends with 0, or with
`LOST_FILE` or `FULL_DISK` and, for the first, the number of the scene whose file is lost on standard error.

Whatever the length, a few seconds of sound are in memory. Imports nothing of the project.
"""

from __future__ import annotations

import errno
import hashlib
import json
import sys
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 48_000
BLOCK: Final = RATE
LOST_FILE, FULL_DISK = 3, 4
EDGE: Final = 144  # 3 ms over which a clip begins and ends, so that none of them clicks
ATTACK, HOLD, RELEASE = round(0.45 * RATE), round(0.3 * RATE), round(1.1 * RATE)  # the music gives way before the words
FADE_IN, FADE_OUT, SEAM = round(1.0 * RATE), round(3.0 * RATE), round(2.5 * RATE)
SILENCE: Final = 104  # of 32767, about -50 dBFS: what a piece has before its first and after its last note

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Task:
    """`music` is raw interleaved stereo, 16 bit; `start` of a clip is a sample. `ducking` is in dB."""

    samples: int
    output: str
    clips: list[dict[str, Any]]
    music: str | None = None
    music_gain: float = 1.0
    ducking: float = 13.0


class LostFile(Exception):
    def __init__(self, scene: int) -> None:
        super().__init__(scene)
        self.scene = scene


def main() -> None:
    task = Task(**json.loads(Path(sys.argv[1]).read_text()))
    try:
        blend(task)
    except LostFile as lost:
        print(lost.scene, file=sys.stderr)
        sys.exit(LOST_FILE)
    except OSError as error:
        print(error.strerror, file=sys.stderr)
        sys.exit(FULL_DISK if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else 1)


def blend(task: Task) -> None:
    """Write the whole of it. Raises `LostFile`, or OSError when `output` cannot be written."""
    clips = [Clip(**clip) for clip in sorted(task.clips, key=lambda clip: (clip["start"], clip["sha256"]))]
    spans = [(clip.start, clip.start + clip.length) for clip in clips]
    bed = Bed(Path(task.music), task, spans) if task.music else None
    waiting, playing = clips[::-1], list[Clip]()
    with open(task.output, "wb") as output:
        for first in range(0, task.samples, BLOCK):
            count = min(BLOCK, task.samples - first)
            block: Floats = np.zeros(count, np.float32)
            while waiting and waiting[-1].start < first + count:
                playing.append(waiting.pop())
            for clip in playing:
                clip.add_to(block, first, task.samples)
            playing = [clip for clip in playing if clip.start + clip.length > first + count]
            output.write(block.tobytes() if bed is None else (bed.block(first, count) + block[:, None]).tobytes())
            print(f"frame={(first + count) // RATE}\nprogress=continue", flush=True)


@dataclass(slots=True)
class Clip:
    """A WAV file of one channel, 48 kHz, 16 bit. Raises `LostFile` if it is not, or not the one of this hash."""

    path: str
    sha256: str
    start: int
    scene: int
    length: int = 0
    _samples: Floats = field(default_factory=lambda: np.zeros(0, np.float32))

    def __post_init__(self) -> None:
        try:
            with wave.open(self.path, "rb") as file:
                sound = (file.getnchannels(), file.getsampwidth(), file.getframerate())
                self.length = file.getnframes()
        except (OSError, EOFError, wave.Error):
            raise LostFile(self.scene) from None
        if sound != (1, 2, RATE):
            raise LostFile(self.scene)

    def add_to(self, block: Floats, first: int, end: int) -> None:
        """Add what falls into a block that begins with sample `first`; nothing is heard from sample `end` on."""
        length = min(self.length, end - self.start)
        start, stop = max(self.start, first), min(self.start + length, first + len(block))
        part = np.array(self._read()[start - self.start : stop - self.start])
        _fade(part, start - self.start, length, EDGE, EDGE)
        block[start - first : stop - first] += part
        if stop == self.start + length:
            self._samples = np.zeros(0, np.float32)

    def _read(self) -> Floats:
        """A scene's words are some seconds, ten minutes at most: they are in memory while they are heard."""
        if not len(self._samples):
            try:
                with open(self.path, "rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() != self.sha256:
                        raise LostFile(self.scene)
                    file.seek(0)
                    with wave.open(file, "rb") as sound:
                        raw = np.frombuffer(sound.readframes(self.length), "<i2")
            except (OSError, EOFError, wave.Error):
                raise LostFile(self.scene) from None
            if len(raw) != self.length:
                raise LostFile(self.scene)
            self._samples = raw.astype(np.float32) / np.float32(32768)
        return self._samples


class Bed:
    """The music, repeated with a crossfade at the seam, lower while somebody speaks, faded at both ends."""

    def __init__(self, path: Path, task: Task, spans: list[tuple[int, int]]) -> None:
        self.raw = np.memmap(path, "<i2", "r").reshape(-1, 2)
        self.first, last = _heard(self.raw)
        self.length = last - self.first
        self.seam = min(SEAM, self.length // 4)
        self.gain, self.samples = task.music_gain, task.samples
        self.ducking = task.ducking
        self.moments, self.depths = envelope(spans)

    def block(self, first: int, count: int) -> Floats:
        """`count` frames of two channels from sample `first` on."""
        part = self._looped(first, count)
        depth = np.interp(np.arange(first, first + count), self.moments, self.depths)
        curve = depth * depth * (3 - 2 * depth)
        level: Floats = (10 ** (curve * (-self.ducking / 20)) * self.gain).astype(np.float32)
        fades = (min(FADE_IN, self.samples // 4), min(FADE_OUT, self.samples // 3))
        _fade(level, first, self.samples, *fades)
        return part * level[:, None]

    def _looped(self, first: int, count: int) -> Floats:
        """As if the piece began anew each `length - seam` samples, each time over the end of the time before."""
        part: Floats = np.zeros((count, 2), np.float32)
        period = self.length - self.seam
        for turn in range(max(0, (first - self.length) // period), (first + count - 1) // period + 1):
            begin = turn * period
            start, stop = max(begin, first), min(begin + self.length, first + count)
            if start >= stop:
                continue
            place = self.first + start - begin
            copy = self.raw[place : place + stop - start].astype(np.float32) / np.float32(32768)
            ramp = np.ones(stop - start, np.float32)
            _fade(ramp, start - begin, self.length, self.seam if turn else 0, self.seam, power=0.5)
            part[start - first : stop - first] += copy * ramp[:, None]
        return part


def envelope(spans: list[tuple[int, int]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Breakpoints (samples, depths from 0 to 1) of the ducking under words that sound in `spans` of samples.

    Between words with too little room for the music to come up and go down again it stays down.
    """
    merged: list[list[int]] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= ATTACK + HOLD + RELEASE:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    moments = [moment for a, b in merged for moment in (a - ATTACK, a, b + HOLD, b + HOLD + RELEASE)]
    depths = [0.0, 1.0, 1.0, 0.0] * len(merged)
    return np.array(moments or [0], np.float64), np.array(depths or [0.0])


def _heard(raw: NDArray[np.int16]) -> tuple[int, int]:
    """Without the silence before and after, which a seam would make a gap of. At least a second, if there is one."""
    first, last, step = 0, len(raw), RATE // 100
    limit = min(len(raw) // 4, 30 * RATE)
    while first + step < limit and int(np.abs(raw[first : first + step].astype(np.int32)).max()) < SILENCE:
        first += step
    while last - step > len(raw) - limit and int(np.abs(raw[last - step : last].astype(np.int32)).max()) < SILENCE:
        last -= step
    return first, last


def _fade(part: Floats, place: int, length: int, fade_in: int, fade_out: int, power: float = 1.0) -> None:
    """Fade what is at `place` of something `length` samples long. `power` 0.5 keeps two crossing fades equally loud."""
    end = place + len(part)
    if place < fade_in:
        count = min(end, fade_in) - place
        part[:count] *= _rise(np.arange(place, place + count), fade_in, power)
    if end > length - fade_out:
        start = max(place, length - fade_out)
        part[start - place :] *= _rise(length - 1 - np.arange(start, end), fade_out, power)


def _rise(moments: NDArray[np.int64], length: int, power: float) -> Floats:
    """From 0 to 1 over `length` samples, level at both ends."""
    risen: NDArray[np.float64] = np.sin(np.clip((moments + 0.5) / length, 0, 1) * (np.pi / 2)) ** (2 * power)
    return risen.astype(np.float32)


if __name__ == "__main__":
    main()
