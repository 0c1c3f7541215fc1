"""The schema's jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import strawberry

from domain import entities, money
from graph import enums
from graph.context import Info
from graph.fields import attribute, field, object_type
from graph.money import Cost
from graph.nodes import Node, Reviewable, is_row

Parent = strawberry.Parent[entities.Job]


@object_type("How far the present attempt of a job is. A new attempt starts again.")
class JobProgress:
    @field(float, "From 0 to 1.")
    def fraction(self, parent: Parent) -> float:
        return parent.progress_fraction

    @field(int, "How many of `total` are done, in units of the job's own.")
    def completed(self, parent: Parent) -> int:
        return parent.progress_completed

    @field(int, "How many there are to do; 0 while that is not known.")
    def total(self, parent: Parent) -> int:
        return parent.progress_total

    @field(str | None, "What it is doing, in a word for people.")
    def step(self, parent: Parent) -> str | None:
        return parent.progress_step

    @field(float | None, "About how many seconds are left; null where nothing can be said, and when it does not run.")
    def seconds_left(self, parent: Parent) -> float | None:
        return parent.progress_seconds_left


@dataclass(frozen=True, slots=True)
class FailedJob:
    """The row behind `JobError`."""

    code: str
    message: str
    retryable: bool
    next_retry_at: datetime | None


@object_type("Why the last attempt of a job failed.")
class JobError:
    code: enums.JobErrorCode = attribute("A stable code.")
    message: str = attribute("What happened and what can be done, for a person.")
    retryable: bool = attribute("Whether trying again may help, by itself or by a person.")
    next_retry_at: datetime | None = attribute("When it is tried again by itself; null if it is not.")


@object_type("A piece of machine work. It has states of its own, apart from the statuses that people decide.")
class Job(Node):
    kind: enums.JobKind = attribute("What it makes.")
    state: enums.JobState = attribute("Where it is.")
    version: int = attribute("Rises with each change: of two answers about a job the one with the larger is the newer.")
    attempt: int = attribute("How many attempts were started; 0 while it waits for the first.")
    max_attempts: int = attribute("How many attempts are made before it fails for good.")
    queued_at: datetime = attribute("When it was asked for, or last sent back into the queue.")
    started_at: datetime | None = attribute("When its last attempt began; null before that.")
    finished_at: datetime | None = attribute("When it ended; null while it has not.")
    note: str | None = attribute(
        "What a person should know about its result, such as that built-in rules stood in for a model; null if nothing."
    )
    is_type_of = is_row(entities.Job)

    @field(Reviewable, "What it works on: a script, a scene or a video.")
    async def subject(self, parent: Parent, info: Info) -> object:
        return await info.context.loaders.entity(parent.subject, parent.subject_id)

    @field(JobProgress, "How far it is.")
    def progress(self, parent: Parent) -> entities.Job:
        return parent

    @field(Cost, "What its paid calls have cost so far, over all attempts.")
    async def cost(self, parent: Parent, info: Info) -> money.Cost:
        return await info.context.loaders.cost_of_job.load(parent.id)

    @field(JobError | None, "Why its last attempt failed; null if it did not.")
    def error(self, parent: Parent) -> FailedJob | None:
        failure = parent.failure
        if failure is None:
            return None
        return FailedJob(failure.code, failure.message, failure.retryable, parent.next_attempt_at)
