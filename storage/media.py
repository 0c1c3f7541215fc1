"""The media files, in a local folder.

A file is written under `.staging/` first and promoted to its key once, inside the transaction that records it: a name
outside of `.staging/` is always a whole file that has reached the disk. What a crash leaves behind lies in `.staging/`
until the sweep, or under a key whose row was never committed, where the next attempt replaces it.

All work on files runs in threads. What the disk refuses is raised as `WorkFailed`, for a person to act on.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from domain.errors import JobErrorCode, WorkFailed
from storage.errors import InvalidMediaKey, MediaConflict, MediaMissing

P = ParamSpec("P")
T = TypeVar("T")

STAGING = ".staging"
# Lower case only, so that two keys are two files on every file system; the one dot is that of the extension.
_KEY = re.compile(r"(?:[a-z0-9][a-z0-9_-]{0,63}/){1,4}[a-z0-9][a-z0-9_-]{0,63}\.[a-z0-9]{1,8}")
_STAGED_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A whole file under `.staging/` that has reached the disk. `sha256` is in lower-case hexadecimal."""

    path: Path
    sha256: str
    byte_size: int


class MediaStore:
    """Media under one folder. Keys are relative POSIX paths: `images/scene_7/image_12.png`, `videos/video_2.mp4`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.staging = self.folder / STAGING

    async def prepare(self) -> None:
        """Makes the folders, so that a place that cannot be written shows at start. Raises `WorkFailed`."""
        await in_thread(self.make_staging)

    def staging_path(self, name: str) -> Path:
        """A new path under `.staging/` for others to write, ending in `name`; then `stage_file` takes it.

        No two calls give the same path, so a late writer of an earlier attempt spoils nothing.
        """
        if not _STAGED_NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name a staged file.")
        with disk_errors():
            self.make_staging()
        return self.staging / f"{secrets.token_hex(8)}-{name}"

    async def stage_bytes(self, name: str, data: bytes) -> StagedFile:
        """Writes `data` under `.staging/` and returns when it has reached the disk. Raises `WorkFailed`."""
        return await in_thread(self._stage_bytes, name, data)

    async def stage_file(self, path: Path) -> StagedFile:
        """Takes a file that was written to a `staging_path`, and returns when it has reached the disk.

        Raises `WorkFailed`, or `MediaMissing` when it is not there.
        """
        return await in_thread(self._stage_file, path)

    async def promote(self, staged: StagedFile, key: str, *, replace: bool = False) -> None:
        """Moves a staged file to its key, in one step that a crash cannot divide, and makes that last.

        Safe to repeat. A key that holds other content raises `MediaConflict` and is left alone, unless `replace`
        is given: for a key whose row is known not to have been committed. Raises `MediaMissing` when the staged file
        is gone and the key does not hold its content, and `WorkFailed`.
        """
        await in_thread(self._promote, staged, key, replace)

    async def take_back(self, staged: StagedFile, key: str) -> None:
        """Undoes `promote` where the transaction that it was part of failed; nothing happens when it was not done."""
        await in_thread(self._take_back, staged, key)

    async def discard(self, staged: StagedFile | Path) -> None:
        """Removes a staged file that is not wanted; nothing happens when it is gone."""
        await in_thread(self._unlink_staged, staged if isinstance(staged, Path) else staged.path)

    async def remove(self, key: str) -> None:
        """Removes the file under this key; nothing happens when there is none. Raises `WorkFailed`."""
        await in_thread(self._remove, key)

    def path_of(self, key: str) -> Path:
        """The existing regular file under this key. Raises `MediaMissing`, for a malformed key as well."""
        path = self._target(key)
        # A link that leads out of the folder is as good as missing.
        with suppress(OSError):
            real = path.resolve(strict=True)
            if real.is_relative_to(self.folder.resolve()) and stat.S_ISREG(real.stat().st_mode):
                return path
        raise MediaMissing(key)

    async def read(self, key: str) -> bytes:
        """The content of the file under this key. Raises `MediaMissing` or `WorkFailed`."""
        return await in_thread(self.path_of(key).read_bytes)

    async def sha256_of(self, key: str) -> str:
        """Of the file under this key, in lower-case hexadecimal. Raises `MediaMissing` or `WorkFailed`."""
        return (await in_thread(_digest, self.path_of(key)))[0]

    async def sweep_staging(self, older_than_seconds: float) -> int:
        """Removes what has lain under `.staging/` untouched for that long, and returns how many entries went.

        Ages are those of the file system's own time stamps. A file still being written is not old.
        """
        return await in_thread(self._sweep, time.time() - older_than_seconds)

    def _take_back(self, staged: StagedFile, key: str) -> None:
        target = self._target(key)
        if not staged.path.exists() and target.exists():
            target.replace(staged.path)
            _sync_folder(target.parent)

    def _remove(self, key: str) -> None:
        target = self._target(key)
        target.unlink(missing_ok=True)
        if target.parent.is_dir():
            _sync_folder(target.parent)

    def _target(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise InvalidMediaKey(key)
        return self.folder / key

    def _staged_path(self, path: Path) -> Path:
        if path.parent != self.staging or not _STAGED_NAME.fullmatch(path.name):
            raise ValueError(f"{path} is not a staged file of this store.")
        return path

    def make_staging(self) -> None:
        """Makes the folder for what is on its way. Blocks; raises OSError."""
        self._make_folders(self.staging)

    def _make_folders(self, folder: Path) -> None:
        """Makes the missing folders, each of them lasting: a new name is on the disk once its folder is synced."""
        missing: list[Path] = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for new in reversed(missing):
            new.mkdir(exist_ok=True)
            _sync_folder(new.parent)

    def _stage_bytes(self, name: str, data: bytes) -> StagedFile:
        path = self.staging_path(name)
        try:
            with path.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(self.staging)
        except BaseException:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise
        return StagedFile(path, hashlib.sha256(data).hexdigest(), len(data))

    def _stage_file(self, path: Path) -> StagedFile:
        self._staged_path(path)
        if not path.is_file() or path.is_symlink():
            raise MediaMissing(f"{STAGING}/{path.name}")
        with path.open("rb") as file:
            os.fsync(file.fileno())
        _sync_folder(self.staging)
        return StagedFile(path, *_digest(path))

    def _promote(self, staged: StagedFile, key: str, replace: bool) -> None:
        target = self._target(key)
        path = self._staged_path(staged.path)
        self._make_folders(target.parent)
        if not target.parent.resolve().is_relative_to(self.folder.resolve()):
            raise InvalidMediaKey(key)
        if not path.exists():
            if not _holds(target, staged):
                raise MediaMissing(f"{STAGING}/{path.name}")
        elif not _place(path, target, replace=replace) and not _holds(target, staged):
            raise MediaConflict(key)
        _sync_folder(target.parent)
        self._unlink_staged(path)

    def _unlink_staged(self, path: Path) -> None:
        self._staged_path(path).unlink(missing_ok=True)
        if self.staging.is_dir():
            _sync_folder(self.staging)

    def _sweep(self, before: float) -> int:
        if not self.staging.is_dir():
            return 0
        removed = 0
        for entry in list(self.staging.iterdir()):
            # Others may be sweeping or promoting at the same time.
            with suppress(FileNotFoundError):
                if _last_change(entry) >= before:
                    continue
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
                removed += 1
        return removed


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of work on files. Raises `WorkFailed` for what the disk refuses."""

    def run() -> T:
        with disk_errors():
            return work(*args, **kwargs)

    return await asyncio.to_thread(run)


@contextmanager
def disk_errors() -> Iterator[None]:
    """What a person can act on, in words. A full disk is not retried: the work would be paid for again, in vain."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            message, retryable = "The disk that holds the media files is full. Make room, then try again.", False
        elif error.errno in _FORBIDDEN:
            message, retryable = "The media folder may not be written. Correct its permissions, then try again.", False
        else:
            message, retryable = f"The media folder failed: {os.strerror(error.errno or errno.EIO)}.", True
        raise WorkFailed(JobErrorCode.STORAGE, message, retryable=retryable) from None


def _place(path: Path, target: Path, *, replace: bool) -> bool:
    """Gives the file its name in one step; False when the name is taken and may not be replaced."""
    if replace:
        # Renaming between two names of one file does nothing at all: the caller unlinks the first one.
        path.replace(target)
        return True
    try:
        os.link(path, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if target.exists():
            return False
        path.replace(target)
    return True


def _holds(target: Path, staged: StagedFile) -> bool:
    try:
        return target.stat().st_size == staged.byte_size and _digest(target) == (staged.sha256, staged.byte_size)
    except FileNotFoundError:
        return False


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()


def _last_change(entry: Path) -> float:
    """Of a folder, the newest change beneath it."""
    newest = entry.lstat().st_mtime
    if entry.is_dir() and not entry.is_symlink():
        newest = max([newest, *(inner.lstat().st_mtime for inner in entry.rglob("*"))])
    return newest


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
