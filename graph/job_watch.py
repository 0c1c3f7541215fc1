"""Live progress of jobs: the state now, then changes at a bounded rate, and always how each job ended.

Where a job goes is in the event log and cannot be missed. How far it is, is read from its row, when rung for it and
every second whether or not. Of several changes between two looks the latest one wins. One watch looks for all who
want to know of the same jobs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from domain.entities import Job
from domain.errors import LimitExceeded
from domain.events import EventKind
from domain.lifecycle import ENDED_JOB_STATES
from graph.live import EventFeed, Follower
from graph.tracks import Begin, Item, Page, Source, Track
from workflow import reading

PAUSE: Final = 0.25
"""Seconds between two looks: a job is told of four times a second at most."""

MOST_ENDED: Final = 4_000
"""Jobs that have ended and are still told of to who is behind."""


class JobChanges(Source):
    """`after` is the end of the log before this was asked for. Ends when `job_id` was given and that job has ended."""

    def __init__(self, feed: EventFeed, *, after: int, script_id: int | None, job_id: int | None) -> None:
        self.key = ("jobs", script_id, job_id)
        self._feed = feed
        self._after = after
        self._script_id = script_id
        self._job_id = job_id

    def open_track(self, readers: Callable[[], int]) -> JobTrack:
        watch = self._feed.watches.get(self.key)
        if watch is None:
            watch = JobWatch(self._feed, self._after, self._script_id, self._job_id)
            self._feed.watches[self.key] = watch
        return JobTrack(watch, readers)

    def begin(self, track: JobTrack) -> Begin:
        return track.watch.newcomer()


class JobWatch:
    """Looks at the jobs while there are tracks. Their places count the changes it has seen."""

    def __init__(self, feed: EventFeed, after: int, script_id: int | None, job_id: int | None) -> None:
        self.tracks: set[JobTrack] = set()
        self.place = 0
        self.has_ended = False
        self.failure: BaseException | None = None
        self._feed = feed
        self._key = ("jobs", script_id, job_id)
        self._job_id = job_id
        self._latest: dict[int, Item] = {}
        """Of each job the newest change, in their order."""
        self._open: set[int] = set()
        self._forgotten = 0
        self._next_look = asyncio.Event()
        kinds = frozenset({EventKind.JOB_CHANGED})
        self._follower = Follower(feed, after, kinds, script_id, lambda: sum(track.readers() for track in self.tracks))
        feed.add(self._follower)
        self._watching = asyncio.create_task(self._watch(), name="job watch")

    def newcomer(self) -> Begin:
        """What one is told first who comes now: jobs as they are at a look that has not begun yet."""
        look, told = self._next_look, -1 if self.has_ended else self.place
        self._follower.signal.set()

        async def present_state() -> Page:
            await look.wait()
            items = [item for number, item in self._latest.items() if item.place > told or number in self._open]
            return Page(items, self.place)

        return present_state

    def behind(self, place: int) -> Page:
        if place < self._forgotten:
            raise LimitExceeded(f"More than {MOST_ENDED} jobs have ended since what was told last. Subscribe again.")
        found: list[Item] = []
        for item in reversed(self._latest.values()):
            if item.place <= place:
                break
            found.append(item)
        return Page(found[::-1], self.place)

    def leave(self, track: JobTrack) -> None:
        self.tracks.discard(track)
        if not self.tracks:
            self._watching.cancel()
            self._finish()

    async def _watch(self) -> None:
        try:
            if self._job_id is not None:
                self._open = {self._job_id}
            else:
                self._open = set(await reading.active_job_ids(self._follower.script_id))
            while not self.has_ended:
                await self._look()
                if not self.has_ended:
                    self._follower.watched_jobs = frozenset(self._open)
                    await asyncio.sleep(PAUSE)
                    await self._follower.wait(self._feed.poll_seconds)
                    self._open |= await self._moved()
        except asyncio.CancelledError as error:
            if self._watching.cancelling():
                raise
            self.failure = error
        except Exception as error:
            self.failure = error
        self._finish()

    async def _look(self) -> None:
        this_look, self._next_look = self._next_look, asyncio.Event()
        try:
            found = await reading.jobs_by_id(sorted(self._open))
            for job in sorted(found.values(), key=lambda job: job.id):
                self._note(job)
            self._open = {job.id for job in found.values() if job.state not in ENDED_JOB_STATES}
            self.has_ended = self._job_id is not None and not self._open
            self._forget_oldest()
        finally:
            this_look.set()
        self._tell()

    def _note(self, job: Job) -> None:
        known = self._latest.get(job.id)
        if known is None or known.payload != job:
            self._latest.pop(job.id, None)
            self.place += 1
            self._latest[job.id] = Item(self.place, job)

    def _forget_oldest(self) -> None:
        surplus = len(self._latest) - len(self._open) - MOST_ENDED
        for number in list(self._latest) if surplus > 0 else ():
            if surplus > 0 and number not in self._open:
                self._forgotten = self._latest.pop(number).place
                surplus -= 1

    async def _moved(self) -> set[int]:
        """The jobs that have gone somewhere since the last look."""
        moved: set[int] = set()
        while events := await self._follower.pull():
            moved |= {event.subject_id for event in events if self._job_id in (None, event.subject_id)}
        return moved

    def _tell(self) -> None:
        for track in self.tracks:
            track.signal.set()

    def _finish(self) -> None:
        """Nobody comes to this watch any more."""
        if self._feed.watches.get(self._key) is self:
            del self._feed.watches[self._key]
        self._feed.remove(self._follower)
        self._next_look.set()
        self._tell()


class JobTrack(Track):
    def __init__(self, watch: JobWatch, readers: Callable[[], int]) -> None:
        self.watch = watch
        self.readers = readers
        self.signal = asyncio.Event()
        watch.tracks.add(self)

    @property
    def ended(self) -> bool:
        return self.watch.has_ended

    @property
    def position(self) -> int:
        return self.watch.place

    async def read(self, place: int) -> Page:
        return self.watch.behind(place)

    async def wait(self) -> None:
        if self.watch.failure is None:
            await self.signal.wait()
            self.signal.clear()
        if self.watch.failure is not None:
            raise self.watch.failure

    def close(self) -> None:
        self.watch.leave(self)
