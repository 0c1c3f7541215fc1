"""Finished segments, kept under the keys of their orders: what did not change is not rendered again.

A cached file ends with a `free` box that holds the SHA-256 of all before it, which players ignore. So one rename makes
an entry, and whoever takes one knows that it is whole. An entry is taken by a hard link: from then on nobody can take
it away or change it. Several processes may use one folder at once.

The cache can be deleted at any moment. Nothing here raises for a cache that fails: then there is none.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import logging
import os
import re
import secrets
import shutil
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

DEFAULT_BYTES: Final = 5_000_000_000
SEAL_HEADER: Final = struct.pack(">I4s", 40, b"free")
SEAL_BYTES: Final = len(SEAL_HEADER) + 32
PARTIAL_KEPT_SECONDS: Final = 3600
SMALLEST_SHARE_KEPT: Final = 0.9
"""Eviction goes on a little below the limit, so that it is not needed after every segment."""
_ENTRY = re.compile(r"[0-9a-f]{64}\.(mp4|bytes)")
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


@dataclass(frozen=True, slots=True)
class SegmentCache:
    """Entries in `folder`, which is made when it is needed, of at most `limit` bytes in all."""

    folder: Path
    limit: int = DEFAULT_BYTES

    def take(self, key: str, target: Path) -> bool:
        """Put the entry of this key at `target`, which must not exist. False when there is none, or no whole one."""
        entry = self._entry(key)
        try:
            _link_or_copy(entry, target)
            if is_sealed(target):
                os.utime(entry)
                return True
            log.warning("a cached segment is damaged and will be made again: %s", entry.name)
            target.unlink()
            entry.unlink(missing_ok=True)
        except FileNotFoundError:
            return target.exists()  # evicted between the link and the time stamp
        except OSError as error:
            log.warning("the cache of segments cannot be read: %s", error)
            with suppress(OSError):
                target.unlink(missing_ok=True)
        return False

    def keep(self, key: str, made: Path) -> None:
        """Make `made`, a sealed file that nobody will write to again, the entry of this key."""
        entry = self._entry(key)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):  # by another process, and the same bytes
                _link_or_copy(made, entry)
        except OSError as error:
            log.warning("a segment could not be kept: %s", error)

    def read(self, key: str) -> bytes | None:
        """The small content that was written under this key; None when there is none, or no whole one."""
        entry = self.folder / f"{key}.bytes"
        with suppress(OSError):
            sealed = entry.read_bytes()
            content = sealed[:-SEAL_BYTES]
            if sealed[-SEAL_BYTES:] == _seal_of(content):
                os.utime(entry)
                return content
            entry.unlink()
        return None

    def write(self, key: str, content: bytes) -> None:
        """Keep small content that is no segment."""
        partial = self.folder / f".{secrets.token_hex(8)}.partial"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(content + _seal_of(content))
            os.replace(partial, self.folder / f"{key}.bytes")
        except OSError as error:
            log.warning("a picture of a video could not be kept: %s", error)
            with suppress(OSError):
                partial.unlink(missing_ok=True)

    def shrink(self, limit: int | None = None) -> int:
        """Remove what was not used for longest until `limit` bytes (the cache's own unless told) are left.

        Returns how many bytes remain. One process at a time does it.
        """
        most = self.limit if limit is None else limit
        with suppress(OSError), _alone(self.folder):
            entries = sorted(self._entries(), key=lambda found: (found[1].st_mtime_ns, found[0]))
            size = sum(status.st_size for _, status in entries)
            if size <= most:
                return size
            for name, status in entries:
                if size <= most * SMALLEST_SHARE_KEPT:
                    break
                with suppress(FileNotFoundError):
                    os.unlink(self.folder / name)
                size -= status.st_size
            return size
        return 0

    def byte_size(self) -> int:
        """Of all entries."""
        with suppress(OSError):
            return sum(status.st_size for _, status in self._entries())
        return 0

    def _entries(self) -> Iterator[tuple[str, os.stat_result]]:
        with os.scandir(self.folder) as found:
            for item in found:
                with suppress(FileNotFoundError):
                    status = item.stat(follow_symlinks=False)
                    if _ENTRY.fullmatch(item.name):
                        yield item.name, status
                    elif item.name.endswith(".partial") and status.st_mtime < time.time() - PARTIAL_KEPT_SECONDS:
                        os.unlink(item.path)

    def _entry(self, key: str) -> Path:
        return self.folder / f"{key}.mp4"


def seal(path: Path) -> None:
    """Append to a finished MP4 file what tells whether it is whole. Raises `OSError`."""
    with path.open("rb+") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
        file.seek(0, os.SEEK_END)
        file.write(SEAL_HEADER + digest)


def _seal_of(content: bytes) -> bytes:
    return SEAL_HEADER + hashlib.sha256(content).digest()


def is_sealed(path: Path) -> bool:
    """Whether a file ends with a seal and is what was sealed. Raises `OSError`."""
    with path.open("rb") as file:
        left = os.fstat(file.fileno()).st_size - SEAL_BYTES
        if left <= 0:
            return False
        digest = hashlib.sha256()
        while left and (chunk := file.read(min(left, 1 << 18))):
            digest.update(chunk)
            left -= len(chunk)
        return left == 0 and file.read() == SEAL_HEADER + digest.digest()


def _link_or_copy(source: Path, target: Path) -> None:
    """Raises `FileExistsError` when there is a target: none is ever replaced."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if target.exists():
            raise FileExistsError from None
        partial = target.with_name(f".{secrets.token_hex(8)}.partial")
        try:
            shutil.copyfile(source, partial)
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Raises `BlockingIOError` while another process is at it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
