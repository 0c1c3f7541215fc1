"""Has thumbnails made by processes of their own, which stay a while for the next one.

A page shows a hundred pictures at once, and starting Python and Pillow takes longer than making a picture smaller: so,
unlike the program that checks a person's picture, this one is asked again and again, and ended when it is idle.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Any, Final

import structlog

from app.children import tied
from app.picture_checking import bare_environment, end_program
from domain.pictures import CheckingUnavailable, NoThumbnail
from storage.settle import settle

PROGRAM: Final = (sys.executable, "-P", "-m", "providers.shrinking")
_MOST_ASKED: Final = 200
"""How often one process is asked before another takes its place, whatever it may have piled up."""

_log = structlog.get_logger(__name__)


class _Shrinker:
    """A running process and how often it was asked."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.asked = 0
        self.leaving: asyncio.TimerHandle | None = None

    async def answer(self, line: bytes) -> dict[str, Any]:
        """Raises EOFError if it is not there any more."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.asked += 1
        try:
            self.process.stdin.write(line)
            await self.process.stdin.drain()
            said = await self.process.stdout.readline()
        except (BrokenPipeError, ConnectionResetError):
            said = b""
        if not said.endswith(b"\n"):
            raise EOFError
        found: dict[str, Any] = json.loads(said)
        return found

    async def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        await end_program(self.process)


class ThumbnailChildren:
    """A `PictureShrinker`: `at_once` processes at most, and so many requests that wait."""

    def __init__(
        self, *, at_once: int = 2, waiting: int = 500, seconds: float = 30.0, idle_seconds: float = 30.0,
        program: tuple[str, ...] = PROGRAM,
    ) -> None:  # fmt: skip
        self.seconds = seconds
        self.idle_seconds = idle_seconds
        self.program = program
        self._most = at_once + waiting
        self._asked = 0
        self._turns = asyncio.Semaphore(at_once)
        self._idle: list[_Shrinker] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def shrink(self, source: Path, output: Path, *, width: int) -> None:
        """As `PictureShrinker` says."""
        if self._asked >= self._most:
            raise CheckingUnavailable("Many thumbnails are being made. Ask again in a while.", seconds=5)
        line = json.dumps({"source": str(source), "output": str(output), "width": width}).encode() + b"\n"
        self._asked += 1
        try:
            async with self._turns:
                said = await self._answer(line)
        finally:
            self._asked -= 1
        match said:
            case {"done": True}:
                return
            case {"errno": int(number)}:
                raise OSError(number, os.strerror(number))
        raise NoThumbnail

    async def close(self) -> None:
        """End the idle ones, and those that are busy when they have answered."""
        self._closed = True
        for shrinker in list(self._idle):
            self._leave(shrinker)
        while self._ending:
            await asyncio.gather(*self._ending)

    async def _answer(self, line: bytes) -> dict[str, Any]:
        """Of one that is idle, or of a new one. A picture that its process does not survive is refused."""
        shrinker = self._taken() or _Shrinker(await self._started())
        stays = False
        try:
            async with asyncio.timeout(self.seconds):
                said = await shrinker.answer(line)
            stays = shrinker.asked < _MOST_ASKED and not self._closed
        except EOFError:
            _log.warning("the program that makes thumbnails ended")
            raise NoThumbnail from None
        except TimeoutError:
            message = f"The thumbnail could not be made in {self.seconds:g} s. Ask again in a while."
            raise CheckingUnavailable(message, seconds=30) from None
        finally:
            if stays:
                self._stay(shrinker)
            else:
                await settle(shrinker.end())
        return said

    async def _started(self) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                *tied(self.program), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=bare_environment(), process_group=0
            )
        except OSError as error:
            _log.error("the program that makes thumbnails cannot be started", error=str(error))
            raise CheckingUnavailable("Thumbnails cannot be made at the moment.", seconds=30) from None

    def _taken(self) -> _Shrinker | None:
        """One that is idle and alive."""
        while self._idle:
            shrinker = self._idle[-1]
            if shrinker.process.returncode is None:
                self._idle.pop()
                if shrinker.leaving is not None:
                    shrinker.leaving.cancel()
                return shrinker
            self._leave(shrinker)
        return None

    def _stay(self, shrinker: _Shrinker) -> None:
        self._idle.append(shrinker)
        shrinker.leaving = asyncio.get_running_loop().call_later(self.idle_seconds, self._leave, shrinker)

    def _leave(self, shrinker: _Shrinker) -> None:
        self._idle.remove(shrinker)
        if shrinker.leaving is not None:
            shrinker.leaving.cancel()
        task = asyncio.get_running_loop().create_task(shrinker.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
