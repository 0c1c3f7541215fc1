"""Thumbnails in the media folder, under `cache/thumbnails/`, by what the picture holds. All of it may be removed.

They are named by content, so that several API processes may make and remove the same ones: all have the same bytes.
What is written is whole, or not there under its name. Nothing else in the media folder is ever removed here.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Final

from storage.media import MediaStore, in_thread

FOLDER: Final = "cache/thumbnails"
MOST_BYTES: Final = 1024 * 1024 * 1024
_KEPT_SHARE: Final = 0.8
_KNOWN_HASHES: Final = 8192
_WRITES_PER_LOOK: Final = 100
_TOUCHED_AFTER_NS: Final = 3600 * 10**9


class ThumbnailFiles:
    """`most_bytes` is looked after once in a while: those that were not asked for the longest go first."""

    def __init__(self, media: MediaStore, *, most_bytes: int = MOST_BYTES) -> None:
        self._media = media
        self._most_bytes = most_bytes
        self._hashes: OrderedDict[tuple[str, int, int, int], str] = OrderedDict()
        self._writes = 0

    async def sha256_of(self, key: str, stat: os.stat_result) -> str:
        """Of the file under this key, read again only when its time, size or number has changed. Raises as `media`."""
        known = (key, stat.st_ino, stat.st_mtime_ns, stat.st_size)
        found = self._hashes.get(known)
        if found is None:
            found = await self._media.sha256_of(key)
            while len(self._hashes) >= _KNOWN_HASHES:
                self._hashes.popitem(last=False)
        self._hashes[known] = found
        self._hashes.move_to_end(known)
        return found

    async def read(self, sha256: str, width: int) -> bytes | None:
        """None if it is to be made."""
        return await in_thread(self._read, self._path(sha256, width))

    def new_path(self) -> Path:
        """Where one is to be written, before `keep`. Blocks."""
        return self._media.staging_path("thumbnail.webp")

    async def keep(self, written: Path, sha256: str, width: int) -> bytes:
        """Gives what was written its name; the bytes."""
        data = await in_thread(self._keep, written, self._path(sha256, width))
        self._writes += 1
        if self._writes % _WRITES_PER_LOOK == 1:
            await in_thread(self._trim)
        return data

    async def discard(self, written: Path) -> None:
        """What was left of one that could not be made."""
        await in_thread(written.unlink, missing_ok=True)

    def _path(self, sha256: str, width: int) -> Path:
        return self._media.folder / FOLDER / sha256[:2] / f"{sha256[2:]}-{width}.webp"

    def _read(self, path: Path) -> bytes | None:
        try:
            stat, data = path.stat(), path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        with suppress(OSError):  # file systems keep this time badly by themselves
            if (now := _now_ns()) - stat.st_atime_ns > _TOUCHED_AFTER_NS:
                os.utime(path, ns=(now, stat.st_mtime_ns))
        return data or None

    def _keep(self, written: Path, path: Path) -> bytes:
        data = written.read_bytes()
        path.parent.mkdir(parents=True, exist_ok=True)
        written.replace(path)
        return data

    def _trim(self) -> None:
        """Below the bound again, with some room."""
        found: list[tuple[int, int, Path]] = []
        for path in (self._media.folder / FOLDER).glob("*/*.webp"):
            with suppress(OSError):  # another process removes them too
                stat = path.lstat()
                found.append((stat.st_atime_ns, stat.st_size, path))
        total = sum(size for _, size, _ in found)
        if total <= self._most_bytes:
            return
        for _, size, path in sorted(found):
            if total <= self._most_bytes * _KEPT_SHARE:
                return
            with suppress(OSError):
                path.unlink(missing_ok=True)
                total -= size


def _now_ns() -> int:
    """By the clock that file times are of."""
    return time.time_ns()
