"""Runs `tests.storage.sample.process` as real processes."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    code: int
    output: str
    errors: str


async def run_process(what: str, url: str, times: int = 1) -> Ended:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "tests.storage.sample.process", what, url, str(times)),
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return Ended(process.returncode or 0, output.decode().strip(), errors.decode())


async def run_processes(count: int, what: str, url: str, times: int = 1) -> list[Ended]:
    """All at once; each must end well."""
    ended = await asyncio.gather(*(run_process(what, url, times) for _ in range(count)))
    assert [process.code for process in ended] == [0] * count, [process.errors for process in ended]
    return ended
