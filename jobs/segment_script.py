"""Cuts an approved script into scenes."""

from __future__ import annotations

from domain.entities import Job
from jobs.progress import Reporter
from jobs.tools import Tools
from workflow.book import JobBook
from workflow.work import forget_answers, record_segmentation, segmentation_task


async def segment_script(tools: Tools, job: Job, reporter: Reporter) -> None:
    await reporter.report(0.0, 0, 1, "reading")
    book = JobBook(tools.context, job, tools.rules)
    segmentation = await tools.text.segment(await segmentation_task(tools.context, job), book)
    await record_segmentation(tools.context, job, segmentation=segmentation)
    await forget_answers(tools.context, job_id=job.id)
