"""Whole systems as a user runs them: `reelgate serve` on a data folder of its own, spoken to over HTTP and WebSocket.

Pictures and videos are tiny, so that a run takes seconds; nothing else differs from the real thing.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import redis
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from app.settings import Settings, setting_name
from tests import services

T = TypeVar("T")
Json = dict[str, Any]

TINY = {
    "REELGATE_VIDEO_SIZE": "160x90",
    "REELGATE_VIDEO_FPS": "10",
    "REELGATE_SCENE_SECONDS": "0.5",
    "REELGATE_MOTION": "hold",
    "REELGATE_TRANSITION": "cut",
    "REELGATE_CAPTIONS": "none",
    "REELGATE_NARRATION": "off",
    "REELGATE_IMAGE_SIZE": "128x72",
    "REELGATE_CONCURRENCY": "2",
}

SCRIPT = (
    "The lighthouse keeper climbs the stairs at dusk, as he has done for thirty years. The lamp is cold, and somebody "
    "has left the window open to the wind and to the gulls.\n\n"
    "At midnight a storm rises from the sea and breaks over the rocks. Far out a lantern swings, is gone, and swings "
    "again; nobody on the whole coast sees it but he.\n\n"
    "In the morning the harbour is quiet and white with salt. A small boat comes home with a torn sail, and the keeper "
    "walks down to the pier to hear the story."
)
"""Three scenes."""


def until(condition: Callable[[], T | None], seconds: float = 30.0, what: str = "the condition") -> T:
    """What the condition answers once that is true; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about in {seconds:g} s")
        time.sleep(0.02)


@dataclass
class RunningSystem:
    """A `reelgate serve` process and what belongs to it."""

    data_dir: Path
    environment: dict[str, str]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    url: str = ""
    descendants: set[int] = field(default_factory=set)

    def start(self) -> None:
        if self.process is not None:
            self.process.wait(15)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port)],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0,
            )  # fmt: skip
        hint = self.data_dir / "server.json"
        until(lambda: self._started(hint), 60, f"the server's start (see {self.log_path})")
        self.port = int(self.url.rsplit(":", 1)[1])

    def _started(self, hint: Path) -> bool:
        assert self.process is not None
        if (code := self.process.poll()) is not None:
            raise AssertionError(f"serve ended with {code}:\n{self.log()[-3000:]}")
        try:
            server = json.loads(hint.read_text())
        except (OSError, ValueError):
            return False
        self.url = server["url"]
        return bool(server["pid"] == self.process.pid and self.healthy())

    def healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).is_success
        except httpx.TransportError:
            return False

    @property
    def log_path(self) -> Path:
        return self.data_dir.parent / "serve.log"

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def family(self) -> dict[str, list[psutil.Process]]:
        """The live processes by part: serve, worker, api, broker, other."""
        assert self.process is not None
        parts: dict[str, list[psutil.Process]] = {name: [] for name in ("serve", "worker", "api", "broker", "other")}
        try:
            parent = psutil.Process(self.process.pid)
            everyone = [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return parts
        for process in everyone:
            try:
                words = process.cmdline()
            except psutil.Error:
                continue
            name = "serve" if process.pid == self.process.pid else _part(words)
            parts[name].append(process)
            self.descendants.add(process.pid)
        return parts

    def kill(self, part: str) -> bool:
        """SIGKILL one part, or everything for `serve group`; False if it was not there."""
        family = self.family()
        if part == "broker" and (url := self.environment.get("REDIS_URL")):
            with redis.Redis.from_url(url) as outside:  # not ours to kill: it loses all it knows instead
                outside.flushdb()
            return True
        if part == "serve group":
            victims = [process for processes in family.values() for process in processes]
        else:
            victims = family[part]
        for victim in victims:
            try:
                victim.kill()
            except psutil.NoSuchProcess:
                continue
        return bool(victims)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it as a person would; answers the exit code."""
        assert self.process is not None
        self.family()
        self.process.send_signal(number)
        return self.process.wait(15)

    def orphans(self) -> list[str]:
        """What is left of the processes that were seen."""
        left = []
        for pid in self.descendants:
            try:
                process = psutil.Process(pid)
                if process.status() != psutil.STATUS_ZOMBIE and str(self.data_dir) in str(process.environ()):
                    left.append(" ".join(process.cmdline()))
            except psutil.Error:
                continue
        return left

    # --- speaking to it ------------------------------------------------------------------------------------------

    def rest(self, method: str, path: str, body: Json | None = None, **headers: str) -> Any:
        """The JSON of a REST call that succeeds."""
        response = httpx.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=30)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json()

    def graphql(self, query: str, **variables: Any) -> Json:
        """The `data` of an operation without errors."""
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.url}/graphql", json=body, timeout=30).json()
        assert "errors" not in answer, answer["errors"]
        data: Json = answer["data"]
        return data

    def subscribe(self, query: str, **variables: Any) -> Subscriber:
        return Subscriber(self.url, query, variables)


def _part(words: list[str]) -> str:
    text = " ".join(words)
    if "app.cli worker" in text:
        return "worker"
    if "app.cli api" in text:
        return "api"
    return "broker" if "valkey-server" in text or "redis-server" in text else "other"


class Subscriber:
    """One subscription over graphql-transport-ws, read when asked."""

    def __init__(self, url: str, query: str, variables: Json) -> None:
        address = url.replace("http://", "ws://") + "/graphql"
        self._open = ExitStack()
        self._socket: ClientConnection = self._open.enter_context(
            connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], open_timeout=10)
        )
        self._send({"type": "connection_init"})
        assert json.loads(self._socket.recv(10))["type"] == "connection_ack"
        self._send({"id": "1", "type": "subscribe", "payload": {"query": query, "variables": variables}})

    def _send(self, message: Json) -> None:
        self._socket.send(json.dumps(message))

    def next(self, seconds: float = 30.0) -> Json | None:
        """The next `data`; None at the end of the stream."""
        while True:
            message = json.loads(self._socket.recv(seconds))
            match message["type"]:
                case "next":
                    assert "errors" not in message["payload"], message
                    data: Json = message["payload"]["data"]
                    return data
                case "complete":
                    return None
                case "ping":
                    self._send({"type": "pong"})
                case _:
                    raise AssertionError(message)

    def cut(self) -> None:
        """Go away without a word."""
        self._socket.socket.shutdown(socket.SHUT_RDWR)
        self._open.close()

    def close(self) -> None:
        self._open.close()


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment without any of our settings, and these instead."""
    ours = {setting_name(name) for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("REELGATE_")}
    return {**kept, "REELGATE_LOG_FORMAT": "json", **settings}


@contextmanager
def running_system(folder: Path, backend: str, **settings: str) -> Iterator[RunningSystem]:
    """A started system: `embedded`, or `scaled` for PostgreSQL and Redis outside; settings alone differ."""
    data_dir = folder / "data"
    data_dir.mkdir(parents=True)
    database = services.create_postgres_database() if backend == "scaled" else None
    outside = {"DATABASE_URL": database, "REDIS_URL": services.redis_url() or ""} if database else {}
    environment = clean_environment(**{**TINY, **outside, **settings, "REELGATE_DATA_DIR": str(data_dir)})
    system = RunningSystem(data_dir, environment)
    try:
        system.start()
        yield system
    finally:
        if system.process is not None and system.process.poll() is None:
            system.family()
            system.stop()
        if database:
            services.drop_postgres_database(database)
