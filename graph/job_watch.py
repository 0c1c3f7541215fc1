"""Live progress of jobs: the state now, then changes at a bounded rate, and always how each job ended.

Where a job goes is in the event log and cannot be missed. How far it is, is read from its row, when rung for it and
every second whether or not. Of several changes between two looks the latest one wins.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from domain.entities import Job
from domain.events import EventKind
from domain.lifecycle import ENDED_JOB_STATES
from graph.live import EventFeed, Follower
from workflow import reading

PAUSE: Final = 0.25
"""Seconds between two looks: a job is told of four times a second at most."""

_REMEMBERED = 1_000


async def watch_jobs(feed: EventFeed, *, after: int, script_id: int | None, job_id: int | None) -> AsyncIterator[Job]:
    """`after` is the end of the log before this was asked for. Ends when `job_id` was given and that job has ended."""
    told: dict[int, Job] = {}
    with feed.follow(after, frozenset({EventKind.JOB_CHANGED}), script_id) as follower:
        open_jobs = {job_id} if job_id is not None else set(await reading.active_job_ids(script_id))
        while True:
            found = await reading.jobs_by_id(sorted(open_jobs))
            for job in sorted(found.values(), key=lambda job: job.id):
                if told.get(job.id) != job:
                    yield job
                told.pop(job.id, None)
                told[job.id] = job
            open_jobs = {job.id for job in found.values() if job.state not in ENDED_JOB_STATES}
            if job_id is not None and not open_jobs:
                return
            _forget_oldest(told, keep=_REMEMBERED + len(open_jobs))
            follower.watched_jobs = frozenset(open_jobs)
            await asyncio.sleep(PAUSE)
            await follower.wait(feed.poll_seconds)
            open_jobs |= await _moved(follower, job_id)


async def _moved(follower: Follower, job_id: int | None) -> set[int]:
    """The jobs that have gone somewhere since the last look."""
    moved: set[int] = set()
    while events := await follower.pull():
        moved |= {event.subject_id for event in events if job_id in (None, event.subject_id)}
    return moved


def _forget_oldest(told: dict[int, Job], *, keep: int) -> None:
    for job_id in list(told)[: max(0, len(told) - keep)]:
        del told[job_id]
