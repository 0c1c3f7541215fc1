"""Starts a program that may not take more than it should: for files that nobody has looked into.

    python -I -S bounded.py MEMORY SECONDS WRITTEN PROGRAM ARGUMENT...

Bounds of address space and of each written file are in bytes, of CPU time in seconds. Where a system does not know
one of them, the program goes without. Standard library only.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def bounded(command: Sequence[str], *, memory: int, seconds: int, written: int) -> list[str]:
    """The command that starts `command` within these bounds."""
    this = str(Path(__file__).resolve())
    return [sys.executable, "-I", "-S", this, str(memory), str(seconds), str(written), *command]


def main() -> None:
    memory, seconds, written = (int(bound) for bound in sys.argv[1:4])
    program = sys.argv[4:]
    with suppress(OSError):  # where memory is short, Linux is to end this process and no other
        Path("/proc/self/oom_score_adj").write_text("1000")
    bounds = (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_CORE, 0),
    )
    for number, most in bounds:
        with suppress(OSError, ValueError):
            resource.setrlimit(number, (most, most))
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
