"""Pictures: real ones of the asked size, each different, and the kinds of bytes that a provider should not send."""

from __future__ import annotations

import hashlib
import struct
import zlib
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw

from tests.providers.double.script import Picture

MEDIA_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
_BOMB_SIDE = 30_000


def made_picture(kind: Picture, *, subject: str, size: tuple[int, int], output: str = "png") -> bytes:
    """The bytes of a picture. Another `subject` is another picture; `output` is png, jpeg or webp."""
    seed = hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()
    match kind:
        case Picture.NOT_A_PICTURE:
            return f"This is not a picture, it is a text about one ({seed}).".encode()
        case Picture.BOMB:
            return _bomb()
        case Picture.NOISE:
            return _encoded(_noise(seed, size), "png")
        case Picture.TINY:
            return _encoded(_drawn(seed, (1, 1)), "png")
        case Picture.TRUNCATED:
            whole = _encoded(_drawn(seed, size), "png")
            return whole[: len(whole) // 2]
        case Picture.AS_ASKED:
            return _encoded(_drawn(seed, size), output)
        case Picture.PNG | Picture.JPEG | Picture.WEBP:
            return _encoded(_drawn(seed, size), kind.value)


def _encoded(picture: Image.Image, output: str) -> bytes:
    encoded = BytesIO()
    options = {"png": {"compress_level": 1}, "jpeg": {"quality": 85}, "webp": {"quality": 80, "method": 0}}[output]
    picture.save(encoded, format=output.upper(), **options)
    return encoded.getvalue()


def _drawn(seed: str, size: tuple[int, int]) -> Image.Image:
    chance = Random(seed)
    picture = Image.new("RGB", size, _colour(chance))
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        left, top = chance.randrange(size[0]), chance.randrange(size[1])
        corner = (left + 1 + size[0] // 4, top + 1 + size[1] // 4)
        draw.rectangle(((left, top), corner), fill=_colour(chance))
    return picture


def _colour(chance: Random) -> tuple[int, int, int]:
    return chance.randrange(256), chance.randrange(256), chance.randrange(256)


def _noise(seed: str, size: tuple[int, int]) -> Image.Image:
    return Image.frombytes("RGB", size, Random(seed).randbytes(size[0] * size[1] * 3))


def _bomb() -> bytes:
    """A PNG of some 100 KB that unpacks to 900 million black pixels."""
    row = b"\0" * (1 + (_BOMB_SIDE + 7) // 8)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(_BOMB_SIDE)) + packer.flush()
    header = struct.pack(">IIBBBBB", _BOMB_SIDE, _BOMB_SIDE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
