"""Writes a prompt for a scene and makes a picture of it."""

from __future__ import annotations

import asyncio

from domain.entities import Job
from domain.errors import WorkFailed
from domain.generation import ImageRequest
from jobs.progress import Reporter
from jobs.tools import Tools
from providers.pictures import Picture, normalise_picture
from workflow.book import JobBook
from workflow.context import Context
from workflow.work import forget_answers, picture_task, record_image, settle

_STEPS = 3


async def generate_image(tools: Tools, job: Job, reporter: Reporter) -> None:
    task = await picture_task(tools.context, job)
    scene = task.request
    await reporter.report(0.0, 0, _STEPS, "writing the prompt")
    book = JobBook(tools.context, job, tools.rules)
    prompt = task.own_prompt or await tools.text.write_prompt(scene, book)
    await reporter.report(0.1, 1, _STEPS, "making the image")
    generated = await tools.images.make_image(
        ImageRequest(
            prompt=prompt,
            width=tools.image_width,
            height=tools.image_height,
            attempt=scene.attempt,
            order=scene.order,
            title=scene.title,
            feedback=scene.feedback,
        ),
        book,
    )
    await reporter.report(0.9, 2, _STEPS, "storing")
    try:
        picture = await asyncio.to_thread(normalise_picture, generated.data)
    except WorkFailed:
        await book.reject_answer()  # or a rerun would take it again
        raise
    # From here on it is short, and not to be cancelled half way: the fence says whether the picture is still wanted.
    await settle(_store(tools.context, job, picture, prompt=prompt, text_sha256=task.text_sha256))
    await forget_answers(tools.context, job_id=job.id)


async def _store(context: Context, job: Job, picture: Picture, *, prompt: str, text_sha256: str) -> None:
    staged = await context.media.stage_bytes(f"job_{job.id}.png", picture.png)
    try:
        await record_image(
            context, job, staged=staged, width=picture.width, height=picture.height, prompt=prompt,
            text_sha256=text_sha256,
        )  # fmt: skip
    except BaseException:
        await context.media.discard(staged)
        raise
