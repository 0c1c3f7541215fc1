"""Stands in for the worker: does what its arguments say, then waits.

`crash` ends at once with a reason; `stubborn` ignores SIGTERM; `chatty` writes without end; `orphan` starts a process
in its own group that would outlive it; `say-redis` writes the broker's URL to the data folder.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from app.lifeline import watch_lifeline

if __name__ == "__main__":
    watch_lifeline()
    data = Path(os.environ["REELGATE_DATA_DIR"])
    if "crash" in sys.argv:
        print("worker: the spoon is missing", file=sys.stderr)
        sys.exit(3)
    if "stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "orphan" in sys.argv:
        subprocess.Popen(["sleep", "600"])
    (data / "worker-redis").write_text(os.environ.get("REDIS_URL", ""))
    (data / "worker.pid").write_text(str(os.getpid()))
    while True:
        if "chatty" in sys.argv:
            print("x" * 1000)
        else:
            time.sleep(600)
