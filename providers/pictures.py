"""The gate every picture passes before it is stored, a provider's or a person's: one known format, nothing hidden.

What leaves here is an 8-bit RGB PNG without metadata. Nothing is trusted: not the declared type, not the size, not
that the file is whole. Decoding is slow work: call it in a thread.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from enum import Enum, auto
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms, ImageOps

from domain.errors import JobErrorCode, WorkFailed
from domain.pictures import MOST_PICTURE_BYTES, MOST_PICTURE_PIXELS, MOST_PICTURE_SIDE

MOST_BYTES = MOST_PICTURE_BYTES
MOST_PIXELS = MOST_PICTURE_PIXELS
BACKGROUND = (242, 242, 242)
_FORMATS = ("PNG", "JPEG", "WEBP")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ALPHA_MODES = frozenset(("RGBA", "LA", "PA", "RGBa", "La"))
_DEEP_MODES = frozenset(("I", "F", "I;16", "I;16L", "I;16B", "I;16N"))


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture fit to be stored: an 8-bit RGB PNG, its size in pixels and the SHA-256 of its bytes in hexadecimal."""

    png: bytes
    width: int
    height: int
    sha256: str


class Why(Enum):
    """Why something is not taken."""

    EMPTY = auto()
    UNKNOWN = auto()
    TOO_LARGE = auto()
    UNUSABLE = auto()


class NotTaken(Exception):
    """This is no picture that is taken; `message` is for a person, unless `why` says it all."""

    def __init__(self, why: Why, message: str = "") -> None:
        super().__init__(why, message)
        self.why = why
        self.message = message


def normalise_picture(data: bytes) -> Picture:
    """The picture in `data`, which a provider answered with.

    Raises:
        WorkFailed: BAD_OUTPUT, worth another try, if this is not one whole PNG, JPEG or WebP picture within bounds.
    """
    try:
        return plain_picture(data)
    except NotTaken as refusal:
        message = refusal.message
        if refusal.why is Why.EMPTY:
            message = "The image provider answered with nothing."
        elif refusal.why is Why.UNKNOWN:
            message = f"The image provider did not answer with a PNG, JPEG or WebP picture, {_guess(data)}."
    raise WorkFailed(JobErrorCode.BAD_OUTPUT, message, retryable=True)


def plain_picture(data: bytes) -> Picture:
    """The picture in `data`, upright, flattened to 8-bit RGB and stripped of metadata.

    A PNG that is already so keeps its bytes.

    Raises:
        NotTaken: this is not one whole PNG, JPEG or WebP picture within bounds.
    """
    if not data:
        raise NotTaken(Why.EMPTY)
    if len(data) > MOST_BYTES:
        message = f"The picture has {len(data) / 1024 / 1024:.0f} MiB; at most {MOST_BYTES // 1024 // 1024} are taken."
        raise NotTaken(Why.TOO_LARGE, message)
    opened = _open(data)
    try:
        opened.load()
        clean = opened.format == "PNG" and opened.mode == "RGB" and _is_bare_png(data)
        flat = opened if clean else _flattened(opened)
        png = data if clean else _encoded(flat)
    except MemoryError:
        raise NotTaken(Why.TOO_LARGE, "The picture needs more memory than there is for it.") from None
    except Exception:  # decoders raise anything at all on damaged input, and their messages help nobody
        raise NotTaken(Why.UNUSABLE, "The picture is damaged or cut off.") from None
    return Picture(png, flat.width, flat.height, hashlib.sha256(png).hexdigest())


def _open(data: bytes) -> Image.Image:
    """The picture before decoding, its kind and size checked."""
    try:
        opened = Image.open(BytesIO(data), formats=_FORMATS)
        frames = int(getattr(opened, "n_frames", 1))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        message = f"The picture has too many pixels; at most {MOST_PIXELS // 1_000_000} million are taken."
        raise NotTaken(Why.TOO_LARGE, message) from None
    except Exception:  # as above
        raise NotTaken(Why.UNKNOWN) from None
    if opened.width * opened.height > MOST_PIXELS or max(opened.size) > MOST_PICTURE_SIDE:
        raise NotTaken(
            Why.TOO_LARGE,
            f"The picture has {opened.width} × {opened.height} pixels; at most {MOST_PIXELS // 1_000_000} million are "
            f"taken, and {MOST_PICTURE_SIDE} in a row or column.",
        )
    if frames > 1 and opened.format != "MPO":  # cameras append small previews to a JPEG; the first frame is the picture
        message = f"The picture is an animation of {frames} frames; one still picture is needed."
        raise NotTaken(Why.UNUSABLE, message)
    return opened


def _guess(data: bytes) -> str:
    start = data[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "but with a web page"
    if start.startswith((b"{", b"[")):
        return "but with JSON"
    if start.startswith((b"<svg", b"<?xml")):
        return "but with XML"
    return "or it is damaged"


def _is_bare_png(data: bytes) -> bool:
    """Whether these are the chunks of a plain 8-bit RGB picture and nothing else, each with its right checksum."""
    if not data.startswith(_SIGNATURE) or data[24:29] != b"\x08\x02\x00\x00\x00":
        return False
    view = memoryview(data)
    at, kind = len(_SIGNATURE), b""
    while at + 12 <= len(data):
        length = int.from_bytes(view[at : at + 4], "big")
        kind = bytes(view[at + 4 : at + 8])
        stop = at + 12 + length
        if kind not in (b"IHDR", b"IDAT", b"IEND") or stop > len(data):
            return False
        if zlib.crc32(view[at + 4 : stop - 4]) != int.from_bytes(view[stop - 4 : stop], "big"):
            return False
        at = stop
    return kind == b"IEND" and at == len(data)


def _flattened(opened: Image.Image) -> Image.Image:
    profile = opened.info.get("icc_profile")
    picture = _upright(opened)
    if picture.mode in _DEEP_MODES:
        return _from_deep_grey(picture).convert("RGB")
    if picture.mode in _ALPHA_MODES or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        flat = Image.new("RGB", rgba.size, BACKGROUND)
        flat.paste(_in_srgb(rgba.convert("RGB"), profile), mask=rgba.getchannel("A"))
        return flat
    return _in_srgb(picture if picture.mode in ("RGB", "L", "CMYK") else picture.convert("RGB"), profile)


def _upright(opened: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(opened)
    except Exception:  # a damaged EXIF block says nothing about the picture
        return opened


def _from_deep_grey(picture: Image.Image) -> Image.Image:
    """16-bit grey, scaled to 8 bits instead of cut off."""
    values = np.asarray(picture, np.float64)
    span = 65535.0 if values.size and values.max() > 255 else 255.0
    return Image.fromarray((np.clip(values / span, 0, 1) * 255 + 0.5).astype(np.uint8))


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in sRGB, through its colour profile if it has one that fits."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            return converted
    return picture.convert("RGB")


def _encoded(flat: Image.Image) -> bytes:
    bare = Image.new("RGB", flat.size)
    bare.paste(flat)
    encoded = BytesIO()
    bare.save(encoded, format="PNG", compress_level=1)
    return encoded.getvalue()
