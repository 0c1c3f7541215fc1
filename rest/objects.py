"""The JSON objects of the REST face, as OpenAPI describes them, and how they are made from entities.

Pure: what an object needs besides its entity (the last job, staleness) is handed in, see `rest.encoding`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from domain import entities
from domain.entities import Deliverable
from domain.errors import JobErrorCode
from domain.estimates import Estimate as EstimateRow
from domain.lifecycle import Entity, JobKind, JobState, Status
from domain.money import CURRENCY, amount_text
from domain.money import Cost as CostRow
from rest.renders import Render, render_object

MEDIA_PATH: Final = "/media/"

Version = Annotated[int, Field(description="Counts changes. Send it back as `expected_version` with a decision.")]
Sha256 = Annotated[str, Field(description="Of the file, in lower-case hexadecimal.", pattern="^[0-9a-f]{64}$")]
FilePath = Annotated[str, Field(description="The media key: a path relative to the media folder.")]
Currency = Annotated[str, Field(description="An ISO 4217 code.", examples=[CURRENCY])]
Url = Annotated[str, Field(description="Where the file can be fetched from this server.")]


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True)


class Cost(_Object):
    """What was spent on paid providers. Calls that were refused cost nothing and are not counted.

    `unknown_calls` of the `calls` have no known cost: under way, their answer lost, or their price not known.
    """

    amount: Annotated[
        str | None,
        Field(
            description="What is known to be spent, exactly, such as `12.5`; a lower bound if there are "
            "`unknown_calls`. Null if nothing is known of any of the calls: unknown is never 0."
        ),
    ]
    currency: Currency
    calls: int
    unknown_calls: int


class Estimate(_Object):
    """What a decision would start, at its most: what a budget reserves for the calls it takes, if each answers usably
    at the first try. What is spent in the end is mostly far less.
    """

    amount: Annotated[str | None, Field(description="At most this much; null if a price is not known.")]
    currency: Currency
    calls: Annotated[int, Field(description="0 if it starts nothing, or nothing that costs.")]


class Progress(_Object):
    """How far a job is. `fraction` is 0 to 1; `completed` of `total` is in units of the kind of work."""

    fraction: float
    completed: int
    total: int
    step: str | None
    seconds_left: Annotated[float | None, Field(description="An estimate; null where there is none.")]


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
    version: int
    script_id: int
    subject: JobSubject
    attempt: int
    max_attempts: int
    progress: Progress
    error: JobError | None
    note: str | None
    cost: Cost
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Script(_Object):
    """A written script: `draft`, then `approved`, which cuts it into scenes."""

    id: int
    title: str | None
    content: str
    style: Annotated[str | None, Field(description="What all its pictures are to look like.")]
    budget: Annotated[str | None, Field(description="What its paid calls may cost in all, in US dollars: `12.5`.")]
    status: Status
    version: Version
    archived_at: Annotated[datetime | None, Field(description="When it was put away; null if it is not.")]
    created_at: datetime
    updated_at: datetime
    job: JobSummary | None
    cost: Annotated[Cost, Field(description="Of all calls of all its jobs.")]
    estimate: Annotated[
        Estimate | None, Field(description="Of approving it: its segmentation. Null if it cannot be approved.")
    ]


class Scene(_Object):
    """A scene of a script: `pending` or `approved`. `order` starts at 1."""

    id: int
    script_id: int
    order: int
    title: str | None
    text: str
    status: Status
    version: Version
    removed_at: Annotated[
        datetime | None,
        Field(
            description="When it was merged into the one before it; null if it was not. Then it is kept for its "
            "pictures, is in no list and takes no changes."
        ),
    ]
    created_at: datetime
    updated_at: datetime
    job: JobSummary | None
    estimate: Annotated[
        Estimate | None,
        Field(
            description="Of approving it: a prompt and a picture, or nothing where a picture of its present text is "
            "there or coming. Null if it cannot be approved."
        ),
    ]


class SceneSplit(_Object):
    """What became of a scene that was cut in two: it has the first part, the new one behind it the second."""

    scene: Scene
    new_scene: Scene


class Image(_Object):
    """A picture of a scene: `pending`, `approved` or `rejected`. `attempt` counts the scene's pictures from 1.

    `stale`: it was made from another text than its scene has now.
    """

    id: int
    scene_id: int
    script_id: int
    attempt: int
    prompt: Annotated[str, Field(description="What it was made from; empty for a person's own picture.")]
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
    cost: Annotated[Cost, Field(description="Of the job that made it; nothing where no job did.")]
    estimate: Annotated[
        Estimate | None,
        Field(description="Of rejecting it: another prompt and picture, or nothing. Null if it cannot be rejected."),
    ]


class Video(_Object):
    """A video of exactly the pictures in `images`, in playing order: `pending` until it is ready (`approved`) or not to
    be had (`rejected`, with `error`). The file's facts are null until it is approved.

    `stale`: its pictures and texts are not the chosen and present ones of its script any more. `render` is how it is
    made, null for a video of an earlier version.
    """

    id: int
    script_id: int
    status: Status
    stale: bool
    images: Annotated[list[int], Field(description="Ids of its pictures, in playing order.")]
    render: Render | None
    error: str | None
    file_path: FilePath | None
    url: Url | None
    sha256: Sha256 | None
    width: int | None
    height: int | None
    duration_seconds: float | None
    byte_size: int | None
    poster_url: Annotated[str | None, Field(description="A still of it, a JPEG.")]
    preview_url: Annotated[str | None, Field(description="A small moving preview, a WebP.")]
    captions_url: Annotated[str | None, Field(description="Its captions as WebVTT.")]
    subtitles_url: Annotated[str | None, Field(description="Its captions as SubRip (SRT).")]
    manifest_url: Annotated[str | None, Field(description="What it was made from, by whom and how, as JSON.")]
    version: Version
    created_at: datetime
    updated_at: datetime
    job: JobSummary | None


class Music(_Object):
    """A piece of music for a script's videos: FLAC at `url`."""

    id: int
    script_id: int
    title: Annotated[str, Field(description="The name of the file that was sent, without its ending.")]
    file_path: FilePath
    url: Url
    sha256: Sha256
    duration_seconds: float
    byte_size: int
    created_at: datetime


def script_object(
    script: entities.Script, job: entities.Job | None, cost: CostRow, estimate: EstimateRow | None
) -> Script:
    return Script(
        id=script.id, title=script.title, content=script.content, style=script.style, budget=_amount(script.budget),
        status=script.status, version=script.version, archived_at=script.archived_at,
        created_at=script.created_at, updated_at=script.updated_at,
        job=_summary(job), cost=_cost(cost), estimate=estimate_object(estimate),
    )  # fmt: skip


def scene_object(scene: entities.Scene, job: entities.Job | None, estimate: EstimateRow | None) -> Scene:
    return Scene(
        id=scene.id, script_id=scene.script_id, order=scene.order, title=scene.title, text=scene.text,
        status=scene.status, version=scene.version, removed_at=scene.removed_at,
        created_at=scene.created_at, updated_at=scene.updated_at,
        job=_summary(job), estimate=estimate_object(estimate),
    )  # fmt: skip


def image_object(image: entities.Image, cost: CostRow, estimate: EstimateRow | None) -> Image:
    return Image(
        id=image.id, scene_id=image.scene_id, script_id=image.script_id, attempt=image.attempt, prompt=image.prompt,
        status=image.status, stale=image.stale, file_path=image.file_path, url=MEDIA_PATH + image.file_path,
        sha256=image.sha256, width=image.width, height=image.height, byte_size=image.byte_size,
        replaces_id=image.replaces_id, version=image.version, created_at=image.created_at,
        updated_at=image.updated_at, cost=_cost(cost), estimate=estimate_object(estimate),
    )  # fmt: skip


def video_object(video: entities.Video, job: entities.Job | None, *, stale: bool) -> Video:
    return Video(
        id=video.id, script_id=video.script_id, status=video.status, stale=stale,
        images=[pin.image_id for pin in video.pins], error=video.error, file_path=video.file_path,
        url=MEDIA_PATH + video.file_path if video.file_path is not None else None, sha256=video.sha256,
        width=video.width, height=video.height, duration_seconds=video.duration_seconds, byte_size=video.byte_size,
        render=None if video.spec is None else render_object(video.spec),
        poster_url=_url_of(video, Deliverable.POSTER), preview_url=_url_of(video, Deliverable.PREVIEW),
        captions_url=_url_of(video, Deliverable.CAPTIONS), subtitles_url=_url_of(video, Deliverable.SUBTITLES),
        manifest_url=_url_of(video, Deliverable.MANIFEST),
        version=video.version, created_at=video.created_at, updated_at=video.updated_at, job=_summary(job),
    )  # fmt: skip


def _url_of(video: entities.Video, kind: Deliverable) -> str | None:
    file = video.files.get(kind)
    return None if file is None else MEDIA_PATH + file.file_path


def music_object(music: entities.Music) -> Music:
    return Music(
        id=music.id, script_id=music.script_id, title=music.title, file_path=music.file_path,
        url=MEDIA_PATH + music.file_path, sha256=music.sha256, duration_seconds=music.duration_seconds,
        byte_size=music.byte_size, created_at=music.created_at,
    )  # fmt: skip


def job_object(job: entities.Job, cost: CostRow) -> Job:
    return Job(
        id=job.id, kind=job.kind, state=job.state, version=job.version, script_id=job.script_id,
        subject=JobSubject(type=job.subject, id=job.subject_id), attempt=job.attempt, max_attempts=job.max_attempts,
        progress=_progress(job), error=_error(job), note=job.note, cost=_cost(cost),
        queued_at=job.queued_at, started_at=job.started_at, finished_at=job.finished_at,
    )  # fmt: skip


def _cost(cost: CostRow) -> Cost:
    return Cost(amount=_amount(cost.known), currency=CURRENCY, calls=cost.calls, unknown_calls=cost.unknown)


def estimate_object(estimate: EstimateRow | None) -> Estimate | None:
    if estimate is None:
        return None
    return Estimate(amount=_amount(estimate.amount), currency=CURRENCY, calls=estimate.calls)


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else amount_text(amount)


def _summary(job: entities.Job | None) -> JobSummary | None:
    if job is None:
        return None
    return JobSummary(id=job.id, state=job.state, progress=_progress(job), error=_error(job))


def _progress(job: entities.Job) -> Progress:
    return Progress(
        fraction=job.progress_fraction, completed=job.progress_completed, total=job.progress_total,
        step=job.progress_step, seconds_left=job.progress_seconds_left,
    )  # fmt: skip


def _error(job: entities.Job) -> JobError | None:
    failure = job.failure
    if failure is None:
        return None
    return JobError(
        code=failure.code, message=failure.message, retryable=failure.retryable, next_retry_at=job.next_attempt_at
    )
