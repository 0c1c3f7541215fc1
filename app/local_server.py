"""The server that a command speaks to: one that a person named, or the one of the data folder, started if need be.

Several commands may use one data folder at once. Whoever finds no server starts one, and stops it at its own end; a
command that loses its server that way, or by any other, looks again and starts the next one itself.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from app.data_folder import DataFolder, running_server
from app.errors import StartError
from app.lifeline import DESCRIPTOR_VARIABLE
from app.settings import Settings

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 15.0
_RETURN_SECONDS: Final = 3.0
"""How long a server that somebody else runs may take to restart before we start one."""
_MOST_STARTS: Final = 4
_PAUSE_SECONDS: Final = 0.05
_LOG_NAME: Final = "serve.log"
_LOG_BYTES: Final = 4 << 20
_LOOPBACK: Final = ("127.0.0.1",)


class NamedServer:
    """The one at this URL and no other."""

    named = True

    def __init__(self, url: str) -> None:
        """Raises ValueError, whose text is for the person who wrote the URL."""
        self._url = _checked(url)

    def locate(self) -> str:
        return self._url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        return


class LocalServer:
    """The server of the data folder. One that had to be started is stopped at the end of the context."""

    named = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = DataFolder(settings.data_dir)
        self._process: subprocess.Popen[bytes] | None = None
        self._lifelines: list[int] = []
        self._log_begins = 0
        self._was_elsewhere = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        try:
            if self._process is not None:
                _stop(self._process, self._settings.patience_seconds)
        finally:
            for end in self._lifelines:
                os.close(end)

    def locate(self) -> str:
        """The URL of a server that answers, started now if there is none.

        Raises:
            StartError: it does not start; the text has its last words.
        """
        now = time.monotonic()
        deadline, patience = now + _START_SECONDS, now + (_RETURN_SECONDS if self._was_elsewhere else 0.0)
        while time.monotonic() < deadline:
            if url := running_server(self._settings.data_dir):
                self._was_elsewhere = not self._is_ours_alive()
                return url
            # A lock without a server is one that starts or ends, perhaps started at the same moment as ours.
            if not self._is_ours_alive():
                if self._folder.is_locked():
                    self._process = None
                elif time.monotonic() >= patience:
                    self._start_or_give_up()
            time.sleep(_PAUSE_SECONDS)
        raise StartError(
            f"The server on the data folder {self._settings.data_dir} does not answer. "
            f"Look into {self._log}, or stop what uses the folder."
        )

    @property
    def _log(self) -> Path:
        return self._settings.data_dir / _LOG_NAME

    def _is_ours_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _start_or_give_up(self) -> None:
        failed = self._process is not None and self._process.returncode > 0
        if failed or len(self._lifelines) == _MOST_STARTS:
            raise StartError(f"The server cannot be run. {self._last_words()}\nIts log is {self._log}.")
        self._folder.prepare()
        lifeline, our_end = os.pipe()
        self._lifelines.append(our_end)
        try:
            self._process = self._start(lifeline)
        finally:
            os.close(lifeline)

    def _start(self, lifeline: int) -> subprocess.Popen[bytes]:
        """In a process group of its own, so that Ctrl-C is ours to deal with; it ends when we do, however we end."""
        hosts = dict.fromkeys((*self._settings.allowed_hosts, *_LOOPBACK))
        environment = {
            **os.environ,
            **self._settings.as_environment(),
            "REELGATE_ALLOWED_HOSTS": ",".join(hosts),
            "REELGATE_LOG_FORMAT": "console",
            DESCRIPTOR_VARIABLE: str(lifeline),
        }
        # Appending: a server that ends may still have a line to write when the next one starts.
        with self._log.open("ab") as log:
            if log.tell() > _LOG_BYTES:
                log.truncate(0)
            self._log_begins = self._log.stat().st_size
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "app.cli", "serve", "--port", "0"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                pass_fds=(lifeline,),
                process_group=0,
            )

    def _last_words(self) -> str:
        with suppress(OSError), self._log.open("rb") as log:
            log.seek(self._log_begins)
            text = log.read().decode("utf-8", errors="replace").strip()
            _, mark, said = text.rpartition("reelgate: ")
            return said if mark else "\n".join(text.splitlines()[-15:])
        return ""


def _stop(server: subprocess.Popen[bytes], patience: float) -> None:
    if server.poll() is None:
        server.terminate()
    with _interrupts_passed_on(server):
        try:
            server.wait(_STOP_SECONDS + patience)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@contextmanager
def _interrupts_passed_on(server: subprocess.Popen[bytes]) -> Iterator[None]:
    """One more Ctrl-C while the server stops makes it stop at once, rather than us leave it behind."""

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            server.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _checked(url: str) -> str:
    text = url.strip().rstrip("/")
    parts = urlsplit(text)
    try:
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or any(character.isspace() for character in text):
        meant = f" Did you mean http://{text}?" if text and "/" not in text and " " not in text else ""
        raise ValueError(f"{url!r} is not the URL of a server, such as http://127.0.0.1:8000.{meant}")
    return text.removesuffix("/graphql").removesuffix("/api")
