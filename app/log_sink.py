"""A stream for log lines that never blocks whoever writes to it.

The supervisor forwards its children's lines to a stream that it does not own. If nobody reads there (a full pipe, a
paused terminal), a plain write would stop the supervisor, and with it everything it has to do. Here a thread
writes; when too much is waiting, lines are dropped and counted.
"""

import io
import os
import queue
import threading
import time
from contextlib import suppress
from typing import TextIO

CAPACITY = 5_000


class LogSink(io.TextIOBase):
    """Lines written here reach `stream` through a thread of its own."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._waiting: queue.Queue[str | None] = queue.Queue(CAPACITY)
        self._dropped = 0
        self._finished = threading.Event()
        threading.Thread(target=self._forward, name="log-sink", daemon=True).start()

    def write(self, text: str) -> int:
        """Take the text, or drop it when too much is waiting already."""
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            self._dropped += 1
        return len(text)

    def isatty(self) -> bool:
        """Whether a person reads the lines as they come."""
        return self._is_terminal

    def drain(self, seconds: float) -> None:
        """Wait until what is waiting has been written and end the thread, but not for longer than `seconds`."""
        deadline = time.monotonic() + seconds
        with suppress(queue.Full):
            self._waiting.put(None, timeout=seconds)
        self._finished.wait(max(0.0, deadline - time.monotonic()))

    def _forward(self) -> None:
        while (text := self._waiting.get()) is not None:
            if self._dropped:
                text = f"({self._dropped} log lines were dropped: nobody read them)\n{text}"
                self._dropped = 0
            self._put(text)
        self._finished.set()

    def _put(self, text: str) -> None:
        # Straight to the descriptor: a thread stuck inside a buffered stream would block the interpreter's exit.
        with suppress(OSError, ValueError):
            try:
                descriptor = self._stream.fileno()
            except (OSError, ValueError):
                self._stream.write(text)
                return
            rest = memoryview(text.encode("utf-8", "backslashreplace"))
            while rest:
                rest = rest[os.write(descriptor, rest) :]
