"""The local media store: whole files or none."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from domain.errors import JobErrorCode, WorkFailed
from storage.errors import MediaConflict, MediaMissing
from storage.media import MediaStore, StagedFile

KEY = "images/scene_7/image_12.png"
DATA = b"\x89PNG not really" * 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "storage"


@pytest.fixture
def store(folder: Path) -> MediaStore:
    return MediaStore(folder)


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


async def test_staged_bytes_are_promoted_to_their_key(store: MediaStore, folder: Path) -> None:
    staged = await store.stage_bytes("image_12.png", DATA)
    assert (staged.sha256, staged.byte_size) == (hashlib.sha256(DATA).hexdigest(), len(DATA))
    assert _files(folder) == [f".staging/{staged.path.name}"]
    await store.promote(staged, KEY)
    assert _files(folder) == [KEY]
    assert store.path_of(KEY).read_bytes() == DATA
    assert store.path_of(KEY).stat().st_nlink == 1
    assert await store.sha256_of(KEY) == staged.sha256


async def test_a_file_written_by_others_is_promoted(store: MediaStore, folder: Path) -> None:
    path = store.staging_path("video_2.mp4")
    assert path.name.endswith("-video_2.mp4")
    path.write_bytes(DATA)
    staged = await store.stage_file(path)
    assert staged == StagedFile(path, hashlib.sha256(DATA).hexdigest(), len(DATA))
    await store.promote(staged, "videos/video_2.mp4")
    assert _files(folder) == ["videos/video_2.mp4"]


async def test_an_empty_file_is_a_file(store: MediaStore) -> None:
    staged = await store.stage_bytes("empty.png", b"")
    await store.promote(staged, KEY)
    assert store.path_of(KEY).stat().st_size == 0


async def test_two_attempts_never_stage_to_one_path(store: MediaStore) -> None:
    assert len({store.staging_path("image_1.png") for _ in range(100)}) == 100


async def test_promoting_can_be_repeated(store: MediaStore, folder: Path) -> None:
    staged = await store.stage_bytes("a.png", DATA)
    for _ in range(3):
        await store.promote(staged, KEY)
    again = await store.stage_bytes("a.png", DATA)
    await store.promote(again, KEY)
    assert _files(folder) == [KEY]


@pytest.mark.parametrize("replace", [False, True])
async def test_promoting_goes_on_after_a_crash_between_its_steps(
    store: MediaStore, folder: Path, replace: bool
) -> None:
    staged = await store.stage_bytes("a.png", DATA)
    target = folder / KEY
    target.parent.mkdir(parents=True)
    os.link(staged.path, target)
    await store.promote(staged, KEY, replace=replace)
    assert _files(folder) == [KEY]


async def test_other_content_is_not_overwritten_unless_asked(store: MediaStore, folder: Path) -> None:
    first = await store.stage_bytes("a.png", b"first")
    await store.promote(first, KEY)
    second = await store.stage_bytes("a.png", b"other")
    with pytest.raises(MediaConflict):
        await store.promote(second, KEY)
    assert store.path_of(KEY).read_bytes() == b"first"
    assert second.path.read_bytes() == b"other"
    await store.promote(second, KEY, replace=True)
    assert store.path_of(KEY).read_bytes() == b"other"
    assert _files(folder) == [KEY]


async def test_of_many_at_once_one_gets_the_key(store: MediaStore) -> None:
    staged = [await store.stage_bytes("a.png", b"%d" % number) for number in range(20)]
    results = await asyncio.gather(*(store.promote(one, KEY) for one in staged), return_exceptions=True)
    assert [type(result) for result in results].count(MediaConflict) == 19
    winner = next(one for one, result in zip(staged, results, strict=True) if result is None)
    assert await store.sha256_of(KEY) == winner.sha256


async def test_a_key_taken_at_the_last_moment_is_not_overwritten(
    store: MediaStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.promote(await store.stage_bytes("a.png", b"first"), KEY)
    second = await store.stage_bytes("a.png", b"other")
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: path != folder / KEY and exists(path))
    with pytest.raises(MediaConflict):
        await store.promote(second, KEY)
    assert store.path_of(KEY).read_bytes() == b"first"


async def test_a_reader_sees_whole_files_only(store: MediaStore, folder: Path) -> None:
    contents = [bytes([number]) * 300_000 for number in range(2)]
    await store.promote(await store.stage_bytes("a.png", contents[0]), KEY)
    stop = asyncio.Event()

    async def read() -> int:
        reads = 0
        while not stop.is_set():
            assert await asyncio.to_thread(store.path_of(KEY).read_bytes) in contents
            reads += 1
        return reads

    reading = asyncio.create_task(read())
    for number in range(40):
        await store.promote(await store.stage_bytes("a.png", contents[number % 2]), KEY, replace=True)
    stop.set()
    assert await reading > 0


async def test_without_hard_links_it_works_as_well(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    await store.promote(await store.stage_bytes("a.png", b"first"), KEY)
    with pytest.raises(MediaConflict):
        await store.promote(await store.stage_bytes("a.png", b"other"), KEY)
    assert store.path_of(KEY).read_bytes() == b"first"


async def test_a_staged_file_that_is_gone_is_missing(store: MediaStore) -> None:
    staged = await store.stage_bytes("a.png", DATA)
    await store.discard(staged)
    await store.discard(staged)
    with pytest.raises(MediaMissing):
        await store.promote(staged, KEY)
    with pytest.raises(MediaMissing):
        await store.stage_file(staged.path)
    with pytest.raises(MediaMissing):
        store.path_of(KEY)


@pytest.mark.parametrize(
    ("number", "words", "retryable"),
    [
        (errno.ENOSPC, "full", False),
        (errno.EDQUOT, "full", False),
        (errno.EACCES, "may not be written", False),
        (errno.EROFS, "may not be written", False),
        (errno.EIO, "failed", True),
    ],
)
async def test_what_the_disk_refuses_is_said_in_words(
    store: MediaStore, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str, retryable: bool
) -> None:
    await store.prepare()

    def refuse(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number), "/secret/path")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(WorkFailed, match=words) as caught:
        await store.stage_bytes("a.png", DATA)
    assert caught.value.code is JobErrorCode.STORAGE
    assert caught.value.retryable is retryable
    assert "/secret/path" not in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).message == caught.value.message
    assert _files(folder) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
async def test_a_disk_that_is_really_full(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MediaStore, "staging_path", lambda self, name: Path("/dev/full"))
    original = Path.open
    monkeypatch.setattr(Path, "open", lambda self, mode="r", **rest: original(self, mode.replace("x", "w"), **rest))
    monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: None)
    with pytest.raises(WorkFailed, match="full"):
        await store.stage_bytes("a.png", DATA)


async def test_a_place_that_cannot_be_made_shows_at_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkFailed, match="media folder failed"):
        await MediaStore(tmp_path / "file" / "storage").prepare()


async def test_the_sweep_takes_old_leftovers_and_nothing_else(store: MediaStore, folder: Path) -> None:
    assert await store.sweep_staging(0) == 0
    await store.promote(await store.stage_bytes("a.png", DATA), KEY)
    old, young = await store.stage_bytes("old.png", b"1"), await store.stage_bytes("young.png", b"2")
    old_folder, young_folder = store.staging_path("work"), store.staging_path("work")
    for made in (old_folder, young_folder):
        made.mkdir()
        (made / "segment.mp4").write_bytes(b"3")
    (store.staging / "link").symlink_to(folder / "images", target_is_directory=True)
    hours_ago = time.time() - 7200
    for entry in (old.path, folder / KEY, old_folder / "segment.mp4", old_folder, young_folder):
        os.utime(entry, (hours_ago, hours_ago))
    os.utime(store.staging / "link", (hours_ago, hours_ago), follow_symlinks=False)
    assert await store.sweep_staging(3600) == 3
    assert _files(folder) == sorted(
        [KEY, f".staging/{young.path.name}", f".staging/{young_folder.name}/segment.mp4"],
    )


_WRITES_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from storage.media import MediaStore

async def main():
    store = MediaStore(Path(sys.argv[1]))
    print("ready", flush=True)
    for number in range(1, 1_000_000):
        data = bytes([number % 256]) * 200_000
        await store.promote(await store.stage_bytes("a.png", data), f"images/scene_1/image_{number}.png")

asyncio.run(main())
"""


def test_a_process_killed_at_any_moment_leaves_whole_files_under_keys(store: MediaStore, folder: Path) -> None:
    root = Path(__file__).parents[2]
    promoted = 0
    for number in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITES_FOR_EVER, str(folder / str(number))], cwd=root, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.02 + 0.013 * number)
            process.send_signal(signal.SIGKILL)
        for path in folder.glob(f"{number}/images/**/*.png"):
            expected = int(path.stem.removeprefix("image_")) % 256
            assert path.read_bytes() == bytes([expected]) * 200_000
            promoted += 1
        assert len(list((folder / str(number) / ".staging").iterdir())) <= 1
    assert promoted > 0
