"""What a person cancels stops within a second and leaves nothing; what a stopped worker held goes on elsewhere."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress

import psutil
import pytest

from domain.lifecycle import JobState, Status
from domain.protocols import LOCAL
from domain.rendering import Motion, RenderSpec, Transition
from jobs.bell import enqueue
from storage import models
from storage.media import MediaStore, StagedFile
from tests.jobs.studio import Painter, Studio, an_open_painter, lost_leases, until, until_true
from tests.jobs.test_waking import listeners
from workflow import jobs, reading
from workflow.work import due_jobs

LONG = RenderSpec(1280, 720, 60, scene_seconds=600.0, motion=Motion.HOLD, transition=Transition.CUT)
"""Takes ffmpeg a good while."""


def ffmpegs() -> list[psutil.Process]:
    found = []
    for process in psutil.Process(os.getpid()).children(recursive=True):
        with suppress(psutil.Error):
            if "ffmpeg" in process.name() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


async def test_cancelling_a_picture_stops_it_within_a_second(studio: Studio) -> None:
    painter = Painter()
    async with studio.worker(images=painter):
        await until_true(lambda: listeners(studio))
        job = await studio.a_picture_job()
        await until(lambda: painter.inside)
        await jobs.cancel_job(studio.context, job_id=job.id, actor=LOCAL)
        await until(lambda: painter.inside == 0, 1, "the end of the work")
    assert await studio.moves_of(job) == ["queued", "cancelled"]
    assert (await reading.read_job(job.id)).attempt == 1
    assert studio.staged() == []


async def test_cancelling_a_video_ends_ffmpeg_and_rejects_the_video(studio: Studio) -> None:
    video, job = await studio.a_video_job(render=LONG)
    async with studio.worker():
        await until_true(lambda: listeners(studio))
        await until(ffmpegs, what="ffmpeg")
        await jobs.cancel_job(studio.context, job_id=job.id, actor=LOCAL)
        await until(lambda: not ffmpegs(), 1, "the end of ffmpeg")
        await until(lambda: studio.staged() == [], what="an empty staging folder")
    cancelled = await reading.read_video(video.id)
    assert (cancelled.status, cancelled.error) == (Status.REJECTED, jobs.CANCELLED_VIDEO)


async def test_a_cancelled_job_in_the_queue_never_runs(studio: Studio) -> None:
    job, other = await studio.a_picture_job(), await studio.a_picture_job()
    assert await studio.redis.zcard(studio.names.queue) == 2
    await jobs.cancel_job(studio.context, job_id=job.id, actor=LOCAL)
    painter = an_open_painter()
    async with studio.worker(images=painter, concurrency=1):
        await studio.reaches(other, JobState.SUCCEEDED)
    assert len(painter.requests) == 1
    assert (await reading.read_job(job.id)).attempt == 0


async def test_a_cancellation_that_nobody_heard_discards_the_result(studio: Studio) -> None:
    painter = Painter()
    async with studio.worker(images=painter):
        job = await studio.a_picture_job()
        await until(lambda: painter.inside)
        await jobs.cancel_job(studio.world.context, job_id=job.id, actor=LOCAL)
        painter.door.set()
        await until(lambda: painter.inside == 0)
    assert await models.Image.all().count() == 0
    assert await studio.moves_of(job) == ["queued", "cancelled"]
    assert studio.staged() == []


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_cancellation_while_the_picture_is_staged_leaves_no_file(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The disk is slow, and what a thread writes cannot be stopped."""
    begun, go_on = asyncio.Event(), asyncio.Event()
    stage = MediaStore.stage_bytes

    async def slowly(self: MediaStore, name: str, data: bytes) -> StagedFile:
        staged = await stage(self, name, data) if moment == "after" else None
        begun.set()
        await go_on.wait()
        return staged or await stage(self, name, data)

    monkeypatch.setattr(MediaStore, "stage_bytes", slowly)
    async with studio.worker(images=an_open_painter()):
        job = await studio.a_picture_job()
        await begun.wait()
        await jobs.cancel_job(studio.context, job_id=job.id, actor=LOCAL)
        await asyncio.sleep(0.1)
        go_on.set()
    assert await models.Image.all().count() == 0
    assert studio.staged() == []


async def test_a_stopped_worker_gives_its_jobs_back_at_once(studio: Studio) -> None:
    """Due again, the attempt not counted; another worker has them as soon as it hears the bell."""
    painter, next_painter = Painter(), an_open_painter()
    scenes = await studio.some_scenes(3)
    async with studio.worker(images=painter, concurrency=2) as first:
        running = [await studio.approve(scene) for scene in scenes]
        await until(lambda: painter.inside == 2)
        await first.end()
        assert painter.inside == 0
        given_back = [await reading.read_job(job.id) for job in running]
        assert [job.attempt for job in given_back] == [0, 0, 0]
        assert sorted(job.state for job in given_back) == [JobState.QUEUED, JobState.RETRYING, JobState.RETRYING]
        assert len(await due_jobs(10)) == 3
        assert await studio.redis.zcard(studio.names.queue) == 3
    async with studio.worker(images=next_painter):
        for job in running:
            done = await studio.reaches(job, JobState.SUCCEEDED)
            assert done.attempt == 1
    assert len(next_painter.requests) == 3
    assert studio.staged() == []


async def test_a_job_that_is_claimed_while_its_worker_stops_is_given_back_too(studio: Studio) -> None:
    """Stopped again and again in the middle of picking up, it never leaves a job that runs nowhere."""
    jobs_asked = [await studio.a_picture_job(heard=False) for _ in range(4)]
    for round_number in range(12):
        painter = Painter()
        await enqueue(studio.redis, studio.names, await due_jobs(10))
        async with studio.worker(images=painter, concurrency=4):
            await asyncio.sleep(round_number * 0.003)
        states = {(await reading.read_job(job.id)).state for job in jobs_asked}
        assert states <= {JobState.QUEUED, JobState.RETRYING}
        assert painter.inside == 0
    assert all([(await reading.read_job(job.id)).attempt == 0 for job in jobs_asked])


async def test_stopping_counts_no_attempt_of_a_video_either(studio: Studio) -> None:
    video, job = await studio.a_video_job(render=LONG)
    async with studio.worker() as at_work:
        await until(ffmpegs, what="ffmpeg")
        await at_work.end()
        assert ffmpegs() == []
    found = await reading.read_job(job.id)
    assert (found.state, found.attempt) == (JobState.RETRYING, 0)
    assert (await reading.read_video(video.id)).status is Status.PENDING
    assert studio.staged() == []
    assert await lost_leases(job) <= 1
