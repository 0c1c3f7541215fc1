"""From a picture's file to pixels that a camera can move over. The file is not trusted.

A picture of the frame's shape fills it; of another shape, it fills as much as goes and the rest is what
`domain.rendering.Fill` says. Either way it is shown in one part of the frame, the card, in which the camera moves
while what is around the card stands still. The colours are taken as sRGB whatever the file says of itself.
"""

from __future__ import annotations

import hashlib
import stat
import struct
from dataclasses import dataclass
from io import BytesIO
from math import ceil, log
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from domain.rendering import Fill
from video.frames.failures import BadPicture, MissingPicture
from video.frames.motion import FARTHEST, farthest_zoom
from video.frames.planes import Frame, Planes, put, to_yuv
from video.frames.sampling import LEAD

PNG_START: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
MOST_PIXELS: Final = 40_000_000
MOST_BYTES: Final = 256_000_000
SLIVER: Final = 0.025
"""A picture loses this much of one side rather than leave bars of a few pixels, which look like a mistake."""
DENSITY: Final = 1.5
"""Pixels of a canvas to a pixel of the unzoomed frame: what interpolates linearly afterwards then hardly shows."""
BACKDROP_SHRINK: Final = 16
BACKDROP_BRIGHTNESS: Final = 0.5

MARGIN: Final = 2 * ceil(LEAD * DENSITY / 2)

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Card:
    """The part of a frame in which the picture is, in pixels; all even."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture ready to be moved over: its card, planes denser than the frame's, and the unzoomed window's size.

    `window` is in pixels of the luma plane, `margin` how many of them were added on the left and above, `density`
    how many there are to a pixel of the part of the picture that is used. The chroma plane is half as wide and high,
    its samples in the middle of the luma's.
    """

    card: Card
    planes: Planes
    window: tuple[float, float]
    margin: int
    density: tuple[float, float]

    @property
    def byte_size(self) -> int:
        return sum(plane.nbytes for plane in self.planes)


def read_picture(path: Path, sha256: str | None = None) -> Pixels:
    """All of a PNG picture as 8-bit sRGB (height, width, 3), black where it is transparent.

    Raises `BadPicture` or `MissingPicture`, or an `OSError` of the storage.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
            raise BadPicture(path, "it is not a file")
        if status.st_size > MOST_BYTES:
            raise BadPicture(path, f"the file is larger than {MOST_BYTES // 1_000_000} MB")
        content = path.read_bytes()
    except FileNotFoundError:
        raise MissingPicture(path) from None
    if sha256 and hashlib.sha256(content).hexdigest() != sha256.lower():
        raise BadPicture(path, "the file is not the one that was approved")
    if not content.startswith(PNG_START) or len(content) < len(PNG_START) + 8:
        raise BadPicture(path, "it is not a PNG file")
    width, height = struct.unpack_from(">II", content, len(PNG_START))
    # Pillow has limits of its own, but at some sizes it only warns.
    if not 0 < width * height <= MOST_PIXELS:
        raise BadPicture(path, f"{width} x {height} pixels are too few or too many")
    try:
        with Image.open(BytesIO(content), formats=["PNG"]) as image:
            image.load()
            return np.asarray(_opaque(ImageOps.exif_transpose(image)))
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        raise BadPicture(path, "it is a damaged or incomplete PNG file") from None


def place_card(picture: tuple[int, int], frame: tuple[int, int], fill: Fill) -> Card:
    """Where a picture of this width and height is shown in a frame: all of it, unless it all but fits anyway."""
    width, height = frame
    if fill is Fill.CROP or abs(log(picture[0] * height / (picture[1] * width))) < SLIVER:
        return Card(0, 0, width, height)
    scale = min(width / picture[0], height / picture[1])
    wide, high = (max(2, 2 * round(side * scale / 2)) for side in picture)
    return Card(2 * ((width - wide) // 4), 2 * ((height - high) // 4), min(wide, width), min(high, height))


def paint_backdrop(picture: Pixels, fill: Fill, frame: Frame) -> None:
    """What is around the card: the picture itself, dim and blurred, or black."""
    if fill is not Fill.BLUR:
        frame.blacken()
        return
    width, height = (max(16, side // BACKDROP_SHRINK) for side in (frame.width, frame.height))
    filling = _middle(picture, frame.width / frame.height)
    small = cv2.resize(filling, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    blurred = cv2.GaussianBlur(small, (0, 0), width / 30, borderType=cv2.BORDER_REPLICATE) * BACKDROP_BRIGHTNESS
    large = cv2.resize(blurred, (frame.width, frame.height), interpolation=cv2.INTER_CUBIC)
    put(np.rint(large + _grain(frame.height, frame.width)).clip(0, 255).astype(np.uint8), frame.planes)


def paint_still(picture: Pixels, card: Card, frame: Frame) -> None:
    """The unmoved picture, as sharp as it can be, on its card."""
    fitting = _middle(picture, card.width / card.height)
    put(_resized(fitting, card.width, card.height), frame.region(card.x, card.y, card.width, card.height))


def make_canvas(picture: Pixels, card: Card, seconds: float) -> Canvas:
    """For a camera that moves over the picture for so many seconds."""
    shape = card.width / card.height
    picture = _reachable(picture, shape)
    high, wide = picture.shape[:2]
    window = (wide, wide / shape) if wide < high * shape else (high * shape, high)
    # Finer detail than the frame can show at its closest would flicker under linear interpolation.
    shown = farthest_zoom(seconds) * card.width / window[0]
    if shown < 0.98:
        wide, high = max(2, round(wide * shown)), max(2, round(high * shown))
        picture = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        window = (wide, wide / shape) if wide < high * shape else (high * shape, high)
    scale = DENSITY * card.width / window[0]
    wide_on, high_on = (2 * max(1, round(side * scale / 2)) for side in (wide, high))
    luma, chroma = to_yuv(picture)
    planes = (
        _with_margin(_resized(luma, wide_on, high_on), MARGIN),
        _with_margin(_resized(chroma, wide_on // 2, high_on // 2), MARGIN // 2),
    )
    density = wide_on / wide, high_on / high
    return Canvas(card, planes, (window[0] * density[0], window[1] * density[1]), MARGIN, density)


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        image = Image.fromarray(((np.asarray(image).clip(0, 65535) + 128) // 257).astype(np.uint8))
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        black = Image.new("RGB", image.size)
        black.paste(image, mask=image.getchannel("A"))
        return black
    return image if image.mode == "RGB" else image.convert("RGB")


def _middle(picture: Pixels, shape: float) -> Pixels:
    """As much of the middle of a picture as has the shape, its width to its height."""
    high, wide = picture.shape[:2]
    width, height = max(1, min(wide, int(high * shape + 1e-6))), max(1, min(high, int(wide / shape + 1e-6)))
    left, top = (wide - width) // 2, (high - height) // 2
    return picture[top : top + height, left : left + width]


def _reachable(picture: Pixels, shape: float) -> Pixels:
    """Without what no path comes to in a picture of quite another shape than its card."""
    high, wide = picture.shape[:2]
    most = 1 + 3 * FARTHEST
    width, height = min(wide, int(high * shape * most) + 2), min(high, int(wide / shape * most) + 2)
    left, top = (wide - width) // 2, (high - height) // 2
    return picture[top : top + height, left : left + width]


def _grain(high: int, wide: int) -> NDArray[np.float32]:
    """Noise of less than a step of brightness, without which soft gradients show their steps; always the same."""
    tile = np.random.default_rng(1).triangular(-1, 0, 1, (128, 128, 1)).astype(np.float32)
    return np.tile(tile, (-(-high // 128), -(-wide // 128), 1))[:high, :wide]


def _with_margin(plane: NDArray[Any], margin: int) -> NDArray[Any]:
    return cv2.copyMakeBorder(plane, margin, 0, margin, 0, cv2.BORDER_REPLICATE)


def _resized(pixels: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    """Averaged where it gets smaller, by Lanczos where it gets larger."""
    high, wide = pixels.shape[:2]
    if (wide, high) == (width, height):
        return pixels
    method = cv2.INTER_AREA if width < wide else cv2.INTER_LANCZOS4
    return cv2.resize(pixels, (width, height), interpolation=method)
