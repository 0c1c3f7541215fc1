"""Smaller pictures over HTTP: what is served, for how long, and what is served where none can be made."""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from PIL import Image as Picture
from starlette.applications import Starlette

from app.thumbnails import ThumbnailChildren
from domain.entities import Image
from domain.lifecycle import Entity
from domain.pictures import CheckingUnavailable
from rest.media import media_route
from storage.media import MediaStore
from storage.thumbnails import FOLDER, ThumbnailFiles
from tests.rest.making import an_approved_scene, problem, taken_job
from workflow import work
from workflow.context import Context

FOR_GOOD = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "private, no-cache"


def large_png(width: int = 900, height: int = 600) -> bytes:
    buffer = io.BytesIO()
    Picture.linear_gradient("L").resize((width, height)).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


async def a_large_image(context: Context, data: bytes | None = None) -> Image:
    scene = await an_approved_scene(context)
    job = await taken_job(context, Entity.SCENE, scene.id)
    staged = await context.media.stage_bytes("picture.png", data or large_png())
    return await work.record_image(
        context, job, staged=staged, width=900, height=600, prompt="A word.", text_sha256=scene.text_sha256
    )


class CountingShrinker:
    """The real programs, and how many thumbnails they were asked for. `broken`: none can be made now."""

    def __init__(self) -> None:
        self.children = ThumbnailChildren()
        self.asked = 0
        self.broken = False

    async def shrink(self, source: Path, output: Path, *, width: int) -> None:
        self.asked += 1
        if self.broken:
            raise CheckingUnavailable("Not now.", seconds=1)
        await self.children.shrink(source, output, width=width)


@pytest_asyncio.fixture
async def shrinker() -> AsyncIterator[CountingShrinker]:
    made = CountingShrinker()
    yield made
    await made.children.close()


@pytest.fixture
def context(context: Context, shrinker: CountingShrinker) -> Context:
    return replace(context, shrinker=shrinker)


def address(image: Image, width: int | str = 320, v: str | None = None) -> str:
    return f"/media/{image.file_path}?width={width}&v={v or image.sha256[:16]}"


def size_of(answer: httpx.Response) -> tuple[int, int]:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    with Picture.open(io.BytesIO(answer.content)) as picture:
        assert picture.format == "WEBP"
        return picture.size


async def test_the_widths(client: httpx.AsyncClient, context: Context, shrinker: CountingShrinker) -> None:
    image = await a_large_image(context)
    for asked, size in (
        (160, (160, 107)), (1, (160, 107)), (161, (320, 213)), (320, (320, 213)), (640, (640, 427)),
        (1280, (900, 600)), (1000, (900, 600)),
    ):  # fmt: skip
        answer = await client.get(address(image, asked))
        assert size_of(answer) == size
        assert answer.headers["cache-control"] == FOR_GOOD
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert shrinker.asked == 4, "each of them was made once"
    kept = [path for path in (context.media.folder / FOLDER).rglob("*") if path.is_file()]
    assert len(kept) == 4
    assert list(context.media.staging.iterdir()) == []


async def test_what_is_no_width_brings_the_picture(client: httpx.AsyncClient, context: Context) -> None:
    image = await a_large_image(context)
    for asked in ("1281", "99999", "0", "-5", "x", "", "1e3", "9" * 400):
        answer = await client.get(address(image, asked))
        assert answer.headers["content-type"] == "image/png", asked
        assert answer.content == large_png()


async def test_it_is_for_good_only_with_its_own_hash(client: httpx.AsyncClient, context: Context) -> None:
    image = await a_large_image(context)
    for path, lasting in (
        (address(image), FOR_GOOD), (address(image, v="0" * 16), ASK_EACH_TIME),
        (address(image, v=image.sha256), ASK_EACH_TIME), (f"/media/{image.file_path}?width=160", ASK_EACH_TIME),
        (f"/media/{image.file_path}?v={image.sha256[:16]}", FOR_GOOD),
        (f"/media/{image.file_path}?v=0123abcd", ASK_EACH_TIME), (f"/media/{image.file_path}", ASK_EACH_TIME),
    ):  # fmt: skip
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, lasting), path
    real = context.media.folder / image.file_path
    real.write_bytes(large_png(400, 300))
    os.utime(real, ns=(1, 1))
    other = await client.get(address(image))
    assert other.headers["cache-control"] == ASK_EACH_TIME
    assert size_of(other) == (320, 240), "another file under the same name has other thumbnails"


async def test_conditions_and_heads(client: httpx.AsyncClient, context: Context) -> None:
    image = await a_large_image(context)
    whole = await client.get(address(image))
    etag = whole.headers["etag"]
    for known in (etag, f"W/{etag}", "*"):
        again = await client.get(address(image), headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    for known in ('"other"', (await client.get(address(image, 640))).headers["etag"]):
        assert (await client.get(address(image), headers={"If-None-Match": known})).status_code == 200
    headed = await client.head(address(image))
    assert (headed.content, headed.headers["content-length"]) == (b"", str(len(whole.content)))


async def test_a_missing_picture_is_missing_in_all_widths(client: httpx.AsyncClient, context: Context) -> None:
    image = await a_large_image(context)
    await client.get(address(image))
    (context.media.folder / image.file_path).unlink()
    problem(await client.get(address(image)), 404, "NOT_FOUND")
    problem(await client.get("/media/images/scene_1/image_99.png?width=320"), 404, "NOT_FOUND")
    problem(await client.get("/media/cache/thumbnails/ab/cd-320.webp"), 404, "NOT_FOUND")


async def test_of_a_damaged_picture_what_is_left_is_served(client: httpx.AsyncClient, context: Context) -> None:
    image = await a_large_image(context)
    real = context.media.folder / image.file_path
    for damaged in (b"no picture", large_png()[:-500], b""):
        real.write_bytes(damaged)
        answer = await client.get(address(image))
        assert (answer.status_code, answer.content) == (200, damaged)
        assert answer.headers["cache-control"] == ASK_EACH_TIME
    assert list(context.media.staging.iterdir()) == []


async def test_where_none_can_be_made_now_the_picture_is_served(
    client: httpx.AsyncClient, context: Context, shrinker: CountingShrinker
) -> None:
    image = await a_large_image(context)
    shrinker.broken = True
    answer = await client.get(address(image))
    assert (answer.content, answer.headers["cache-control"]) == (large_png(), ASK_EACH_TIME)
    shrinker.broken = False
    assert size_of(await client.get(address(image))) == (320, 213)


async def test_a_folder_that_cannot_be_written_takes_no_picture_away(
    client: httpx.AsyncClient, context: Context
) -> None:
    image = await a_large_image(context)
    (context.media.folder / "cache").write_text("in the way")
    answer = await client.get(address(image))
    assert (answer.status_code, answer.content) == (200, large_png())


async def test_many_at_once_are_made_once_and_hold_nobody_up(
    client: httpx.AsyncClient, context: Context, shrinker: CountingShrinker
) -> None:
    image = await a_large_image(context, large_png(3000, 2000))
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.thread_time() - before)

    watching = asyncio.create_task(watch())
    answers = await asyncio.gather(*(client.get(address(image, 640)) for _ in range(50)))
    watching.cancel()
    assert {size_of(answer) for answer in answers} == {(640, 427)}
    assert shrinker.asked == 1
    assert longest < 0.5, "decoding it takes place elsewhere"


async def test_two_servers_share_one_folder(context: Context, shrinker: CountingShrinker) -> None:
    image = await a_large_image(context)
    one, other = (
        httpx.AsyncClient(
            transport=httpx.ASGITransport(Starlette(routes=[media_route(context)])), base_url="http://localhost"
        )
        for _ in range(2)
    )
    async with one, other:
        answers = await asyncio.gather(*(server.get(address(image)) for server in (one, other)))
        assert len({answer.content for answer in answers}) == 1
        made = shrinker.asked
        assert (await other.get(address(image))).content == answers[0].content
    assert shrinker.asked == made


async def test_the_oldest_go_when_there_are_too_many(tmp_path: Path) -> None:
    files = ThumbnailFiles(MediaStore(tmp_path), most_bytes=10_000)
    for number in range(120):
        written = await asyncio.to_thread(files.new_path)
        written.write_bytes(bytes(1_000))
        name = f"{number:064x}"
        await files.keep(written, name, 160)
        path = tmp_path / FOLDER / name[:2] / f"{name[2:]}-160.webp"
        os.utime(path, ns=(number, number))
    left = sorted(int(path.name.split("-")[0], 16) for path in (tmp_path / FOLDER).rglob("*.webp"))
    assert left == [*range(93, 120)], "the bound is looked after every hundred"


async def test_reading_one_keeps_it(tmp_path: Path) -> None:
    files = ThumbnailFiles(MediaStore(tmp_path))
    written = await asyncio.to_thread(files.new_path)
    written.write_bytes(b"small")
    assert await files.keep(written, "a" * 64, 320) == b"small"
    path = tmp_path / FOLDER / "aa" / f"{'a' * 62}-320.webp"
    os.utime(path, ns=(1, 1))
    assert await files.read("a" * 64, 320) == b"small"
    assert path.stat().st_atime_ns > 1
    assert path.stat().st_mtime_ns == 1
    assert await files.read("a" * 64, 640) is None
    path.write_bytes(b"")
    assert await files.read("a" * 64, 320) is None
