"""Child processes that make segments: started when first needed, kept alive for many orders, killed in an instant.

A maker reads orders as lines of JSON and answers with lines of JSON (`video/frames/maker.py`). It and its ffmpeg are
one process group, which is killed as one: on a failure, on a cancellation, and when there is nothing left to do.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from video.failures import maker_died, stalled
from video.frames.failures import failure_of
from video.orders import SegmentOrder, to_json
from video.runner import end_process, start_program, tail

log = logging.getLogger(__name__)

ROOT: Final = str(Path(__file__).resolve().parent.parent)
COMMAND: Final = (sys.executable, "-P", "-m", "video.frames.maker")
TRIES: Final = 2
SMALLEST_MEMORY: Final = 1 << 30
MEMORY_A_PIXEL: Final = 400
"""Bytes a pixel of the video that a maker, and its ffmpeg, may each hold: some ten times what they need."""

OnFrame = Callable[[int], Awaitable[None]]


class _Died(Exception):
    """A maker ended without an answer; `code` is its exit code or minus the signal that ended it."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(code, words)
        self.code = code
        self.words = words


@dataclass
class Maker:
    """One child at a time, one order at a time. `aclose` must be called at the end."""

    ffmpeg: str
    folder: Path
    stall_timeout: float
    command: tuple[str, ...] = COMMAND
    _process: Process | None = None
    _last_words: asyncio.Task[str] | None = field(default=None, repr=False)

    async def make(
        self, order: SegmentOrder, output: Path, subject: str, on_frame: OnFrame, owners: Mapping[str, str]
    ) -> None:
        """Make the segment in `output`. `on_frame` gets the number of frames done and may raise.

        A maker that dies is started once more. Raises `WorkFailed`, with a message that begins with `subject`, or
        with what `owners` has for the path of a picture that is at fault.
        """
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                return await self._ask(order, output, subject, on_frame, owners)
            except _Died as death:
                log.error("%s: the process that makes it ended with %s: %s", subject, death.code, death.words)
                if last:
                    raise maker_died(subject, death.code, death.words) from None

    async def aclose(self) -> None:
        """Kill the child and its ffmpeg, and wait for the end of them, even while being cancelled."""
        await self._end()

    async def _ask(
        self, order: SegmentOrder, output: Path, subject: str, on_frame: OnFrame, owners: Mapping[str, str]
    ) -> None:
        message = {"order": to_json(order), "output": str(output), "ffmpeg": self.ffmpeg}
        finished = False  # an error is an answer too: the maker is ready for the next order
        try:
            process = self._process or await self._start(order)
            assert process.stdin is not None
            with suppress(ConnectionError):  # then it does not answer either
                process.stdin.write(json.dumps(message).encode() + b"\n")
                await process.stdin.drain()
            error = await self._follow(process, subject, on_frame)
            finished = True
        finally:
            if not finished:  # what it is doing now is of no use any more
                await self._end()
        if error is not None:
            log.error("%s: the process that makes it says: %s", subject, error)
            raise failure_of(error, owners.get(str(error.get("picture")), subject))

    async def _start(self, order: SegmentOrder) -> Process:
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        memory = SMALLEST_MEMORY + MEMORY_A_PIXEL * order.width * order.height
        self._process = process = await start_program(
            self.command, self.folder, stdin=PIPE, environment={"PYTHONPATH": ROOT} | threads, memory=memory
        )
        assert process.stderr is not None
        self._last_words = asyncio.create_task(tail(process.stderr))
        return process

    async def _follow(self, process: Process, subject: str, on_frame: OnFrame) -> dict[str, Any] | None:
        """Read answers to the last one, and return the error in it. Only what moves on counts: a maker that repeats
        itself is stalled."""
        assert process.stdout is not None
        loop = asyncio.get_running_loop()
        furthest = -1
        try:
            async with asyncio.timeout(self.stall_timeout) as silence:
                while True:
                    answer = _parsed(await process.stdout.readline())
                    if answer is None:
                        raise await self._death()
                    if "error" in answer:
                        error = answer["error"]
                        return error if isinstance(error, dict) else {}
                    if answer.get("done"):
                        return None
                    frame = answer.get("frame")
                    if isinstance(frame, int) and frame > furthest:
                        furthest = frame
                        silence.reschedule(None)  # the receiver's time is not the maker's
                        await on_frame(frame)
                        silence.reschedule(loop.time() + self.stall_timeout)
        except TimeoutError:
            if silence.expired():
                raise stalled(subject, self.stall_timeout) from None
            raise
        except ValueError:  # a line without an end
            raise await self._death() from None

    async def _death(self) -> _Died:
        process, words = self._process, self._last_words
        assert process is not None
        assert words is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await process.wait()
        code = process.returncode
        await self._end()
        return _Died(0 if code is None else code, words.result())

    async def _end(self) -> None:
        process, words = self._process, self._last_words
        self._process = self._last_words = None
        if process is not None and words is not None:
            await end_process(process, words)
        elif process is not None:
            await end_process(process)


def _parsed(line: bytes) -> dict[str, Any] | None:
    """None at the end of the stream and for what is no answer: then the maker is not itself any more."""
    with suppress(ValueError):
        answer = json.loads(line)
        if isinstance(answer, dict):
            return answer
    return None
