"""One command, one transaction, and what is told to others after its commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from domain.entities import Job
from domain.errors import WorkFailed
from domain.events import EventKind, NewEvent
from domain.lifecycle import Entity, JobState, Status
from domain.protocols import Actor, Ring, Wake
from storage.events import append_events
from storage.idempotency import KeyTaken
from storage.jobs import NewJob, insert_job, job_version
from storage.media import StagedFile
from storage.settle import settle
from storage.transaction import in_transaction, lock_event_log
from workflow.context import Context

P = ParamSpec("P")
T = TypeVar("T")


class Unit:
    """What one transaction collects: events, written last, and the ring that follows the commit."""

    def __init__(self, context: Context, command: str) -> None:
        self.context = context
        self.command = command
        self.limits = context.limits
        self.now = context.clock.now()
        self.events: list[NewEvent] = []
        self._wakes: list[Wake] = []
        self._cancelled: set[Wake] = set()
        self._promotions: list[tuple[StagedFile, str]] = []
        self._removals: list[str] = []

    def record(
        self, kind: EventKind, subject: Entity, subject_id: int, *, script_id: int, version: int, new: str,
        actor: Actor, previous: str | None = None, feedback: str | None = None, job_id: int | None = None,
    ) -> None:  # fmt: skip
        """Note an event and the command that it comes from.

        The script's text, scene texts and prompts never go into the log; feedback does.
        """
        said = {"command": self.command, "feedback": feedback, "job_id": job_id}
        payload = {name: value for name, value in said.items() if value is not None}
        self.events.append(NewEvent(kind, subject, subject_id, script_id, version, previous, new, actor.name, payload))

    def record_created(self, subject: Entity, subject_id: int, *, script_id: int, status: Status, actor: Actor) -> None:
        self.record(
            EventKind.CREATED, subject, subject_id, script_id=script_id, version=1, new=status.value, actor=actor
        )

    async def record_job(self, job: Job, new: JobState, *, previous: JobState | None, actor: Actor) -> None:
        """`job` as it was read; the event gets the version that its row has now."""
        version = await job_version(job.id)
        self.record(
            EventKind.JOB_CHANGED, Entity.JOB, job.id, script_id=job.script_id, version=version, new=new.value,
            previous=previous.value if previous else None, actor=actor,
        )  # fmt: skip

    async def start_job(self, new: NewJob, *, actor: Actor) -> Job:
        """Queue work; a worker is woken after the commit."""
        job = await insert_job(new, now=self.now)
        await self.record_job(job, JobState.QUEUED, previous=None, actor=actor)
        self.wake(job.id, job.fence)
        return job

    def wake(self, job_id: int, fence: int) -> None:
        self._wakes.append(Wake(job_id, fence))

    def stop_worker_of(self, job: Job) -> None:
        self._cancelled.add(Wake(job.id, job.fence))

    def promote(self, staged: StagedFile, key: str) -> None:
        """Move a staged file to its key as the last step before the events; back again if they cannot be written."""
        self._promotions.append((staged, key))

    def remove(self, key: str) -> None:
        """Remove the file under this key, once the transaction in which its row went is committed."""
        self._removals.append(key)

    async def finish(self) -> None:
        """Files and events. The log is locked first, so that nothing is waited for once a file has been moved."""
        await lock_event_log()
        moved: list[tuple[StagedFile, str]] = []
        try:
            for staged, key in self._promotions:
                await self.context.media.promote(staged, key, replace=True)
                moved.append((staged, key))
            await append_events(self.events, now=self.now)
        except BaseException:
            for staged, key in moved:
                await self.context.media.take_back(staged, key)
            raise

    async def clear(self) -> None:
        """After the commit. A file that cannot be removed has no row any more: it is in nobody's way."""
        for key in self._removals:
            with suppress(WorkFailed):
                await self.context.media.remove(key)

    @property
    def has_more_to_do(self) -> bool:
        return bool(self.events or self._promotions)

    def ring(self) -> Ring:
        """What to tell, once this has been committed."""
        return Ring(
            script_ids=frozenset(event.script_id for event in self.events),
            wakes=tuple(self._wakes),
            progressed=frozenset(event.subject_id for event in self.events if event.subject is Entity.JOB),
            cancelled=frozenset(self._cancelled),
        )


def command(
    body: Callable[Concatenate[Unit, P], Awaitable[T]],
) -> Callable[Concatenate[Context, P], Coroutine[Any, Any, T]]:
    """Make a body that works on a `Unit` into a command that takes a `Context`: one transaction, then the bell.

    The body may run again if the database asks for it (serialization failure), so it must do nothing but read and
    write rows. Files are moved, and events written, after it has returned.
    """

    @wraps(body)
    async def run(context: Context, /, *args: P.args, **kwargs: P.kwargs) -> T:
        async def transact() -> tuple[Unit, T]:
            unit = Unit(context, body.__name__)
            result = await body(unit, *args, **kwargs)
            if unit.has_more_to_do:
                await unit.finish()
            return unit, result

        try:
            unit, result = await in_transaction(transact)
        except KeyTaken:  # a rival with the same idempotency key committed first: this time its answer is found
            unit, result = await in_transaction(transact)
        await settle(unit.clear())
        await context.bell.ring(unit.ring())
        return result

    return run
