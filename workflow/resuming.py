"""What a worker does at its start about what an earlier one, or other settings, have left."""

from __future__ import annotations

from domain.errors import JobErrorCode, NotFound
from storage.jobs import jobs_parked_for
from workflow.book import Rules, settings_changed
from workflow.context import Context
from workflow.jobs import resume_all_jobs_at_budget
from workflow.work import forget_answers


async def take_up(context: Context, rules: Rules) -> None:
    """End the pauses of other settings, let jobs at a budget look again, and remove answers that nobody needs.

    Raises `StorageError`.
    """
    await settings_changed(context, rules=rules)
    parked = await jobs_parked_for(JobErrorCode.BUDGET_REACHED)
    for script_id in sorted({job.script_id for job in parked}):
        try:
            await resume_all_jobs_at_budget(context, script_id=script_id)
        except NotFound:  # removed meanwhile
            continue
    await forget_answers(context)
