"""What the kernel says of a process, and of this machine. Linux only."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_CPUCLOCK_SCHED = 2


@dataclass(frozen=True, slots=True)
class Memory:
    """In KiB. `pss` counts a page that is shared with other processes in part."""

    rss: int
    pss: int


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads: what /proc/PID/stat has, but in nanoseconds instead of ticks."""
    return time.clock_gettime(~pid << 3 | _CPUCLOCK_SCHED)


def memory_of(pid: int) -> Memory:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = dict(re.findall(r"^(Rss|Pss): +(\d+) kB$", rollup, re.MULTILINE))
    return Memory(int(found["Rss"]), int(found["Pss"]))


def resident_kib(pid: int) -> int:
    """Its RSS, at little cost."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def settled_cpu(pid: int, *, patience: float = 20.0) -> float:
    """Its CPU time once it has hardly used any for a moment."""
    deadline = time.monotonic() + patience
    before = cpu_seconds(pid)
    while True:
        time.sleep(0.2)
        after = cpu_seconds(pid)
        if after - before < 0.01 or time.monotonic() > deadline:
            return after
        before = after


def machine() -> dict[str, str]:
    """The facts that belong beside the figures."""
    models = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "processors": f"{os.cpu_count()} × {models[0] if models else platform.machine()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "node": subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip(),
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }
