"""The JSON objects of the REST face, as OpenAPI describes them, and how they are made from entities.

Pure: what an object needs besides its entity (the last job, staleness) is handed in, see `rest.encoding`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from domain import entities
from domain.errors import JobErrorCode
from domain.lifecycle import Entity, JobKind, JobState, Status

MEDIA_PATH: Final = "/media/"

Version = Annotated[int, Field(description="Counts changes. Send it back as `expected_version` with a decision.")]
Sha256 = Annotated[str, Field(description="Of the file, in lower-case hexadecimal.", pattern="^[0-9a-f]{64}$")]
FilePath = Annotated[str, Field(description="The media key: a path relative to the media folder.")]
Url = Annotated[str, Field(description="Where the file can be fetched from this server.")]


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True)


class Progress(_Object):
    """How far a job is. `fraction` is 0 to 1; `completed` of `total` is in units of the kind of work."""

    fraction: float
    completed: int
    total: int
    step: str | None


class JobError(_Object):
    """Why the last attempt failed. `retryable`: trying again may help. `next_retry_at`: when that happens by itself."""

    code: JobErrorCode
    message: str
    retryable: bool
    next_retry_at: datetime | None


class JobSummary(_Object):
    """The machine work that a script, scene or video last started."""

    id: int
    state: JobState
    progress: Progress
    error: JobError | None


class JobSubject(_Object):
    """What a job works for."""

    type: Entity
    id: int


class Job(_Object):
    """A piece of machine work. `note` says what a person should know about its result."""

    id: int
    kind: JobKind
    state: JobState
    script_id: int
    subject: JobSubject
    attempt: int
    max_attempts: int
    progress: Progress
    error: JobError | None
    note: str | None
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Script(_Object):
    """A written script: `draft`, then `approved`, which cuts it into scenes."""

    id: int
    title: str | None
    content: str
    status: Status
    version: Version
    created_at: datetime
    updated_at: datetime
    job: JobSummary | None


class Scene(_Object):
    """A scene of a script: `pending` or `approved`. `order` starts at 1."""

    id: int
    script_id: int
    order: int
    title: str | None
    text: str
    status: Status
    version: Version
    created_at: datetime
    updated_at: datetime
    job: JobSummary | None


class Image(_Object):
    """A picture of a scene: `pending`, `approved` or `rejected`. `attempt` counts the scene's pictures from 1.

    `stale`: it was made from another text than its scene has now.
    """

    id: int
    scene_id: int
    script_id: int
    attempt: int
    prompt: str
    status: Status
    stale: bool
    file_path: FilePath
    url: Url
    sha256: Sha256
    width: int
    height: int
    byte_size: int
    replaces_id: Annotated[int | None, Field(description="The rejected picture that it was made instead of.")]
    version: Version
    created_at: datetime
    updated_at: datetime


class Video(_Object):
    """A video of exactly the pictures in `images`, in playing order: `pending` until it is ready (`approved`) or not to
    be had (`rejected`, with `error`). The file's facts are null until it is approved.

    `stale`: its pictures are not the chosen ones of its script any more.
    """

    id: int
    script_id: int
    status: Status
    stale: bool
    images: Annotated[list[int], Field(description="Ids of its pictures, in playing order.")]
    error: str | None
    file_path: FilePath | None
    url: Url | None
    sha256: Sha256 | None
    width: int | None
    height: int | None
    duration_seconds: float | None
    byte_size: int | None
    version: Version
    created_at: datetime
    updated_at: datetime
    job: JobSummary | None


def script_object(script: entities.Script, job: entities.Job | None) -> Script:
    return Script(
        id=script.id, title=script.title, content=script.content, status=script.status, version=script.version,
        created_at=script.created_at, updated_at=script.updated_at, job=_summary(job),
    )  # fmt: skip


def scene_object(scene: entities.Scene, job: entities.Job | None) -> Scene:
    return Scene(
        id=scene.id, script_id=scene.script_id, order=scene.order, title=scene.title, text=scene.text,
        status=scene.status, version=scene.version, created_at=scene.created_at, updated_at=scene.updated_at,
        job=_summary(job),
    )  # fmt: skip


def image_object(image: entities.Image) -> Image:
    return Image(
        id=image.id, scene_id=image.scene_id, script_id=image.script_id, attempt=image.attempt, prompt=image.prompt,
        status=image.status, stale=image.stale, file_path=image.file_path, url=MEDIA_PATH + image.file_path,
        sha256=image.sha256, width=image.width, height=image.height, byte_size=image.byte_size,
        replaces_id=image.replaces_id, version=image.version, created_at=image.created_at,
        updated_at=image.updated_at,
    )  # fmt: skip


def video_object(video: entities.Video, job: entities.Job | None, *, stale: bool) -> Video:
    return Video(
        id=video.id, script_id=video.script_id, status=video.status, stale=stale,
        images=[pin.image_id for pin in video.pins], error=video.error, file_path=video.file_path,
        url=MEDIA_PATH + video.file_path if video.file_path is not None else None, sha256=video.sha256,
        width=video.width, height=video.height, duration_seconds=video.duration_seconds, byte_size=video.byte_size,
        version=video.version, created_at=video.created_at, updated_at=video.updated_at, job=_summary(job),
    )  # fmt: skip


def job_object(job: entities.Job) -> Job:
    return Job(
        id=job.id, kind=job.kind, state=job.state, script_id=job.script_id,
        subject=JobSubject(type=job.subject, id=job.subject_id), attempt=job.attempt, max_attempts=job.max_attempts,
        progress=_progress(job), error=_error(job), note=job.note, queued_at=job.queued_at, started_at=job.started_at,
        finished_at=job.finished_at,
    )  # fmt: skip


def _summary(job: entities.Job | None) -> JobSummary | None:
    if job is None:
        return None
    return JobSummary(id=job.id, state=job.state, progress=_progress(job), error=_error(job))


def _progress(job: entities.Job) -> Progress:
    return Progress(
        fraction=job.progress_fraction, completed=job.progress_completed, total=job.progress_total,
        step=job.progress_step,
    )  # fmt: skip


def _error(job: entities.Job) -> JobError | None:
    failure = job.failure
    if failure is None:
        return None
    return JobError(
        code=failure.code, message=failure.message, retryable=failure.retryable, next_retry_at=job.next_attempt_at
    )
