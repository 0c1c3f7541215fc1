"""Rows as every face sees them: immutable, plain, detached from the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.errors import JobErrorCode
from domain.lifecycle import Entity, JobKind, JobState, Status
from domain.rendering import RenderSpec


@dataclass(frozen=True, slots=True)
class Script:
    """A written script. `content_sha256` is the lower-case hex SHA-256 of the UTF-8 content.

    `style` is what all its pictures are to look like; `budget` what its paid calls may cost in all, in US dollars.
    An archived script is left out of lists and of the review queue.
    """

    id: int
    title: str | None
    content: str
    content_sha256: str
    style: str | None
    budget: Decimal | None
    status: Status
    version: int
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene of a script. `gap` is the white space that follows `text` in the script; `order` starts at 1.

    A removed scene was merged into another one: it is kept for its pictures and its history, and takes no commands.
    """

    id: int
    script_id: int
    order: int
    title: str | None
    text: str
    gap: str
    text_sha256: str
    status: Status
    version: int
    removed_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Image:
    """A finished picture of a scene. `attempt` counts the scene's pictures from 1.

    `text_sha256` is of the text it stands for; `scene_text_sha256` of the scene's present text. `approval_id` is the
    decision that approved it: the largest of a scene is its chosen image. `job_id` is the job that made it; None, and
    `prompt` empty, for a person's own picture.
    """

    id: int
    scene_id: int
    script_id: int
    attempt: int
    prompt: str
    status: Status
    text_sha256: str
    scene_text_sha256: str
    file_path: str
    sha256: str
    width: int
    height: int
    byte_size: int
    replaces_id: int | None
    job_id: int | None
    approval_id: int | None
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def stale(self) -> bool:
        """Made from another text than its scene has now."""
        return self.text_sha256 != self.scene_text_sha256


@dataclass(frozen=True, slots=True)
class Pin:
    """One picture of a video, exactly: the file's SHA-256 is part of it. So is that of the scene's text, but for a
    video of an earlier version, where it is None."""

    scene_id: int
    image_id: int
    sha256: str
    text_sha256: str | None = None

    def stands(self, chosen: Pin) -> bool:
        """Whether this is still what its scene shows and says."""
        same_text = self.text_sha256 in (None, chosen.text_sha256)
        return same_text and (self.scene_id, self.image_id, self.sha256) == (
            chosen.scene_id, chosen.image_id, chosen.sha256,
        )  # fmt: skip


class Deliverable(StrEnum):
    """What comes with the MP4 of a video: captions as WebVTT and SubRip, a still, a moving preview, and the record of
    what it was made from."""

    CAPTIONS = "vtt"
    SUBTITLES = "srt"
    POSTER = "jpg"
    PREVIEW = "webp"
    MANIFEST = "json"


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A stored file. `sha256` is in lower-case hexadecimal."""

    file_path: str
    sha256: str
    byte_size: int


@dataclass(frozen=True, slots=True)
class SceneWords:
    """What one scene says: pinned with a video, so that a later edit does not reach into it."""

    scene_id: int
    order: int
    title: str | None
    text: str
    text_sha256: str


@dataclass(frozen=True, slots=True)
class Words:
    """All that a video may say: the script's title, and its scenes in playing order."""

    title: str | None
    scenes: tuple[SceneWords, ...]


@dataclass(frozen=True, slots=True)
class Music:
    """A piece of music that was sent for a script's videos."""

    id: int
    script_id: int
    title: str
    file_path: str
    sha256: str
    duration_seconds: float
    byte_size: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Video:
    """A video that was asked for, finished or not. The file's facts are None until it is approved.

    `spec` is None for one of an earlier version. `files` are what comes with the MP4.
    """

    id: int
    script_id: int
    status: Status
    pins: tuple[Pin, ...]
    spec: RenderSpec | None
    error: str | None
    file_path: str | None
    sha256: str | None
    width: int | None
    height: int | None
    duration_seconds: float | None
    byte_size: int | None
    files: Mapping[Deliverable, MediaFile]
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class JobFailure:
    """Why the last attempt failed. `retryable`: trying again may help, by itself or by a person."""

    code: JobErrorCode
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of machine work. `attempt` counts started attempts, `fence` changes whenever its holder does.

    Progress is `progress_completed` of `progress_total` in units of the kind's own; `fraction` is 0 to 1. The seconds
    left are an estimate, None where there is none.
    """

    id: int
    kind: JobKind
    state: JobState
    subject: Entity
    subject_id: int
    script_id: int
    text_sha256: str | None
    prompt: str | None
    feedback: str | None
    replaces_id: int | None
    attempt: int
    max_attempts: int
    fence: int
    version: int
    progress_fraction: float
    progress_completed: int
    progress_total: int
    progress_step: str | None
    progress_seconds_left: float | None
    note: str | None
    failure: JobFailure | None
    next_attempt_at: datetime | None
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided. `sha256` is of the text or file that was decided on."""

    id: int
    subject: Entity
    subject_id: int
    status: Status
    feedback: str | None
    actor: str
    sha256: str
    decided_at: datetime
