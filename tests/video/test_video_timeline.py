"""Whole frames: nothing is lost or gained by rounding, over any number of scenes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video.timeline import RenderSpec, Timeline, TimelineScene


def a_timeline_of(scenes: int, *, fps: int, seconds: float) -> Timeline:
    spec = RenderSpec(width=64, height=36, fps=fps, scene_seconds=seconds)
    return Timeline(spec, tuple(TimelineScene(number, Path("x.png")) for number in range(1, scenes + 1)))


@given(
    scenes=st.integers(1, 300),
    fps=st.integers(1, 120),
    seconds=st.decimals("1", "600", places=3).map(float),
)
def test_boundaries_are_never_more_than_half_a_frame_off(scenes: int, fps: int, seconds: float) -> None:
    timeline = a_timeline_of(scenes, fps=fps, seconds=seconds)
    exact = Fraction(str(seconds)) * fps
    frame = 0
    for segment in timeline.segments:
        assert segment.first_frame == frame
        assert segment.frames >= 1
        assert abs(frame - segment.index * exact) <= Fraction(1, 2)
        frame += segment.frames
    assert frame == timeline.total_frames
    assert abs(timeline.duration - scenes * Fraction(str(seconds))) <= Fraction(1, 2 * fps)


def test_fractional_scenes_take_turns_in_length() -> None:
    timeline = a_timeline_of(4, fps=24, seconds=1.02)  # 24.48 frames
    assert [segment.frames for segment in timeline.segments] == [24, 25, 24, 25]
    assert timeline.total_frames == 98


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 63},
        {"height": 37},
        {"width": 0},
        {"height": 14},
        {"width": 7682},
        {"fps": 0},
        {"fps": 121},
        {"scene_seconds": 0},
        {"scene_seconds": -1.0},
        {"scene_seconds": 0.03},
        {"scene_seconds": 3601},
        {"scene_seconds": float("nan")},
        {"scene_seconds": float("inf")},
    ],
)
def test_a_spec_that_cannot_be_rendered_is_refused(wrong: dict[str, float]) -> None:
    fields: dict[str, float] = {"width": 64, "height": 36, "fps": 30, "scene_seconds": 5.0}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RenderSpec(**{**fields, **wrong})  # type: ignore[arg-type]


def test_a_timeline_needs_a_scene() -> None:
    with pytest.raises(ValueError, match="at least one scene"):
        Timeline(RenderSpec(64, 36, 30, 5.0), ())
