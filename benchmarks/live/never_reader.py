"""One subscriber that never reads among many that do: what it costs the server, and what the others notice of it.

It subscribes to the same as they do, so that the server executes once for all of them. Events come at a steady pace, in
blocks with it and without it, on the same server; a block with it lasts until the server has dropped it.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.live.frames import message, upgrade_request
from benchmarks.live.measure import resident_kib, settled_cpu
from benchmarks.live.phases import SILENCE_SECONDS, Crowd, Undelivered, crowd_at, percentile
from benchmarks.live.servers import Server, reelgate

DOCUMENT: Final = "subscription { statusChanged { cursor subjectId subject { ... on Script { content } } } }"
CHARACTERS: Final = 16_000
"""Of a script's content, and so of nearly all of an event's message."""
PERIOD_SECONDS: Final = 0.1
BLOCK_SECONDS: Final = 50.0
"""Of a block without it; about as long as the server takes to fill the kernel's buffers and then to lose patience."""

_LONGEST_SECONDS: Final = 150.0
_WARM_UP_EVENTS: Final = 150
_RECEIVE_BUFFER: Final = 4096


@dataclass(frozen=True, slots=True)
class Block:
    """`latencies` are the others', in milliseconds, rising. Memory is the server's RSS in KiB: at the beginning, and
    the most that it was after an event. `kernel_kib` is the most that the kernel held for the one that does not read.
    """

    latencies: list[float]
    events: int
    seconds: float
    before_kib: int
    most_kib: int
    kernel_kib: int

    def figures(self) -> dict[str, float]:
        return {
            "events": self.events,
            "seconds": self.seconds,
            "p50_ms": percentile(self.latencies, 0.5),
            "p99_ms": percentile(self.latencies, 0.99),
            "max_ms": self.latencies[-1],
            "growth_kib": self.most_kib - self.before_kib,
            "kernel_kib": self.kernel_kib,
        }


class NeverReader:
    """Subscribed, and deaf from then on."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(upgrade_request(port, 0))
        self._socket.recv(4096)
        self._socket.sendall(message(type="connection_init"))
        self._socket.recv(4096)
        self._socket.sendall(message(id="1", type="subscribe", payload={"query": DOCUMENT}))
        self._port: int = self._socket.getsockname()[1]
        self._poll = select.poll()
        self._poll.register(self._socket, 0)

    def is_dropped(self) -> bool:
        return bool(self._poll.poll(0))

    def kernel_kib(self) -> int:
        """What the kernel holds for it at the server's side."""
        peer = f":{self._port:04X}"
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, _, remote, _, queues, *_ = line.split()
            if remote.endswith(peer):
                return int(queues.partition(":")[0], 16) // 1024
        return 0

    def close(self) -> None:
        self._socket.close()


def blocks(readers: int, rounds: int) -> Iterator[dict[str, Any]]:
    """The figures of each block. Raises `Undelivered`."""
    with reelgate(CHARACTERS) as server, crowd_at(server, DOCUMENT) as crowd:
        crowd.connect(readers)
        for _ in range(_WARM_UP_EVENTS):
            _deliver(server, crowd, readers)
        for number in range(1, rounds + 1):
            for is_there in (False, True) if number % 2 else (True, False):
                settled_cpu(server.pid)
                with _one_that_never_reads(server, is_there) as one:
                    block = _run(server, crowd, readers, one)
                yield {"round": number, "with_it": is_there, **block.figures()}


@contextmanager
def _one_that_never_reads(server: Server, is_there: bool) -> Iterator[NeverReader | None]:
    one = NeverReader(server.port) if is_there else None
    try:
        yield one
    finally:
        if one is not None:
            one.close()


def _run(server: Server, crowd: Crowd, readers: int, one: NeverReader | None) -> Block:
    before = most = resident_kib(server.pid)
    began = time.monotonic()
    latencies: list[float] = []
    events = kernel = 0
    while not (one.is_dropped() if one else time.monotonic() - began > BLOCK_SECONDS):
        if time.monotonic() - began > _LONGEST_SECONDS:
            raise Undelivered("the one that does not read was not dropped")
        time.sleep(max(0.0, began + events * PERIOD_SECONDS - time.monotonic()))
        latencies += _deliver(server, crowd, readers)
        events += 1
        most = max(most, resident_kib(server.pid))
        kernel = max(kernel, one.kernel_kib() if one else 0)
    return Block(sorted(latencies), events, time.monotonic() - began, before, most, kernel)


def _deliver(server: Server, crowd: Crowd, readers: int) -> list[float]:
    crowd.about_events("begin")
    began = time.monotonic_ns()
    change = server.publish(0)
    told = crowd.about_events("await", count=readers, silence=SILENCE_SECONDS)
    if len(told["arrivals"]) != readers or told["wrong"] or change["subjectId"] not in told["sample"]:
        raise Undelivered(f"{len(told['arrivals'])} of {readers} arrived; wrong: {told['wrong']}")
    return [(arrival - began) / 1e6 for arrival in told["arrivals"]]


_ROWS: Final = (
    ("latency p50, ms", "p50_ms"),
    ("latency p99, ms", "p99_ms"),
    ("latency at most, ms", "max_ms"),
    ("memory growth, KiB", "growth_kib"),
    ("held by the kernel, KiB", "kernel_kib"),
    ("seconds", "seconds"),
    ("events", "events"),
)


def table(figures: Iterable[dict[str, Any]]) -> str:
    """Medians of the blocks, and each block's value behind."""
    found = list(figures)
    lines = [["measure", "without it", "with it"], ["---", "---:", "---:"]]
    for title, key in _ROWS:
        cells = []
        for is_there in (False, True):
            values = [each[key] for each in found if each["with_it"] is is_there]
            cells.append(f"{median(values):,.1f} ({', '.join(f'{value:,.1f}' for value in values)})")
        lines.append([title, *cells])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
