"""How long an event loop is busy without a pause; and requests from another process, which are not counted as that."""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BEAT_SECONDS = 0.002
ACCEPT = "application/graphql-response+json, application/json;q=0.5"


@dataclass
class Stalls:
    """In seconds. `cpu` is of the loop's thread alone: what other processes take from it is not in there."""

    wall: float = 0.0
    cpu: float = 0.0

    def __str__(self) -> str:
        return f"worst stall {self.wall * 1e3:.0f} ms, {self.cpu * 1e3:.0f} ms of it CPU of the loop's thread"


@asynccontextmanager
async def watched_loop() -> AsyncIterator[Stalls]:
    stalls = Stalls()

    async def beat() -> None:
        while True:
            wall, cpu = time.perf_counter(), time.thread_time()
            await asyncio.sleep(BEAT_SECONDS)
            stalls.wall = max(stalls.wall, time.perf_counter() - wall - BEAT_SECONDS)
            stalls.cpu = max(stalls.cpu, time.thread_time() - cpu)

    beating = asyncio.create_task(beat())
    try:
        yield stalls
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


@dataclass(frozen=True, slots=True)
class Answers:
    """How many there were of each status, and the codes of their errors."""

    statuses: Counter[int]
    codes: Counter[str]


async def send_all(port: int, bodies: Iterable[bytes], folder: Path) -> Answers:
    """One after the other. A body is one line."""
    path = folder / "bodies"
    path.write_bytes(b"".join(body + b"\n" for body in bodies))
    sender = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.graph.stalls", str(port), str(path), stdout=asyncio.subprocess.PIPE
    )
    try:
        told, _ = await sender.communicate()
    finally:
        if sender.returncode is None:
            sender.kill()
            await sender.wait()
    assert sender.returncode == 0
    found = json.loads(told)
    return Answers(Counter({int(status): count for status, count in found[0].items()}), Counter(found[1]))


def _send(port: int, path: str) -> tuple[Counter[int], Counter[str]]:
    statuses: Counter[int] = Counter()
    codes: Counter[str] = Counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with open(path, "rb") as lines:
        for line in lines:
            connection.request("POST", "/graphql", line, {"content-type": "application/json", "accept": ACCEPT})
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
            statuses[response.status] += 1
            codes.update(error["extensions"]["code"] for error in answer.get("errors", ()))
    return statuses, codes


if __name__ == "__main__":
    print(json.dumps(_send(int(sys.argv[1]), sys.argv[2])))
