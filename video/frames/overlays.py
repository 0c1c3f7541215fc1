"""Pictures with transparency, such as captions, laid over frames: only where and when they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from video.frames.failures import BadOverlay
from video.frames.planes import Frame, halved, to_yuv
from video.frames.stills import MOST_PIXELS
from video.orders import Overlay

Floats = NDArray[Any]


class Layer:
    """An overlay over frames of one size, which come in order. Parts of it that lie outside of them are left out.

    It is in memory while it shows: a long scene has hundreds of captions.
    """

    def __init__(self, overlay: Overlay, width: int, height: int) -> None:
        self._overlay, self._size = overlay, (width, height)
        self._ink: _Ink | None = None
        self._covered: list[tuple[Any, Any]] = []

    def strength(self, frame: int) -> float:
        """How much of it shows in a frame of the segment, from 0 to 1."""
        shown = self._overlay
        since, left = frame - shown.first_frame, shown.first_frame + shown.frames - 1 - frame
        if min(since, left) < 0:
            return 0.0
        share = min(1.0, (min(since, left) + 1) / (shown.fade_frames + 1))
        return share * share * (3 - 2 * share)

    def lay(self, frame: Frame, number: int) -> bool:
        """Blend it into frame `number` of the segment, if it shows there; `lift` takes it off again.

        Raises `BadOverlay`.
        """
        strength = self.strength(number)
        if strength == 0:
            self._ink = None
            return False
        ink = self._ink = self._ink or _Ink(self._overlay, *self._size)
        if 0 in ink.place[2:]:
            return False
        planes = frame.region(*ink.place)
        self._covered = [(plane, plane.copy()) for plane in planes]
        for plane, (rest, colour) in zip(planes, ink.mixed(strength), strict=True):
            cv2.multiply(plane, rest, dst=plane, scale=1 / 255)
            cv2.add(plane, colour, dst=plane)
        return True

    def lift(self) -> None:
        """Give the frame back what lay under it."""
        for plane, before in self._covered:
            plane[:] = before
        self._covered = []


class _Ink:
    """The pixels of an overlay, where they are in the frame. Raises `BadOverlay`."""

    def __init__(self, overlay: Overlay, width: int, height: int) -> None:
        rgba, x, y = _even(_read(overlay.picture), overlay.x, overlay.y, width, height)
        self.place = (x, y, rgba.shape[1], rgba.shape[0])
        alpha = rgba[..., 3].astype(np.float32) / 255
        luma, chroma = to_yuv(np.ascontiguousarray(rgba[..., :3]))
        pairs = np.dstack([alpha, alpha])
        self._alphas: tuple[Floats, Floats] = (alpha, halved(pairs))
        self._colours: tuple[Floats, Floats] = (luma * alpha, halved(chroma * pairs))
        self._whole = _mix(self._alphas, self._colours, 1.0)

    def mixed(self, strength: float) -> list[tuple[Any, Any]]:
        return self._whole if strength == 1 else _mix(self._alphas, self._colours, strength)


def _mix(alphas: tuple[Floats, ...], colours: tuple[Floats, ...], strength: float) -> list[tuple[Any, Any]]:
    """For each plane, what is left of the frame, in 255ths, and what is added to it."""
    return [
        (np.rint(255 * (1 - alpha * strength)).astype(np.uint8), np.rint(colour * strength).astype(np.uint8))
        for alpha, colour in zip(alphas, colours, strict=True)
    ]


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if not 0 < image.width * image.height <= MOST_PIXELS:
                raise BadOverlay("has too few or too many pixels")
            image.load()
            return np.asarray(image.convert("RGBA"))
    except FileNotFoundError:
        raise BadOverlay("is missing") from None
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        raise BadOverlay("is damaged") from None


def _even(rgba: NDArray[np.uint8], x: int, y: int, width: int, height: int) -> tuple[NDArray[np.uint8], int, int]:
    """Cut to what shows, with clear columns and rows added so that it lies on whole chroma samples."""
    seen = cv2.boundingRect(rgba[..., 3])
    rgba = rgba[seen[1] : seen[1] + seen[3], seen[0] : seen[0] + seen[2]]
    x, y = x + seen[0], y + seen[1]
    rgba = rgba[max(0, -y) : max(0, height - y), max(0, -x) : max(0, width - x)]
    x, y = max(0, x), max(0, y)
    high, wide = rgba.shape[:2]
    if high == 0 or wide == 0:
        return np.zeros((0, 0, 4), np.uint8), 0, 0
    # Chroma is smoothed over its left neighbour too.
    left = x % 2 or (2 if x else 0)
    right, above, below = (x + wide) % 2, y % 2, (y + high) % 2
    return np.pad(rgba, ((above, below), (left, right), (0, 0))), x - left, y - above
