"""A picture sampled on a regular grid that lies anywhere between its pixels, to a few thousandths of one.

OpenCV's affine warp does that exactly. Its resizing interpolates the same way three times as fast, but begins its
grid at half a step before the first pixel. Begun some columns and rows earlier, it meets nearly every place: where
one of the first `LEAD` points comes as close as `TOLERANCE`, resizing is used, and the points before it thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod
from typing import Final

import cv2
import numpy as np

from video.frames.planes import Plane

LEAD: Final = 128
TOLERANCE: Final = 0.012
"""In pixels of the canvas, of which there are about one and a half to a pixel of the frame."""
CHROMA_TOLERANCE: Final = 0.06
_POINTS: Final = np.arange(LEAD) + 0.5

cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True)
class Grid:
    """Points at `start`, `start` + `step`, … in pixels of a plane, whose first has its middle at 0."""

    start: float
    step: float


def even_step(step: float) -> float:
    """The step closest by whose first `LEAD` multiples lie evenly between the pixels: all grids of it are fast."""
    return (2 * round((step * LEAD - 1) / 2) + 1) / LEAD


class Sampler:
    """Samples planes for targets of up to `width` × `height`. It keeps memory for what is thrown away."""

    def __init__(self, width: int, height: int) -> None:
        self._spare = np.empty((width + LEAD) * (height + LEAD), np.uint8)

    def sample(self, plane: Plane, across: Grid, down: Grid, target: Plane) -> bool:
        """Fill `target`; its columns lie at `across` and its rows at `down` on `plane`. Linear interpolation.

        Both have one value to a pixel, or both have two. Returns whether the fast way was taken.
        """
        tolerance = TOLERANCE if plane.ndim == 2 else CHROMA_TOLERANCE
        high, wide = target.shape[:2]
        columns = _lead(across, wide, plane.shape[1], tolerance)
        rows = _lead(down, high, plane.shape[0], tolerance)
        if columns and rows:
            shape = (rows.skipped + high, columns.skipped + wide, *plane.shape[2:])
            spare = self._spare[: prod(shape)].reshape(shape)
            part = plane[rows.first : rows.end, columns.first : columns.end]
            sizes = {"fx": 1 / across.step, "fy": 1 / down.step}
            made = cv2.resize(part, None, dst=spare, interpolation=cv2.INTER_LINEAR, **sizes)
            if made.shape == shape:
                np.copyto(target, made[rows.skipped :, columns.skipped :])
                return True
        matrix = np.array([[across.step, 0, across.start], [0, down.step, down.start]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(plane, matrix, (wide, high), dst=target, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return False


@dataclass(frozen=True, slots=True)
class _Lead:
    """Resize the pixels from `first` to before `end`, and drop the first `skipped` of the result."""

    first: int
    end: int
    skipped: int


def _lead(grid: Grid, count: int, extent: int, tolerance: float) -> _Lead | None:
    """None if no start comes close enough."""
    firsts = grid.start + 0.5 - _POINTS * grid.step  # one of them has to be a whole number
    wholes = np.rint(firsts)
    errors = np.abs(firsts - wholes)
    errors[wholes < 0] = 1
    skipped = int(errors.argmin())
    if errors[skipped] > tolerance:
        return None
    first, points = int(wholes[skipped]), skipped + count
    # How many points there are is how many steps the part has, rounded.
    part = min(ceil((points + 0.5) * grid.step) - 1, extent - first)
    return _Lead(first, first + part, skipped) if round(part / grid.step) == points else None
