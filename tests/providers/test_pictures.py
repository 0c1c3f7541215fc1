"""What passes the gate is a plain 8-bit RGB PNG; everything else is refused in words."""

from __future__ import annotations

import hashlib
import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from domain.errors import JobErrorCode, WorkFailed
from providers import pictures
from providers.pictures import BACKGROUND, Picture, normalise_picture


def a_picture(mode: str = "RGB", size: tuple[int, int] = (40, 24)) -> Image.Image:
    ramp = np.linspace(0, 255, size[0] * size[1] * 3).astype(np.uint8).reshape(size[1], size[0], 3)
    return Image.fromarray(ramp).convert(mode)


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, format=kind, **options)
    return out.getvalue()


def decoded(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def assert_plain(data: bytes) -> None:
    kinds = []
    at = 8
    while at < len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        kinds.append(data[at + 4 : at + 8])
        at += 12 + length
    assert kinds[0] == b"IHDR"
    assert data[24:26] == b"\x08\x02"
    assert set(kinds[1:-1]) == {b"IDAT"}
    assert kinds[-1] == b"IEND"


def refusal(data: bytes) -> str:
    with pytest.raises(WorkFailed) as caught:
        normalise_picture(data)
    assert caught.value.code is JobErrorCode.BAD_OUTPUT
    assert caught.value.retryable
    assert caught.value.__cause__ is None
    return caught.value.message


def test_a_clean_png_keeps_its_bytes() -> None:
    data = encoded(a_picture())
    picture = normalise_picture(data)
    assert picture.png is data
    assert (picture.width, picture.height) == (40, 24)
    assert picture.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        *((mode, "JPEG") for mode in ("RGB", "L", "CMYK")),
        *((mode, "WEBP") for mode in ("RGB", "RGBA")),
        *((mode, "PNG") for mode in ("P", "1", "L", "LA", "RGBA", "I;16")),
    ],
)
def test_every_mode_becomes_plain_rgb(mode: str, kind: str) -> None:
    source = a_picture(mode)
    picture = normalise_picture(encoded(source, kind))
    assert_plain(picture.png)
    flat = decoded(picture.png)
    assert (flat.mode, flat.size) == ("RGB", source.size)
    assert picture.sha256 == hashlib.sha256(picture.png).hexdigest()


@pytest.mark.parametrize(("mode", "tolerance"), [("CMYK", 24), ("P", 40), ("RGB", 12)])
def test_colours_survive(mode: str, tolerance: int) -> None:
    red = Image.new("RGB", (16, 16), (200, 40, 30)).convert(mode)
    flat = decoded(normalise_picture(encoded(red, "PNG" if mode == "P" else "JPEG")).png)
    colour = np.asarray(flat, np.int64).mean(axis=(0, 1))
    assert np.abs(colour - [200, 40, 30]).max() <= tolerance


def test_sixteen_bit_grey_is_scaled_and_not_cut_off() -> None:
    deep = Image.fromarray(np.array([[0, 32896, 65535]], np.uint16))
    flat = decoded(normalise_picture(encoded(deep)).png)
    assert [flat.getpixel((x, 0)) for x in range(3)] == [(0, 0, 0), (128, 128, 128), (255, 255, 255)]


def test_sixteen_bit_colour_is_taken() -> None:
    rows = b"\x00" + struct.pack(">6H", 0, 32896, 65535, 65535, 0, 0)
    data = _png(struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0), zlib.compress(rows))
    flat = decoded(normalise_picture(data).png)
    assert_plain(normalise_picture(data).png)
    assert flat.getpixel((1, 0)) == (255, 0, 0)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_over_a_neutral_background(mode: str) -> None:
    clear = Image.new("RGBA", (8, 8), (10, 10, 10, 0))
    data = encoded(clear.convert(mode)) if mode != "P" else encoded(Image.new("P", (8, 8), 0), transparency=0)
    assert decoded(normalise_picture(data).png).getpixel((4, 4)) == BACKGROUND


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_pictures_are_set_upright(orientation: int) -> None:
    source = Image.new("RGB", (60, 30), (250, 250, 250))
    source.paste((200, 0, 0), (0, 0, 20, 10))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = normalise_picture(encoded(source, "JPEG", exif=exif.tobytes(), quality=95))
    corner = {3: (55, 25), 6: (25, 5), 8: (5, 55)}[orientation]
    assert (picture.width, picture.height) == ((60, 30) if orientation == 3 else (30, 60))
    red, green, _ = decoded(picture.png).getpixel(corner)  # type: ignore[misc]
    assert red > 150
    assert green < 90


def test_metadata_is_stripped() -> None:
    notes = PngInfo()
    notes.add_text("prompt", "a secret")
    data = encoded(a_picture(), pnginfo=notes, dpi=(300, 300))
    picture = normalise_picture(data)
    assert b"secret" not in picture.png
    assert_plain(picture.png)
    assert np.array_equal(np.asarray(decoded(picture.png)), np.asarray(a_picture()))


def test_a_colour_profile_is_applied_and_dropped() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = normalise_picture(encoded(a_picture(), icc_profile=profile))
    assert_plain(picture.png)
    assert np.abs(np.asarray(decoded(picture.png), int) - np.asarray(a_picture(), int)).max() <= 2


def test_a_damaged_colour_profile_is_ignored() -> None:
    picture = normalise_picture(encoded(a_picture(), icc_profile=b"not a profile"))
    assert np.array_equal(np.asarray(decoded(picture.png)), np.asarray(a_picture()))


def test_bytes_behind_the_end_are_dropped() -> None:
    data = encoded(a_picture())
    assert (
        normalise_picture(data + b"<script>").png == data
        or b"<script>" not in normalise_picture(data + b"<script>").png
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "answered with nothing"),
        (b"<!DOCTYPE html><html><body>502</body></html>", "a web page"),
        (b'{"error": "busy"}', "JSON"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "XML"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://example.com/a.ts\n", "PNG, JPEG or WebP"),
        (b"\x00" * 100, "PNG, JPEG or WebP"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, words: str) -> None:
    assert words in refusal(data)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM", "ICO", "PCX", "TGA"])
def test_other_formats_are_refused(kind: str) -> None:
    assert "PNG, JPEG or WebP" in refusal(encoded(a_picture(), kind))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animations_are_refused(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), (shade, 0, 0)) for shade in (10, 120, 250)]
    message = refusal(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100))
    assert "animation of 3 frames" in message


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_cut_off_pictures_are_refused(kind: str, share: float) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8))
    data = encoded(noise, kind)
    assert "damaged" in refusal(data[: int(len(data) * share)])


def test_a_damaged_checksum_is_not_passed_through() -> None:
    data = bytearray(encoded(a_picture()))
    data[-20] ^= 0xFF
    with pytest.raises(WorkFailed):
        normalise_picture(bytes(data))


@pytest.mark.parametrize("size", [(6400, 6251), (20_000, 20_000), (65_000, 65_000), (2_000_000_000, 1)])
def test_decompression_bombs_are_refused_before_decoding(size: tuple[int, int]) -> None:
    header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    assert "pixels" in refusal(_png(header, zlib.compress(b"\x00" * 1000)))


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 100)
    assert "MiB" in refusal(encoded(a_picture()))


@given(st.binary(max_size=300), st.sampled_from(["PNG", "JPEG", "WEBP"]), st.integers(0, 400), st.integers(0, 255))
@settings(max_examples=250, deadline=None)
def test_any_bytes_give_a_picture_or_a_refusal(junk: bytes, kind: str, at: int, value: int) -> None:
    damaged = bytearray(encoded(a_picture(), kind))
    damaged[at % len(damaged)] = value
    for data in (junk, bytes(damaged), bytes(damaged[:at]) + junk):
        picture = _picture_or_none(data)
        if picture is not None:
            assert_plain(picture.png)


def _picture_or_none(data: bytes) -> Picture | None:
    """None for a refusal; any other exception fails the test."""
    try:
        return normalise_picture(data)
    except WorkFailed:
        return None


def _png(header: bytes, pixels: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
