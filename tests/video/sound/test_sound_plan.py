"""Frames become samples exactly, and a key stands for what is heard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from video.sound.plan import Music, Narration, SoundPlan, samples_at

WORDS = Narration(Path("a.wav"), "a" * 64, 30, 2.0, 1)
MUSIC = Music(Path("m.flac"), "c" * 64)
PLAN = SoundPlan(300, 30, (WORDS, Narration(Path("b.wav"), "b" * 64, 120, 3.0, 2)), MUSIC, "9.0")


def test_whole_frame_rates_lose_no_sample() -> None:
    assert [samples_at(101, fps) for fps in (24, 25, 30, 60)] == [202_000, 193_920, 161_600, 80_800]
    assert samples_at(108_000, 30) == 3600 * 48_000
    assert samples_at(1, 7) == 6857


def test_the_key_is_of_what_is_heard() -> None:
    same = [
        replace(PLAN, narrations=PLAN.narrations[::-1]),
        replace(PLAN, music=Music(Path("elsewhere.flac"), "c" * 64)),
        replace(PLAN, narrations=(replace(WORDS, path=Path("x"), scene=7), PLAN.narrations[1])),
    ]
    other = [
        replace(PLAN, total_frames=301),
        replace(PLAN, fps=25),
        replace(PLAN, music=None),
        replace(PLAN, ffmpeg="10.0"),
        replace(PLAN, narrations=PLAN.narrations[:1]),
        replace(PLAN, narrations=(replace(WORDS, start_frame=31), PLAN.narrations[1])),
        replace(PLAN, narrations=(replace(WORDS, sha256="d" * 64), PLAN.narrations[1])),
    ]
    assert {plan.key for plan in same} == {PLAN.key}
    assert len({plan.key for plan in [PLAN, *other]}) == 1 + len(other)


def test_a_plan_of_nothing_is_silent() -> None:
    assert SoundPlan(1, 30).silent
    assert not PLAN.silent


@pytest.mark.parametrize(("frames", "fps", "start"), [(0, 30, 0), (10, 0, 0), (10, 30, 10), (10, 30, -1)])
def test_impossible_plans_are_refused(frames: int, fps: int, start: int) -> None:
    with pytest.raises(ValueError, match="frame"):
        SoundPlan(frames, fps, (replace(WORDS, start_frame=start),))
