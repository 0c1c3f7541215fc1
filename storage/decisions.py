"""Who decided what, when and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tortoise.functions import Max

from domain.entities import Decision
from domain.lifecycle import Entity, Status
from storage import models
from storage.rows import DECISION_FIELDS, to_decision


async def insert_decision(
    subject: Entity, subject_id: int, *, script_id: int, status: Status, feedback: str | None, actor: str, sha256: str,
    now: datetime,
) -> Decision:  # fmt: skip
    """`sha256` is of the text or file that was decided on."""
    row = await models.Decision.create(
        subject=subject.value, subject_id=subject_id, script_id=script_id, status=status.value, feedback=feedback,
        actor=actor, sha256=sha256, decided_at=now,
    )  # fmt: skip
    return Decision(row.id, subject, subject_id, status, feedback, actor, sha256, now)


async def last_decisions(subject: Entity, subject_ids: Sequence[int]) -> dict[int, Decision]:
    """The newest decision on each subject that has one."""
    query = models.Decision.filter(subject=subject.value, subject_id__in=list(subject_ids))
    newest = await query.annotate(newest=Max("id")).group_by("subject_id").values("subject_id", "newest")
    rows = await models.Decision.filter(id__in=[row["newest"] for row in newest]).values(*DECISION_FIELDS)
    return {row["subject_id"]: to_decision(row) for row in rows}
