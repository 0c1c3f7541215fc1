"""Subscriptions. Where each begins is fixed before anything else is awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import strawberry

from domain.entities import Job as JobRow
from domain.errors import NotFound
from domain.events import Event
from domain.lifecycle import Entity
from graph.changes import StatusChange
from graph.context import Info
from graph.fields import argument, object_type, subscription
from graph.ids import local_id
from graph.job_watch import watch_jobs
from graph.jobs import Job
from graph.query import existing_script
from graph.scalars import Cursor
from workflow import reading


@object_type("What can be watched, over a WebSocket with the `graphql-transport-ws` subprotocol.")
class Subscription:
    @subscription(
        StatusChange,
        """Every status change since `after`, then live: no gap, no duplicate, in order.

        A cursor that cannot be continued from is refused with CURSOR_INVALID, never skipped.
        """,
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
    ) -> AsyncIterator[Event]:
        start = await reading.last_event_id() if after is None else await reading.decode_cursor(after)
        script = await existing_script(info, script_id)
        return info.context.feed.status_changes(start, script)

    @subscription(
        Job,
        """Jobs as they are now, then whenever they have moved, at most four times a second each, and always their end.

        Of several changes in between the latest one is sent. With `jobId` it completes when that job has ended;
        without, it goes on with every job that is started.
        """,
    )
    async def job_progress(
        self,
        info: Info,
        script_id: Annotated[
            strawberry.ID | None, argument("Only jobs of this script and of what is beneath it.")
        ] = None,
        job_id: Annotated[strawberry.ID | None, argument("Only this job.")] = None,
    ) -> AsyncIterator[JobRow]:
        start = await reading.last_event_id()
        script = await existing_script(info, script_id)
        number = None if job_id is None else local_id(Entity.JOB, job_id, field="jobId")
        if number is not None:
            job = (await reading.jobs_by_id([number])).get(number)
            if job is None:
                raise NotFound("job", number, field="jobId")
            if script not in (None, job.script_id):
                raise NotFound("job of this script with the number", number, field="jobId")
        return watch_jobs(info.context.feed, after=start, script_id=script, job_id=number)
