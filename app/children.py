"""Our child processes: how one is started, heard, and ended with everything in its group.

Each is in a process group of its own, so that Ctrl-C reaches the supervisor alone, and dies with the supervisor: by the
kernel on Linux, by its lifeline elsewhere.
"""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import StartError

TAIL = 20
_LONGEST_LINE = 65_536
_LAUNCH = Path(__file__).with_name("launch.py")
# Linux can tie a child to its parent; a test turns this off to see the other way work.
ties_children = sys.platform == "linux"


@dataclass(frozen=True)
class ChildSpec:
    """What to start: a name for people, the command line, its environment, descriptors it inherits."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    inherited: tuple[int, ...] = ()


class Child:
    """A running child. Its output is read line by line, handed on, and the end of it kept."""

    def __init__(self, spec: ChildSpec, process: asyncio.subprocess.Process, output: "Output") -> None:
        self.spec = spec
        self._process = process
        self._output = output

    @classmethod
    async def start(cls, spec: ChildSpec, forward: Callable[[str], object]) -> "Child":
        """Start it; `forward` is called in the event loop with each line, line end included."""
        reading, writing = os.pipe()
        output = Output(reading, forward)
        try:
            process = await asyncio.create_subprocess_exec(
                *tied(spec.argv),
                env=spec.env,
                pass_fds=spec.inherited,
                process_group=0,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
            )
        except BaseException as error:
            output.close()
            if not isinstance(error, OSError):
                raise
            raise StartError(f"The {spec.name} cannot be started: {spec.argv[0]}: {error.strerror}.") from None
        finally:
            os.close(writing)
        return cls(spec, process, output)

    @property
    def pid(self) -> int:
        """Its process id, which is its group's as well."""
        return self._process.pid

    @property
    def last_lines(self) -> list[str]:
        """The end of what it wrote."""
        return list(self._output.tail)

    async def wait(self) -> int:
        """Wait for its end and return its exit code, negative for a signal. Nothing of its group is left then."""
        code = await self._process.wait()
        self.kill_group()
        self._output.close()
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill_group(self) -> None:
        """End it and all in its group at once."""
        # macOS refuses (EPERM) when only a zombie is left in the group.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


class Output:
    """The reading end of a child's output, read without blocking whenever something is there."""

    def __init__(self, descriptor: int, forward: Callable[[str], object]) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL)
        self._descriptor = descriptor
        self._forward = forward
        self._partial = b""
        os.set_blocking(descriptor, False)
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def close(self) -> None:
        """Read what is there and let go, even if someone else could still write."""
        if self._descriptor < 0:
            return
        while self._read():
            pass
        if self._partial:
            self._take(self._partial)
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1

    def _read(self) -> bool:
        try:
            chunk = os.read(self._descriptor, _LONGEST_LINE)
        except BlockingIOError:
            return False
        if not chunk:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            return False
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        if len(self._partial) > _LONGEST_LINE:
            lines, self._partial = [*lines, self._partial], b""
        for line in lines:
            self._take(line)
        return True

    def _take(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        self.tail.append(text)
        self._forward(f"{text}\n")


def tied(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command line of a program that dies with us, where the system can do that."""
    if not ties_children:
        return argv
    return (sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid()), *argv)
