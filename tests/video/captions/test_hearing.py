"""Captions that are spoken change where the voice pauses."""

from __future__ import annotations

import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.costs import assert_cheap
from video.captions.cues import Cue, LineLimits, cues_of
from video.captions.hearing import Pause, heard, pauses_of

FPS = 30
TEXT = "It was cold. A girl went along the street, and nobody bought a match of her. She sat down."


def a_sound(path: Path, *parts: tuple[float, float]) -> Path:
    """Noise of so many seconds and of such a level, one part after the other."""
    random = np.random.default_rng(1)
    pieces = [random.normal(0, 1, round(seconds * 48_000)) * level for seconds, level in parts]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((np.concatenate(pieces).clip(-1, 1) * 32767).astype("<i2").tobytes())
    return path


def test_pauses_are_found_and_the_silence_around_is_none(tmp_path: Path) -> None:
    path = a_sound(
        tmp_path / "x.wav", (0.2, 0.0001), (1, 0.1), (0.3, 0.0002), (0.7, 0.2), (0.05, 0), (1, 0.1), (0.5, 0)
    )
    (pause,) = pauses_of(path)
    assert (pause.start, pause.end) == pytest.approx((1.2, 1.5), abs=0.03)
    assert pauses_of(a_sound(tmp_path / "y.wav", (1, 0))) == ()
    assert pauses_of(a_sound(tmp_path / "z.wav", (0.001, 0.1))) == ()


def test_sentences_change_in_the_pauses_although_the_tempo_varies() -> None:
    lines = ("It was cold.", "A girl went along the street,", "and nobody bought a match of her.", "She sat down.")
    cues = tuple(Cue((line,), 75 * number, 75) for number, line in enumerate(lines))
    pauses = (Pause(1.9, 2.3), Pause(4.9, 5.2), Pause(6.4, 6.5), Pause(8.0, 8.5))
    found = heard(cues, pauses, fps=FPS)
    assert [cue.lines for cue in found] == [cue.lines for cue in cues]
    assert (found[0].first_frame, sum(cue.frames for cue in found)) == (0, 300)
    for cue, pause in zip(found[1:], (pauses[0], pauses[1], pauses[3]), strict=True):
        assert pause.start * FPS <= cue.first_frame <= pause.end * FPS
    assert all(a.first_frame + a.frames == b.first_frame for a, b in pairwise(found))


def test_pauses_that_fit_nothing_change_little() -> None:
    cues = cues_of(TEXT, frames=300, fps=FPS, limits=LineLimits(24, 2))
    found = heard(cues, (Pause(0.1, 0.2), Pause(9.8, 9.9)), fps=FPS)
    assert all(cue.frames >= 20 for cue in found)
    assert sum(cue.frames for cue in found) == 300


def test_nothing_to_hear_changes_nothing() -> None:
    cues = (Cue(("One",), 3, 10), Cue(("two",), 13, 10))
    assert heard(cues, (), fps=FPS) == cues
    assert heard(cues[:1], (Pause(0.1, 0.2),), fps=FPS) == cues[:1]
    short = heard(cues, (Pause(0.01, 0.1),), fps=FPS)
    assert sum(cue.frames for cue in short) == 20
    assert short[0].first_frame == 3


def test_ten_minutes_of_speech_are_put_to_their_pauses_soon() -> None:
    cues = cues_of(TEXT * 36, frames=600 * FPS, fps=FPS, limits=LineLimits(42, 1))
    ends = [cue.first_frame / FPS for cue in cues[1:]]
    pauses = [Pause(end + 0.3, end + 0.5) for end in ends] + [Pause(end + 1.5, end + 1.6) for end in ends[:-1]]
    pauses.sort(key=lambda pause: pause.start)
    found: list[Cue] = []
    assert_cheap(lambda: found.extend(heard(cues, pauses, fps=FPS)), 12)
    starts = {round((pause.end - 0.06) * FPS) for pause in pauses}
    assert {cue.first_frame for cue in found} <= {0, *starts}
    assert sum(cue.frames for cue in found[: len(cues)]) == 600 * FPS


def test_a_voice_without_pauses_for_long_is_followed_by_the_guess() -> None:
    cues = tuple(Cue((f"Sentence number {number}.",), 60 * number, 60) for number in range(60))
    found = heard(cues, (Pause(0.5, 0.6),), fps=FPS)
    assert [cue.lines for cue in found] == [cue.lines for cue in cues]
    assert sum(cue.frames for cue in found) == 3600
    assert all(50 <= cue.frames <= 70 for cue in found)
