"""The benchmark of the live layer measures what it says: every server delivers everything. No figure is judged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.live.frames import PING, TEXT, take_frames
from benchmarks.live.http_load import answer_body
from benchmarks.live.servers import ROOT
from benchmarks.live.table import table


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_three_servers_deliver_everything(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        if os.environ.get("REELGATE_REQUIRE_SERVICES") == "1":
            raise RuntimeError("REELGATE_REQUIRE_SERVICES=1, but there is no npm")
        pytest.skip("no npm, which GraphQL Yoga needs")
    written = tmp_path / "figures.json"
    subprocess.run(["make", "bench-live", "QUICK=1", f"BENCH=--json {written}"], cwd=ROOT, check=True)
    report = json.loads(written.read_text())
    delivered = {each["server"]: each["delivered"] for each in report["figures"] if "subscribers" in each}
    assert delivered == {"reelgate": 400, "strawberry": 400, "yoga": 400}
    answered = {(each["server"], each["query"]): each["answered"] for each in report["figures"] if "query" in each}
    assert answered == {
        (name, query): count
        for name in ("reelgate", "strawberry", "yoga")
        for query, count in (("list", 20), ("trivial", 100))
    }


def test_frames_are_taken_one_by_one_and_whole() -> None:
    buffer = bytearray(b"\x81\x02{}" + b"\x89\x00" + b"\x81\x7e\x00\x80" + b"x" * 127)
    assert [(opcode, payload) for opcode, payload, _ in take_frames(buffer)] == [(TEXT, b"{}"), (PING, b"")]
    buffer += b"y"
    ((opcode, payload, whole),) = take_frames(buffer)
    assert (opcode, payload, whole[:4], buffer) == (TEXT, b"x" * 127 + b"y", b"\x81\x7e\x00\x80", bytearray())


def test_a_compressed_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="uncompressed"):
        list(take_frames(bytearray(b"\xc1\x02{}")))


def test_answers_are_read_with_a_length_and_in_chunks() -> None:
    head = b"HTTP/1.1 200 OK\r\n"
    assert answer_body(head + b"Content-Length: 4\r\n\r\n{}") is None
    assert answer_body(head + b"Content-Length: 2\r\n\r\n{}") == b"{}"
    assert answer_body(head + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n") is None
    assert answer_body(head + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n") == b"{}"
    with pytest.raises(ConnectionError, match="503"):
        answer_body(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")


def test_the_table_has_medians_and_ratios_to_yoga() -> None:
    costs = {"reelgate": (10, 30, 20), "yoga": (50, 40, 1_000)}
    figures = [
        {"server": name, "query": "list", "cpu_us_per_request": cost, "requests_per_second": 1}
        for name, three in costs.items()
        for cost in three
    ]
    assert "| CPU per request, µs | list | 20 | 50 | 0.40 |" in table(figures)
