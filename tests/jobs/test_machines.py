"""Several machines: workers and APIs as processes of their own on one database, one Redis and one media folder."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests import services
from tests.running import TINY, Json, clean_environment, until

pytestmark = pytest.mark.stories

STORY = "\n\n".join(
    f"Chapter {number}. The traveller reaches the {place} before nightfall, tired and wet from the long road. "
    "Nobody is there to meet him, and so he walks on until the lamps are lit and the bells have stopped."
    for number, place in enumerate(("harbour", "forest", "desert", "city", "lake", "mountain", "village", "coast"), 1)
)


@dataclass
class Machines:
    """Processes that share everything but memory. Each writes a log of its own."""

    folder: Path
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, *words: str) -> subprocess.Popen[bytes]:
        name = f"{words[0]}-{len(self.processes)}"
        with self.log_path(name).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", *words],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.processes[name] = process
        return process

    def log_path(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def log_of(self, process: subprocess.Popen[bytes]) -> str:
        (name,) = [name for name, other in self.processes.items() if other is process]
        return self.log_path(name).read_text(errors="replace")

    def worker(self) -> subprocess.Popen[bytes]:
        process = self.run("worker")
        until(lambda: "worker ready" in self.log_of(process), 30, "a worker")
        return process

    def api(self, port: int) -> str:
        process = self.run("api", "--port", str(port))
        url = f"http://127.0.0.1:{port}"

        def ready() -> bool:
            assert process.poll() is None, self.log_of(process)
            with suppress(httpx.TransportError):
                return httpx.get(f"{url}/readyz", timeout=2).is_success
            return False

        until(ready, 30, "an API")
        return url

    def stop(self) -> None:
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes.values():
            process.wait(15)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    redis_url = services.redis_url()
    if services.postgres_server_url() is None or redis_url is None:
        pytest.skip("needs a PostgreSQL and a Redis server")
    database = services.create_postgres_database()
    environment = clean_environment(
        **{
            **TINY, "REELGATE_CONCURRENCY": "1", "REELGATE_IMAGE_SIZE": "1600x900", "DATABASE_URL": database,
            "REDIS_URL": redis_url, "STORAGE_URL": str(tmp_path / "media"), "REELGATE_DATA_DIR": str(tmp_path / "data"),
        }
    )  # fmt: skip
    machines = Machines(tmp_path, environment)
    try:
        assert machines.run("migrate").wait(60) == 0
        yield machines
    finally:
        machines.stop()
        services.drop_postgres_database(database)
    ends = {name: process.returncode for name, process in machines.processes.items()}
    assert set(ends.values()) == {0}, ends
    for name in machines.processes:
        assert "Traceback" not in machines.log_path(name).read_text(errors="replace"), name


def call(url: str, method: str, path: str, body: Json | None = None) -> Json:
    response = httpx.request(method, f"{url}/api{path}", json=body, timeout=30)
    assert response.is_success, response.text
    answer: Json = response.json()
    return answer


def approved_script(url: str) -> tuple[int, list[Json]]:
    script = call(url, "POST", "/scripts", {"content": STORY})
    call(url, "POST", f"/scripts/{script['id']}/approve")
    until(lambda: call(url, "GET", f"/scripts/{script['id']}")["job"]["state"] == "succeeded", what="the scenes")
    scenes: list[Json] = list(call(url, "GET", f"/scripts/{script['id']}/scenes"))  # type: ignore[arg-type]
    return script["id"], scenes


def pictures(url: str, scene: Json) -> list[Json]:
    return list(call(url, "GET", f"/scenes/{scene['id']}/images"))  # type: ignore[arg-type]


def started(machines: Machines, worker: subprocess.Popen[bytes]) -> int:
    return machines.log_of(worker).count('"job started"')


def test_two_workers_and_two_apis_make_a_video_together(machines: Machines) -> None:
    """What one API takes, the other shows; and both workers have done some of it."""
    workers = [machines.worker(), machines.worker()]
    here, there = machines.api(free_port()), machines.api(free_port())
    script_id, scenes = approved_script(here)
    for number, scene in enumerate(scenes):
        call((here, there)[number % 2], "POST", f"/scenes/{scene['id']}/approve")
    until(lambda: all(len(pictures(there, scene)) == 1 for scene in scenes), 90, "the pictures")
    for number, scene in enumerate(scenes):
        (image,) = pictures(there, scene)
        call((here, there)[number % 2], "POST", f"/images/{image['id']}/approve")
    video = call(there, "POST", f"/scripts/{script_id}/create-video")
    until(lambda: call(here, "GET", f"/videos/{video['id']}")["status"] == "approved", 90, "the video")
    shares = [started(machines, worker) for worker in workers]
    print(f"jobs of each worker: {shares}")
    assert sum(shares) == len(scenes) + 2
    assert min(shares) >= 2, "work is spread"


def test_a_worker_that_is_told_to_stop_hands_its_job_over_at_once(machines: Machines) -> None:
    """Long before its lease runs out, and without anybody being asked to retry."""
    workers = [machines.worker(), machines.worker()]
    url = machines.api(free_port())
    _, scenes = approved_script(url)
    for scene in scenes:
        call(url, "POST", f"/scenes/{scene['id']}/approve")
    stopped = until(lambda: next((each for each in workers if at_a_picture(machines, each)), None), what="a picture")
    stopped.terminate()
    began = time.monotonic()
    assert stopped.wait(10) == 0
    until(lambda: all(len(pictures(url, scene)) == 1 for scene in scenes), 60, "the pictures")
    took = time.monotonic() - began
    print(f"{len(scenes)} pictures in {took:.2f} s after one of two workers was told to stop")
    assert took < 18, "before a lease could have run out"
    assert "job given back" in machines.log_of(stopped)


def at_a_picture(machines: Machines, worker: subprocess.Popen[bytes]) -> bool:
    """In the middle of it: it has begun more than it has ended."""
    log = machines.log_of(worker)
    return '"kind": "generate_image"' in log and log.count('"job started"') > log.count('"job succeeded"')


@pytest.mark.slow
def test_a_frozen_worker_is_replaced_and_its_result_refused(machines: Machines) -> None:
    """Frozen in the middle of a picture until its lease has run out; then it wakes and is too late."""
    frozen = machines.worker()
    url = machines.api(free_port())
    _, scenes = approved_script(url)
    call(url, "POST", f"/scenes/{scenes[0]['id']}/approve")
    until(lambda: '"kind": "generate_image"' in machines.log_of(frozen), what="the worker at the picture")
    frozen.send_signal(signal.SIGSTOP)
    assert pictures(url, scenes[0]) == []
    machines.worker()
    until(lambda: len(pictures(url, scenes[0])) == 1, 40, "the picture by the other worker")
    frozen.send_signal(signal.SIGCONT)
    until(lambda: "discarded" in machines.log_of(frozen) or "taken over" in machines.log_of(frozen), 20, "the refusal")
    assert len(pictures(url, scenes[0])) == 1
    media = machines.folder / "media"
    assert len(list((media / "images").rglob("*.png"))) == 1
    until(lambda: not list((media / ".staging").iterdir()), 10, "an empty staging folder")
