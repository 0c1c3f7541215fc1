"""Keys, names and links that would lead out of the media folder."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from storage.errors import InvalidMediaKey, MediaMissing
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


BAD_KEYS = [
    "",
    ".",
    "..",
    "/etc/passwd",
    "images",
    "image.png",
    "images/",
    "images//a.png",
    "images/../a.png",
    "../images/a.png",
    "images/..",
    "images/./a.png",
    "images/.hidden.png",
    ".staging/a.png",
    "images/.staging/a.png",
    "images\\a.png",
    "images/a\\..\\b.png",
    "images/a.png\x00.mp4",
    "images/a.png\n",
    "images/a.png ",
    "images/%2e%2e/a.png",
    "images/A.png",
    "images/ä.png",
    "images/a.tar.gz",
    "images/a",
    "images/\u0661.png",
    "a/b/c/d/e/f.png",
    f"images/{'a' * 65}.png",
    "C:/a.png",
    "images/-rf.png",
]


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_a_malformed_key_leads_nowhere(store: MediaStore, folder: Path, key: str) -> None:
    (folder / "images").mkdir(parents=True)
    (folder.parent / "images").mkdir()
    staged = await store.stage_bytes("a.png", DATA)
    with pytest.raises(InvalidMediaKey):
        store.path_of(key)
    with pytest.raises(InvalidMediaKey):
        await store.sha256_of(key)
    with pytest.raises(InvalidMediaKey):
        await store.promote(staged, key, replace=True)
    assert _files(folder) == [f".staging/{staged.path.name}"]


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "/a", ".a", "a\x00", "a\n", "a" * 129])
async def test_a_malformed_name_is_not_staged(store: MediaStore, name: str) -> None:
    with pytest.raises(ValueError, match="staged"):
        store.staging_path(name)
    with pytest.raises(ValueError, match="staged"):
        await store.stage_bytes(name, DATA)


async def test_only_files_of_this_store_are_staged_promoted_or_discarded(store: MediaStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(DATA)
    foreign = StagedFile(outside, hashlib.sha256(DATA).hexdigest(), len(DATA))
    winding = StagedFile(store.staging / ".." / ".." / "outside.png", foreign.sha256, foreign.byte_size)
    with pytest.raises(ValueError, match="not a staged file"):
        await store.stage_file(outside)
    for staged in (foreign, winding):
        with pytest.raises(ValueError, match="not a staged file"):
            await store.promote(staged, KEY)
        with pytest.raises(ValueError, match="not a staged file"):
            await store.discard(staged)
    assert outside.read_bytes() == DATA


async def test_links_out_of_the_folder_are_not_followed(store: MediaStore, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "videos").symlink_to(tmp_path, target_is_directory=True)
    for key in ("images/link.png", "videos/secret.png"):
        with pytest.raises(MediaMissing):
            store.path_of(key)
    with pytest.raises(InvalidMediaKey):
        await store.promote(await store.stage_bytes("a.png", DATA), "videos/video_1.mp4")
    assert not (tmp_path / "video_1.mp4").exists()
    store.staging_path("x").symlink_to(tmp_path / "secret.png")
    with pytest.raises(MediaMissing):
        await store.stage_file(next(path for path in store.staging.iterdir() if path.is_symlink()))


async def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk", target_is_directory=True)
    store = MediaStore(tmp_path / "link")
    await store.promote(await store.stage_bytes("a.png", DATA), KEY)
    assert store.path_of(KEY).read_bytes() == DATA


@pytest.mark.parametrize("key", ["images/folder.png", "images/pipe.png"])
async def test_only_regular_files_are_media(store: MediaStore, folder: Path, key: str) -> None:
    (folder / "images" / "folder.png").mkdir(parents=True)
    os.mkfifo(folder / "images" / "pipe.png")
    with pytest.raises(MediaMissing):
        store.path_of(key)
