"""One server through one phase: what is done to it, what it costs, and whether all of it arrived."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.live.measure import cpu_seconds, memory_of, settled_cpu
from benchmarks.live.servers import SERVERS, Change, Server, hear, running, tell

SUBSCRIPTION: Final = "subscription { statusChanged { cursor subjectId previousStatus newStatus version occurredAt } }"
LIST: Final = "{ scripts(first: 100) { nodes { id title status version createdAt } } }"
TRIVIAL: Final = "{ __typename }"

_FIRST_SUBSCRIBERS: Final = 10
"""Connected before memory and connections are measured: what is loaded once is not counted."""
SILENCE_SECONDS: Final = 30.0
"""Without a frame, after which the rest is given up."""
_CONNECTIONS: Final = 8


class Undelivered(Exception):
    """Something did not arrive, or not as it should."""


@dataclass(frozen=True, slots=True)
class FanOut:
    """Events one at a time: the next is made when all subscribers have the last."""

    subscribers: int
    events: int
    delivered: int
    message_bytes: int
    cpu_us_per_message: float
    helpers_cpu_us_per_message: float
    p50_ms: float
    p99_ms: float
    last_ms: float
    """Of the median event: when the last subscriber had it."""
    connect_cpu_us: float
    rss_kib_each: float
    pss_kib_each: float


@dataclass(frozen=True, slots=True)
class Requests:
    """The same query again and again over a few keep-alive connections."""

    query: str
    answered: int
    answer_bytes: int
    cpu_us_per_request: float
    requests_per_second: float


class Crowd:
    """The process of `benchmarks.live.listeners`."""

    def __init__(self, process: subprocess.Popen[str], port: int, document: str) -> None:
        self._process = process
        self._port = port
        self._document = document

    def _ask(self, **order: Any) -> Any:
        tell(self._process, json.dumps(order))
        return hear(self._process)

    def connect(self, count: int) -> None:
        self._ask(do="connect", port=self._port, document=self._document, count=count)

    def about_events(self, step: str, **more: Any) -> Any:
        return self._ask(do="events", step=step, **more)

    def send_requests(self, document: str, count: int) -> Any:
        return self._ask(do="requests", port=self._port, document=document, count=count, connections=_CONNECTIONS)


@contextmanager
def crowd_at(server: Server, document: str = SUBSCRIPTION) -> Iterator[Crowd]:
    """Whose members all subscribe to `document`."""
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory(prefix="rgb", dir="/tmp")))
        argv = (sys.executable, "-m", "benchmarks.live.listeners")
        try:
            yield Crowd(held.enter_context(running(*argv, folder=folder, answers=True)), server.port, document)
        except ConnectionError:
            sys.stderr.write((folder / "log").read_text()[-3000:])
            raise


def fan_out(name: str, *, subscribers: int, events: int, warm_up: int) -> FanOut:
    """Raises `Undelivered`."""
    with SERVERS[name]() as server, crowd_at(server) as crowd:
        crowd.connect(min(_FIRST_SUBSCRIBERS, subscribers // 2))
        began, empty = settled_cpu(server.pid), memory_of(server.pid)
        crowd.connect(subscribers)
        connected, full = settled_cpu(server.pid), memory_of(server.pid)
        new = subscribers - min(_FIRST_SUBSCRIBERS, subscribers // 2)
        _warm_up(server, crowd, subscribers, warm_up)
        before, helped = settled_cpu(server.pid), _helpers_cpu(server)
        told = [_deliver(server, crowd, subscribers, 500 + number) for number in range(events)]
        cpu = settled_cpu(server.pid) - before
        helped = _helpers_cpu(server) - helped
        tally = crowd.about_events("tally")
        if not tally["fewest"] == tally["most"] == events:
            raise Undelivered(f"{name}: a subscriber got {tally['fewest']} or {tally['most']} of {events} events")
        latencies = sorted(latency for event in told for latency in event.latencies)
        return FanOut(
            subscribers, events, len(latencies), told[-1].size, cpu / len(latencies) * 1e6,
            helped / len(latencies) * 1e6, percentile(latencies, 0.5), percentile(latencies, 0.99),
            statistics.median(event.latencies[-1] for event in told), (connected - began) / new * 1e6,
            (full.rss - empty.rss) / new, (full.pss - empty.pss) / new,
        )  # fmt: skip


def requests(name: str, *, query: str, document: str, count: int, warm_up: int) -> Requests:
    """Raises `Undelivered`."""
    with SERVERS[name]() as server, crowd_at(server) as crowd:
        if document == LIST:
            for number in range(1, 101):  # ours has no scripts before; the others' are in memory
                server.publish(number)
        crowd.send_requests(document, warm_up)
        before = settled_cpu(server.pid)
        told = crowd.send_requests(document, count)
        cpu = settled_cpu(server.pid) - before
        answer = json.loads(told["sample"])
        data = answer["data"]
        right = {"__typename": "Query"} if document == TRIVIAL else None
        if told["wrong"] or "errors" in answer or (data != right if right else len(data["scripts"]["nodes"]) != 100):
            raise Undelivered(f"{name}: wrong answers to {document}: {told['sample'][:500]}")
        return Requests(
            query, told["answered"], len(told["sample"]), cpu / told["answered"] * 1e6,
            told["answered"] / told["seconds"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Delivery:
    latencies: list[float]
    """In milliseconds, rising."""
    size: int


def _warm_up(server: Server, crowd: Crowd, subscribers: int, messages: int) -> None:
    """Until an event has reached all, then some more. No server says when a subscription has begun."""
    for attempt in range(5):
        crowd.about_events("begin")
        server.publish(attempt)
        if len(crowd.about_events("await", count=subscribers, silence=SILENCE_SECONDS / 3)["arrivals"]) == subscribers:
            break
    for number in range(max(3, messages // subscribers)):
        _deliver(server, crowd, subscribers, 100 + number)
    crowd.about_events("forget")


def _deliver(server: Server, crowd: Crowd, subscribers: int, number: int) -> _Delivery:
    crowd.about_events("begin")
    began = time.monotonic_ns()
    change = server.publish(number)
    told = crowd.about_events("await", count=subscribers, silence=SILENCE_SECONDS)
    if len(told["arrivals"]) != subscribers or told["wrong"]:
        raise Undelivered(f"{len(told['arrivals'])} of {subscribers} arrived; wrong: {told['wrong']}")
    _look_into(told["sample"], change)
    return _Delivery(sorted((arrival - began) / 1e6 for arrival in told["arrivals"]), len(told["sample"]))


def _look_into(sample: str, change: Change) -> None:
    frame = json.loads(sample)
    delivered = frame["payload"]["data"]["statusChanged"]
    known = {name: value for name, value in delivered.items() if name in change}
    asked = {"cursor", "subjectId", "previousStatus", "newStatus", "version", "occurredAt"}
    if (frame["id"], frame["type"], known, set(delivered)) != ("1", "next", change, asked):
        raise Undelivered(f"{sample} is not {change}")


def _helpers_cpu(server: Server) -> float:
    return sum(map(cpu_seconds, server.helpers.values()))


def percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
