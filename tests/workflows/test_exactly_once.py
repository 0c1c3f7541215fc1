"""Every subscriber sees every status change exactly once and in order: while connections break off, API processes are
killed, and Redis forgets all it knows.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped, unused-ignore]
import httpx
import pytest
import redis

from app.broker import SOCKET_NAME
from app.data_folder import DataFolder
from tests import services
from tests.running import RunningSystem, running_system, until

pytestmark = pytest.mark.stories

CAMPAIGN = float(os.environ.get("REELGATE_CAMPAIGN", "1"))
LOG = "SELECT id, subject, subject_id, new FROM event WHERE kind IN ('created', 'status_changed') ORDER BY id"
CREATE = """
mutation($key: String!) {
  createScript(input: {content: "A train crosses a bridge.", idempotencyKey: $key}) { script { id } }
}"""
APPROVE = "mutation($id: ID!) { approveScript(input: {id: $id}) { userErrors { code } } }"
STATE = "query($id: ID!) { script(id: $id) { segmentation { state } } }"
MAKERS = 3


@dataclass
class SecondApi:
    """An API process beside the one that `serve` keeps, on the same database and Redis."""

    system: RunningSystem
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.system.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "api", "--port", str(self.port)],
                env=self.system.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        until(self._healthy, 60, "the second API")

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).is_success
        except httpx.TransportError:
            return False


@dataclass
class Makers:
    """They give commands until the log has so many status changes, each command again until it is answered."""

    ports: list[int]
    wanted: int
    numbers: Any = field(default_factory=lambda: count(1))
    made: int = 0
    approved: list[str] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        try:
            with httpx.Client(timeout=30) as http:
                while self.made < self.wanted:
                    self._make(http, next(self.numbers))
        except BaseException as error:
            self.errors.append(error)

    def _make(self, http: httpx.Client, number: int) -> None:
        answer = self.ask(http, number, CREATE, key=f"exactly-once-{number}")
        script_id: str = answer["createScript"]["script"]["id"]
        if number % 20 == 0:  # a worker has its say as well
            self.ask(http, number, APPROVE, id=script_id)
        with self.lock:
            self.made += 1 if number % 20 else 3  # with its approval, and its one scene
            self.approved += [] if number % 20 else [script_id]

    def ask(self, http: httpx.Client, number: int, query: str, **variables: Any) -> Any:
        def attempt() -> Any:
            port = self.ports[number % len(self.ports)]
            try:
                response = http.post(f"http://127.0.0.1:{port}/graphql", json={"query": query, "variables": variables})
            except httpx.TransportError:
                return None
            answer = response.json()
            assert "errors" not in answer, answer
            return answer["data"]

        return until(attempt, 60, query)


@dataclass
class Run:
    """One system under a crowd of subscribers."""

    system: RunningSystem
    clients: int
    events: int
    cuts: int
    second: SecondApi | None = None

    @property
    def ports(self) -> list[int]:
        return [self.system.port, *([self.second.port] if self.second else [])]

    def flush(self) -> None:
        if "REDIS_URL" in self.system.environment:
            self.system.kill("broker")
            return
        folder = DataFolder(self.system.data_dir).read_broker()
        assert folder is not None
        with redis.Redis(unix_socket_path=str(folder / SOCKET_NAME)) as broker:
            broker.flushall()

    def kill(self, which: int) -> None:
        """And see to it that it comes back."""
        if self.second is not None and which % 2:
            self.second.stop()
            self.second.start()
        else:
            assert self.system.kill("api")
            until(self.system.healthy, 30, "the API's return")

    def go(self, disturbances: int) -> None:
        began = time.monotonic()
        start = self.system.graphql("{ eventCursor }")["eventCursor"]
        orders = {
            "ports": self.ports, "start": start, "clients": self.clients, "events": self.events, "cuts": self.cuts,
            "seed": 7,
        }  # fmt: skip
        with watching(orders) as crowd:
            makers = Makers(self.ports, self.events)
            self._make_and_disturb(makers, disturbances)
            log = self.log()
            said, _ = crowd.communicate(f"{len(log)}\n", timeout=300)
        found = json.loads(said)
        print(
            f"{len(log)} events for {self.clients} clients: {found['deliveries']} deliveries, {disturbances} kills, "
            f"{disturbances} flushes, {found['done']}; {time.monotonic() - began:.1f} s"
        )
        self._judge(found, log)

    def _make_and_disturb(self, makers: Makers, disturbances: int) -> None:
        threads = [threading.Thread(target=makers.run) for _ in range(MAKERS)]
        for thread in threads:
            thread.start()
        steps = 2 * disturbances
        for step in range(steps):
            due = self.events * (step + 1) // (steps + 1)
            until(lambda due=due: makers.made >= due or makers.errors, 300, f"{due} events")  # type: ignore[misc]
            if step % 2:
                self.kill(step // 2)
            else:
                self.flush()
        for thread in threads:
            thread.join(300)
        assert makers.errors == []
        with httpx.Client(timeout=30) as http:
            for script_id in makers.approved:
                until(lambda id=script_id: self._is_cut(makers, http, id), 60, "the segmentation")  # type: ignore[misc]

    def _is_cut(self, makers: Makers, http: httpx.Client, script_id: str) -> bool:
        state = makers.ask(http, 0, STATE, id=script_id)["script"]["segmentation"]["state"]
        return bool(state == "SUCCEEDED")

    def _judge(self, found: Any, log: list[str]) -> None:
        assert found["failures"] == []
        assert len(log) >= self.events
        for seen, watchers in found["sequences"]:
            missing = [event for event in log if event not in set(seen)]
            assert (missing[:5], len(seen) - len(set(seen))) == ([], 0), f"gaps, duplicates of {watchers} clients"
            assert seen == log, f"another order for {watchers} clients"
        assert sum(watchers for _, watchers in found["sequences"]) == self.clients
        assert found["deliveries"] == self.clients * len(log)
        done = found["done"]
        assert done["cut"] == self.cuts == done["at once"] + done["half read"] + done["half written"]

    def log(self) -> list[str]:
        """The truth, read past all of our own code."""
        if url := self.system.environment.get("DATABASE_URL"):
            rows = services._in_own_loop(_rows(url))
        else:
            with sqlite3.connect(self.system.data_dir / "reelgate.sqlite3") as database:
                rows = database.execute(LOG).fetchall()
            database.close()
        return [f"{id} {subject}_{subject_id} {new.upper()}" for id, subject, subject_id, new in rows]


async def _rows(url: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(LOG))
    finally:
        await connection.close()


@contextmanager
def watching(orders: Any) -> Iterator[subprocess.Popen[str]]:
    """Once all of them are there."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.workflows.watching", json.dumps(orders)]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as crowd:
        try:
            assert crowd.stdout is not None
            assert crowd.stdout.readline() == "watching\n"
            yield crowd
        finally:
            crowd.kill()


def run(folder: Path, backend: str, clients: int, events: int, cuts: int, disturbances: int) -> None:
    """`scaled` has two API processes, and clients change between them."""
    with ExitStack() as held:
        system = held.enter_context(running_system(folder, backend))
        second = None
        if backend == "scaled":
            with socket.create_server(("127.0.0.1", 0)) as free:
                second = SecondApi(system, free.getsockname()[1])
            second.start()
            held.callback(second.stop)
        Run(system, clients, events, cuts, second).go(disturbances)
    assert system.orphans() == []


def test_a_few_see_everything_once(tmp_path: Path, backend: str) -> None:
    run(tmp_path, backend, clients=20, events=80, cuts=30, disturbances=1)


@pytest.mark.slow
def test_two_hundred_see_everything_once(tmp_path: Path, backend: str) -> None:
    events = max(80, round(1_000 * CAMPAIGN))
    run(tmp_path, backend, clients=200, events=events, cuts=round(events * 0.4), disturbances=2)
