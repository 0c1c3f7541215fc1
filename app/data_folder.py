"""The data folder as one running system owns it: the lock, the address of the server, the socket folder in use.

The lock is the operating system's: it goes when its process goes, however that died. The two small files are only
hints, believed while the lock is held (`server.json`) or cleaned up by the next start (`broker.json`).
"""

import json
import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from app.errors import StartError
from app.health import is_answering

LOCK_NAME = "server.lock"
SERVER_NAME = "server.json"
BROKER_NAME = "broker.json"
# Someone who only looks whether the lock is held holds it for an instant.
_LOCK_PATIENCE = 0.5


@dataclass(frozen=True)
class DataFolder:
    """A data folder; nothing is touched before `prepare`."""

    path: Path

    def prepare(self) -> None:
        """Make the folder and see that it can be written to. Raises `StartError`."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            raise StartError(
                f"The data folder {self.path} cannot be used: {error.strerror}. Choose another with REELGATE_DATA_DIR."
            ) from None

    def lock(self) -> FileLock:
        """Take the folder for this process until `release()`. Raises `StartError` when another server has it."""
        lock = self._lock()
        deadline = time.monotonic() + _LOCK_PATIENCE
        while not self._acquired(lock):
            if time.monotonic() > deadline:
                raise StartError(self._taken())
            time.sleep(0.02)
        return lock

    def write_server(self, url: str) -> None:
        """Say at which URL the server of this folder answers."""
        started = datetime.now(UTC).isoformat(timespec="seconds")
        self._write(SERVER_NAME, {"url": url, "pid": os.getpid(), "started_at": started})

    def read_server(self) -> dict[str, Any]:
        """What `write_server` wrote; empty when there is nothing readable."""
        return self._read(SERVER_NAME)

    def remove_server(self) -> None:
        """Forget the URL."""
        (self.path / SERVER_NAME).unlink(missing_ok=True)

    def write_broker(self, socket_dir: Path) -> None:
        """Remember the socket folder, so that the next start can remove it if this one cannot."""
        self._write(BROKER_NAME, {"socket_dir": str(socket_dir)})

    def read_broker(self) -> Path | None:
        """The socket folder of the last system, if it was not removed."""
        recorded = self._read(BROKER_NAME).get("socket_dir")
        return Path(recorded) if isinstance(recorded, str) else None

    def remove_broker(self) -> None:
        """Forget the socket folder."""
        (self.path / BROKER_NAME).unlink(missing_ok=True)

    def is_locked(self) -> bool:
        """Whether a server runs on this folder."""
        if not (self.path / LOCK_NAME).exists():
            return False
        lock = self._lock()
        if not self._acquired(lock):
            return True
        lock.release()
        return False

    def _lock(self) -> FileLock:
        # The soft fallback for file systems without locks would outlive a killed process.
        return FileLock(self.path / LOCK_NAME, thread_local=False, fallback_to_soft=False)

    def _acquired(self, lock: FileLock) -> bool:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:
            raise StartError(f"The data folder {self.path} cannot be locked: {error.strerror}.") from None
        return True

    def _taken(self) -> str:
        url = self.read_server().get("url")
        where = f" at {url}" if url else ""
        return (
            f"Another Reelgate server runs on the data folder {self.path}{where}. "
            "Use that one, stop it first, or choose another folder with REELGATE_DATA_DIR."
        )

    def _write(self, name: str, content: dict[str, Any]) -> None:
        partial = self.path / f".{name}.{os.getpid()}"
        try:
            partial.write_text(json.dumps(content), encoding="utf-8")
            partial.replace(self.path / name)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise StartError(f"The data folder {self.path} cannot be written to: {error.strerror}.") from None

    def _read(self, name: str) -> dict[str, Any]:
        try:
            content = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def running_server(data_dir: Path) -> str | None:
    """The URL of the server that runs on this data folder and answers; None when there is none."""
    folder = DataFolder(data_dir)
    url = folder.read_server().get("url")
    if isinstance(url, str) and folder.is_locked() and is_answering(url):
        return url
    return None
