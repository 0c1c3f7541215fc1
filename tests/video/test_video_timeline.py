"""Whole frames: nothing is lost or gained by rounding, over any number of scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rendering import Motion, RenderSpec, Transition
from video.timeline import Timeline, TimelineScene


def a_timeline_of(scenes: int, *, fps: int, seconds: float) -> Timeline:
    spec = RenderSpec(width=64, height=36, fps=fps, scene_seconds=seconds, transition=Transition.CUT)
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
        {"scene_seconds": 601},
        {"scene_seconds": float("nan")},
        {"scene_seconds": float("inf")},
    ],
)
def test_a_spec_that_cannot_be_rendered_is_refused(wrong: dict[str, float]) -> None:
    fields: dict[str, float] = {"width": 64, "height": 36, "fps": 30, "scene_seconds": 5.0}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RenderSpec(**{**fields, **wrong})  # type: ignore[arg-type]


def _exact(seconds: float | None) -> Fraction | None:
    return None if seconds is None else Fraction(str(seconds))


def a_varied_timeline(
    transition: Transition = Transition.CROSSFADE, fps: int = 30, **lengths: Sequence[float | None]
) -> Timeline:
    """`seconds`, `narration` and `reading` of each scene, in seconds."""
    count = max(map(len, lengths.values()))
    seconds, narration, reading = (
        [*lengths.get(name, ())] or [None] * count for name in ("seconds", "narration", "reading")
    )
    spec = RenderSpec(64, 36, fps, transition=transition, transition_seconds=0.5)
    scenes = (
        TimelineScene(
            number, Path("x.png"), f"{number:064x}", seconds=by_hand, narration_seconds=_exact(said),
            reading_seconds=_exact(read), path="push_in",
        )
        for number, (by_hand, said, read) in enumerate(zip(seconds, narration, reading, strict=True), start=1)
    )  # fmt: skip
    return Timeline(spec, tuple(scenes))


lengths = st.one_of(st.none(), st.decimals("0.03", "20", places=2).map(float))


@given(
    scenes=st.lists(st.tuples(lengths, lengths, lengths), min_size=1, max_size=20),
    fps=st.sampled_from([1, 5, 24, 25, 30, 60]),
    transition=st.sampled_from(Transition),
)
def test_segments_are_all_frames_of_the_video_once_each(
    scenes: list[tuple[float | None, float | None, float | None]], fps: int, transition: Transition
) -> None:
    seconds, narration, reading = zip(*scenes, strict=True)
    timeline = a_varied_timeline(transition, fps, seconds=seconds, narration=narration, reading=reading)
    frame = 0
    for segment in timeline.segments:
        assert segment.first_frame == frame
        assert segment.frames >= 1
        frame += segment.frames
    assert frame == timeline.total_frames
    for place, scene in zip(timeline.places, timeline.scenes, strict=True):
        assert place.window_frames >= 1
        assert place.window_first_frame + place.window_frames <= place.body_frames
        if scene.narration_seconds is not None:
            assert place.window_frames >= scene.narration_seconds * fps
        elif scene.seconds is None and scene.reading_seconds is not None:
            assert place.window_frames >= scene.reading_seconds * fps
    for order in timeline.orders(ffmpeg="", threads=1):
        for shot in order.shots:
            assert 0 <= shot.first_frame <= shot.frames - order.frames


def test_scenes_overlap_by_their_transition() -> None:
    timeline = a_varied_timeline(seconds=[3, 3, 3])
    assert [(place.first_frame, place.frames, place.coming, place.going) for place in timeline.places] == [
        (0, 90, 0, 15),
        (75, 90, 15, 15),
        (150, 90, 15, 0),
    ]
    assert [segment.frames for segment in timeline.segments] == [75, 15, 60, 15, 75]
    assert [segment.kind.value for segment in timeline.segments] == ["body", "crossfade", "body", "crossfade", "body"]
    assert timeline.duration == 8
    shots = [
        [(shot.frames, shot.first_frame) for shot in order.shots] for order in timeline.orders(ffmpeg="", threads=1)
    ]
    assert shots == [[(90, 0)], [(90, 75), (90, 0)], [(90, 15)], [(90, 75), (90, 0)], [(90, 15)]]
    assert [timeline.subject(segment) for segment in timeline.segments[:2]] == ["Scene 1", "The transition to scene 2"]


def test_a_transition_leaves_each_scene_a_third_of_itself() -> None:
    timeline = a_varied_timeline(seconds=[3, 0.5, 0.1, 0.04])
    assert [place.going for place in timeline.places] == [5, 0, 0, 0]


def test_narration_sets_the_length_and_wins_over_a_hand() -> None:
    timeline = a_varied_timeline(seconds=[None, 2, 9], narration=[4, 4, 4])
    assert [place.frames for place in timeline.places] == [136 + 15, 15 + 136 + 15, 270]
    assert timeline.notes == ("Scene 2 lasts 5.5 s, longer than it was set to: its narration needs that long.",)
    assert timeline.places[0].window_first_frame == 5


def test_the_last_scene_goes_dark_after_its_words() -> None:
    crossfade, cut = (a_varied_timeline(change, narration=[4, 4]) for change in (Transition.CROSSFADE, Transition.CUT))
    assert [place.closing for place in (*crossfade.places, *cut.places)] == [0, 30, 0, 0]
    last = crossfade.places[-1]
    assert last.body_frames == 5 + 120 + 11 + 30
    assert last.window_first_frame + last.window_frames == 5 + 120
    (by_hand,) = a_varied_timeline(seconds=[2]).places
    assert (by_hand.frames, by_hand.closing) == (60, 15)


def test_a_scene_can_be_cut_to_or_still_among_others() -> None:
    timeline = a_varied_timeline(seconds=[3, 3, 3])
    scenes = list(timeline.scenes)
    scenes[1] = replace(scenes[1], transition=Transition.CUT, motion=Motion.HOLD)
    scenes[2] = replace(scenes[2], transition=Transition.FADE_BLACK)
    changed = replace(timeline, scenes=tuple(scenes))
    assert [segment.kind.value for segment in changed.segments] == ["body", "body", "fade_black", "body"]
    held = changed.orders(ffmpeg="", threads=1)[1].shots[0]
    assert (held.path, held.frames, held.first_frame) == ("", 75, 0)


def test_a_changed_narration_changes_no_other_scene() -> None:
    before = a_varied_timeline(narration=[3, 3.123, 3, 3]).orders(ffmpeg="", threads=1)
    after = a_varied_timeline(narration=[3, 5.777, 3, 3]).orders(ffmpeg="", threads=1)
    same = [one.key == other.key for one, other in zip(before, after, strict=True)]
    assert same == [True, False, False, False, True, True, True]


def test_a_timeline_needs_a_scene() -> None:
    with pytest.raises(ValueError, match="at least one scene"):
        Timeline(RenderSpec(64, 36, 30, scene_seconds=5.0), ())
