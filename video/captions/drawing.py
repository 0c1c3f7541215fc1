"""From what libass drew to an overlay: the box and the rule behind and below the words, cropping, straight alpha.

libass draws the words in pure red and their shade in pure green on black. So red and green are the exact shares of both
in each pixel, and their sum is its opacity: `ass` with `alpha=1` makes half-transparent layers too transparent. PNG
holds straight alpha, so colours are divided by it; otherwise every edge would have a dark fringe.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from video.captions.ass import AssFrame
from video.captions.looks import AMBER, INK, Box, Colour

Layer = NDArray[np.float32]
_POSITION: Final = "Reelgate position"
_LEAST_INK: Final = 1
_CAP_HEIGHT: Final = 0.72
_RULE_BELOW, _RULE_WIDTH, _RULE_HEIGHT = 0.62, 1.5, 0.045


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished overlay: an RGBA PNG with straight alpha, whose upper left corner is at `x`, `y` of the video.

    Position and size are even, as 4:2:0 video wants them, where the frame allows it.
    """

    picture: Path
    sha256: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Pixels:
    """An overlay before it has a file."""

    image: Image.Image
    x: int
    y: int

    @property
    def width(self) -> int:
        return self.image.width

    @property
    def height(self) -> int:
        return self.image.height

    def save(self, path: Path) -> None:
        facts = PngImagePlugin.PngInfo()
        facts.add_text(_POSITION, f"{self.x} {self.y}")
        self.image.save(path, format="PNG", pnginfo=facts, compress_level=4)


def position_of(path: Path, sha256: str) -> Drawn | None:
    """What was drawn before, and counts as used now; None if there is no such file, or no whole one of ours."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            x, y = (int(number) for number in image.info[_POSITION].split())
            found = Drawn(path, sha256, x, y, image.width, image.height)
            image.verify()  # the sums of all its parts, without decoding it
        os.utime(path)
        return found
    except (OSError, ValueError, KeyError, SyntaxError):
        return None


def finish(canvas: Image.Image, frame: AssFrame, *, top: int) -> Pixels | None:
    """The overlay of one frame that libass drew; None if that has no ink. `top` is the canvas's place in the video."""
    shares = np.asarray(canvas.convert("RGB"))
    words = _ink(np.maximum(shares[..., 0], shares[..., 1]))
    if words is None:
        return None
    # Nothing is drawn beyond these, which saves most of the work at large sizes.
    em, (left, upper, right, lower) = frame.em, words
    left, right = _within(left - 2 * em, right + 2 * em, canvas.width)
    upper, lower = _within(upper - em, lower + 1.2 * em, canvas.height)
    drawn = _coloured(shares[upper:lower, left:right], frame.look.colour)
    corner = left, upper
    if frame.look.box:
        drawn = _over(drawn, _box(drawn.shape[:2], corner, words, frame, frame.look.box))
    if frame.look.rule:
        drawn = _over(drawn, _rule(drawn.shape[:2], corner, frame))
    ink = _ink(np.rint(drawn[..., 3] * 255).astype(np.uint8))
    assert ink is not None
    first, over, last, under = ink
    first, over = first - (first + left) % 2, over - (over + upper + top) % 2
    over = over if over >= 0 else 1
    last, under = min(last + (last - first) % 2, drawn.shape[1]), min(under + (under - over) % 2, drawn.shape[0])
    return Pixels(_straight(drawn[over:under, first:last]), first + left, over + upper + top)


def _coloured(shares: NDArray[np.uint8], colour: Colour) -> Layer:
    """Premultiplied colours and opacity, from how much of each pixel is words (red) and shade (green)."""
    inks = np.array([[*colour, 255], [*INK, 255]], dtype=np.float32) / np.float32(255)
    layer: Layer = shares[..., :2].astype(np.float32) / np.float32(255) @ inks
    return np.minimum(layer, 1)


def _within(low: float, high: float, limit: int) -> tuple[int, int]:
    """Even bounds, so that what is cut off at even places stays even."""
    return max(0, int(low) // 2 * 2), min(limit, int(high) // 2 * 2 + 2)


def _ink(alpha: NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    """The smallest rectangle with all that is drawn; right and lower are just outside."""
    rows = np.flatnonzero((alpha > _LEAST_INK).any(axis=1))
    columns = np.flatnonzero((alpha > _LEAST_INK).any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _over(above: Layer, below: Layer) -> Layer:
    """Both premultiplied."""
    result: Layer = above + below * (1 - above[..., 3:])
    return result


def _box(
    shape: tuple[int, int], corner: tuple[int, int], words: tuple[int, int, int, int], frame: AssFrame, box: Box
) -> Layer:
    """As wide as the words and as high as their lines, so that boxes of one video are alike."""
    em = frame.em
    left, upper, right, lower = words
    first, last = frame.lines[0].base, frame.lines[-1].base
    top = min(first - _CAP_HEIGHT * em - box.above * em * 1.25, upper - box.above * em * 0.6)
    bottom = max(last + (0.22 + box.above) * em, lower + box.above * em * 0.6)
    bounds = left - box.side * em, top, right + box.side * em, bottom
    return _rounded(shape, corner, bounds, box.radius * em, INK, box.opacity)


def _rule(shape: tuple[int, int], corner: tuple[int, int], frame: AssFrame) -> Layer:
    """A short line below a title."""
    em = frame.em
    middle, top = frame.lines[-1].x, round(frame.lines[-1].base + _RULE_BELOW * em)
    height = max(2, round(_RULE_HEIGHT * em))
    sides = middle - _RULE_WIDTH * em / 2, middle + _RULE_WIDTH * em / 2
    return _rounded(shape, corner, (sides[0], top, sides[1], top + height), height / 2, AMBER, 0.95)


def _rounded(
    shape: tuple[int, int],
    corner: tuple[int, int],
    bounds: tuple[float, float, float, float],
    radius: float,
    colour: Colour,
    opacity: float,
) -> Layer:
    """A rectangle with round corners, its edges smoothed by their distance from each pixel's middle."""
    left, top, right, bottom = bounds
    radius = min(radius, (right - left) / 2, (bottom - top) / 2)
    y, x = np.ogrid[corner[1] : corner[1] + shape[0], corner[0] : corner[0] + shape[1]]
    across = np.abs(x + 0.5 - (left + right) / 2) - ((right - left) / 2 - radius)
    down = np.abs(y + 0.5 - (top + bottom) / 2) - ((bottom - top) / 2 - radius)
    outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0)) + np.minimum(np.maximum(across, down), 0)
    cover = np.clip(0.5 - (outside - radius), 0, 1) * opacity
    pixel = np.array([*(part / 255 for part in colour), 1.0])
    layer: Layer = (cover[..., None] * pixel).astype(np.float32)
    return layer


def _straight(premultiplied: Any) -> Image.Image:
    alpha = premultiplied[..., 3:]
    colours = np.divide(premultiplied[..., :3], alpha, out=np.zeros_like(premultiplied[..., :3]), where=alpha > 0)
    values = np.concatenate([np.clip(colours, 0, 1), np.clip(alpha, 0, 1)], axis=-1)
    return Image.fromarray(np.rint(values * 255).astype(np.uint8), "RGBA")
