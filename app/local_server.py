"""The server that a command speaks to: a named one, the one of this data folder, or one started for the purpose."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from app.data_folder import running_server
from app.errors import StartError
from app.lifeline import DESCRIPTOR_VARIABLE
from app.settings import Settings

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 15.0
_LOG_NAME: Final = "serve.log"


@contextmanager
def server_for(settings: Settings, named: str | None) -> Iterator[str]:
    """The URL of a running server; one that had to be started is stopped again.

    Raises:
        StartError: it does not start; the text has its last words.
    """
    url = named or running_server(settings.data_dir)
    if url is not None:
        yield url
        return
    lifeline, our_end = os.pipe()
    try:
        server = _start(settings, lifeline)
        os.close(lifeline)
        try:
            yield _wait_for(server, settings)
        finally:
            _stop(server)
    finally:
        os.close(our_end)


def _start(settings: Settings, lifeline: int) -> subprocess.Popen[bytes]:
    """In a process group of its own, so that Ctrl-C is ours to deal with; it ends when we do, however we end."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **settings.as_environment(), DESCRIPTOR_VARIABLE: str(lifeline)}
    with (settings.data_dir / _LOG_NAME).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "app.cli", "serve", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            pass_fds=(lifeline,),
            process_group=0,
        )


def _wait_for(server: subprocess.Popen[bytes], settings: Settings) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        if url := running_server(settings.data_dir):
            return url
        time.sleep(0.05)
    log = settings.data_dir / _LOG_NAME
    raise StartError(f"The server did not start. The end of {log}:\n{_tail(log)}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.terminate()
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
