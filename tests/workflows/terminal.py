"""A command of ours as a person runs it: in a terminal, with standard output going elsewhere."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil

from app.data_folder import DataFolder
from tests.running import until

_SEQUENCES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_TAKE_TERMINAL: Final = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
REELGATE: Final = (sys.executable, "-m", "app.cli")


class Terminal:
    """Runs `reelgate WORDS` with its input and error stream on a terminal of 60 columns."""

    def __init__(self, environment: dict[str, str], *words: str | Path, columns: int = 60) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._output = tempfile.TemporaryFile()  # noqa: SIM115
        command = [sys.executable, "-c", _TAKE_TERMINAL, *REELGATE, *map(str, words)]
        self.process = subprocess.Popen(
            command, env={**environment, "TERM": "xterm-256color"}, start_new_session=True,
            stdin=theirs, stderr=theirs, stdout=self._output,
        )  # fmt: skip
        os.close(theirs)
        self._raw = ""
        self._seen = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(10)
        os.close(self._ours)
        self._output.close()

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._ours, 65_536)
            except OSError:
                return
            if not piece:
                return
            self._raw += piece.decode(errors="replace")

    @property
    def screen(self) -> str:
        """All that was shown, without colours and cursor movements."""
        return _SEQUENCES.sub("", self._raw).replace("\r", "")

    def expect(self, text: str, seconds: float = 30.0) -> None:
        """Wait until this is shown, behind what was expected before."""

        def shown() -> bool:
            found = self.screen.find(text, self._seen)
            if found < 0:
                assert self._reader.is_alive(), f"{text!r} was not shown:\n{self.screen}"
                return False
            self._seen = found + len(text)
            return True

        until(shown, seconds, f"{text!r} on the screen:\n{self.screen}")

    def answer(self, text: str, question: str) -> None:
        """Type a line once this is asked."""
        self.expect(question)
        os.write(self._ours, f"{text}\n".encode())

    def press(self, key: bytes) -> None:
        os.write(self._ours, key)

    def ended(self, seconds: float = 60.0) -> int:
        """The exit code."""
        code = self.process.wait(seconds)
        self._reader.join(10)
        return code

    @property
    def output(self) -> str:
        """What it wrote to standard output."""
        self._output.seek(0)
        return self._output.read().decode()


CTRL_C: Final = b"\x03"
CTRL_D: Final = b"\x04"


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """All live processes that work on this data folder, but those of the test itself."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("REELGATE_DATA_DIR") == str(data_dir) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def nothing_left(data_dir: Path) -> bool:
    """Whether no process works on this folder any more, nor holds its lock."""
    return not processes_of(data_dir) and not DataFolder(data_dir).is_locked()


def run(
    environment: dict[str, str], *words: str | Path, given: bytes | None = None
) -> subprocess.CompletedProcess[str]:
    """`reelgate WORDS` without a terminal, run to its end."""
    answer = subprocess.run([*REELGATE, *map(str, words)], env=environment, input=given or b"", capture_output=True)
    return subprocess.CompletedProcess(answer.args, answer.returncode, answer.stdout.decode(), answer.stderr.decode())


class Background:
    """`reelgate WORDS` without a terminal, in a process group of its own, while other things happen."""

    def __init__(self, environment: dict[str, str], log: Path, *words: str | Path) -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [*REELGATE, *map(str, words)], env=environment, process_group=0,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file,
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    @property
    def said(self) -> str:
        return self.log.read_text()

    def expect(self, text: str, seconds: float = 30.0) -> None:
        def shown() -> bool:
            return text in self.said or (self.process.poll() is not None and self._gave_up(text))

        until(shown, seconds, f"{text!r} in {self.log}")

    def _gave_up(self, text: str) -> bool:
        assert text in self.said, f"{text!r} was not said:\n{self.said}"
        return True

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, seconds: float = 60.0) -> int:
        return self.process.wait(seconds)
