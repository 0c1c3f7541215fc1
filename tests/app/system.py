"""A whole system with stand-ins for its parts, run as a process of its own, and ways to look at it and to hurt it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from app.data_folder import DataFolder, running_server

STANDINS = Path(__file__).with_name("standins")
T = TypeVar("T")


def until(found: Callable[[], T | None], seconds: float = 15.0) -> T:
    """Wait until `found()` is true and return it."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, f"did not happen within {seconds} s"
        time.sleep(0.01)
    return value


def is_gone(process: psutil.Process) -> bool:
    """Whether it ended, even if nobody has collected its exit code."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class System:
    """`serve` on a data folder. Leaving the context kills whatever is left."""

    def __init__(
        self,
        data_dir: Path,
        *words: str,
        host: str = "127.0.0.1",
        port: int = 0,
        log_to: int | None = None,
        lifeline: int | None = None,
        **env: str,
    ) -> None:
        self.folder = DataFolder(data_dir)
        self.started = time.monotonic()
        self.seen: set[psutil.Process] = set()
        self.temporary = Path(tempfile.mkdtemp(prefix="rg", dir="/tmp"))
        self.log = self.temporary / "log"
        inherited = () if lifeline is None else (lifeline,)
        env |= {"REELGATE_LIFELINE_FD": str(lifeline)} if inherited else {}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(STANDINS / "serve.py"), host, str(port), *words],
                env={**os.environ, "TMPDIR": str(self.temporary), "REELGATE_DATA_DIR": str(data_dir), **env},
                pass_fds=inherited,
                stdout=log,
                stderr=log if log_to is None else log_to,
                preexec_fn=partial(signal.signal, signal.SIGHUP, signal.SIG_DFL),  # under nohup it would be ignored
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.seen.update(self.family())
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for process in self.seen:
            if not is_gone(process):
                process.kill()
        if problem[0] is not None:
            print(self.output())
        shutil.rmtree(self.temporary)

    def ready(self) -> str:
        """Wait until it says its URL and answers there."""
        url = until(self._url)
        self.seen.update(self.family())
        return url

    def _url(self) -> str | None:
        assert self.process.poll() is None, self.output()
        if self.folder.read_server().get("pid") != self.process.pid:
            return None
        return running_server(self.folder.path)

    def family(self) -> list[psutil.Process]:
        """Everything it has started that lives."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def part(self, word: str) -> psutil.Process:
        """The child whose command line holds this word."""
        return until(lambda: self.find(word))

    def find(self, word: str) -> psutil.Process | None:
        """The same, or None at the moment."""
        for process in self.family():
            try:
                line = process.cmdline()
            except psutil.Error:
                continue
            if any(word in part for part in line) and not any("launch.py" in part for part in line):
                self.seen.add(process)
                return process
        return None

    def replaced(self, word: str, old: psutil.Process) -> psutil.Process:
        """Wait for another child of this kind and return it."""

        def other() -> psutil.Process | None:
            found = self.find(word)
            return found if found and found.pid != old.pid else None

        return until(other)

    def nothing_left(self) -> bool:
        """Whether it and everything it ever started is gone."""
        return self.process.poll() is not None and all(map(is_gone, self.seen))

    def output(self) -> str:
        """What it wrote so far, on both streams."""
        return self.log.read_text(errors="replace")


def fetch(url: str) -> str:
    """The body at this URL; an empty text while nobody answers."""
    try:
        with urlopen(url, timeout=10) as answer:
            return str(answer.read().decode())
    except (URLError, OSError):
        return ""
