"""What the faces read: single things that must be there, and what belongs to many at once.

Everything that takes a list answers for all of it with a bounded number of statements.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from domain.entities import Decision, Image, Job, Pin, Scene, Script, Video
from domain.errors import NotFound
from domain.events import STATUS_EVENTS, Event, EventKind
from domain.lifecycle import Entity, JobState, Status
from domain.money import Cost
from domain.paging import Page, decode_place, encode_place
from storage import calls, decisions, events, images, jobs, music, progress, queue, scenes, scripts, videos
from storage.database import ping, storage_error
from storage.errors import DatabaseBusy, DatabaseNotMigrated, DatabaseUnavailable, MediaMissing, StorageError
from storage.progress import ScriptProgress
from storage.scripts import ScriptFilter, ScriptOrder

__all__ = [
    "DatabaseBusy",
    "DatabaseNotMigrated",
    "DatabaseUnavailable",
    "MediaMissing",
    "ScriptFilter",
    "ScriptOrder",
    "ScriptProgress",
    "StorageError",
    "ping",
]


async def read_script(script_id: int) -> Script:
    """Raises `NotFound`, as all of these do."""
    found = await scripts.script_by_id(script_id)
    if found is None:
        raise NotFound("script", script_id)
    return found


async def read_scene(scene_id: int) -> Scene:
    found = await scenes.scene_by_id(scene_id)
    if found is None:
        raise NotFound("scene", scene_id)
    return found


async def read_image(image_id: int) -> Image:
    found = await images.image_by_id(image_id)
    if found is None:
        raise NotFound("image", image_id)
    return found


async def read_video(video_id: int) -> Video:
    found = await videos.video_by_id(video_id)
    if found is None:
        raise NotFound("video", video_id)
    return found


async def read_job(job_id: int) -> Job:
    found = await jobs.job_by_id(job_id)
    if found is None:
        raise NotFound("job", job_id)
    return found


async def newest_video(script_id: int) -> Video:
    await read_script(script_id)
    found = (await videos.newest_videos([script_id])).get(script_id)
    if found is None:
        raise NotFound("video of script", script_id)
    return found


scripts_by_id = scripts.scripts_by_id
scenes_by_id = scenes.scenes_by_id
images_by_id = images.images_by_id
videos_by_id = videos.videos_by_id
jobs_by_id = jobs.jobs_by_id
scenes_of_scripts = scenes.scenes_of_scripts
images_of_scenes = images.images_of_scenes
chosen_of = images.chosen_of
videos_of_scripts = videos.videos_of_scripts
music_of_scripts = music.music_of_scripts
newest_videos = videos.newest_videos
latest_jobs = jobs.latest_jobs
progress_of_scripts = progress.progress_of_scripts
page_of_scripts = scripts.page_of_scripts
page_of_queue = queue.page_of_queue
active_job_ids = jobs.active_job_ids
last_event_id = events.last_event_id
events_after = events.events_after
decode_cursor = events.decode_cursor


async def event_cursor() -> str:
    """The cursor behind the last event."""
    return (await events.last_place()).encode()


async def read_event(event_id: int) -> Event:
    found = await events.event_by_id(event_id)
    if found is None or found.kind not in STATUS_EVENTS:
        raise NotFound("status change", event_id)
    return found


async def page_of_videos(*, first: int, after: str | None, status: Status | None) -> Page[Video]:
    return await videos.page_of_videos(first=first, after=after, status=status)


async def page_of_jobs(
    *, first: int, after: str | None, states: Collection[JobState] | None, script_id: int | None
) -> Page[Job]:
    return await jobs.page_of_jobs(first=first, after=after, states=states, script_id=script_id)


async def page_of_history(*, script_id: int, first: int, after: str | None) -> Page[Event]:
    """The status changes of one script and what is beneath it, oldest first."""
    last_id = int(decode_place("history", after, int)[0]) if after is not None else 0
    total = await events.count_events(script_id=script_id, kinds=STATUS_EVENTS)
    found = await events.events_after(last_id, limit=first + 1, script_id=script_id, kinds=STATUS_EVENTS)
    cursors = tuple(encode_place("history", [event.id]) for event in found[:first])
    return Page(tuple(found[:first]), cursors, len(found) > first, after is not None, total)


async def page_of_changes(*, script_id: int, first: int, after: str | None) -> Page[Event]:
    """Everything that happened in one script, newest first."""
    before = int(decode_place("changes", after, int)[0]) if after is not None else None
    total = await events.count_events(script_id=script_id, kinds=frozenset(EventKind))
    found = await events.events_before(before, limit=first + 1, script_id=script_id)
    cursors = tuple(encode_place("changes", [event.id]) for event in found[:first])
    return Page(tuple(found[:first]), cursors, len(found) > first, after is not None, total)


async def stale_videos(listed: Sequence[Video]) -> dict[int, bool]:
    """Whether each video's pinned pictures and texts are not its script's chosen and present ones any more."""
    script_ids = sorted({video.script_id for video in listed})
    chosen = await images.chosen_pins(script_ids)
    return {video.id: _is_stale(video, chosen[video.script_id]) for video in listed}


def _is_stale(video: Video, chosen: Sequence[Pin]) -> bool:
    if len(video.pins) != len(chosen):
        return True
    return not all(pin.stands(now) for pin, now in zip(video.pins, chosen, strict=True))


async def costs_of_jobs(job_ids: Sequence[int]) -> dict[int, Cost]:
    """Of every one, also where no calls were made."""
    found = await calls.costs_of_jobs(job_ids)
    return {job_id: found.get(job_id, Cost()) for job_id in job_ids}


async def costs_of_scripts(script_ids: Sequence[int]) -> dict[int, Cost]:
    """All calls of all jobs of each script."""
    found = await calls.costs_of_scripts(script_ids)
    return {script_id: found.get(script_id, Cost()) for script_id in script_ids}


async def costs_of_images(listed: Sequence[Image]) -> dict[int, Cost]:
    """What the job of each cost. A picture that no job has made has cost nothing."""
    found = await calls.costs_of_jobs(sorted({image.job_id for image in listed if image.job_id is not None}))
    return {image.id: found.get(image.job_id or 0, Cost()) for image in listed}


async def decisions_on(subject: Entity, subject_ids: Sequence[int]) -> dict[int, Decision]:
    """The last decision on each subject that has one."""
    return await decisions.last_decisions(subject, subject_ids)


def database_failure(error: Exception) -> DatabaseBusy | DatabaseUnavailable | None:
    """What keeps the database from answering, if that is what this error is about."""
    known = error if isinstance(error, StorageError) else storage_error(error)
    return known if isinstance(known, DatabaseBusy | DatabaseUnavailable) else None


log_identity = events.log_identity


def cursor_in_log(identity: str, event: Event | None) -> str:
    """The cursor behind this event of the log with this identity, without asking the database; None: its beginning."""
    place = events.LogPlace(identity, event.id, event.occurred_at) if event else events.LogPlace(identity, 0, None)
    return place.encode()
