"""The programs that make thumbnails: asked again and again, bounded, and gone when they are idle."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import psutil
import pytest
from PIL import Image

from app.thumbnails import ThumbnailChildren
from domain.pictures import CheckingUnavailable, NoThumbnail
from tests.app.test_picture_checking import lives

PICTURE_SIZE = (400, 200)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.new("RGB", PICTURE_SIZE, "teal").save(path)
    return path


def program(text: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-c", text)


def running(before: set[int]) -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True) if lives(child)} - before


async def test_two_programs_make_them_all(tmp_path: Path, picture: Path) -> None:
    before = running(set())
    children = ThumbnailChildren()
    outputs = [tmp_path / f"{number}.webp" for number in range(20)]
    most = 0

    async def made(output: Path) -> None:
        nonlocal most
        await children.shrink(picture, output, width=160)
        most = max(most, len(running(before)))

    await asyncio.gather(*map(made, outputs))
    assert most <= 2
    for output in outputs:
        with Image.open(output) as small:
            assert (small.format, small.size) == ("WEBP", (160, 80))
    await children.close()
    assert running(before) == set()


async def test_they_leave_when_nobody_asks(tmp_path: Path, picture: Path) -> None:
    before = running(set())
    children = ThumbnailChildren(idle_seconds=0.05)
    await children.shrink(picture, tmp_path / "a.webp", width=160)
    async with asyncio.timeout(20):
        while running(before):
            await asyncio.sleep(0.02)
    await children.shrink(picture, tmp_path / "b.webp", width=160)
    await children.close()


async def test_what_is_no_picture(tmp_path: Path, picture: Path) -> None:
    children = ThumbnailChildren()
    for number, data in enumerate((b"", b"no picture", picture.read_bytes()[:-30])):
        damaged = tmp_path / f"damaged_{number}.png"
        damaged.write_bytes(data)
        with pytest.raises(NoThumbnail):
            await children.shrink(damaged, tmp_path / "out.webp", width=160)
    with pytest.raises(NoThumbnail):
        await children.shrink(tmp_path / "missing.png", tmp_path / "out.webp", width=160)
    with pytest.raises(FileNotFoundError):
        await children.shrink(picture, tmp_path / "nowhere" / "out.webp", width=160)
    with pytest.raises(FileExistsError):
        await children.shrink(picture, picture, width=160)
    await children.shrink(picture, tmp_path / "out.webp", width=160)
    await children.close()


async def test_a_strip_gets_narrower(tmp_path: Path) -> None:
    strip = tmp_path / "strip.png"
    Image.new("RGB", (800, 16_384)).save(strip)
    children = ThumbnailChildren()
    await children.shrink(strip, tmp_path / "strip.webp", width=320)
    with Image.open(tmp_path / "strip.webp") as small:
        assert small.height == 1280
        assert small.width <= 320
    await children.close()


async def test_one_that_dies_takes_one_picture_with_it(tmp_path: Path, picture: Path) -> None:
    before = running(set())
    children = ThumbnailChildren(at_once=1)
    await children.shrink(picture, tmp_path / "a.webp", width=160)
    (first,) = children._idle
    first.process.kill()
    await first.process.wait()
    await children.shrink(picture, tmp_path / "b.webp", width=160)
    await children.close()
    dying = ThumbnailChildren(program=program("input()"))
    with pytest.raises(NoThumbnail):
        await dying.shrink(picture, tmp_path / "c.webp", width=160)
    await dying.close()
    assert running(before) == set()


async def test_one_that_hangs_is_ended(tmp_path: Path, picture: Path) -> None:
    before = running(set())
    children = ThumbnailChildren(seconds=0.3, program=program("import time; time.sleep(60)"))
    with pytest.raises(CheckingUnavailable):
        await children.shrink(picture, tmp_path / "a.webp", width=160)
    assert running(before) == set()
    missing = ThumbnailChildren(program=("/nowhere/python",))
    with pytest.raises((CheckingUnavailable, NoThumbnail)):
        await missing.shrink(picture, tmp_path / "a.webp", width=160)


async def test_too_many_are_turned_away(tmp_path: Path, picture: Path) -> None:
    children = ThumbnailChildren(at_once=1, waiting=1, seconds=0.3, program=program("import time; time.sleep(60)"))
    answers = await asyncio.gather(
        *(children.shrink(picture, tmp_path / f"{number}.webp", width=160) for number in range(4)),
        return_exceptions=True,
    )
    assert [isinstance(answer, CheckingUnavailable) for answer in answers] == [True] * 4
    assert ["Many" in str(answer) for answer in answers] == [False, False, True, True]


async def test_whoever_is_cancelled_leaves_no_program(tmp_path: Path, picture: Path) -> None:
    before = running(set())
    children = ThumbnailChildren(program=program("import time; time.sleep(60)"))
    asking = asyncio.create_task(children.shrink(picture, tmp_path / "a.webp", width=160))
    async with asyncio.timeout(20):
        while not running(before):
            await asyncio.sleep(0.02)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert running(before) == set()
