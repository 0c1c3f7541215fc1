"""What happened, as the append-only log keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.lifecycle import Entity


class EventKind(StrEnum):
    """`created` and `status_changed` together are every status change; a creation has no previous status.

    `removed`: a scene was merged into another one; its status stays what it was.
    """

    CREATED = "created"
    STATUS_CHANGED = "status_changed"
    EDITED = "edited"
    DECIDED = "decided"
    JOB_CHANGED = "job_changed"
    REMOVED = "removed"


STATUS_EVENTS = frozenset({EventKind.CREATED, EventKind.STATUS_CHANGED})


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before the log has given it a place."""

    kind: EventKind
    subject: Entity
    subject_id: int
    script_id: int
    version: int
    previous: str | None
    new: str
    actor: str
    payload: Mapping[str, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """An event with its place in the log: `id` rises in commit order."""

    id: int
    kind: EventKind
    subject: Entity
    subject_id: int
    script_id: int
    version: int
    previous: str | None
    new: str
    actor: str
    payload: Mapping[str, str | int | None]
    occurred_at: datetime
