"""A file that somebody sends, on the disk while it is looked at.

It has no name: whatever becomes of us, nothing is left of it. It takes about a megabyte of memory however long it is.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Final

from storage.media import MediaStore, in_thread

_KEPT: Final = 1024 * 1024


class Upload:
    """What has come so far. `file` and `sha256` have all of it after `finish`."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.byte_size = 0
        self._kept = bytearray()
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """In lower-case hexadecimal."""
        return self._hash.hexdigest()

    async def write(self, data: bytes) -> None:
        """Raises `WorkFailed` (the disk)."""
        self.byte_size += len(data)
        self._kept += data
        if len(self._kept) >= _KEPT:
            await self._put_down()

    async def finish(self) -> None:
        """To be called before `file` is read by others. Raises `WorkFailed`."""
        await self._put_down()

    async def _put_down(self) -> None:
        data, self._kept = bytes(self._kept), bytearray()
        await in_thread(self._write, data)

    def _write(self, data: bytes) -> None:
        self._hash.update(data)
        self.file.write(data)
        self.file.flush()


@asynccontextmanager
async def new_upload(media: MediaStore) -> AsyncIterator[Upload]:
    """On the disk of the media folder. Raises `WorkFailed`."""
    with await in_thread(_nameless_file, media) as file:
        yield Upload(file)


def _nameless_file(media: MediaStore) -> IO[bytes]:
    media.make_staging()
    return tempfile.TemporaryFile(dir=media.staging)
