"""Frames as the encoder takes them: limited-range BT.709 4:2:0 in one block of memory (NV12), and what mixes them.

Chroma lies as H.264 has it unless told otherwise: level with the left one of two columns, between two rows.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Planes = tuple[Plane, Plane]
BLACK: Final = (16, 128)

_TO_YUV: Final[NDArray[np.float64]] = np.array(
    [
        [0.2126 * 219 / 255, 0.7152 * 219 / 255, 0.0722 * 219 / 255, 16],
        [-0.2126 / 1.8556 * 224 / 255, -0.7152 / 1.8556 * 224 / 255, 0.5 * 224 / 255, 128],
        [0.5 * 224 / 255, -0.7152 / 1.5748 * 224 / 255, -0.0722 / 1.5748 * 224 / 255, 128],
    ]
)


class Frame:
    """`width` × `height` pixels, both even. `planes` are views of `block`, which is what is written.

    The first is luma; the second, half as wide and high, has Cb and Cr side by side (height, width, 2), which is how
    x264 keeps them.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        luma = width * height
        self.block: Plane = np.empty(luma + luma // 2, np.uint8)
        self.planes: Planes = (
            self.block[:luma].reshape(height, width),
            self.block[luma:].reshape(height // 2, width // 2, 2),
        )

    def blacken(self) -> None:
        for plane, value in zip(self.planes, BLACK, strict=True):
            plane[:] = value

    def region(self, x: int, y: int, width: int, height: int) -> Planes:
        """Views of a part; all four numbers are even."""
        luma, chroma = self.planes
        rows, columns = slice(y // 2, (y + height) // 2), slice(x // 2, (x + width) // 2)
        return luma[y : y + height, x : x + width], chroma[rows, columns]


def to_yuv(rgb: NDArray[Any]) -> tuple[Plane, Plane]:
    """Luma, and Cb and Cr side by side, all of full resolution, of 8-bit sRGB pixels (height, width, 3)."""
    return cv2.transform(rgb, _TO_YUV[:1]), cv2.transform(rgb, _TO_YUV[1:])  # type: ignore[return-value]


def halved(plane: NDArray[Any]) -> NDArray[Any]:
    """Half as wide and high, each sample level with the left column of its two: weights 1 2 1 across, 1 1 down."""
    smooth = cv2.sepFilter2D(
        plane,
        -1,
        np.array([0.25, 0.5, 0.25]),
        np.array([0.5, 0.5]),
        anchor=(1, 0),
        borderType=cv2.BORDER_REPLICATE,
    )
    return smooth[::2, ::2]


def put(rgb: NDArray[Any], planes: Planes) -> None:
    """Convert 8-bit sRGB pixels, of an even size, into the views of a frame's part of that size."""
    luma, chroma = to_yuv(rgb)
    planes[0][:] = luma
    planes[1][:] = halved(chroma)


def crossfade(before: Frame, after: Frame, share: float, into: Frame) -> None:
    """`share` of `after` and the rest of `before`."""
    cv2.addWeighted(before.block, 1 - share, after.block, share, 0, dst=into.block)


def fade_to_black(frame: Frame, share: float, into: Frame) -> None:
    """`share` of the frame, the rest is black."""
    for plane, black, target in zip(frame.planes, BLACK, into.planes, strict=True):
        table = np.rint(black + (np.arange(256) - black) * share).astype(np.uint8)
        cv2.LUT(plane, table, dst=target)
