"""Pictures of every size and mode are shown whole and undistorted; what is no picture is refused by its scene."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from domain.errors import JobErrorCode, WorkFailed
from video.checks import check_picture, inspect_video
from video.timeline import Timeline, TimelineScene

Render = Callable[..., Awaitable[Path]]


def first_frame(path: Path) -> np.ndarray[Any, Any]:
    """RGB, each pixel by itself: no smoothing of colours between neighbours."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        return frame.to_ndarray(format="rgb24", src_colorspace="ITU709", interpolation="POINT").astype(int)


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (3000, 10), (10, 3000), (90, 160), (65, 37), (320, 180)])
async def test_pictures_of_any_size(
    size: tuple[int, int], a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline], render: Render
) -> None:
    picture = a_picture((200, 100, 50), size=size)
    video = await render(a_timeline(picture, a_picture(), size=(160, 90)))
    assert inspect_video(video).frames == 10
    frame = first_frame(video)
    assert np.abs(frame[45, 79] - (200, 100, 50)).max() <= 12


@pytest.mark.parametrize("width", range(30, 48, 2))
async def test_the_edges_of_a_picture_are_as_bright_as_its_middle(
    width: int, a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline], render: Render
) -> None:
    frame = first_frame(await render(a_timeline(a_picture((200, 100, 50), size=(width, 36)))))
    bright = np.abs(frame[18] - (200, 100, 50)).max(axis=-1) <= 8
    left = 2 * ((64 - width) // 4)
    assert np.flatnonzero(bright).tolist() == list(range(left, left + width))


async def test_a_portrait_picture_is_whole_and_undistorted_over_a_dim_copy_of_itself(
    a_timeline: Callable[..., Timeline], render: Render, tmp_path: Path
) -> None:
    pixels = np.full((160, 80, 3), 200, np.uint8)
    pixels[40:120, 20:60] = (200, 0, 0)  # a mark of half the width and half the height, in the middle
    Image.fromarray(pixels).save(tmp_path / "portrait.png")
    frame = first_frame(await render(a_timeline(tmp_path / "portrait.png", size=(320, 160))))
    assert np.abs(frame[80, 160] - (200, 0, 0)).max() <= 6
    red = (frame[..., 0] > 150) & (frame[..., 1] < 60)
    rows, columns = np.nonzero(red)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == pytest.approx((80, 40), abs=2)
    assert np.abs(frame[80, 124] - 200).max() <= 6  # the picture spans 120 to 199
    assert frame[80, 60].max() < 120
    assert frame[80, 60].max() > 20


@pytest.mark.parametrize("size", [(448, 256), (640, 366), (640, 360), (65, 37)])
async def test_a_picture_that_all_but_fits_fills_the_frame(
    size: tuple[int, int], a_timeline: Callable[..., Timeline], render: Render, tmp_path: Path
) -> None:
    pixels = np.full((size[1], size[0], 3), 200, np.uint8)
    pixels[size[1] // 4 : -(size[1] // 4), size[0] // 4 : -(size[0] // 4)] = (200, 0, 0)
    Image.fromarray(pixels).save(tmp_path / "close.png")
    frame = first_frame(await render(a_timeline(tmp_path / "close.png", size=(320, 180))))
    for edge in (frame[0], frame[-1], frame[:, 0], frame[:, -1]):
        assert np.abs(edge - 200).max() <= 6
    rows, columns = np.nonzero(frame[..., 1] < 100)
    assert (np.ptp(columns) + 1, np.ptp(rows) + 1) == pytest.approx((160, 90), abs=5)


@pytest.mark.parametrize(
    ("mode", "colour", "shown"),
    [
        ("RGBA", (200, 100, 50, 255), (200, 100, 50)),
        ("RGBA", (200, 100, 50, 0), (0, 0, 0)),
        ("RGBA", (200, 100, 50, 128), (100, 50, 25)),
        ("L", 90, (90, 90, 90)),
        ("LA", (90, 255), (90, 90, 90)),
        ("I;16", 90 * 257, (90, 90, 90)),
        ("1", 1, (255, 255, 255)),
    ],
)
async def test_pictures_of_any_mode(
    mode: str,
    colour: Any,
    shown: tuple[int, int, int],
    a_picture: Callable[..., Path],
    a_timeline: Callable[..., Timeline],
    render: Render,
) -> None:
    frame = first_frame(await render(a_timeline(a_picture(colour, mode=mode))))
    assert np.abs(frame[18, 32] - shown).max() <= 4


async def test_a_palette_with_transparency(a_timeline: Callable[..., Timeline], render: Render, tmp_path: Path) -> None:
    image = Image.new("P", (64, 36), 0)
    image.putpalette([200, 100, 50, 10, 200, 10])
    image.paste(1, (32, 0, 64, 36))
    image.save(tmp_path / "palette.png", transparency=1)
    frame = first_frame(await render(a_timeline(tmp_path / "palette.png")))
    assert np.abs(frame[18, 10] - (200, 100, 50)).max() <= 4
    assert frame[18, 54].max() <= 4


async def test_sixteen_bit_colours_and_claims_about_the_colour_space(
    a_timeline: Callable[..., Timeline], render: Render, tmp_path: Path
) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" + struct.pack(">3H", 200 * 257, 100 * 257, 50 * 257) * 64
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 36, 16, 2, 0, 0, 0))
    claims = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"pHYs", struct.pack(">IIB", 1, 4, 0))
    path = tmp_path / "deep.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + header + claims + chunk(b"IDAT", zlib.compress(row * 36)) + chunk(b"IEND", b"")
    )
    frame = first_frame(await render(a_timeline(path)))
    assert np.abs(frame - (200, 100, 50)).max() <= 4


async def test_a_picture_is_turned_as_its_metadata_asks(
    a_timeline: Callable[..., Timeline], render: Render, tmp_path: Path
) -> None:
    image = Image.new("RGB", (80, 40), (200, 0, 0))
    image.paste((0, 0, 200), (0, 0, 40, 40))
    asked = Image.Exif()
    asked[0x0112] = 6  # the left side is the top
    image.save(tmp_path / "turned.png", exif=asked)
    frame = first_frame(await render(a_timeline(tmp_path / "turned.png")))
    assert np.abs(frame[9, 32] - (0, 0, 200)).max() <= 6
    assert np.abs(frame[27, 32] - (200, 0, 0)).max() <= 6


async def test_what_a_picture_says_about_itself_stays_out_of_the_video(
    a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline], render: Render
) -> None:
    path = a_picture()
    notes = PngImagePlugin.PngInfo()
    notes.add_text("prompt", "a secret prompt")
    Image.open(path).save(path, pnginfo=notes)
    assert b"a secret prompt" not in (await render(a_timeline(path))).read_bytes()


async def test_a_second_picture_in_the_file_is_not_shown(
    a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline], render: Render
) -> None:
    path = a_picture((200, 100, 50))
    path.write_bytes(path.read_bytes() + a_picture((0, 0, 255)).read_bytes())
    with av.open(str(await render(a_timeline(path, seconds=1)))) as container:
        frames = [frame.to_ndarray(format="rgb24", src_colorspace="ITU709") for frame in container.decode(video=0)]
    assert len(frames) == 25
    assert all(np.abs(frame.astype(int) - (200, 100, 50)).max() <= 4 for frame in frames)


def png_bytes(size: tuple[int, int] = (64, 36)) -> bytes:
    header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a PNG file"),
        (b"\x89PNG\r\n\x1a\n", "not a PNG file"),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "not a PNG file"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not a PNG file"),
        (b"\xff\xd8\xff\xe0 a JPEG", "not a PNG file"),
        (b"<html>502 Bad Gateway</html>", "not a PNG file"),
        (png_bytes(), "damaged or incomplete"),
        (png_bytes((0, 36)), "0 x 36 pixels"),
        (png_bytes((100_000, 100_000)), "100000 x 100000 pixels"),
    ],
)
async def test_what_is_no_picture_is_refused_by_its_scene(
    content: bytes,
    reason: str,
    a_picture: Callable[..., Path],
    a_timeline: Callable[..., Timeline],
    render: Render,
    assert_nothing_left: Callable[[], None],
) -> None:
    bad = a_picture()
    bad.write_bytes(content)
    with pytest.raises(WorkFailed, match=reason) as failure:
        await render(a_timeline(a_picture(), bad, a_picture()), parallel=2)
    assert failure.value.message.startswith("Scene 2: ")
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.BAD_OUTPUT, False)
    assert str(bad.parent) not in failure.value.message
    assert_nothing_left()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
async def test_a_truncated_picture_is_refused(
    share: float,
    a_picture: Callable[..., Path],
    a_timeline: Callable[..., Timeline],
    render: Render,
    assert_nothing_left: Callable[[], None],
) -> None:
    bad = a_picture(noise=True)
    content = bad.read_bytes()
    bad.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(WorkFailed, match=r"Scene 1: .* damaged or incomplete"):
        await render(a_timeline(bad))
    assert_nothing_left()


async def test_a_damaged_picture_is_refused(
    a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline], render: Render
) -> None:
    bad = a_picture(noise=True)
    content = bytearray(bad.read_bytes())
    content[len(content) // 2] ^= 255
    bad.write_bytes(content)
    with pytest.raises(WorkFailed, match=r"Scene 2: .* damaged or incomplete"):
        await render(a_timeline(a_picture(), bad))


def test_a_missing_picture_is_refused() -> None:
    with pytest.raises(WorkFailed, match="Scene 7: the file of its picture is missing") as failure:
        check_picture(TimelineScene(7, Path("/nowhere/x.png")))
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.STORAGE, False)


def test_only_the_file_that_was_approved_is_used(a_picture: Callable[..., Path]) -> None:
    picture = a_picture()
    sha256 = hashlib.sha256(picture.read_bytes()).hexdigest()
    check_picture(TimelineScene(1, picture, sha256))
    picture.write_bytes(a_picture((1, 2, 3)).read_bytes())
    with pytest.raises(WorkFailed, match="not the one that was approved"):
        check_picture(TimelineScene(1, picture, sha256))
