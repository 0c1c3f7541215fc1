"""The camera's paths: smooth, the same for the same picture, and exactly where they should be in every frame."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.video.jitter import errors_of, rms
from video.frames.motion import CameraPath, amount, choose_path, eased, view


@pytest.mark.parametrize(("shape", "alike"), [(0.3, 1 / 6), (1.0, 5 / 48), (3.0, 1 / 6)])
def test_the_picture_alone_decides_how_its_scene_moves(shape: float, alike: float) -> None:
    pictures = [hashlib.sha256(number.to_bytes(2)).hexdigest() for number in range(2000)]
    chosen = [choose_path(sha256, shape) for sha256 in pictures]
    assert chosen == [choose_path(sha256, shape) for sha256 in pictures]
    counts = Counter(chosen)
    assert len(counts) == (10 if shape == 1.0 else 8)
    assert min(counts.values()) > 2000 / 14
    assert sum(before == after for before, after in pairwise(chosen)) / 1999 == pytest.approx(alike, abs=0.03)


def test_it_starts_and_ends_gently_and_never_stands_still() -> None:
    places = np.array([eased(time) for time in np.linspace(0, 1, 1001)])
    speeds = np.diff(places) * 1000
    assert (places[0], places[-1]) == pytest.approx((0, 1))
    assert places[500] == pytest.approx(0.5)
    assert speeds.min() > 0.3
    assert speeds.max() < 1.5
    assert np.abs(np.diff(speeds)).max() < 0.01  # no jerk


def test_longer_scenes_go_farther_but_slower() -> None:
    ways = [amount(seconds) for seconds in (1, 3, 6, 12, 60)]
    assert ways == sorted(ways)
    assert ways[-1] <= 0.15
    assert [way / seconds for way, seconds in zip(ways, (1, 3, 6, 12, 60), strict=True)] == sorted(
        (way / seconds for way, seconds in zip(ways, (1, 3, 6, 12, 60), strict=True)), reverse=True
    )


@pytest.mark.parametrize("path", list(CameraPath))
@pytest.mark.parametrize("room", [(0.0, 0.0), (0.0, 0.4), (0.4, 0.0)])
def test_the_camera_stays_on_the_picture(path: str, room: tuple[float, float]) -> None:
    for time in np.linspace(0, 1, 21):
        seen = view(path, float(time), 4.0, room)
        assert 1 <= seen.zoom <= 1.2
        assert 0 <= seen.x <= 1
        assert 0 <= seen.y <= 1


@pytest.mark.parametrize("path", ["push_in_left", "pan_right", "drift_up_left"])
def test_every_frame_is_within_a_hundredth_of_a_pixel_of_its_place(path: str) -> None:
    errors = errors_of(path, picture=(960, 540), frame=(960, 540), fps=30, seconds=20, every=29)
    assert rms(errors) < 0.006
    assert np.abs(errors).max() < 0.02
