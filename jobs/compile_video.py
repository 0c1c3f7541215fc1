"""Compiles a video of exactly the pictures that were pinned when it was asked for."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from domain.entities import Image, Job
from domain.errors import JobErrorCode, WorkFailed
from jobs.progress import Reporter
from jobs.tools import Tools
from video.checks import VideoFacts
from video.render import Progress, render_video
from video.timeline import Timeline, TimelineScene
from workflow.context import Context
from workflow.work import MediaMissing, StagedFile, VideoFile, pinned_images, record_video, settle


async def compile_video(tools: Tools, job: Job, reporter: Reporter) -> None:
    images = await pinned_images(job)
    await reporter.report(0.0, 0, len(images), "checking the images")
    scenes = [await _pinned_scene(tools, image, place) for place, image in enumerate(images, start=1)]
    timeline = Timeline(tools.render, tuple(scenes))
    media = tools.context.media
    output = media.staging_path(f"video_{job.subject_id}.mp4")
    work_dir = media.staging_path(f"render_{job.id}")
    work_dir.mkdir()

    async def on_progress(progress: Progress) -> None:
        await reporter.report(progress.fraction, progress.completed, progress.total, progress.step)

    try:
        facts = await render_video(
            timeline, output=output, work_dir=work_dir, ffmpeg=tools.ffmpeg, on_progress=on_progress,
            threads=tools.threads, parallel=tools.parallel,
        )  # fmt: skip
        # The fence says whether the video is still wanted; half way through nobody could tell.
        await settle(_store(tools.context, job, output, facts))
    finally:
        await settle(asyncio.to_thread(_remove, work_dir, output))


async def _store(context: Context, job: Job, output: Path, facts: VideoFacts) -> None:
    staged = await context.media.stage_file(output)
    await record_video(context, job, staged=staged, file=_file(facts, staged))


async def _pinned_scene(tools: Tools, image: Image, place: int) -> TimelineScene:
    """The picture's file, which must still be the one that was approved."""
    media = tools.context.media
    try:
        if await media.sha256_of(image.file_path) == image.sha256:
            return TimelineScene(place, media.path_of(image.file_path), sha256=image.sha256)
        trouble = "has changed since it was approved"
    except MediaMissing:
        trouble = "is missing"
    message = (
        f"The image of scene {place} ({image.file_path}) {trouble}. Put the file back, or approve another image of "
        "that scene, and ask for a new video."
    )
    raise WorkFailed(JobErrorCode.STORAGE, message, retryable=False)


def _file(facts: VideoFacts, staged: StagedFile) -> VideoFile:
    return VideoFile(staged.sha256, facts.width, facts.height, facts.duration_seconds, staged.byte_size)


def _remove(work_dir: Path, output: Path) -> None:
    shutil.rmtree(work_dir, ignore_errors=True)
    output.unlink(missing_ok=True)
