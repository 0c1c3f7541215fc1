"""Runs the double: in a thread of the test, or as a process of its own. Either way a test holds the same handle."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from tests.providers.double.brain import Brain, think
from tests.providers.double.control import State, application
from tests.providers.double.ledger import Json, Ledger, LedgerEntry
from tests.providers.double.provider import Provider
from tests.providers.double.rules import LEAST_PIXELS
from tests.providers.double.script import Behaviour, Rule

_ROOT = Path(__file__).parents[3]
_START_SECONDS = 20.0


class Double:
    """A running double as a test sees it. Every call is a short request over HTTP and blocks until it is answered.

    `pid` is its process, if that is its own.
    """

    def __init__(self, root: str, pid: int | None = None) -> None:
        self.root = root
        self.pid = pid
        self._http = httpx.Client(base_url=root, trust_env=False, timeout=10)

    @property
    def url(self) -> str:
        """The base URL for a client, `/v1` included."""
        return f"{self.root}/v1"

    @property
    def ledger(self) -> list[LedgerEntry]:
        """One entry per request so far, also of invalid and refused ones."""
        return [LedgerEntry.model_validate(entry) for entry in self._get("/_ledger")]

    @property
    def charges(self) -> list[LedgerEntry]:
        """The entries that cost money."""
        return [entry for entry in self.ledger if entry.charged]

    @property
    def violations(self) -> list[str]:
        """What was wrong with requests; a good client leaves this empty."""
        return [f"{entry.path}: {entry.violation}" for entry in self.ledger if not entry.valid]

    @property
    def requests(self) -> list[Json]:
        """The requests themselves: seq, path, headers, body. Kept in memory only."""
        requests: list[Json] = self._get("/_requests")
        return requests

    @property
    def state(self) -> State:
        return State.model_validate(self._get("/_control"))

    def script(self, *orders: Rule | Behaviour) -> None:
        """Adds rules behind those in force. A bare behaviour is met once, by the next request of any kind."""
        rules = [order if isinstance(order, Rule) else Rule(behaviours=(order,)) for order in orders]
        self._order(add=[rule.model_dump(mode="json", exclude_defaults=True) for rule in rules])

    def forget(self) -> None:
        """Drops all rules: good answers from now on."""
        self._order(clear=True)

    def reset(self) -> None:
        """As it was at the start, the ledger file included. Who waits at a gate is let go."""
        self._order(reset=True)

    def release(self, gate: str = "*") -> None:
        """Opens a gate for those who wait there and who come later."""
        self._order(release=gate)

    def accept_only(self, key: str | None) -> None:
        """Lets in this API key alone; None: any."""
        self._order(key=key or "")

    def announce_end(self, model: str, day: date | None) -> None:
        """Gives a model another shutdown date."""
        self._order(ends={model: day.isoformat() if day else None})

    def wait_until_held(self, gate: str, count: int = 1, seconds: float = 15.0) -> None:
        """Waits for so many requests at a gate; they are charged by then. It blocks: not on an event loop."""
        deadline = time.monotonic() + seconds
        while self.state.held.get(gate, 0) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"not {count} request(s) at the gate {gate!r} after {seconds:g} s")
            time.sleep(0.01)

    def close(self) -> None:
        self._http.close()

    def _get(self, path: str) -> Any:
        return self._http.get(path).raise_for_status().json()

    def _order(self, **order: Any) -> None:
        self._http.post("/_control", json=order).raise_for_status()


@contextmanager
def running_double(
    *orders: Rule | Behaviour,
    ledger: Path | None = None,
    brain: Brain = think,
    key: str | None = None,
    least_pixels: int = LEAST_PIXELS,
) -> Iterator[Double]:
    """A double in a thread of this process, on a free port.

    Args:
        orders: the first rules, as for `Double.script`.
        ledger: a file for the ledger; it is continued if it exists.
        brain: what text models think.
        key: the only API key let in; None: any.
        least_pixels: smaller pictures of gpt-image models are refused.
    """
    listening = listening_socket("127.0.0.1", 0)
    server, provider = make_server(ledger, brain, key, least_pixels)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
    thread.start()
    double = Double(f"http://127.0.0.1:{listening.getsockname()[1]}")
    try:
        _await_start(double, lambda: thread.is_alive())
        double.script(*orders)
        yield double
    finally:
        with suppress(httpx.HTTPError):  # it may be what failed
            double.release()
        double.close()
        server.should_exit = True
        thread.join(10)
        listening.close()
        provider.ledger.close()


@contextmanager
def double_process(*arguments: str, port: int = 0, ledger: Path, script: Path | None = None) -> Iterator[Double]:
    """A double in a process of its own, on a free port unless one is given; `arguments` go to its command line."""
    command = [sys.executable, "-m", "tests.providers.double", "--port", str(port), "--ledger", str(ledger), *arguments]
    command += ["--script", str(script)] if script else []
    process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        root = process.stdout.readline().strip()
        if not root:
            raise AssertionError(f"the double did not start: exit code {process.wait(10)}")
        double = Double(root, process.pid)
        try:
            _await_start(double, lambda: process.poll() is None)
            yield double
        finally:
            double.close()
    finally:
        process.terminate()
        process.wait(15)
        if process.stdout is not None:
            process.stdout.close()


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound socket. asyncio turns Nagle's algorithm off (40 ms a request) only where the protocol is named as TCP."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(256)
    return listening


def make_server(
    ledger: Path | None, brain: Brain, key: str | None, least_pixels: int
) -> tuple[uvicorn.Server, Provider]:
    """A server that is not running yet, and the state behind it."""

    def drop(client: Any, gracefully: bool) -> None:
        for connection in list(server.server_state.connections):
            if getattr(connection, "client", None) == tuple(client):
                transport = connection.transport
                transport.close() if gracefully else transport.abort()

    provider = Provider(Ledger(ledger), drop, brain, key, least_pixels)
    config = uvicorn.Config(
        application(provider), http="httptools", ws="none", lifespan="off", log_level="error", access_log=False,
        proxy_headers=False, timeout_graceful_shutdown=1, timeout_keep_alive=60,
    )  # fmt: skip
    server = uvicorn.Server(config)
    return server, provider


def _await_start(double: Double, lives: Any) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            _ = double.state
            return
        except httpx.TransportError:
            if not lives() or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
