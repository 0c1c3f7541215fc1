"""Everything that can go wrong with a render, one fault after another on the real engine: what a person is told, that
nothing is left behind but finished segments, and that the next attempt goes on from them to the same bytes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import zlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest
from PIL import Image, PngImagePlugin

from domain.errors import JobErrorCode, WorkFailed
from domain.rendering import Motion, Quality, Transition
from video.cache import SegmentCache, is_sealed
from video.orders import Overlay
from video.progress import Progress
from video.render import Rendered, render_video
from video.timeline import Timeline

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched as Linux shows them")

Make = Callable[..., Awaitable[Rendered]]
SIZE = (160, 90)
SCENES = 4
SEGMENTS = 2 * SCENES - 1


@dataclass
class Bench:
    """A film of four moving scenes with crossfades, and the places that a render may touch."""

    timeline: Timeline
    output: Path
    work_dir: Path
    cache: SegmentCache
    ffmpeg: str
    before: set[psutil.Process]

    async def make(self, timeline: Timeline | None = None, **options: Any) -> Rendered:
        places: dict[str, Any] = {
            "output": self.output, "work_dir": self.work_dir, "ffmpeg": self.ffmpeg, "cache": self.cache, "parallel": 2
        }  # fmt: skip
        return await render_video(timeline or self.timeline, **{**places, **options})

    def kept(self) -> list[Path]:
        return sorted(self.cache.folder.iterdir()) if self.cache.folder.is_dir() else []

    def assert_clean(self) -> None:
        """No process, no file but whole segments in the cache."""
        assert set(psutil.Process().children(recursive=True)) <= self.before
        assert [*self.output.parent.iterdir(), *self.work_dir.iterdir()] == []
        assert all(path.suffix == ".mp4" and is_sealed(path) for path in self.kept())

    async def assert_goes_on(self, timeline: Timeline | None = None) -> None:
        """What was finished is used; the video is what it would have been without the fault."""
        finished = len(self.kept())
        again = await self.make(timeline)
        assert (again.reused, again.made) == (finished, SEGMENTS - finished)
        content = self.output.read_bytes()
        await self.make(timeline, cache=None)
        assert self.output.read_bytes() == content


@pytest.fixture
def bench(
    a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline], output: Path, work_dir: Path,
    ffmpeg_binary: str, tmp_path: Path,
) -> Bench:  # fmt: skip
    pictures = [a_picture((60 * number, 200 - 50 * number, 90), size=SIZE) for number in range(SCENES)]
    still = a_timeline(*pictures, size=SIZE, seconds=1.0)
    spec = replace(
        still.spec, motion=Motion.KEN_BURNS, transition=Transition.CROSSFADE, transition_seconds=0.24,
        quality=Quality.DRAFT,
    )  # fmt: skip
    cache = SegmentCache(tmp_path / "media" / "cache" / "segments")
    before = set(psutil.Process().children(recursive=True))
    return Bench(replace(still, spec=spec), output, work_dir, cache, ffmpeg_binary, before)


# --- bad pictures -----------------------------------------------------------------------------------------------------


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def a_png(width: int, height: int, *chunks: bytes) -> bytes:
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


def truncated(path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (*SIZE[::-1], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    os.truncate(path, path.stat().st_size // 2)


def a_bomb(path: Path) -> None:
    """40 KB that would be 2.7 GB of pixels."""
    row = zlib.compressobj(9)
    zeros = b"".join(row.compress(bytes(90_001)) for _ in range(300)) + row.flush()
    path.write_bytes(a_png(30_000, 30_000, chunk(b"IDAT", zeros)))


def a_bomb_of_text(path: Path) -> None:
    """A comment that would be 256 MB long."""
    text = zlib.compress(bytes(1 << 28), 9)
    pixels = zlib.compress(bytes(90 * (160 * 3 + 1)))
    path.write_bytes(a_png(160, 90, chunk(b"zTXt", b"Comment\0\0" + text), chunk(b"IDAT", pixels)))


def cmyk(path: Path) -> None:
    Image.new("CMYK", SIZE, (10, 200, 30, 0)).save(path, "JPEG")


def changed(path: Path) -> None:
    Image.new("RGB", SIZE, (1, 2, 3)).save(path)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    """Whoever opens it waits for ever."""
    path.unlink()
    os.mkfifo(path)


BAD_PICTURES: list[tuple[str, Callable[[Path], Any], str]] = [
    ("truncated", truncated, "its picture cannot be used: it is a damaged or incomplete PNG file"),
    ("empty", lambda path: path.write_bytes(b""), "its picture cannot be used: it is not a PNG file"),
    ("text", lambda path: path.write_text("I am no picture."), "it is not a PNG file"),
    ("a playlist", lambda path: path.write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n"), "it is not a PNG file"),
    ("a concat list", lambda path: path.write_text("ffconcat version 1.0\nfile x.png\n"), "it is not a PNG file"),
    ("a bomb", a_bomb, "30000 x 30000 pixels are too few or too many"),
    ("a bomb of text", a_bomb_of_text, "it is a damaged or incomplete PNG file"),
    ("a CMYK JPEG", cmyk, "it is not a PNG file"),
    ("missing", Path.unlink, "the file of its picture is missing"),
    ("a folder", a_folder, "its picture cannot be used: it is not a file"),
    ("a pipe", a_pipe, "its picture cannot be used: it is not a file"),
]


@pytest.mark.parametrize(("hurt", "message"), [pytest.param(*rest, id=name) for name, *rest in BAD_PICTURES])
@pytest.mark.timeout(30)
async def test_a_bad_picture(hurt: Callable[[Path], Any], message: str, bench: Bench) -> None:
    picture = bench.timeline.scenes[1].picture
    good = picture.read_bytes()
    hurt(picture)
    with pytest.raises(WorkFailed) as failure:
        await bench.make()
    assert failure.value.message.startswith("Scene 2")
    assert message in failure.value.message
    assert str(picture.parent) not in failure.value.message
    assert not failure.value.retryable
    bench.assert_clean()
    shutil.rmtree(picture) if picture.is_dir() else picture.unlink(missing_ok=True)
    picture.write_bytes(good)
    await bench.assert_goes_on()


async def test_a_picture_that_changed_since_it_was_approved(bench: Bench) -> None:
    pinned = tuple(
        replace(scene, sha256=hashlib.sha256(scene.picture.read_bytes()).hexdigest()) for scene in bench.timeline.scenes
    )
    timeline = replace(bench.timeline, scenes=pinned)
    good = pinned[2].picture.read_bytes()
    changed(pinned[2].picture)
    with pytest.raises(WorkFailed, match=r"^BAD_OUTPUT: Scene 3: .* not the one that was approved"):
        await bench.make(timeline)
    bench.assert_clean()
    pinned[2].picture.write_bytes(good)
    await bench.assert_goes_on(timeline)


@pytest.mark.parametrize("mode", ["sixteen bits", "palette", "alpha", "grey", "a comment"])
async def test_an_odd_picture_is_shown_as_it_is(mode: str, bench: Bench) -> None:
    """Its colour in the middle of its scene; where it is transparent, it is black."""
    path, expected = bench.timeline.scenes[1].picture, (200, 120, 40)
    picture = Image.new("RGB", SIZE, expected)
    match mode:
        case "sixteen bits":
            Image.fromarray(np.full(SIZE[::-1], 120 * 257, np.uint16)).save(path)
            expected = (120, 120, 120)
        case "palette":
            picture.quantize(4).save(path)
        case "alpha":
            Image.new("RGBA", SIZE, (*expected, 0)).save(path)
            expected = (0, 0, 0)
        case "grey":
            Image.new("L", SIZE, 120).save(path)
            expected = (120, 120, 120)
        case _:
            facts = PngImagePlugin.PngInfo()
            facts.add_text("Comment", "x" * 1000)
            picture.save(path, pnginfo=facts)
    await bench.make()
    place = bench.timeline.places[1]
    with av.open(str(bench.output)) as container:
        frames = list(container.decode(video=0))
    shown = frames[place.first_frame + place.frames // 2].to_ndarray(format="rgb24", src_colorspace="ITU709")
    assert np.abs(shown[20:70, 40:120].astype(int) - expected).max() <= 6


# --- processes that die or stand still --------------------------------------------------------------------------------


def busy(bench: Bench, ffmpeg: bool) -> psutil.Process | None:
    """A running encoder, or the maker that feeds one."""
    for process in psutil.Process().children(recursive=True):
        try:
            if process not in bench.before and process.exe() == bench.ffmpeg and "rawvideo" in process.cmdline():
                return process if ffmpeg else process.parent()
        except psutil.Error:
            continue
    return None


async def after_some(bench: Bench, finished: int, *, ffmpeg: bool) -> psutil.Process:
    """A process to hurt, once so many segments are in the cache."""
    async with asyncio.timeout(60):
        while len(bench.kept()) < finished or (found := busy(bench, ffmpeg)) is None:
            await asyncio.sleep(0.002)
    return found


@pytest.fixture
def longer(bench: Bench) -> Bench:
    """The last scene takes a while, so that there is something to hurt when others are finished."""
    scenes = bench.timeline.scenes
    bench.timeline = replace(bench.timeline, scenes=(*scenes[:-1], replace(scenes[-1], seconds=24.0)))
    return bench


async def test_a_killed_ffmpeg(longer: Bench) -> None:
    rendering = asyncio.ensure_future(longer.make())
    while not rendering.done():  # whichever runs, until it is noticed
        if len(longer.kept()) >= 2 and (process := busy(longer, True)) is not None:
            process.kill()
        await asyncio.sleep(0.002)
    with pytest.raises(WorkFailed, match=r"^INTERNAL: (Scene|The transition to scene) \d .* SIGKILL") as failure:
        await rendering
    assert failure.value.retryable
    longer.assert_clean()
    assert len(longer.kept()) >= 2
    await longer.assert_goes_on()


async def test_a_killed_maker_is_replaced(longer: Bench) -> None:
    rendering = asyncio.ensure_future(longer.make())
    (await after_some(longer, 2, ffmpeg=False)).kill()
    assert (await rendering).made == SEGMENTS
    content = longer.output.read_bytes()
    await longer.make(cache=None)
    assert longer.output.read_bytes() == content


async def test_makers_that_are_always_killed(longer: Bench) -> None:
    rendering = asyncio.ensure_future(longer.make())
    while not rendering.done():
        if len(longer.kept()) >= 2 and (process := busy(longer, False)) is not None:
            process.kill()
        await asyncio.sleep(0.002)
    with pytest.raises(WorkFailed, match=r"(Scene|The transition to scene) \d .* SIGKILL.* short of memory") as failure:
        await rendering
    assert failure.value.retryable
    longer.assert_clean()
    await longer.assert_goes_on()


@pytest.mark.parametrize("ffmpeg", [True, False], ids=["ffmpeg", "maker"])
async def test_a_process_that_stands_still(ffmpeg: bool, longer: Bench) -> None:
    rendering = asyncio.ensure_future(longer.make(stall_timeout=8.0))
    (await after_some(longer, 2, ffmpeg=ffmpeg)).suspend()
    with pytest.raises(WorkFailed, match=r"(Scene|The transition to scene) \d .* no progress for 8 seconds") as failure:
        await rendering
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.TIMED_OUT, True)
    longer.assert_clean()
    await longer.assert_goes_on()


@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95, 0.99])
async def test_cancelled_at_ten_moments(share: float, bench: Bench) -> None:
    """Within a second, wherever it is."""
    loop = asyncio.get_running_loop()
    reached: asyncio.Future[float] = loop.create_future()

    def notice(progress: Progress) -> None:
        if progress.fraction >= share and not reached.done():
            reached.set_result(progress.fraction)

    rendering = asyncio.ensure_future(bench.make(on_progress=notice))
    await asyncio.wait_for(reached, 60)
    assert not rendering.done()
    since = loop.time()
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering
    assert loop.time() - since < 1
    bench.assert_clean()
    await bench.assert_goes_on()


# --- disks and folders ------------------------------------------------------------------------------------------------


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Small file systems in memory, which only root may mount."""
    folders: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / f"mounted{len(folders)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if os.geteuid() or not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("no permission to mount a file system")
        folders.append(folder)
        return folder

    yield mount
    for folder in folders:
        subprocess.run(["umount", str(folder)], check=True)


def noisy(bench: Bench) -> Bench:
    """A film of more bytes than a small disk holds."""
    for number, scene in enumerate(bench.timeline.scenes):
        pixels = np.random.default_rng(number).integers(0, 255, (180, 320, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(scene.picture)
    bench.timeline = replace(bench.timeline, spec=replace(bench.timeline.spec, width=320, height=180))
    return bench


@pytest.mark.parametrize("place", ["work_dir", "output"])
async def test_a_disk_that_runs_full(
    place: str, bench: Bench, mounted: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = mounted("size=700k")
    noisy(bench)
    options: dict[str, Any] = {place: disk if place == "work_dir" else disk / "video.mp4"}
    with monkeypatch.context() as patch:
        patch.setattr("video.render.check_space", lambda *args, **kwargs: None)
        with pytest.raises(WorkFailed, match=r"disk is full\. Free some space, then ask for the video") as failure:
            await bench.make(**options)
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.STORAGE, False)
    assert list(disk.iterdir()) == []
    bench.assert_clean()
    assert bench.kept()
    await bench.assert_goes_on()


async def test_too_little_space_is_said_before_anything_is_made(bench: Bench, mounted: Callable[[str], Path]) -> None:
    disk = mounted("size=100k")
    with pytest.raises(WorkFailed, match=r"^STORAGE: The video needs about \d+ MB of disk space .* MB are free"):
        await noisy(bench).make(work_dir=disk)
    assert [*disk.iterdir(), *bench.kept()] == []
    bench.assert_clean()


async def test_a_file_that_may_not_grow(bench: Bench) -> None:
    noisy(bench)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    try:
        with pytest.raises(WorkFailed, match=r"^STORAGE: (Scene|The transition to scene) \d .* disk is full"):
            await bench.make()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    bench.assert_clean()
    await bench.assert_goes_on()


@pytest.mark.parametrize("options", ["size=700k", "ro"], ids=["full", "read only"])
async def test_a_cache_that_takes_nothing_is_done_without(
    options: str, bench: Bench, mounted: Callable[[str], Path]
) -> None:
    folder = mounted(options)
    if options != "ro":
        (folder / "other").write_bytes(bytes(650_000))
    there = set(folder.iterdir())
    noisy(bench)
    assert (await bench.make(cache=SegmentCache(folder))).made == SEGMENTS
    assert not [path for path in folder.iterdir() if path not in there and not is_sealed(path)]


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "a folder"])
async def test_a_damaged_entry_of_the_cache_is_made_again(damage: str, bench: Bench) -> None:
    await bench.make()
    content, entry = bench.output.read_bytes(), bench.kept()[3]
    whole = bytearray(entry.read_bytes())
    if damage == "a folder":
        a_folder(entry)
    else:
        whole[len(whole) // 2] ^= 1
        entry.write_bytes(bytes({"cut": whole[: len(whole) // 2], "flipped": whole, "emptied": b""}[damage]))
    assert (await bench.make()).made == 1
    assert bench.output.read_bytes() == content


# --- captions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["missing", "cut"])
async def test_a_caption_whose_drawing_is_lost_is_not_blamed_on_the_picture(
    damage: str, bench: Bench, tmp_path: Path
) -> None:
    drawn = tmp_path / "caption.png"
    Image.effect_noise((40, 20), 90).convert("RGBA").save(drawn)
    overlays = {2: [Overlay(drawn, "0" * 64, 10, 60, 2, 9)]}
    good = drawn.read_bytes()
    drawn.unlink() if damage == "missing" else drawn.write_bytes(good[:200])
    with pytest.raises(WorkFailed, match=r"^INTERNAL: Scene 3 .* caption") as failure:
        await bench.make(overlays=overlays)
    assert failure.value.retryable
    assert "approve" not in failure.value.message.lower()
    bench.assert_clean()
