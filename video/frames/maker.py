"""The process that makes segments: one order a line on standard input, answers a line each on standard output.

    {"order": ..., "output": path, "ffmpeg": path of the binary}
    {"frame": 12} ... {"done": true} or {"error": {"code", "message", "kind", "reason", "number", "picture"}}

`order` is as `video.orders.to_json` gives it, `error` what `video.frames.failures.failure_of` takes. After an error
it is ready for the next order. It ends when its input does; killed with its process group it takes its ffmpeg along.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # numpy would start threads that nothing here uses
    os.environ.setdefault(_name, "1")

from video.frames.failures import SegmentFailed  # noqa: E402
from video.frames.segment import Studio  # noqa: E402
from video.orders import from_json  # noqa: E402

REPORT_SECONDS = 0.5


def main() -> None:
    studio = Studio()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not break the protocol
    for line in sys.stdin:
        if line.strip():
            answer(studio, json.loads(line), lambda values: print(json.dumps(values), file=answers, flush=True))


def answer(studio: Studio, request: dict[str, Any], send: Any) -> None:
    """Carry out one order; whatever goes wrong becomes an answer."""
    reported = time.monotonic()

    def on_frame(frame: int) -> None:
        nonlocal reported
        now = time.monotonic()
        if now - reported >= REPORT_SECONDS:
            reported = now
            send({"frame": frame})

    try:
        studio.make(from_json(request["order"]), Path(request["output"]), request["ffmpeg"], on_frame)
        send({"done": True})
    except SegmentFailed as failure:
        send({"error": failure.to_json()})
    except Exception as error:
        traceback.print_exc()
        send({"error": SegmentFailed(type(error).__name__).to_json()})


if __name__ == "__main__":
    main()
