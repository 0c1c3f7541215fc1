"""Keeping one child alive: a dead one is replaced at once, one that keeps dying ends everything with its reason."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from app.children import Child, ChildSpec
from app.errors import StartError
from app.logs import get_logger

QUICK = 3.0
GIVE_UP_AFTER = 4
_LONGEST_PAUSE = 2.0

log = get_logger(__name__)


class Keeper:
    """Runs one child until `stop`. `needs` is a keeper whose child must be ready before this one is started."""

    def __init__(
        self,
        spec: ChildSpec,
        forward: Callable[[str], object],
        *,
        ready_when: Callable[[], Awaitable[None]] | None = None,
        needs: "Keeper | None" = None,
    ) -> None:
        self.ready = asyncio.Event()
        self.last_death = float("-inf")
        self._spec = spec
        self._forward = forward
        self._ready_when = ready_when
        self._needs = needs
        self._child: Child | None = None
        self._stopping = asyncio.Event()
        self.task = asyncio.create_task(self._keep(), name=spec.name)

    async def stop(self, grace: float, force: asyncio.Event) -> None:
        """SIGTERM; after `grace` seconds, or as soon as `force` is set, SIGKILL for the group."""
        self._stopping.set()
        if self._child:
            self._child.terminate()
        forced = asyncio.create_task(force.wait())
        await asyncio.wait({self.task, forced}, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
        forced.cancel()
        while not self.task.done():
            if self._child:
                self._child.kill_group()
            await asyncio.wait({self.task}, timeout=0.1)
        if not self.task.cancelled():
            self.task.exception()  # told already, by whoever watches the task

    async def _keep(self) -> None:
        deaths = failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            code, tail = await self._run_once()
            self.last_death = time.monotonic()
            if self._stopping.is_set():
                return
            quick = self.last_death - started < QUICK
            deaths = deaths + 1 if quick else 0
            failures = failures + 1 if quick and self._is_its_own_fault(code, started) else 0
            if failures == GIVE_UP_AFTER:
                raise StartError(_reason(self._spec.name, code, tail))
            log.warning("child ended and is started again", child=self._spec.name, ended=describe(code))
            await self._pause(deaths)

    async def _run_once(self) -> tuple[int, list[str]]:
        if self._needs:
            await self._unless_stopping(self._needs.ready.wait())
        if self._stopping.is_set():
            return 0, []
        self._child = child = await Child.start(self._spec, self._forward)
        log.debug("child started", child=self._spec.name, pid=child.pid)
        if self._stopping.is_set():
            child.terminate()
        probe = asyncio.create_task(self._probe())
        try:
            return await child.wait(), child.last_lines
        finally:
            probe.cancel()
            self.ready.clear()
            self._child = None

    async def _probe(self) -> None:
        if self._ready_when:
            await self._ready_when()
        self.ready.set()

    def _is_its_own_fault(self, code: int, started: float) -> bool:
        # SIGKILL comes from outside: a person, or a kernel short of memory.
        return code != -signal.SIGKILL and not (self._needs and self._needs.last_death > started)

    async def _pause(self, deaths: int) -> None:
        if deaths > 2:
            await self._unless_stopping(asyncio.sleep(min(_LONGEST_PAUSE, 0.1 * 2 ** (deaths - 2))))

    async def _unless_stopping(self, awaited: Awaitable[object]) -> None:
        tasks = {asyncio.ensure_future(awaited), asyncio.ensure_future(self._stopping.wait())}
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def describe(code: int) -> str:
    """An exit code in words."""
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def quote(lines: list[str]) -> str:
    """The last lines of a child, as the end of a message."""
    return " The last it wrote:" + "".join(f"\n    {line}" for line in lines) if lines else " It wrote nothing."


def _reason(name: str, code: int, tail: list[str]) -> str:
    return f"The {name} ended {GIVE_UP_AFTER} times in a row ({describe(code)}).{quote(tail)}"
