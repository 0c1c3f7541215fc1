"""Node and the locked packages of a folder such as `tests/graph/node`, for tests with what other people wrote.

Where there is no Node, or no way to get the packages, such tests are skipped, unless `REELGATE_REQUIRE_SERVICES=1`
makes that an error.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from filelock import FileLock

FOLDER = Path(__file__).parent / "graph" / "node"
_OLDEST = 20


@cache
def node(folder: Path = FOLDER) -> tuple[str | None, str]:
    """The path of the program, and why there is none; installs the packages when their lock file has changed."""
    path, npm = shutil.which("node"), shutil.which("npm")
    missing = "no Node" if path is None or npm is None else _unready(path, npm, folder)
    if missing and os.environ.get("REELGATE_REQUIRE_SERVICES") == "1":
        raise RuntimeError(f"REELGATE_REQUIRE_SERVICES=1, but there is {missing}")
    return (None if missing else path), missing


def _unready(path: str, npm: str, folder: Path) -> str:
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < _OLDEST:
        return f"Node {version} only; {_OLDEST} is needed"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".reelgate"
    with FileLock(folder / "node_modules.lock", timeout=120):
        if stamp.exists() and stamp.read_text() == wanted:
            return ""
        installed = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, capture_output=True, text=True
        )
        if installed.returncode:
            return f"no way to install the packages: {installed.stderr.strip()[-300:]}"
        stamp.write_text(wanted)
    return ""
