"""Counts over whole scripts, for many scripts at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.expressions import Q, Subquery
from tortoise.functions import Count, Max

from domain.lifecycle import ACTIVE_JOB_STATES, Entity, JobState, Status
from storage import models


@dataclass(frozen=True, slots=True)
class ScriptProgress:
    """Counts over one script. `scenes_illustrated` have a chosen image that is not stale.

    `awaiting_review` counts pending scenes and pending images; `jobs_failed` counts subjects whose last job failed or
    is parked.
    """

    scenes: int = 0
    scenes_approved: int = 0
    scenes_illustrated: int = 0
    awaiting_review: int = 0
    jobs_active: int = 0
    jobs_failed: int = 0


async def progress_of_scripts(script_ids: Sequence[int]) -> dict[int, ScriptProgress]:
    """Five statements, however many scripts."""
    ids = list(script_ids)
    counts: dict[int, dict[str, int]] = {script_id: defaultdict(int) for script_id in ids}
    present = models.Scene.filter(script_id__in=ids, removed_at__isnull=True)
    scenes = present.annotate(n=Count("id")).group_by("script_id", "status")
    for row in await scenes.values("script_id", "status", "n"):
        count = counts[row["script_id"]]
        count["scenes"] += row["n"]
        count["scenes_approved" if row["status"] == Status.APPROVED else "awaiting_review"] += row["n"]
    pending = models.Image.filter(script_id__in=ids, status=Status.PENDING.value, scene__removed_at__isnull=True)
    for row in await pending.annotate(n=Count("id")).group_by("script_id").values("script_id", "n"):
        counts[row["script_id"]]["awaiting_review"] += row["n"]
    for script_id in await _scripts_of_illustrated_scenes(ids):
        counts[script_id]["scenes_illustrated"] += 1
    for script_id, state in await _latest_job_states(ids):
        counts[script_id]["jobs_active"] += state in ACTIVE_JOB_STATES - {JobState.PARKED}
        counts[script_id]["jobs_failed"] += state in (JobState.FAILED, JobState.PARKED)
    return {script_id: ScriptProgress(**count) for script_id, count in counts.items()}


async def _scripts_of_illustrated_scenes(script_ids: list[int]) -> list[int]:
    """The script of each scene whose chosen image stands for its present text."""
    approved = models.Image.filter(
        script_id__in=script_ids, approval_id__isnull=False, scene__removed_at__isnull=True
    ).order_by("approval_id")
    columns = ("scene_id", "script_id", "text_sha256", "scene__text_sha256")
    chosen = {row[0]: row for row in await approved.values_list(*columns)}
    return [script_id for _, script_id, made_from, present in chosen.values() if made_from == present]


async def _latest_job_states(script_ids: list[int]) -> list[tuple[int, JobState]]:
    """For each subject beneath these scripts, the state of the job it started last; active ones all."""
    scenes = models.Scene.filter(script_id__in=script_ids, removed_at__isnull=False).values("id")
    removed = Q(subject=Entity.SCENE.value, subject_id__in=Subquery(scenes))
    jobs = (
        models.Job.filter(~removed, script_id__in=script_ids)
        .annotate(newest=Max("id"))
        .group_by("subject", "subject_id")
    )
    newest = {row["newest"] for row in await jobs.values("subject", "subject_id", "newest")}
    states = [state.value for state in (*ACTIVE_JOB_STATES, JobState.FAILED)]
    rows = await models.Job.filter(script_id__in=script_ids, state__in=states).values_list("id", "script_id", "state")
    return [
        (script_id, JobState(state))
        for job_id, script_id, state in rows
        if job_id in newest or state not in (JobState.FAILED, JobState.PARKED)
    ]
