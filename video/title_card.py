"""The pictures that a video begins and ends with: the first scene's, dimmed and out of focus, and darkness."""

from __future__ import annotations

import hashlib
import secrets
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageEnhance, ImageFilter

from video.failures import bad_picture, file_trouble, missing_picture
from video.frames.failures import BadPicture, MissingPicture
from video.frames.stills import read_picture

SUBJECT: Final = "The title card"
_SHRINK: Final = 4
_BLUR: Final = 0.02
_BRIGHTNESS: Final = 0.42
_COLOUR: Final = 0.85


def make_card(picture: Path, output: Path, *, width: int, height: int, owner: str = "Scene 1") -> str:
    """Write a PNG of this size and return its SHA-256. Blocks.

    Raises `WorkFailed`, which names the `owner` of a picture that cannot be used.
    """
    with file_trouble(SUBJECT):
        try:
            found = Image.fromarray(read_picture(picture))
        except BadPicture as failure:
            raise bad_picture(owner, failure.reason) from None
        except MissingPicture:
            raise missing_picture(owner) from None
        small = _filling(found, max(2, width // _SHRINK), max(2, height // _SHRINK))
        blurred = small.filter(ImageFilter.GaussianBlur(max(width, height) / _SHRINK * _BLUR))
        dimmed = ImageEnhance.Color(ImageEnhance.Brightness(blurred).enhance(_BRIGHTNESS)).enhance(_COLOUR)
        buffer = BytesIO()
        dimmed.resize((width, height), Image.Resampling.BICUBIC).save(buffer, "PNG", compress_level=1)
        output.write_bytes(buffer.getvalue())
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def make_dark(folder: Path, *, width: int, height: int) -> tuple[Path, str]:
    """A black picture to be laid over the end of a video, and its SHA-256. Blocks; raises `WorkFailed`."""
    path = folder / f"dark_{width}x{height}.png"
    buffer = BytesIO()
    Image.new("RGBA", (width, height), (0, 0, 0, 255)).save(buffer, "PNG", compress_level=1)
    partial = path.with_name(f"{path.stem}.{secrets.token_hex(4)}.partial")
    with file_trouble(SUBJECT):
        try:
            partial.write_bytes(buffer.getvalue())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return path, hashlib.sha256(buffer.getvalue()).hexdigest()


def _filling(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Cut to the frame's shape, from the middle."""
    scale = min(picture.width / width, picture.height / height)
    across, down = width * scale, height * scale
    left, top = (picture.width - across) / 2, (picture.height - down) / 2
    box = (left, top, left + across, top + down)
    return picture.resize((width, height), Image.Resampling.BOX, box=box, reducing_gap=3.0)
