"""What is no picture, no form or too much: said clearly, and nothing of it is kept."""

from __future__ import annotations

import asyncio
import io
import json
import os
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any

import httpx
import pytest
from PIL import Image as Picture
from structlog.testing import capture_logs

from domain.errors import InvalidInput
from domain.pictures import CheckingUnavailable, PictureSize
from storage import models
from tests.checking import CheckingHere
from tests.rest.conftest import LIMITS
from tests.rest.files import NO_PICTURES, PICTURES
from tests.rest.making import png, problem, some_scenes
from workflow.context import Context

FORM = "multipart/form-data; boundary=edge"
HEAD = b'--edge\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
TAIL = b"\r\n--edge--\r\n"
PATH = "/api/scenes/1/images"


@pytest.fixture(autouse=True)
async def scene(context: Context) -> None:
    """Number 1."""
    await some_scenes(context)


async def nothing_is_kept(context: Context) -> bool:
    """No row, no file, no name in staging, and nothing without a name that is still open."""
    folder = context.media.folder
    files = [path for path in folder.rglob("*") if path.is_file()]
    rows = await models.Image.all().count() + await models.Event.filter(subject="image").count()
    return not files and rows == 0 and open_files(folder) == []


def open_files(folder: Path) -> list[str]:
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        return []
    found = []
    for descriptor in descriptors.iterdir():
        try:
            found.append(os.readlink(descriptor))
        except OSError:
            continue
    return [target for target in found if target.startswith(str(folder))]


async def posted(
    client: httpx.AsyncClient, body: bytes | AsyncIterator[bytes], kind: str = FORM, **headers: str
) -> httpx.Response:
    return await client.post(PATH, content=body, headers={"Content-Type": kind, **headers})


@pytest.mark.parametrize(("data", "status", "words"), NO_PICTURES.values(), ids=NO_PICTURES)
async def test_what_is_no_picture(
    client: httpx.AsyncClient, context: Context, data: bytes, status: int, words: str
) -> None:
    code = "LIMIT_EXCEEDED" if status == 413 else "INVALID"
    said = problem(await posted(client, HEAD + data + TAIL), status, code)
    assert words in said["detail"]
    assert said["errors"] == [{"field": "image", "message": said["detail"]}]
    assert await nothing_is_kept(context)


@pytest.mark.parametrize("data", PICTURES.values(), ids=PICTURES)
async def test_pictures_of_every_kind_become_plain_ones(client: httpx.AsyncClient, data: bytes) -> None:
    answer = await posted(client, HEAD + data + TAIL)
    assert answer.status_code == 201, answer.text
    stored = (await client.get(answer.json()["url"])).content
    picture = Picture.open(io.BytesIO(stored))
    picture.load()
    assert (picture.format, picture.mode, picture.size, picture.info) == ("PNG", "RGB", (8, 6), {})
    assert b"<script>" not in stored


OTHER = b'--edge\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello'
NO_FORMS = {
    "json": (b'{"image": "x"}', "application/json", 415, "application/json"),
    "bare picture": (png(), "image/png", 415, "multipart/form-data"),
    "urlencoded": (b"image=x", "application/x-www-form-urlencoded", 415, "multipart/form-data"),
    "no type": (b"image", "", 415, "of no type"),
    "no boundary": (HEAD + png() + TAIL, "multipart/form-data", 400, "boundary"),
    "long boundary": (HEAD + png() + TAIL, "multipart/form-data; boundary=" + "e" * 300, 400, "boundary"),
    "other boundary": (HEAD + png() + TAIL, "multipart/form-data; boundary=other", 400, "well-formed"),
    "nothing": (b"", FORM, 422, "`image` is missing"),
    "no parts": (b"--edge--\r\n", FORM, 422, "`image` is missing"),
    "another field": (OTHER + b"\r\n" + HEAD + png() + TAIL, FORM, 422, "`note` is not a field"),
    "another field after it": (HEAD + png() + b"\r\n" + OTHER + TAIL, FORM, 422, "`note` is not a field"),
    "two": (HEAD + png() + b"\r\n" + HEAD + png() + TAIL, FORM, 422, "more than once"),
    "text": (HEAD.replace(b'; filename="a.png"', b"") + b"a.png" + TAIL, FORM, 422, "-F image=@"),
    "no name": (HEAD.replace(b'name="image"; ', b"") + png() + TAIL, FORM, 422, "is not a field"),
    "no disposition": (b"--edge\r\nX-Y: z\r\n\r\n" + png() + TAIL, FORM, 422, "is not a field"),
    "cut off": (HEAD + png(), FORM, 400, "ends before"),
    "cut off in a header": (HEAD[:30], FORM, 400, "ends before"),
    "endless header": (HEAD[:-2] + b"X-Y: " + b"z" * 9_000 + b"\r\n\r\n" + png() + TAIL, FORM, 400, "well-formed"),
    "many headers": (HEAD[:-2] + b"X-Y: z\r\n" * 50 + b"\r\n" + png() + TAIL, FORM, 400, "well-formed"),
}


@pytest.mark.parametrize(("body", "kind", "status", "words"), NO_FORMS.values(), ids=NO_FORMS)
async def test_what_is_no_form_with_one_file(
    client: httpx.AsyncClient, context: Context, body: bytes, kind: str, status: int, words: str
) -> None:
    said = problem(await posted(client, body, kind), status, "UNSUPPORTED_MEDIA_TYPE" if status == 415 else "INVALID")
    assert words in said["detail"]
    assert await nothing_is_kept(context)


async def test_byte_by_byte(client: httpx.AsyncClient) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for byte in HEAD + png() + TAIL:
            yield bytes((byte,))

    assert (await posted(client, slowly())).status_code == 201


async def test_compressed_bodies_are_not_understood(client: httpx.AsyncClient) -> None:
    problem(await posted(client, b"x", **{"Content-Encoding": "gzip"}), 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_scene_that_is_not_there_is_said_before_anything_is_read(client: httpx.AsyncClient) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("it was read")
        yield b""

    for scene_id in (77, 0, 10**12):
        path = f"/api/scenes/{scene_id}/images"
        problem(await client.post(path, content=never(), headers={"Content-Type": FORM}), 404, "NOT_FOUND")


async def test_a_file_of_the_most_bytes_and_of_one_more(client: httpx.AsyncClient, context: Context) -> None:
    most = LIMITS.max_picture_bytes
    exactly = png() + bytes(most - len(png()))
    said = problem(await posted(client, HEAD + exactly + b"!" + TAIL), 413, "LIMIT_EXCEEDED")
    assert said["detail"] == "The file is larger than 1 MiB, the most that a picture may have."
    assert await nothing_is_kept(context)
    assert (await posted(client, HEAD + exactly + TAIL)).status_code == 201


async def answered(port: int, *pieces: bytes, times: int = 1) -> tuple[int, dict[str, Any], int]:
    """Status and problem of an upload to the real server, and how many bytes were sent before the answer began.

    The last piece is sent so many times, or until there is an answer.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {FORM}\r\n"
    answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
    sent = 0
    for piece in (head.encode(), *pieces[:-1], *[pieces[-1]] * times):
        if answer.done():
            break
        writer.write(piece)
        sent += len(piece)
        await writer.drain()
        await asyncio.sleep(0)
    first = (await asyncio.wait_for(answer, 20)).decode("latin-1")
    length = next(line for line in first.split("\r\n") if line.lower().startswith("content-length"))
    body = json.loads(await reader.readexactly(int(length.split(":")[1])))
    writer.close()
    return int(first.split()[1]), body, sent


async def test_half_a_gigabyte_is_refused_before_it_is_sent(port: int, context: Context) -> None:
    status, said, sent = await answered(port, b"Content-Length: 500000000\r\n\r\n")
    assert (status, said["code"]) == (413, "LIMIT_EXCEEDED")
    assert sent < 1_000
    assert await nothing_is_kept(context)


async def test_half_a_gigabyte_that_is_not_announced_is_refused_early(port: int, context: Context) -> None:
    size = 65_536
    chunk = f"{size:x}\r\n".encode() + bytes(size) + b"\r\n"
    begin = HEAD + png()
    start = b"Transfer-Encoding: chunked\r\n\r\n" + f"{len(begin):x}\r\n".encode() + begin + b"\r\n"
    tracemalloc.start()
    try:
        status, said, sent = await answered(port, start, chunk, times=500_000_000 // size)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (status, said["code"]) == (413, "LIMIT_EXCEEDED")
    assert sent < 32 * LIMITS.max_picture_bytes  # the rest had been on its way, in the buffers of the system
    assert peak < 16 * 1024 * 1024
    assert await nothing_is_kept(context)


async def test_a_client_that_goes_away_leaves_nothing(port: int, context: Context) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {FORM}\r\nContent-Length: 999999\r\n\r\n"
    writer.write(head.encode() + HEAD + png() + bytes(500_000))
    await writer.drain()
    while os.name == "posix" and Path("/proc/self/fd").is_dir() and not open_files(context.media.folder):
        await asyncio.sleep(0.01)
    writer.close()
    async with asyncio.timeout(10):
        while not await nothing_is_kept(context):
            await asyncio.sleep(0.01)


class Failing(CheckingHere):
    """Writes half of a picture and then meets this."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error

    async def check(self, source: IO[bytes], output: Path) -> PictureSize:
        output.write_bytes(b"half")
        if self.error is not None:
            raise self.error
        output.unlink()
        return PictureSize(1, 1)


@pytest.mark.parametrize(
    ("error", "status", "code", "words"),
    [
        (CheckingUnavailable("Many pictures are being checked.", seconds=5), 503, "UNAVAILABLE", "Many pictures"),
        (OSError(28, "No space left"), 503, "UNAVAILABLE", "is full"),
        (OSError(5, "Input/output error"), 503, "UNAVAILABLE", "media folder failed"),
        (None, 503, "UNAVAILABLE", "lost on its way"),
        (InvalidInput("No.", field=("image",)), 422, "INVALID", "No."),
        (RuntimeError("a fault of ours"), 500, "INTERNAL", "has been logged"),
    ],
)
async def test_what_fails_leaves_nothing(
    client: httpx.AsyncClient, context: Context, monkeypatch: pytest.MonkeyPatch,
    error: BaseException | None, status: int, code: str, words: str,
) -> None:  # fmt: skip
    failing = Failing(error)
    monkeypatch.setattr(CheckingHere, "check", lambda _, source, output: failing.check(source, output))
    with capture_logs():
        answer = await posted(client, HEAD + png() + TAIL)
    assert words in problem(answer, status, code)["detail"]
    assert ("retry-after" in answer.headers) == (status == 503)
    assert await nothing_is_kept(context)


async def test_a_picture_whose_events_cannot_be_written_is_not_there(
    client: httpx.AsyncClient, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: object, **__: object) -> None:
        raise RuntimeError("between the file's place and the commit")

    monkeypatch.setattr("workflow.unit.append_events", failing)
    with capture_logs():
        problem(await posted(client, HEAD + png() + TAIL), 500, "INTERNAL")
    assert await nothing_is_kept(context)
    monkeypatch.undo()
    assert (await posted(client, HEAD + png() + TAIL)).json()["attempt"] == 1


async def test_a_client_that_sends_nothing_more(
    client: httpx.AsyncClient, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield HEAD + png()
        await asyncio.Event().wait()

    monkeypatch.setattr("rest.arriving.PATIENCE_SECONDS", 0.2)
    assert "Nothing more" in problem(await posted(client, stalling()), 408, "HTTP_ERROR")["detail"]
    assert await nothing_is_kept(context)
