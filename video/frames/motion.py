"""How the camera moves over a picture: Ken Burns paths, their pace, and which one a scene gets. Pure numbers.

A path is followed over all frames of a scene. It starts and ends slowly but never stands still, because the
scene is seen moving in the transitions at its ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import exp, log, pi, sin

STILL = "still"
FARTHEST = 0.15
"""The most a camera zooms or travels, as a share of the frame, however long the scene is."""
PACE_SECONDS = 5.5
RAMP = 0.3
LEAST_SPEED = 0.3
FOCUS_X, FOCUS_Y = (0.38, 0.62), 0.42
CLEARLY_ANOTHER_SHAPE = 1.15


class CameraPath(StrEnum):
    PUSH_IN = "push_in"
    PUSH_IN_LEFT = "push_in_left"
    PUSH_IN_RIGHT = "push_in_right"
    PULL_OUT = "pull_out"
    PULL_OUT_LEFT = "pull_out_left"
    PULL_OUT_RIGHT = "pull_out_right"
    PAN_LEFT = "pan_left"
    PAN_RIGHT = "pan_right"
    PAN_UP = "pan_up"
    PAN_DOWN = "pan_down"
    DRIFT_UP_LEFT = "drift_up_left"
    DRIFT_UP_RIGHT = "drift_up_right"
    DRIFT_DOWN_LEFT = "drift_down_left"
    DRIFT_DOWN_RIGHT = "drift_down_right"


_PUSHES = (CameraPath.PUSH_IN, CameraPath.PUSH_IN_LEFT, CameraPath.PUSH_IN_RIGHT)
_PULLS = (CameraPath.PULL_OUT, CameraPath.PULL_OUT_LEFT, CameraPath.PULL_OUT_RIGHT)
_DRIFTS = (
    CameraPath.DRIFT_UP_LEFT,
    CameraPath.DRIFT_UP_RIGHT,
    CameraPath.DRIFT_DOWN_LEFT,
    CameraPath.DRIFT_DOWN_RIGHT,
)
_SIDEWAYS = (CameraPath.PAN_LEFT, CameraPath.PAN_RIGHT)
_UPRIGHT = (CameraPath.PAN_UP, CameraPath.PAN_DOWN)


@dataclass(frozen=True, slots=True)
class View:
    """What the camera sees: the largest window that fits the picture, made smaller by `zoom`.

    `x` and `y` say where it is, from 0 (left, top) to 1 (right, bottom) of the room that it has.
    """

    zoom: float
    x: float
    y: float


def choose_path(sha256: str, aspect: float) -> str:
    """The path over a picture, by the picture alone: whatever else changes in a video, its scene moves as before.

    `sha256` is the picture's, `aspect` its width to height over the frame's. Half of all pictures are gone along, one
    much wider or taller than the frame on its long side; the others inwards or outwards. At most one in six
    neighbours moves as the one before it, and always one of the same picture: preventing that would make a scene depend
    on others.
    """
    taste = int(sha256[:8], 16)
    if aspect > CLEARLY_ANOTHER_SHAPE:
        along: tuple[CameraPath, ...] = _SIDEWAYS
    elif aspect < 1 / CLEARLY_ANOTHER_SHAPE:
        along = _UPRIGHT
    else:
        along = _DRIFTS
    kinds = (_PUSHES, along, _PULLS, along)
    kind = kinds[taste % len(kinds)]
    return str(kind[taste // len(kinds) % len(kind)])


def amount(seconds: float) -> float:
    """How far the camera goes in a scene of so many seconds, as a share of the frame: slow, and bounded."""
    return FARTHEST * (1 - exp(-seconds / PACE_SECONDS))


def eased(time: float) -> float:
    """The share of the way done at `time` from 0 to 1. Speed rises over the first part and falls over the last."""
    if time > 0.5:
        return 1 - eased(1 - time)
    ramp = min(time, RAMP)
    risen = ramp / 2 - RAMP / (2 * pi) * sin(pi * ramp / RAMP) + max(0.0, time - RAMP)
    return (LEAST_SPEED * time + (1 - LEAST_SPEED) * risen) / (LEAST_SPEED + (1 - LEAST_SPEED) * (1 - RAMP))


def view(path: str, time: float, seconds: float, room: tuple[float, float]) -> View:
    """Where the camera is at `time`, from 0 to 1, of a scene that lasts `seconds`.

    `room` is how much wider and taller than the unzoomed window the picture is, as shares of the window: 0 and 0
    when the picture has the frame's shape. Raises `ValueError` for a path that is none.
    """
    if path == STILL:
        return View(1.0, 0.5, 0.5)
    chosen, way, done = CameraPath(path), amount(seconds), eased(time)
    if chosen in _PUSHES or chosen in _PULLS:
        share = done if chosen in _PUSHES else 1 - done
        return View(exp(share * log(1 + way)), _focus(chosen), FOCUS_Y)
    if chosen in _DRIFTS:
        return _drift(chosen, done, way, room)
    sideways = chosen in _SIDEWAYS
    along = room[0] if sideways else room[1]
    zoom = max(1.03, (1 + way) / (1 + along))
    place = _between(chosen in (CameraPath.PAN_RIGHT, CameraPath.PAN_DOWN), done, way, (1 + along) * zoom - 1)
    return View(zoom, place, FOCUS_Y) if sideways else View(zoom, 0.5, place)


def is_pan(path: str) -> bool:
    """Whether the zoom stays the same."""
    return path in _SIDEWAYS or path in _UPRIGHT


def farthest_zoom(seconds: float) -> float:
    """No path zooms in more than this."""
    return 1.03 + amount(seconds)


def _drift(chosen: CameraPath, done: float, way: float, room: tuple[float, float]) -> View:
    zoom = exp(log(1 + way * 0.7) + done * log((1 + way) / (1 + way * 0.7)))
    right = chosen in (CameraPath.DRIFT_DOWN_RIGHT, CameraPath.DRIFT_UP_RIGHT)
    down = chosen in (CameraPath.DRIFT_DOWN_LEFT, CameraPath.DRIFT_DOWN_RIGHT)
    x, y = (
        _between(forwards, done, way * 0.6, (1 + share) * zoom - 1)
        for forwards, share in ((right, room[0]), (down, room[1]))
    )
    return View(zoom, x, y)


def _between(forwards: bool, done: float, way: float, room: float) -> float:
    """The place in `room` after the share `done` of `way`, both as shares of the frame, around the middle."""
    share = min(1.0, way / room) if room > 0 else 0.0
    return 0.5 + share * (done - 0.5) * (1 if forwards else -1)


def _focus(path: CameraPath) -> float:
    if path in (CameraPath.PUSH_IN_LEFT, CameraPath.PULL_OUT_LEFT):
        return FOCUS_X[0]
    if path in (CameraPath.PUSH_IN_RIGHT, CameraPath.PULL_OUT_RIGHT):
        return FOCUS_X[1]
    return 0.5
