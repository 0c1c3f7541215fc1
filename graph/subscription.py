"""Subscriptions. Where each begins is fixed before anything else is awaited."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain.errors import NotFound
from domain.lifecycle import Entity
from graph.changes import ScriptChange, StatusChange
from graph.context import Info
from graph.fields import argument, everyone, object_type, subscription
from graph.ids import local_id
from graph.job_watch import JobChanges
from graph.jobs import Job
from graph.live import Changes
from graph.query import existing_script
from graph.scalars import Cursor
from workflow import reading


@object_type(
    "What can be watched: over a WebSocket with the `graphql-transport-ws` subprotocol, as server-sent events, or as a "
    "multipart answer."
)
class Subscription:
    @subscription(
        StatusChange,
        """Every status change since `after`, then live: no gap, no duplicate, in order.

        A cursor that cannot be continued from is refused with CURSOR_INVALID, never skipped.
        """,
        shared_by=everyone,
    )
    async def status_changed(
        self,
        info: Info,
        script_id: Annotated[
            strawberry.ID | None, argument("Only changes of this script and of what is beneath it.")
        ] = None,
        after: Annotated[
            Cursor | None,
            argument(
                "Continue behind this place: `eventCursor` of a query, or the `cursor` of the last change received. "
                "Without it, from now on."
            ),
        ] = None,
    ) -> Changes:
        start = await _start(info, after)
        script = await existing_script(info, script_id)
        return info.context.feed.status_changes(start, script)

    @subscription(
        ScriptChange,
        """Everything that happens in a script since `after`, then live: no gap, no duplicate, in order.

        Edits, decisions, status changes, and where jobs go; not their progress, which is `jobProgress`. A cursor that
        cannot be continued from is refused with CURSOR_INVALID, never skipped.
        """,
        shared_by=everyone,
    )
    async def script_changed(
        self,
        info: Info,
        script_id: Annotated[strawberry.ID, argument("The script.")],
        after: Annotated[
            Cursor | None,
            argument(
                "Continue behind this place: `eventCursor` of a query, or the `cursor` of the last change received. "
                "Without it, from now on."
            ),
        ] = None,
    ) -> Changes:
        start = await _start(info, after)
        script = await existing_script(info, script_id)
        assert script is not None, "it is a required argument"
        return info.context.feed.script_changes(start, script)

    @subscription(
        Job,
        """Jobs as they are now, then whenever they have moved, at most four times a second each, and always their end.

        Of several changes in between the latest one is sent. With `jobId` it completes when that job has ended;
        without, it goes on with every job that is started.
        """,
        shared_by=everyone,
    )
    async def job_progress(
        self,
        info: Info,
        script_id: Annotated[
            strawberry.ID | None, argument("Only jobs of this script and of what is beneath it.")
        ] = None,
        job_id: Annotated[strawberry.ID | None, argument("Only this job.")] = None,
    ) -> JobChanges:
        start = await reading.last_event_id()
        script = await existing_script(info, script_id)
        number = None if job_id is None else local_id(Entity.JOB, job_id, field="jobId")
        if number is not None:
            job = (await reading.jobs_by_id([number])).get(number)
            if job is None:
                raise NotFound("job", number, field="jobId")
            if script not in (None, job.script_id):
                raise NotFound("job of this script with the number", number, field="jobId")
        return JobChanges(info.context.feed, after=start, script_id=script, job_id=number)


async def _start(info: Info, after: Cursor | None) -> int:
    """The event behind which to begin."""
    if info.context.resume_after is not None:
        after = Cursor(info.context.resume_after)
    elif after is None and info.context.tells_place:
        after = Cursor(await reading.event_cursor())
        info.context.began_at = after
    return await reading.last_event_id() if after is None else await reading.decode_cursor(after)
