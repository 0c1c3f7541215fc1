"""Builders of sounds: speech-like signals, tones and clicks, plans of them, and what a decoder makes of a mix."""

from __future__ import annotations

import hashlib
import subprocess
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from video.sound.mixing import SoundFacts, mix
from video.sound.plan import SAMPLE_RATE, Music, Narration, SoundPlan

Floats = NDArray[np.float64]


def speech_like(seconds: float, *, level: float = 0.1, seed: int = 1) -> Floats:
    """Harmonics and hiss that come and go in syllables, with pauses between words. `level` is about its RMS."""
    count = round(seconds * SAMPLE_RATE)
    t = np.arange(count) / SAMPLE_RATE
    noise = np.random.default_rng(seed).normal(0, 1, count)
    pitch = 2 * np.pi * np.cumsum(130 + 20 * np.sin(2 * np.pi * 0.7 * t)) / SAMPLE_RATE
    voiced = sum(np.sin(k * pitch) / k for k in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * t), 0, 1) * (np.sin(2 * np.pi * 0.6 * t + 0.5) > -0.6)
    sound = (voiced + 0.1 * noise) * syllables
    return np.asarray(sound * (level / np.sqrt(np.mean(sound**2))))


def tone(seconds: float, *, hertz: float = 440.0, level: float = 0.3) -> Floats:
    return np.asarray(level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE))


def write_wav(path: Path, sound: Floats, *, channels: int = 1) -> Path:
    """16 bit, clipped, the same on every channel."""
    samples = np.repeat((np.clip(sound, -1, 1) * 32767).round().astype("<i2"), channels)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
    return path


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def a_narration(tmp_path: Path) -> Callable[..., Narration]:
    def build(sound: Floats, *, frame: int = 0, scene: int = 1) -> Narration:
        path = write_wav(tmp_path / f"narration_{scene}.wav", sound)
        return Narration(path, sha256_of(path), frame, len(sound) / SAMPLE_RATE, scene)

    return build


@pytest.fixture
def run_tool(ffmpeg_binary: str) -> Callable[..., bytes]:
    """ffmpeg by itself, for making inputs and for decoding; returns its standard output."""

    def run(*arguments: object) -> bytes:
        command = [ffmpeg_binary, "-y", "-nostdin", "-loglevel", "error", *map(str, arguments)]
        return subprocess.run(command, check=True, capture_output=True).stdout

    return run


@pytest.fixture
def run_ebur128(ffmpeg_binary: str) -> Callable[[Path, int], str]:
    """What ffmpeg's `ebur128` says about a file, played once and `again` times more."""

    def run(path: Path, again: int = 0) -> str:
        meter = ["-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
        command = [ffmpeg_binary, "-nostdin", "-hide_banner", "-stream_loop", str(again), *meter]
        return subprocess.run(command, check=True, capture_output=True, text=True).stderr

    return run


@pytest.fixture
def some_music(tmp_path: Path, run_tool: Callable[..., bytes]) -> Callable[..., Music]:
    def build(sound: Floats) -> Music:
        source, path = write_wav(tmp_path / "music.wav", sound, channels=2), tmp_path / "music.flac"
        run_tool("-i", source, path)
        return Music(path, sha256_of(path))

    return build


@pytest.fixture
def mixed(output: Path, work_dir: Path, ffmpeg_binary: str) -> Callable[..., Awaitable[SoundFacts]]:
    """Mix a plan to `output`."""

    async def run(plan: SoundPlan, **options: Any) -> SoundFacts:
        places: dict[str, Any] = {"output": output, "work_dir": work_dir, "ffmpeg": ffmpeg_binary}
        return await mix(plan, **{**places, **options})

    return run


@pytest.fixture
def heard(run_tool: Callable[..., bytes]) -> Callable[[Path], Floats]:
    """What a decoder that honours edit lists plays: (samples, 2)."""

    def decode(path: Path) -> Floats:
        raw = run_tool("-i", path, "-map", "0:a:0", "-f", "f32le", "-")
        return np.frombuffer(raw, "<f4").reshape(-1, 2).astype(np.float64)

    return decode
