"""What lies under the words, before any encoder: ducking, seams and fades, sample by sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.video.sound.conftest import Floats, sha256_of, speech_like, tone, write_wav
from video.sound import blending
from video.sound.blending import ATTACK, HOLD, RATE, RELEASE, LostFile, Task, blend, envelope
from video.sound.levels import DUCKING_DB


@pytest.fixture
def blended(tmp_path: Path) -> Callable[..., Floats]:
    """The mix of clips (sound, start) and music (mono, put on both sides) over `seconds`."""

    def run(seconds: float, clips: list[tuple[Floats, int]], music: Floats | None = None) -> Floats:
        tasks = []
        for scene, (sound, start) in enumerate(clips, start=1):
            path = write_wav(tmp_path / f"{scene}.wav", sound)
            tasks.append({"path": str(path), "sha256": sha256_of(path), "start": start, "scene": scene})
        raw = None
        if music is not None:
            raw = tmp_path / "music.s16"
            raw.write_bytes(np.repeat((music * 32767).round().astype("<i2"), 2).tobytes())
        output = tmp_path / "mix.f32"
        blend(Task(round(seconds * RATE), str(output), tasks, str(raw) if raw else None, 1.0, DUCKING_DB))
        mix = np.fromfile(output, "<f4").astype(np.float64)
        return mix if raw is None else mix.reshape(-1, 2)

    return run


def decibels(sound: Floats) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(sound**2))))


def test_clips_keep_their_samples_and_their_places(blended: Callable[..., Floats]) -> None:
    first, second = speech_like(1.7), speech_like(0.9, seed=2)
    mix = blended(4.0, [(second, 2 * RATE + 11), (first, 17)])
    assert len(mix) == 4 * RATE
    assert mix[:17].max() == mix[17 + len(first) : 2 * RATE + 11].max() == 0
    for sound, start in ((first, 17), (second, 2 * RATE + 11)):
        inner = slice(blending.EDGE, len(sound) - blending.EDGE)
        assert np.abs(mix[start : start + len(sound)][inner] - sound[inner]).max() < 1 / 16384


def test_words_beyond_the_end_are_cut_without_a_click(blended: Callable[..., Floats]) -> None:
    mix = blended(1.0, [(tone(3.0, level=0.9), RATE // 2)])
    assert len(mix) == RATE
    assert abs(mix[-1]) < 0.001
    assert np.abs(np.diff(mix)).max() < 0.9 * 2 * np.pi * 440 / RATE * 1.2


def test_music_gives_way_before_the_words_and_comes_back_after_them(blended: Callable[..., Floats]) -> None:
    start, length = 6 * RATE, 4 * RATE
    mix = blended(20.0, [(np.zeros(length), start)], tone(30.0))[:, 0]
    open_level = decibels(mix[3 * RATE : 5 * RATE])
    under = mix[start : start + length + HOLD]
    assert decibels(under) - open_level == pytest.approx(-DUCKING_DB, abs=0.05)
    assert max(decibels(part) for part in np.split(under, 8)) - open_level == pytest.approx(-DUCKING_DB, abs=0.05)
    assert decibels(mix[start - ATTACK - RATE : start - ATTACK]) == pytest.approx(open_level, abs=0.05)
    back = start + length + HOLD + RELEASE
    assert decibels(mix[back : back + 2 * RATE]) == pytest.approx(open_level, abs=0.05)


def test_music_stays_down_in_short_pauses() -> None:
    moments, depths = envelope([(RATE * 5, RATE * 7), (RATE * 8, RATE * 9), (RATE * 20, RATE * 21)])
    at = np.interp([4 * RATE, 7.5 * RATE, 15 * RATE, 20.5 * RATE], moments, depths)
    assert at.tolist() == [0, 1, 0, 1]


def test_the_level_never_jumps(blended: Callable[..., Floats]) -> None:
    """A constant in the place of music shows every step of gain: fades, ducking, block borders."""
    clips = [(np.zeros(RATE), at) for at in (0, 4 * RATE + 7, 11 * RATE)]
    mix = blended(14.0, clips, np.full(15 * RATE, 0.5))[:, 0]
    assert np.abs(np.diff(mix)).max() < 0.5 * 3e-4
    assert mix[0] < 1e-6
    assert mix[-1] < 1e-6


@pytest.mark.parametrize("seconds", [1.0, 3.3, 8.0])
def test_a_piece_is_repeated_without_clicks_or_gaps(blended: Callable[..., Floats], seconds: float) -> None:
    """Noise, so that the copies at a seam do not cancel; quiet at both ends, as encoders and recordings leave it."""
    noise = np.random.default_rng(3).normal(0, 0.1, round(seconds * RATE))
    smooth = np.convolve(noise, np.ones(32) / 32, "same")
    mix = blended(30.0, [], np.concatenate([np.zeros(RATE // 5), smooth, np.zeros(RATE // 4)]))[:, 0]
    inner = mix[2 * RATE : -4 * RATE]
    steps = np.abs(np.diff(smooth)).max()
    assert np.abs(np.diff(inner)).max() < 1.5 * steps
    levels = [decibels(part) for part in np.array_split(inner, 24 * 4)]
    assert max(levels) - min(levels) < 2.0


def test_music_fades_in_and_out(blended: Callable[..., Floats]) -> None:
    mix = blended(20.0, [], tone(40.0))[:, 0]
    levels = [decibels(mix[int(at * RATE) : int((at + 0.1) * RATE)]) for at in (0, 0.5, 1.5, 16, 18.5, 19.8)]
    assert levels == sorted(levels[:3]) + sorted(levels[3:], reverse=True)
    assert levels[0] < levels[2] - 20
    assert levels[-1] < levels[3] - 20


def test_a_lost_or_changed_file_names_its_scene(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(0.2))
    other = write_wav(tmp_path / "b.wav", tone(0.2), channels=2)
    for lost, sha256 in ((path, "0" * 64), (tmp_path / "gone.wav", "0" * 64), (other, sha256_of(other))):
        clip = {"path": str(lost), "sha256": sha256, "start": 0, "scene": 7}
        with pytest.raises(LostFile) as failure:
            blend(Task(RATE, str(tmp_path / "mix"), [clip]))
        assert failure.value.scene == 7
