"""Statuses, job states and the moves between them: the only place that knows which move is legal.

Statuses record people's decisions and a video's outcome. Machine work is a job with states of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from domain.errors import IllegalTransition


class Entity(StrEnum):
    """What has an id of its own. The value is the prefix of its global id: `scene_7`."""

    SCRIPT = "script"
    SCENE = "scene"
    IMAGE = "image"
    VIDEO = "video"
    JOB = "job"


class Status(StrEnum):
    """The statuses of scripts, scenes, images and videos."""

    DRAFT = "draft"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class JobKind(StrEnum):
    """What a job makes. The value is also the name of its handler."""

    SEGMENT_SCRIPT = "segment_script"
    GENERATE_IMAGE = "generate_image"
    COMPILE_VIDEO = "compile_video"


class JobState(StrEnum):
    """Where a job is. `retrying` waits for its next attempt, `parked` for a person."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    PARKED = "parked"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ReviewAction(StrEnum):
    """What a client may offer for an entity as it is now."""

    EDIT = "edit"
    APPROVE = "approve"
    REJECT = "reject"
    GENERATE = "generate"
    CHOOSE = "choose"
    RETRY = "retry"
    CANCEL = "cancel"
    CREATE_VIDEO = "create_video"


STATUSES: Mapping[Entity, tuple[Status, ...]] = {
    Entity.SCRIPT: (Status.DRAFT, Status.APPROVED),
    Entity.SCENE: (Status.PENDING, Status.APPROVED),
    Entity.IMAGE: (Status.PENDING, Status.APPROVED, Status.REJECTED),
    Entity.VIDEO: (Status.PENDING, Status.APPROVED, Status.REJECTED),
}

INITIAL: Mapping[Entity, Status] = {
    Entity.SCRIPT: Status.DRAFT,
    Entity.SCENE: Status.PENDING,
    Entity.IMAGE: Status.PENDING,
    Entity.VIDEO: Status.PENDING,
}

TRANSITIONS: Mapping[Entity, frozenset[tuple[Status, Status]]] = {
    Entity.SCRIPT: frozenset({(Status.DRAFT, Status.APPROVED)}),
    Entity.SCENE: frozenset({(Status.PENDING, Status.APPROVED), (Status.APPROVED, Status.PENDING)}),
    Entity.IMAGE: frozenset({(Status.PENDING, Status.APPROVED), (Status.PENDING, Status.REJECTED)}),
    Entity.VIDEO: frozenset({(Status.PENDING, Status.APPROVED), (Status.PENDING, Status.REJECTED)}),
}

JOB_TRANSITIONS: frozenset[tuple[JobState, JobState]] = frozenset(
    {(waiting, JobState.RUNNING) for waiting in (JobState.QUEUED, JobState.RETRYING)}
    | {
        (JobState.RUNNING, outcome)
        for outcome in (JobState.SUCCEEDED, JobState.RETRYING, JobState.PARKED, JobState.FAILED)
    }
    | {
        (active, JobState.CANCELLED)
        for active in (JobState.QUEUED, JobState.RUNNING, JobState.RETRYING, JobState.PARKED)
    }
    | {(ended, JobState.QUEUED) for ended in (JobState.RETRYING, JobState.FAILED, JobState.PARKED, JobState.CANCELLED)}
)

ACTIVE_JOB_STATES = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.RETRYING, JobState.PARKED})
"""The job has not ended: it may still bring a result."""

WAITING_JOB_STATES = frozenset({JobState.QUEUED, JobState.RETRYING, JobState.PARKED})
"""Not ended and not being worked on: cancelling costs nothing."""

DUE_JOB_STATES = frozenset({JobState.QUEUED, JobState.RETRYING})
"""A worker may claim the job once it is due."""

ENDED_JOB_STATES = frozenset(JobState) - ACTIVE_JOB_STATES

RETRYABLE_JOB_STATES = frozenset({JobState.RETRYING, JobState.FAILED, JobState.PARKED, JobState.CANCELLED})
"""What a person may send back into the queue, as long as its work is still wanted."""


def require_transition(entity: Entity, current: Status, wanted: Status, *, hint: str = "") -> None:
    """Raise `IllegalTransition` unless the table has this move."""
    if (current, wanted) not in TRANSITIONS[entity]:
        raise IllegalTransition(entity.value, current.value, wanted.value, hint=hint)
