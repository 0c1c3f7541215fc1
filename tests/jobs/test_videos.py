"""Videos of real pictures by the real ffmpeg, and what becomes of them when files or the program are hurt."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from domain.entities import Image, Video
from domain.errors import JobErrorCode
from domain.lifecycle import JobState, Status
from domain.rendering import Motion
from storage import models
from storage.transaction import database_now_ms
from tests.jobs.studio import Studio, until
from tests.jobs.test_stopping import ffmpegs
from tests.world import TINY
from workflow import reading

pytestmark = pytest.mark.usefixtures("quick_sweeps")


MOVING = replace(TINY, width=320, height=180, fps=30, motion=Motion.KEN_BURNS, scene_seconds=10.0)
"""Takes ffmpeg a second or two."""


def encoders() -> list[psutil.Process]:
    """The processes that make pictures, not sound."""
    return [process for process in ffmpegs() if "libx264" in process.cmdline()]


@pytest.fixture
def studio(small_studio: Studio) -> Studio:
    """One kind of database is enough: these tests are about other things."""
    return small_studio


async def image_of(video: Video, place: int) -> Image:
    return await reading.read_image(video.pins[place - 1].image_id)


async def test_a_video_is_made_and_nothing_else_is_left(studio: Studio) -> None:
    video, job = await studio.a_video_job(3)
    async with studio.worker():
        done = await studio.reaches(job, JobState.SUCCEEDED)
    made = await reading.read_video(video.id)
    assert made.file_path is not None
    assert studio.context.media.path_of(made.file_path).stat().st_size == made.byte_size
    assert await studio.context.media.sha256_of(made.file_path) == made.sha256
    assert (made.status, made.width, made.height) == (Status.APPROVED, TINY.width, TINY.height)
    assert made.duration_seconds == pytest.approx(3 * (TINY.scene_seconds or 0), abs=1 / TINY.fps)
    assert (done.progress_fraction, done.progress_total) == (1.0, 3)
    assert studio.staged() == []


def removed(path: Path) -> None:
    path.unlink()


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def replaced_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("hurt", [removed, truncated, replaced_by_a_folder])
async def test_a_picture_that_is_not_as_it_was_approved_rejects_the_video(
    small_studio: Studio, hurt: Callable[[Path], None]
) -> None:
    video, job = await small_studio.a_video_job(3)
    image = await image_of(video, 2)
    hurt(small_studio.context.media.path_of(image.file_path))
    async with small_studio.worker():
        failed = await small_studio.reaches(job, JobState.FAILED)
    rejected = await reading.read_video(video.id)
    assert failed.failure is not None
    assert (rejected.status, failed.failure.code, failed.attempt) == (Status.REJECTED, JobErrorCode.STORAGE, 1)
    assert rejected.error is not None
    assert "scene 2" in rejected.error
    assert image.file_path in rejected.error
    assert small_studio.staged() == []


async def test_a_picture_approved_broken_rejects_the_video_and_names_the_scene(small_studio: Studio) -> None:
    """Its content is the approved one, and no picture."""
    video, job = await small_studio.a_video_job(2)
    image = await image_of(video, 2)
    media = small_studio.context.media
    truncated(media.path_of(image.file_path))
    broken = await media.sha256_of(image.file_path)
    await models.Image.filter(id=image.id).update(sha256=broken)
    pins = [[pin.scene_id, pin.image_id, broken if pin.image_id == image.id else pin.sha256] for pin in video.pins]
    await models.Video.filter(id=video.id).update(pins=pins)
    async with small_studio.worker():
        failed = await small_studio.reaches(job, JobState.FAILED)
    assert failed.failure is not None
    assert (failed.failure.code, failed.attempt) == (JobErrorCode.BAD_OUTPUT, 1)
    assert "Scene 2" in failed.failure.message


async def test_a_killed_ffmpeg_is_started_again(studio: Studio) -> None:
    video, job = await studio.a_video_job(2, render=MOVING)
    async with studio.worker():
        for process in await until(encoders, what="ffmpeg"):
            process.kill()
        waiting = await studio.reaches(job, JobState.RETRYING)
        assert waiting.failure is not None
        assert "SIGKILL" in waiting.failure.message
        assert (await reading.read_video(video.id)).status is Status.PENDING
    await models.Job.filter(id=job.id).update(due_at_ms=await database_now_ms())
    async with studio.worker():
        done = await studio.reaches(job, JobState.SUCCEEDED)
    assert done.attempt == 2
    assert (await reading.read_video(video.id)).status is Status.APPROVED


async def test_a_full_disk_is_said(small_studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file may grow beyond a few bytes for ffmpeg, as when the disk is full."""
    video, job = await small_studio.a_video_job(2, render=MOVING)
    start = psutil.Process().rlimit(psutil.RLIMIT_FSIZE)
    async with small_studio.worker():
        processes = await until(encoders, what="ffmpeg")
        for process in processes:
            process.rlimit(psutil.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        failed = await small_studio.reaches(job, JobState.FAILED)
    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.retryable) == (JobErrorCode.STORAGE, False)
    assert "full" in failed.failure.message
    assert (await reading.read_video(video.id)).error == failed.failure.message
    assert small_studio.staged() == []
    assert psutil.Process().rlimit(psutil.RLIMIT_FSIZE) == start


async def test_too_little_space_is_said_before_anything_is_made(
    small_studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr("video.render.shutil.disk_usage", lambda folder: usage._replace(free=10))
    _, job = await small_studio.a_video_job(2)
    async with small_studio.worker():
        failed = await small_studio.reaches(job, JobState.FAILED)
    assert failed.failure is not None
    assert failed.failure.code is JobErrorCode.STORAGE
    assert "0 MB are free" in failed.failure.message


async def test_a_picture_that_finds_the_disk_full_says_so(
    small_studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    job = await small_studio.a_picture_job(heard=False)
    monkeypatch.setattr("storage.media.os.fsync", full)
    async with small_studio.worker():
        failed = await small_studio.reaches(job, JobState.FAILED)
    assert failed.failure is not None
    assert failed.failure.message == "The disk that holds the media files is full. Make room, then try again."
    assert small_studio.staged() == []
