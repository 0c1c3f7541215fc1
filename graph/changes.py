"""The schema's status changes: the log, as clients see it."""

from __future__ import annotations

from datetime import datetime

import strawberry

from domain.events import Event
from domain.lifecycle import Entity
from graph import enums
from graph.context import Info
from graph.fields import attribute, field, object_type
from graph.forward import JOB
from graph.ids import global_id
from graph.nodes import Node, Reviewable, is_row
from graph.scalars import Cursor

Parent = strawberry.Parent[Event]


@object_type("That something came to be, or that its status changed. Kept for good, in order.")
class StatusChange(Node):
    version: int = attribute("The version that the subject had after it.")
    actor: str = attribute("Who did it: `local` until there are users, `worker` for machine work.")
    occurred_at: datetime = attribute("When.")
    is_type_of = is_row(Event)

    @field(Cursor, "Its place in the log: give it to `statusChanged` as `after`, to continue behind it.")
    async def cursor(self, parent: Parent, info: Info) -> str:
        return await info.context.feed.cursor_behind(parent)

    @field(strawberry.ID, "What it happened to.")
    def subject_id(self, parent: Parent) -> str:
        return global_id(parent.subject.value, parent.subject_id)

    @field(Reviewable | None, "What it happened to, as it is now; null once that is removed.")
    async def subject(self, parent: Parent, info: Info) -> object:
        return await info.context.loaders.entity(parent.subject, parent.subject_id)

    @field(enums.Status | None, "The status before it; null if it is a creation.")
    def previous_status(self, parent: Parent) -> str | None:
        return parent.previous

    @field(enums.Status, "The status after it.")
    def new_status(self, parent: Parent) -> str:
        return parent.new

    @field(str | None, "What was said with the decision, if that was what changed it.")
    def feedback(self, parent: Parent) -> str | None:
        said = parent.payload.get("feedback")
        return None if said is None else str(said)


@object_type("Anything that happened in a script, as the log has it: edits, decisions, status changes, machine work.")
class ScriptChange:
    version: int = attribute("The version that the subject had after it.")
    actor: str = attribute("Who did it: `local` until there are users, `worker` for machine work.")
    occurred_at: datetime = attribute("When.")
    kind: enums.ChangeKind = attribute("What kind of change it is.")

    @field(Cursor, "Its place in the log: give it to `scriptChanged` as `after`, to continue behind it.")
    async def cursor(self, parent: Parent, info: Info) -> str:
        return await info.context.feed.cursor_behind(parent)

    @field(strawberry.ID, "What it happened to.")
    def subject_id(self, parent: Parent) -> str:
        return global_id(parent.subject.value, parent.subject_id)

    @field(Reviewable | None, "What it happened to, as it is now; null if that is a job.")
    async def subject(self, parent: Parent, info: Info) -> object:
        if parent.subject is Entity.JOB:
            return None
        return await info.context.loaders.entity(parent.subject, parent.subject_id)

    @field(JOB | None, "The job that it happened to, as it is now; null if it happened to anything else.")
    async def job(self, parent: Parent, info: Info) -> object:
        if parent.subject is not Entity.JOB:
            return None
        return await info.context.loaders.job.load(parent.subject_id)

    @field(enums.Status | None, "The status before it; null if it is a creation, or about a job.")
    def previous_status(self, parent: Parent) -> str | None:
        return None if parent.subject is Entity.JOB else parent.previous

    @field(enums.Status | None, "The status after it; null if it is about a job.")
    def new_status(self, parent: Parent) -> str | None:
        return None if parent.subject is Entity.JOB else parent.new

    @field(enums.JobState | None, "Where the job was after it; null if it is not about a job.")
    def job_state(self, parent: Parent) -> str | None:
        return parent.new if parent.subject is Entity.JOB else None

    @field(
        str | None,
        "The mutation that did it, such as `splitScene`, or the worker's part, such as `recordImage`; null of "
        "events that are older than this. One mutation can be several events: all it did to one script.",
    )
    def command(self, parent: Parent) -> str | None:
        named = parent.payload.get("command")
        return None if named is None else _camel(str(named))

    @field(str | None, "What was said with the decision, if it was one.")
    def feedback(self, parent: Parent) -> str | None:
        said = parent.payload.get("feedback")
        return None if said is None else str(said)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
