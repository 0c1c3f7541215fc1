"""The program that looks into people's pictures: what it answers, what it may take, and how it is ended."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil
import pytest
from PIL import Image

from app.picture_checking import PictureChild
from domain.errors import InvalidInput, LimitExceeded
from domain.pictures import CheckingUnavailable, PictureSize

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="these bounds are Linux's")


def program(text: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-c", text)


SLEEPING = program("import time; time.sleep(60)")
BOUNDED = "import sys, json, resource; from providers.normalising import restrain; restrain()\n"


@pytest.fixture
def file() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as opened:
        yield opened


def written(file: IO[bytes], data: bytes) -> IO[bytes]:
    file.write(data)
    file.flush()
    return file


def a_picture(kind: str, size: tuple[int, int] = (12, 7)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind)
    return buffer.getvalue()


def all_children() -> list[int]:
    return [child.pid for child in psutil.Process().children(recursive=True) if lives(child)]


def lives(child: psutil.Process) -> bool:
    """It may end just now."""
    try:
        return child.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module", autouse=True)
def others() -> set[int]:
    """Children of other tests in this process, such as a broker."""
    _others.update(all_children())
    return _others


_others: set[int] = set()


def children() -> list[int]:
    return [pid for pid in all_children() if pid not in _others]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_picture(tmp_path: Path, file: IO[bytes], kind: str) -> None:
    output = tmp_path / "out.png"
    assert await PictureChild().check(written(file, a_picture(kind)), output) == PictureSize(12, 7)
    with Image.open(output) as stored:
        assert (stored.format, stored.size) == ("PNG", (12, 7))
    assert children() == []


async def test_what_is_refused(tmp_path: Path, file: IO[bytes]) -> None:
    checker = PictureChild()
    with pytest.raises(InvalidInput, match="PNG, JPEG or WebP") as caught:
        await checker.check(written(file, b"no picture"), tmp_path / "1.png")
    assert caught.value.field == ("image",)
    file.seek(0)
    with pytest.raises(LimitExceeded, match="20000 × 1 pixels"):
        await checker.check(written(file, a_picture("PNG", (20_000, 1))), tmp_path / "2.png")
    assert list(tmp_path.iterdir()) == []


async def test_a_place_that_cannot_be_written(tmp_path: Path, file: IO[bytes]) -> None:
    with pytest.raises(FileNotFoundError):
        await PictureChild().check(written(file, a_picture("PNG")), tmp_path / "missing" / "out.png")


async def test_it_is_ended_when_it_takes_too_long(tmp_path: Path, file: IO[bytes]) -> None:
    with pytest.raises(CheckingUnavailable, match=r"in 0\.3 s"):
        await PictureChild(seconds=0.3, program=SLEEPING).check(file, tmp_path / "out")
    assert children() == []


async def test_it_is_ended_with_the_request(tmp_path: Path, file: IO[bytes]) -> None:
    task = asyncio.create_task(PictureChild(program=SLEEPING).check(file, tmp_path / "out"))
    async with asyncio.timeout(10):
        while not children():
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == []


async def test_a_few_wait_and_more_are_refused(tmp_path: Path) -> None:
    checker = PictureChild(at_once=1, waiting=2)
    with tempfile.TemporaryFile() as first, tempfile.TemporaryFile() as second, tempfile.TemporaryFile() as third:
        files = [written(file, a_picture("PNG")) for file in (first, second, third)]
        asked = [asyncio.create_task(checker.check(file, tmp_path / str(n))) for n, file in enumerate(files)]
        await asyncio.sleep(0)
        with pytest.raises(CheckingUnavailable, match="Many") as caught:
            await checker.check(first, tmp_path / "more")
        assert caught.value.seconds > 0
        most = 0
        while not all(task.done() for task in asked):
            most = max(most, len(children()))
            await asyncio.sleep(0.01)
    assert [task.result() for task in asked] == [PictureSize(12, 7)] * 3
    assert most == 1


@pytest.mark.parametrize("text", ["import os; os.kill(os.getpid(), 9)", "import os; os.abort()"])
async def test_a_picture_that_it_does_not_survive(tmp_path: Path, file: IO[bytes], text: str) -> None:
    with pytest.raises(InvalidInput, match="takes too much"):
        await PictureChild(program=program(text)).check(file, tmp_path / "out")


@pytest.mark.parametrize("text", ["import nothing_of_this_name", "print('{}')", "print('[')", "", "print('x' * 9999)"])
async def test_a_fault_of_the_program_is_ours(tmp_path: Path, file: IO[bytes], text: str) -> None:
    with pytest.raises((RuntimeError, ValueError)):
        await PictureChild(program=program(text)).check(file, tmp_path / "out")
    assert children() == []


async def test_a_program_that_is_not_there(tmp_path: Path, file: IO[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.children.ties_children", False)
    with pytest.raises(CheckingUnavailable, match="at the moment"):
        await PictureChild(program=("/no/such/program",)).check(file, tmp_path / "out")


async def test_it_is_told_no_secrets(tmp_path: Path, file: IO[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:secret@host/db")
    text = "import os, sys, json; open(sys.argv[1], 'w').write(json.dumps(dict(os.environ))); "
    await PictureChild(program=program(text + 'print(\'{"width": 1, "height": 1}\')')).check(file, tmp_path / "out")
    assert "secret" not in (tmp_path / "out").read_text()


@LINUX
async def test_its_bounds(tmp_path: Path, file: IO[bytes]) -> None:
    text = BOUNDED + (
        "import os; said = [resource.getrlimit(getattr(resource, f'RLIMIT_{n}'))[0] for n in ('AS', 'CPU', 'FSIZE')]\n"
        "said += [os.nice(0), os.getpgid(0) == os.getpid()]\n"
        "open(sys.argv[1], 'w').write(json.dumps(said)); print('{\"width\": 1, \"height\": 1}')"
    )
    await PictureChild(program=program(text)).check(file, tmp_path / "out")
    memory, seconds, written_bytes, niceness, leads = json.loads((tmp_path / "out").read_text())
    assert memory <= 3 << 30
    assert seconds <= 60
    assert written_bytes <= 256 << 20
    assert niceness >= min(19, os.nice(0) + 10)
    assert leads


@LINUX
async def test_more_memory_than_it_may_have_is_not_had(tmp_path: Path, file: IO[bytes]) -> None:
    text = BOUNDED + (
        "try:\n    bytearray(3 << 30)\n"
        "except MemoryError:\n    print(json.dumps({'refused': 'too much', 'too_large': True}))"
    )
    with pytest.raises(LimitExceeded, match="too much"):
        await PictureChild(program=program(text)).check(file, tmp_path / "out")


@pytest.mark.thorough
async def test_the_largest_picture_fits_into_its_bounds(tmp_path: Path, file: IO[bytes]) -> None:
    """In the kinds that take the most: see-through with a rotation, and 16-bit grey."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGBA", (8_000, 5_000), (1, 2, 3, 4)).save(file, "PNG", exif=exif, compress_level=1)
    file.flush()
    assert await PictureChild().check(file, tmp_path / "out") == PictureSize(5_000, 8_000)
