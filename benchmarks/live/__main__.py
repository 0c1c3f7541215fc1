"""`make bench-live`: the three servers in turn through every phase, some rounds of it, then a table and a JSON file."""

from __future__ import annotations

import argparse
import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.live import never_reader
from benchmarks.live.measure import machine
from benchmarks.live.phases import LIST, TRIVIAL, FanOut, Requests, fan_out, requests
from benchmarks.live.servers import ROOT, SERVERS, YOGA
from benchmarks.live.table import table

_SOCKETS_BESIDES: Final = 500
_READERS: Final = 1_000
"""Beside one that never reads."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything. Numbers of messages and requests are those that are counted; `warm_up` is a share."""

    rounds: int
    subscribers: tuple[int, ...]
    messages: int
    warm_up: float
    lists: int
    trivials: int

    def phases(self) -> Iterator[tuple[str, Callable[[str], FanOut | Requests]]]:
        for count in self.subscribers:
            events = max(4, self.messages // count)
            yield (
                f"{count} subscribers",
                partial(fan_out, subscribers=count, events=events, warm_up=int(self.messages * self.warm_up)),
            )
        for query, document, count in (("list", LIST, self.lists), ("trivial", TRIVIAL, self.trivials)):
            warm_up = int(count * self.warm_up)
            yield f"query: {query}", partial(requests, query=query, document=document, count=count, warm_up=warm_up)


WHOLE: Final = Plan(3, (100, 1_000, 3_000, 10_000), 20_000, 1.0, 600, 4_000)
QUICK: Final = Plan(1, (100,), 400, 0.1, 20, 100)


def run(plan: Plan, servers: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Each phase of each round has all servers one after another, and each server begins one of the rounds."""
    for number in range(plan.rounds):
        turn = number % len(servers)
        for title, phase in plan.phases():
            for name in servers[turn:] + servers[:turn]:
                began = time.monotonic()
                figures = phase(name)
                yield {"server": name, "round": number + 1, **asdict(figures)}
                print(f"round {number + 1}, {title}, {name}: {time.monotonic() - began:.0f} s", file=sys.stderr)


def facts() -> dict[str, Any]:
    """When, on what and with which versions."""
    locked = json.loads((YOGA / "package-lock.json").read_text())["packages"]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "machine": machine(),
        "versions": {
            **{name: version(name) for name in ("strawberry-graphql", "graphql-core", "starlette", "uvicorn")},
            **{name: locked[f"node_modules/{name}"]["version"] for name in ("graphql-yoga", "graphql-ws", "ws")},
            "graphql (npm)": locked["node_modules/graphql"]["version"],
        },
    }


def _raise_limit(plan: Plan) -> None:
    """Of open files, here and in the servers started from here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    needed = max(plan.subscribers, default=0) + _SOCKETS_BESIDES
    if hard < needed:
        sys.exit(f"A process may open {hard} files here, and {needed} are needed: raise the hard limit (ulimit -Hn).")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.live", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look at whether everything is delivered")
    parser.add_argument("--never-reader", action="store_true", help="only Reelgate, with a subscriber that never reads")
    parser.add_argument("--rounds", type=int, help="instead of 3")
    parser.add_argument("--subscribers", type=int, nargs="*", help="instead of 100 1000 3000 10000")
    parser.add_argument("--servers", nargs="+", choices=list(SERVERS), default=list(SERVERS))
    parser.add_argument("--json", type=Path, default=ROOT / "out" / "bench-live.json", help="where the figures go")
    asked = parser.parse_args()
    plan = QUICK if asked.quick else WHOLE
    changes = {"rounds": asked.rounds, "subscribers": asked.subscribers}
    plan = Plan(**{**asdict(plan), **{name: value for name, value in changes.items() if value is not None}})
    _raise_limit(plan)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended and cleared away
    report: dict[str, Any] = {**facts(), "plan": asdict(plan), "figures": []}
    if asked.never_reader:
        readers = (asked.subscribers or [_READERS])[0]
        _tell(report, never_reader.blocks(readers, plan.rounds), never_reader.table, asked.json)
    else:
        _tell(report, run(plan, tuple(asked.servers)), table, asked.json)


def _tell(
    report: dict[str, Any], measured: Iterator[dict[str, Any]], table: Callable[[list[dict[str, Any]]], str], path: Path
) -> None:
    """The figures as they come to the file; in the end the table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for figures in measured:
        report["figures"].append(figures)
        path.write_text(json.dumps(report, indent=1) + "\n")
    for group in ("machine", "versions"):
        print(", ".join(f"{name} {value}" for name, value in report[group].items()))
    print(f"{report['date']}, commit {report['commit']}, medians of {report['plan']['rounds']} rounds\n")
    print(table(report["figures"]))


if __name__ == "__main__":
    main()
