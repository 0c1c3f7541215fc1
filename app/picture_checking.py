"""Has a person's picture looked into by a process of its own, which may not take more than it should.

The API process never decodes pictures: a small file can be hundreds of megabytes of pixels, and decoders have faults.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import structlog

from app.children import tied
from domain.errors import InvalidInput, LimitExceeded
from domain.pictures import CheckingUnavailable, PictureSize
from storage.settle import settle

PROGRAM: Final = (sys.executable, "-P", "-m", "providers.normalising")
_NEEDED: Final = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH")
_LONGEST_ANSWER: Final = 4096

_log = structlog.get_logger(__name__)


class PictureChild:
    """A `PictureChecker`: one process per picture, `at_once` of them at most, and so many requests that wait."""

    def __init__(
        self, *, at_once: int = 1, waiting: int = 8, seconds: float = 60.0, program: tuple[str, ...] = PROGRAM
    ) -> None:
        self.seconds = seconds
        self.program = program
        self._most = at_once + waiting
        self._asked = 0
        self._turns = asyncio.Semaphore(at_once)

    async def check(self, source: IO[bytes], output: Path) -> PictureSize:
        """As `PictureChecker` says. The process is gone when this returns or raises."""
        if self._asked >= self._most:
            raise CheckingUnavailable("Many pictures are being checked. Send it again in a while.", seconds=5)
        self._asked += 1
        try:
            async with self._turns:
                return size_of(await self._answer(source, output))
        finally:
            self._asked -= 1

    async def _answer(self, source: IO[bytes], output: Path) -> dict[str, Any]:
        source.seek(0)
        process = await self._started(source, output)
        assert process.stdout is not None
        try:
            async with asyncio.timeout(self.seconds):
                answer = await process.stdout.read(_LONGEST_ANSWER)
                await process.wait()
        except TimeoutError:
            message = f"The picture could not be checked in {self.seconds:g} s. Send it again, or a smaller one."
            raise CheckingUnavailable(message, seconds=30) from None
        finally:
            await settle(end_program(process))
        return _answered(answer, process.returncode or 0)

    async def _started(self, source: IO[bytes], output: Path) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                *tied((*self.program, str(output))),
                stdin=source, stdout=PIPE, stderr=DEVNULL, env=bare_environment(), process_group=0,
            )  # fmt: skip
        except OSError as error:
            _log.error("the program that checks pictures cannot be started", error=str(error))
            message = "Pictures cannot be checked at the moment. Send it again in a while."
            raise CheckingUnavailable(message, seconds=30) from None


def bare_environment() -> dict[str, str]:
    """For a program that decodes pictures. Nothing secret reaches it: it may come to do what a picture tells it."""
    environment = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    return environment | {"LC_ALL": "C", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _answered(answer: bytes, code: int) -> dict[str, Any]:
    """Raises InvalidInput for a picture that its process did not survive."""
    if code < 0:
        _log.warning("the program that checks pictures was killed", signal=-code)
        raise InvalidInput("The picture cannot be read: decoding it takes too much.", field=("image",))
    if code > 0:
        raise RuntimeError(f"The program that checks pictures ended with {code}.")
    said: dict[str, Any] = json.loads(answer)
    return said


def size_of(said: dict[str, Any]) -> PictureSize:
    """What the program answered, or the error that it means."""
    match said:
        case {"width": int(width), "height": int(height)}:
            return PictureSize(width, height)
        case {"refused": str(message), "too_large": True}:
            raise LimitExceeded(message, field=("image",))
        case {"refused": str(message)}:
            raise InvalidInput(message, field=("image",))
        case {"errno": int(number)}:
            raise OSError(number, os.strerror(number))
    raise RuntimeError("The program that checks pictures said nothing that is known.")


async def end_program(process: Process) -> None:
    """Kill it with its group, empty the pipe, which closes only at its end, and reap it."""
    if process.returncode is None:
        # macOS refuses (EPERM) when only a zombie is left in the group.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.stdout is not None
    while await process.stdout.read(_LONGEST_ANSWER):
        pass
    await process.wait()
