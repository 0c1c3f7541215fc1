"""Files that people may send as pictures: good ones of every kind, and what is none."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image as Picture


def encoded(picture: Picture.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def a_png(width: int, height: int, pixels: bytes = b"") -> bytes:
    """What its header says need not be true."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


FRAMES = [Picture.new("RGB", (9, 9), colour) for colour in ("red", "green", "blue")]
ANIMATED = {"save_all": True, "append_images": FRAMES[1:], "duration": 100}
RAMP = Picture.fromarray(np.arange(300 * 300 * 3, dtype=np.uint32).astype(np.uint8).reshape(300, 300, 3))

NO_PICTURES = {
    "empty": (b"", 422, "empty"),
    "one byte": (b"\xff", 422, "PNG, JPEG or WebP"),
    "text": (b"This says that it is a PNG, and it is not.", 422, "PNG, JPEG or WebP"),
    "text that begins as a JPEG": (b"\xff\xd8\xff" + b"no picture " * 20, 422, "PNG, JPEG or WebP"),
    "signature alone": (b"\x89PNG\r\n\x1a\n", 422, "PNG, JPEG or WebP"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 422, "PNG, JPEG or WebP"),
    "html": (b"<!doctype html><html><script>alert(1)</script></html>", 422, "PNG, JPEG or WebP"),
    "html that begins as a GIF": (b"GIF89a/*<script>alert(1)</script>*/", 422, "PNG, JPEG or WebP"),
    "gif": (encoded(FRAMES[0], "GIF"), 422, "PNG, JPEG or WebP"),
    "tiff": (encoded(FRAMES[0], "TIFF"), 422, "PNG, JPEG or WebP"),
    "sound": (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(60), 422, "PNG, JPEG or WebP"),
    "cut png": (encoded(RAMP, "PNG")[:400], 422, "damaged"),
    "cut jpeg": (encoded(RAMP, "JPEG")[:2_000], 422, "damaged"),
    "cut webp": (encoded(RAMP, "WEBP")[:300], 422, "damaged"),
    "animated webp": (encoded(FRAMES[0], "WEBP", **ANIMATED), 422, "animation of 3 frames"),
    "animated png": (encoded(FRAMES[0], "PNG", **ANIMATED), 422, "animation of 3 frames"),
    "bomb": (a_png(60_000, 60_000, bytes(1_000)), 413, "pixels"),
    "small bomb": (a_png(7_000, 6_000, bytes(1_000)), 413, "pixels"),
    "long and thin": (a_png(16_385, 1, bytes(1_000)), 413, "16384 in a row"),
    "nothing to see": (a_png(0, 7), 422, "PNG, JPEG or WebP"),
}
"""The file, the status of its refusal, and words of it."""

DEEP = Picture.fromarray(np.full((6, 8), 40_000, np.uint16))
PICTURES = {
    "cmyk jpeg": encoded(Picture.new("CMYK", (8, 6), (0, 200, 0, 20)), "JPEG"),
    "16-bit png": encoded(DEEP, "PNG"),
    "see-through png": encoded(Picture.new("RGBA", (8, 6), (1, 2, 3, 4)), "PNG"),
    "palette png": encoded(Picture.new("P", (8, 6), 3), "PNG", transparency=3),
    "one bit": encoded(Picture.new("1", (8, 6)), "PNG"),
    "progressive jpeg": encoded(Picture.new("RGB", (8, 6)), "JPEG", progressive=True),
    "see-through webp": encoded(Picture.new("RGBA", (8, 6), (1, 2, 3, 4)), "WEBP", lossless=True),
    "page hidden behind a png": encoded(Picture.new("RGB", (8, 6)), "PNG") + b"<script>alert(1)</script>",
    "page hidden in a jpeg": encoded(Picture.new("RGB", (8, 6)), "JPEG", comment=b"<script>alert(1)</script>"),
}
