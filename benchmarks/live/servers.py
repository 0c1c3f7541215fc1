"""The three servers: each started afresh, told of events by lines on somebody's standard input, and ended."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.broker import Broker, find_server

ROOT: Final = Path(__file__).parents[2]
YOGA: Final = Path(__file__).with_name("yoga")
_LAUNCH: Final = ROOT / "app" / "launch.py"
_START_SECONDS: Final = 30.0
_CHANGE: Final = {
    "cursor": "NTYwYTFkOGYyYzNiNGE5ZToxMDM6ZTEzNGUwYzBmMg",
    "previousStatus": None,
    "newStatus": "DRAFT",
    "version": 1,
    "occurredAt": "2026-11-22T14:05:09.123456Z",
}
"""The lengths are those of ours, within a few bytes."""

Change = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Server:
    """One that answers. `publish` makes an event and answers what of it is known beforehand."""

    pid: int
    port: int
    publish: Callable[[int], Change]
    helpers: Mapping[str, int]
    """Other processes that work for it, by name."""


@contextmanager
def running(
    *argv: str, folder: Path, env: Mapping[str, str] | None = None, answers: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """A program that is gone afterwards, or when we are. What it writes is in `folder`, unless it `answers`."""
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid()), *argv],
            cwd=ROOT, env={**os.environ, **(env or {})}, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if answers else log, stderr=log,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> Any:
    """The next line that it answers."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise ConnectionError(f"{process.args!r} has ended")
    return json.loads(line)


@contextmanager
def reelgate(characters: int = 21) -> Iterator[Server]:
    """`reelgate api` on SQLite, with the private broker; a third process runs the commands.

    `characters`: of the content of each script that an event is about.
    """
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="rgb", dir="/tmp")))
        program, version = find_server()
        broker = Broker(program, version, folder)
        broking = held.enter_context(running(*broker.argv, folder=folder))
        env = {"REELGATE_DATA_DIR": str(folder), "REDIS_URL": broker.url, "DATABASE_URL": "", "STORAGE_URL": ""}
        cli = (sys.executable, "-P", "-m", "app.cli")
        subprocess.run([*cli, "migrate"], env={**os.environ, **env}, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        maker = (sys.executable, "-m", "benchmarks.live.commands", str(characters))
        commands = held.enter_context(running(*maker, folder=folder, answers=True, env=env))
        port = _free_port()
        api = held.enter_context(running(*cli, "api", "--port", str(port), folder=folder, env=env))

        def publish(number: int) -> Change:
            tell(commands, f"Script number {number}")
            subject: str = hear(commands)["subjectId"]
            return {"subjectId": subject, "previousStatus": None, "newStatus": "DRAFT", "version": 1}

        _wait_for(port, api, folder)
        yield Server(api.pid, port, publish, {"broker": broking.pid, "commands": commands.pid})


@contextmanager
def strawberry() -> Iterator[Server]:
    """Strawberry's ASGI application, run by uvicorn."""
    port = _free_port()
    with _fed(port, sys.executable, "-m", "uvicorn", "benchmarks.live.stock:app", "--port", str(port)) as server:
        yield server


@contextmanager
def yoga() -> Iterator[Server]:
    """GraphQL Yoga and graphql-ws on Node."""
    port = _free_port()
    with _fed(port, "node", str(YOGA / "server.mjs"), str(port)) as server:
        yield server


SERVERS: Final = {"reelgate": reelgate, "strawberry": strawberry, "yoga": yoga}


@contextmanager
def _fed(port: int, *argv: str) -> Iterator[Server]:
    """A server with an in-memory pub/sub, which gets its events by lines."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="rgb", dir="/tmp")))
        process = held.enter_context(running(*argv, folder=folder, env={"NODE_ENV": "production"}))

        def publish(number: int) -> Change:
            change = {**_CHANGE, "subjectId": f"script_{number}"}
            tell(process, json.dumps(change))
            del change["occurredAt"]  # it is written in two ways
            return change

        _wait_for(port, process, folder)
        yield Server(process.pid, port, publish, {})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[str], folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise ConnectionError("a server does not start:\n" + (folder / "log").read_text()[-3000:])
        time.sleep(0.05)
