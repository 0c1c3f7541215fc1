"""The camera's paths: smooth, never the same twice in a row, and exactly where they should be in every frame."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.video.jitter import errors_of, rms
from video.frames.motion import CameraPath, amount, choose_path, eased, view


def test_neighbouring_scenes_never_move_alike_and_a_new_picture_changes_its_own_scene_only() -> None:
    for shape in (0.3, 1.0, 3.0):
        chosen = [choose_path(index, hashlib.sha256(bytes([index])).hexdigest(), shape) for index in range(200)]
        assert all(before != after for before, after in pairwise(chosen))
        assert chosen == [choose_path(index, hashlib.sha256(bytes([index])).hexdigest(), shape) for index in range(200)]
        assert len(set(chosen)) >= 6


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
