"""From rows to the domain's immutable entities.

Queries ask for plain values, not for model instances: building instances costs several times more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from domain.entities import (
    Decision,
    Deliverable,
    Image,
    Job,
    JobFailure,
    MediaFile,
    Music,
    Pin,
    Scene,
    SceneWords,
    Script,
    Video,
    Words,
)
from domain.errors import JobErrorCode
from domain.events import Event, EventKind
from domain.lifecycle import Entity, JobKind, JobState, Status
from domain.money import from_nano
from domain.rendering import spec_of

Row = Mapping[str, Any]

LARGEST_ID: Final = 2**31 - 1
"""Ids are 32-bit: a larger one names nothing, and PostgreSQL would refuse it as a parameter."""

SCRIPT_FIELDS: Final = (
    "id", "title", "content", "content_sha256", "style", "budget_nano", "status", "version", "archived_at",
    "created_at", "updated_at",
)  # fmt: skip
SCENE_FIELDS: Final = (
    "id", "script_id", "order", "title", "text", "gap", "text_sha256", "status", "version", "removed_at",
    "created_at", "updated_at",
)  # fmt: skip
IMAGE_FIELDS: Final = (
    "id", "scene_id", "script_id", "attempt", "prompt", "status", "text_sha256", "file_path", "sha256", "width",
    "height", "byte_size", "replaces_id", "job_id", "approval_id", "version", "created_at", "updated_at",
)  # fmt: skip
IMAGE_JOINS: Final = {"scene_text_sha256": "scene__text_sha256"}
VIDEO_FIELDS: Final = (
    "id", "script_id", "status", "pins", "spec", "error", "file_path", "sha256", "width", "height", "duration_seconds",
    "byte_size", "files", "version", "created_at", "updated_at",
)  # fmt: skip
MUSIC_FIELDS: Final = (
    "id", "script_id", "title", "file_path", "sha256", "duration_seconds", "byte_size", "created_at",
)  # fmt: skip
JOB_FIELDS: Final = (
    "id", "kind", "state", "subject", "subject_id", "script_id", "text_sha256", "prompt", "feedback", "replaces_id",
    "attempt", "max_attempts", "fence", "version", "progress_fraction", "progress_completed", "progress_total",
    "progress_step", "progress_seconds_left", "note", "error_code", "error_message", "error_retryable", "due_at_ms",
    "queued_at", "started_at", "finished_at",
)  # fmt: skip
DECISION_FIELDS: Final = (
    "id", "subject", "subject_id", "status", "feedback", "actor", "sha256", "decided_at",
)  # fmt: skip
EVENT_FIELDS: Final = (
    "id", "kind", "subject", "subject_id", "script_id", "version", "previous", "new", "actor", "payload",
    "occurred_at",
)  # fmt: skip


def is_storable_id(entity_id: int) -> bool:
    """Whether any row could have this id."""
    return 1 <= entity_id <= LARGEST_ID


def to_script(row: Row) -> Script:
    values = dict(row)
    budget_nano = values.pop("budget_nano")
    values["budget"] = None if budget_nano is None else from_nano(budget_nano)
    return Script(**{**values, "status": Status(row["status"])})


def to_scene(row: Row) -> Scene:
    return Scene(**{**row, "status": Status(row["status"])})


def to_image(row: Row) -> Image:
    return Image(**{**row, "status": Status(row["status"])})


def to_video(row: Row) -> Video:
    pins = tuple(Pin(*pin) for pin in row["pins"])
    spec = None if row["spec"] is None else spec_of(row["spec"])
    files = {Deliverable(kind): MediaFile(**file) for kind, file in (row["files"] or {}).items()}
    return Video(**{**row, "status": Status(row["status"]), "pins": pins, "spec": spec, "files": files})


def to_words(values: Mapping[str, Any]) -> Words:
    return Words(values["title"], tuple(SceneWords(**scene) for scene in values["scenes"]))


def to_music(row: Row) -> Music:
    return Music(**row)


def to_job(row: Row) -> Job:
    values = dict(row)
    code, message = values.pop("error_code"), values.pop("error_message")
    retryable, due_at_ms = values.pop("error_retryable"), values.pop("due_at_ms")
    state = JobState(row["state"])
    waits = state is JobState.RETRYING and due_at_ms is not None
    values |= {
        "kind": JobKind(row["kind"]),
        "state": state,
        "subject": Entity(row["subject"]),
        "failure": JobFailure(JobErrorCode(code), message, bool(retryable)) if code else None,
        "next_attempt_at": datetime.fromtimestamp(due_at_ms / 1000, UTC) if waits else None,
        "progress_seconds_left": row["progress_seconds_left"] if state is JobState.RUNNING else None,
    }
    return Job(**values)


def to_decision(row: Row) -> Decision:
    return Decision(**{**row, "subject": Entity(row["subject"]), "status": Status(row["status"])})


def to_event(row: Row) -> Event:
    return Event(**{**row, "kind": EventKind(row["kind"]), "subject": Entity(row["subject"])})
