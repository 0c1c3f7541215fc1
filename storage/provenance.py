"""Where the parts of a video come from: who approved exactly these texts and pictures, and which models made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.calls import Role
from domain.entities import Decision
from domain.lifecycle import Entity, Status
from storage import models
from storage.calls import CallState
from storage.rows import DECISION_FIELDS, to_decision


async def approvals_of(subject: Entity, sha256s: Mapping[int, str], *, until: datetime) -> dict[int, Decision]:
    """The last approval of each subject, by that time, that was of the text or file with this SHA-256."""
    query = models.Decision.filter(
        subject=subject.value, subject_id__in=list(sha256s), status=Status.APPROVED.value, decided_at__lte=until
    )
    rows = await query.order_by("id").values(*DECISION_FIELDS)
    return {row["subject_id"]: to_decision(row) for row in rows if row["sha256"] == sha256s[row["subject_id"]]}


async def image_models(job_ids: Sequence[int]) -> dict[int, str]:
    """The model whose answer each job used; none for those that asked no outside service."""
    query = models.ProviderCall.filter(
        job_id__in=list(job_ids), role=Role.IMAGES.value, state=CallState.ANSWERED.value
    ).order_by("id")
    return {row["job_id"]: row["model"] for row in await query.values("job_id", "model")}
