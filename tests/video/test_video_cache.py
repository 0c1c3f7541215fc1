"""What did not change is not made again; what is damaged is; and nothing is kept for ever."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from domain.errors import WorkFailed
from domain.rendering import Motion, Transition
from video.cache import SEAL_BYTES, SegmentCache, is_sealed, seal
from video.orders import Overlay, SegmentOrder
from video.progress import Progress
from video.render import Rendered, render_video
from video.timeline import Timeline

Make = Callable[..., Awaitable[Rendered]]


@pytest.fixture
def cache(tmp_path: Path) -> SegmentCache:
    return SegmentCache(tmp_path / "media" / "cache" / "segments")


@pytest.fixture
def make(output: Path, work_dir: Path, ffmpeg_binary: str, cache: SegmentCache) -> Make:
    async def run(timeline: Timeline, **options: Any) -> Rendered:
        places: dict[str, Any] = {"output": output, "work_dir": work_dir, "ffmpeg": ffmpeg_binary, "cache": cache}
        return await render_video(timeline, **{**places, **options})

    return run


@pytest.fixture
def moving(a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline]) -> Callable[..., Timeline]:
    """A timeline of moving scenes with crossfades, one of each colour."""

    def build(*colours: tuple[int, int, int]) -> Timeline:
        still = a_timeline(*(a_picture(colour) for colour in colours), seconds=0.8)
        spec = replace(still.spec, motion=Motion.KEN_BURNS, transition=Transition.CROSSFADE, transition_seconds=0.2)
        return replace(still, spec=spec)

    return build


COLOURS = [(20 * number, 255 - 20 * number, 90) for number in range(10)]


async def test_nothing_changed(moving: Callable[..., Timeline], make: Make, output: Path) -> None:
    timeline = moving(*COLOURS[:3])
    first = await make(timeline, parallel=2)
    content = output.read_bytes()
    again = await make(timeline)
    assert (first.made, first.reused, again.made, again.reused) == (5, 0, 0, 5)
    assert output.read_bytes() == content
    assert again.facts == first.facts


async def test_nothing_changed_needs_no_maker_and_no_picture(
    moving: Callable[..., Timeline], make: Make, output: Path, work_dir: Path
) -> None:
    timeline = (await make(moving(*COLOURS[:2]))).timeline  # with the hashes of the pictures
    for scene in timeline.scenes:
        scene.picture.unlink()
    again = await make(timeline, maker=("/nowhere/maker",))
    assert again.made == 0
    assert list(work_dir.iterdir()) == []


async def test_a_scene_put_in_front_of_ten_leaves_nine_as_they_were(
    moving: Callable[..., Timeline], make: Make
) -> None:
    assert (await make(moving(*COLOURS), parallel=2)).made == 19
    again = await make(moving((9, 9, 9), *COLOURS))
    assert (again.made, again.reused) == (3, 18)  # the first one now shares frames with it


async def test_one_changed_scene_of_ten_is_itself_and_its_two_transitions(
    moving: Callable[..., Timeline], make: Make, output: Path, a_picture: Callable[..., Path], tmp_path: Path
) -> None:
    timeline = moving(*COLOURS)
    await make(timeline, parallel=2)
    scenes = list(timeline.scenes)
    scenes[4] = replace(scenes[4], picture=a_picture((1, 2, 3)))
    changed = replace(timeline, scenes=tuple(scenes))
    assert ((await make(changed)).made, len(changed.segments)) == (3, 19)
    from_cache = output.read_bytes()
    assert (await make(changed, cache=None, parallel=2)).reused == 0
    assert output.read_bytes() == from_cache


async def test_a_changed_file_behind_the_same_hash_is_noticed(
    moving: Callable[..., Timeline], make: Make, a_picture: Callable[..., Path]
) -> None:
    timeline = moving(*COLOURS[:2])
    sha256 = [hashlib.sha256(scene.picture.read_bytes()).hexdigest() for scene in timeline.scenes]
    pinned = tuple(replace(scene, sha256=value) for scene, value in zip(timeline.scenes, sha256, strict=True))
    pinned[1].picture.write_bytes(a_picture((9, 9, 9)).read_bytes())
    with pytest.raises(WorkFailed, match=r"Scene 2: .* not the one that was approved"):
        await make(replace(timeline, scenes=pinned))


@pytest.mark.parametrize("damage", ["truncated", "emptied", "changed", "no seal"])
async def test_a_damaged_entry_is_made_again(
    damage: str, moving: Callable[..., Timeline], make: Make, cache: SegmentCache, output: Path
) -> None:
    timeline = moving(*COLOURS[:2])
    await make(timeline)
    content = output.read_bytes()
    entry = max(cache.folder.iterdir())
    whole = entry.read_bytes()
    middle = len(whole) // 2
    broken = {
        "truncated": whole[:middle],
        "emptied": b"",
        "changed": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "no seal": whole[:-SEAL_BYTES],
    }[damage]
    entry.write_bytes(broken)
    assert (await make(timeline)).made == 1
    assert entry.read_bytes() == whole
    assert output.read_bytes() == content


async def test_overlays_are_prepared_for_what_will_be_made_alone(
    moving: Callable[..., Timeline], make: Make, tmp_path: Path, output: Path, decoded: Callable[[Path], list[Any]]
) -> None:
    timeline = moving((0, 0, 0), (0, 0, 0))
    asked: list[SegmentOrder] = []

    def words(name: str) -> Overlay:
        return Overlay(tmp_path / f"{name}.png", name * 64, 0, 0, first_frame=2, frames=3)

    async def prepare(orders: Sequence[SegmentOrder]) -> None:
        asked.extend(orders)
        for overlay in (overlay for order in orders for overlay in order.overlays):
            Image.new("RGBA", (64, 36), (255, 255, 255, 255)).save(overlay.picture)

    await make(timeline, overlays={1: [words("a")]}, prepare=prepare)
    assert [len(order.overlays) for order in asked] == [0, 0, 1]
    first = timeline.places[1].body_first_frame + 2
    bright = [number for number, frame in enumerate(decoded(output)) if frame[0] > 200]
    assert bright == [first, first + 1, first + 2]
    asked.clear()
    assert (await make(timeline, overlays={1: [words("b")]}, prepare=prepare)).made == 1
    assert [order.overlays for order in asked] == [(words("b"),)]
    await make(timeline, overlays={1: [words("b")]}, prepare=prepare)
    assert len(asked) == 1


async def test_a_retry_goes_on_from_what_was_finished(moving: Callable[..., Timeline], make: Make) -> None:
    timeline = moving(*COLOURS[:4])

    def stop(progress: Progress) -> None:
        if progress.completed == 2:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await make(timeline, on_progress=stop)
    assert (await make(timeline)).reused == 3


async def test_without_room_nothing_is_kept_and_all_is_well(
    moving: Callable[..., Timeline], make: Make, cache: SegmentCache, output: Path
) -> None:
    assert (await make(moving(*COLOURS[:2]), cache=replace(cache, limit=100))).facts.byte_size
    assert list(cache.folder.iterdir()) == []
    cache.folder.rmdir()
    cache.folder.write_text("a file where the folder should be")
    assert (await make(moving(*COLOURS[:2]))).made == 3


def an_entry(folder: Path, name: str, size: int = 1000) -> Path:
    path = folder / name
    path.write_bytes(os.urandom(size - SEAL_BYTES))
    seal(path)
    return path


def key(number: int) -> str:
    return f"{number:064x}"


def test_what_was_not_used_for_longest_goes_first(cache: SegmentCache, tmp_path: Path) -> None:
    for number in range(10):
        cache.keep(key(number), an_entry(tmp_path, f"{number}.mp4"))
        os.utime(cache.folder / f"{key(number)}.mp4", (1000 + number, 1000 + number))
    assert cache.byte_size() == 10_000
    assert cache.shrink() == 10_000
    assert cache.take(key(0), tmp_path / "used")
    assert cache.shrink(5000) == 4000
    assert sorted(path.stem for path in cache.folder.iterdir()) == [key(number) for number in (0, 7, 8, 9)]
    assert is_sealed(tmp_path / "used")


def test_what_is_in_use_cannot_be_taken_away(cache: SegmentCache, tmp_path: Path) -> None:
    cache.keep(key(1), an_entry(tmp_path, "made.mp4"))
    assert cache.take(key(1), tmp_path / "used")
    assert cache.shrink(0) == 0
    assert is_sealed(tmp_path / "used")
    assert not cache.take(key(1), tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_an_entry_that_is_kept_twice_counts_once(cache: SegmentCache, tmp_path: Path) -> None:
    made = an_entry(tmp_path, "made.mp4")
    cache.keep(key(1), made)
    cache.keep(key(1), made)
    assert cache.byte_size() == 1000


def test_other_files_are_left_alone_and_abandoned_ones_removed(cache: SegmentCache, tmp_path: Path) -> None:
    cache.keep(key(1), an_entry(tmp_path, "made.mp4"))
    for name in ("notes.txt", ".old.partial", ".new.partial"):
        (cache.folder / name).write_text("x")
    os.utime(cache.folder / ".old.partial", (1000, 1000))
    cache.shrink(0)
    assert {path.name for path in cache.folder.iterdir()} == {"notes.txt", ".new.partial"}


def test_without_hard_links_files_are_copied(
    cache: SegmentCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(source: Path, target: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("video.cache.os.link", refused)
    made = an_entry(tmp_path, "made.mp4")
    cache.keep(key(1), made)
    assert cache.take(key(1), tmp_path / "used")
    assert (tmp_path / "used").read_bytes() == made.read_bytes()
    assert [path.name for path in cache.folder.iterdir()] == [f"{key(1)}.mp4"]


def test_many_at_once_in_several_processes(cache: SegmentCache, tmp_path: Path) -> None:
    program = f"""
import os, random, sys
from pathlib import Path
from video.cache import SegmentCache, seal

me = Path({str(tmp_path)!r}) / sys.argv[1]
me.mkdir()
cache = SegmentCache(Path({str(cache.folder)!r}), 20_000)
for turn in range(300):
    key = f"{{random.randrange(40):064x}}"
    used = me / f"{{turn}}.mp4"
    if not cache.take(key, used):
        used.write_bytes(key.encode() * 20)
        seal(used)
        cache.keep(key, used)
    assert used.read_bytes()[:64].decode() == key
    if turn % 20 == 0:
        cache.shrink()
"""
    root = Path(__file__).parent.parent.parent

    def run(name: str) -> int:
        return subprocess.run([sys.executable, "-P", "-c", program, name], env={"PYTHONPATH": str(root)}).returncode

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(run, "abc")) == [0, 0, 0]
    assert cache.shrink(20_000) <= 20_000


def test_a_key_is_of_what_changes_a_pixel_and_of_nothing_else(moving: Callable[..., Timeline]) -> None:
    def orders(timeline: Timeline, ffmpeg: str = "build") -> tuple[SegmentOrder, ...]:
        scenes = tuple(
            replace(scene, sha256=f"{scene.number:064x}", path="push_in") for scene in timeline.scenes
        )  # fmt: skip
        return replace(timeline, scenes=scenes).orders(ffmpeg=ffmpeg, threads=1)

    timeline = moving(*COLOURS[:2])
    keys = {order.key for order in orders(timeline)}
    assert len(keys) == 3
    elsewhere = tuple(replace(scene, picture=Path("/elsewhere.png")) for scene in timeline.scenes)
    assert {order.key for order in orders(replace(timeline, scenes=elsewhere))} == keys
    assert {order.key for order in orders(timeline, "another build")}.isdisjoint(keys)
    longer = replace(timeline.scenes[0], seconds=1.6)
    assert len(keys & {order.key for order in orders(replace(timeline, scenes=(longer, timeline.scenes[1])))}) == 1
