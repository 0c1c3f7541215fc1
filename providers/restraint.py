"""Bounds that a program which decodes pictures puts on itself before it looks at the first one."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from pathlib import Path

MEMORY = 2560 * 1024 * 1024
"""Bytes of address space. The largest pictures were seen to take 1.4 GiB; the libraries alone take 0.2 GiB."""
SECONDS = 60
_MOST_WRITTEN = 256 * 1024 * 1024


def restrain(memory: int = MEMORY, seconds: int = SECONDS) -> None:
    """Give this process a low priority and bounds; where a system does not know one of them, it goes without.

    `memory` in bytes of address space, `seconds` of processor time.
    """
    os.nice(10)
    with suppress(OSError):  # where memory is short, Linux is to end this process and no other
        Path("/proc/self/oom_score_adj").write_text("1000")
    bounds = (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, _MOST_WRITTEN),
        (resource.RLIMIT_CORE, 0),
    )
    for number, most in bounds:
        with suppress(OSError, ValueError):
            resource.setrlimit(number, (most, most))
