"""A job belongs to one worker for as long as its lease is renewed, and to nobody afterwards."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from domain.errors import JobErrorCode, JobLost
from domain.lifecycle import JobState, Status
from domain.work import MAX_LOST_LEASES
from jobs import attempts as attempts_module
from jobs.progress import SHORTEST_PAUSE_SECONDS, Reporter
from storage import jobs as job_rows
from storage import models
from storage.transaction import database_now_ms
from tests.jobs.studio import Painter, Studio, an_open_painter, lost_leases, until, until_true
from workflow import reading, work

pytestmark = pytest.mark.usefixtures("quick_sweeps")

SHORT = timedelta(seconds=0.4)


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_rows, "_LEASE_MS", int(SHORT.total_seconds() * 1000))
    monkeypatch.setattr(attempts_module, "LEASE", SHORT)
    monkeypatch.setattr(attempts_module, "RENEWAL", SHORT / 4)


async def expire(job_id: int) -> None:
    """As if its worker had not been heard of for the length of a lease."""
    await models.Job.filter(id=job_id).update(lease_until_ms=await database_now_ms() - 1)


async def test_of_several_workers_one_does_each_job(studio: Studio) -> None:
    """Each has a sweep of its own, and all of them are told of every job."""
    painter = an_open_painter()
    scenes = await studio.some_scenes(20)
    async with (
        studio.worker(images=painter, owner="a"),
        studio.worker(images=painter, owner="b"),
        studio.worker(images=painter, owner="c"),
    ):
        jobs = [await studio.approve(scene) for scene in scenes]
        for job in jobs:
            await studio.reaches(job, JobState.SUCCEEDED)
    assert len(painter.requests) == 20
    assert await models.Image.all().count() == 20
    assert Counter([await studio.moves_of(job) == ["queued", "succeeded"] for job in jobs]) == {True: 20}


@pytest.mark.usefixtures("short_leases")
async def test_a_lease_is_renewed_for_as_long_as_the_work_takes(studio: Studio) -> None:
    painter = Painter()
    async with studio.worker(images=painter), studio.worker(images=painter):
        job = await studio.a_picture_job()
        await until(lambda: painter.inside)
        began = await database_now_ms()
        await until_true(lambda: lease_beyond(job.id, began + 3 * int(SHORT.total_seconds() * 1000)))
        painter.door.set()
        await studio.reaches(job, JobState.SUCCEEDED)
    assert len(painter.requests) == 1
    assert await lost_leases(job) == 0


async def lease_beyond(job_id: int, milliseconds: int) -> bool:
    row = await models.Job.get(id=job_id).values("lease_until_ms")
    return bool(row["lease_until_ms"] > milliseconds)


async def test_the_job_of_a_lost_worker_goes_to_the_next_one(studio: Studio) -> None:
    job = await studio.world.claim(await studio.a_picture_job(heard=False))
    await expire(job.id)
    async with studio.worker(images=an_open_painter()):
        done = await studio.reaches(job, JobState.SUCCEEDED)
    assert (done.attempt, await lost_leases(job)) == (1, 1), "an attempt that nobody ended does not count"
    assert await studio.moves_of(job) == ["queued", "retrying", "succeeded"]


async def test_a_lease_that_runs_is_left_alone(studio: Studio) -> None:
    job = await studio.world.claim(await studio.a_picture_job(heard=False))
    assert await work.release_lost_jobs(studio.context) == 0
    assert (await reading.read_job(job.id)).state is JobState.RUNNING
    assert await work.release_lost_jobs(studio.context, owner_prefix="somebody else") == 0
    assert await work.release_lost_jobs(studio.context, owner_prefix="test") == 1


@pytest.mark.usefixtures("short_leases")
async def test_two_workers_on_one_job_make_one_picture(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one is cut off from the database's truth; both finish, and the late one is refused."""
    slow, quick = Painter(), an_open_painter()
    async with studio.worker(images=slow, owner="slow", concurrency=1):
        job = await studio.a_picture_job()
        await until(lambda: slow.inside)
        monkeypatch.setattr(attempts_module, "RENEWAL", timedelta(hours=1))
        async with studio.worker(images=quick, owner="quick", concurrency=1):
            await until(lambda: quick.requests or len(slow.requests) > 1)
            slow.door.set()
            await studio.reaches(job, JobState.SUCCEEDED)
            await until(lambda: slow.inside == 0)
    (scene_id,) = {row["subject_id"] for row in await models.Job.filter(id=job.id).values("subject_id")}
    assert len(await studio.pictures(scene_id)) == 1
    assert (await studio.moves_of(job)).count("succeeded") == 1
    assert studio.staged() == []


async def test_a_worker_that_wakes_after_a_long_sleep_keeps_its_job(studio: Studio) -> None:
    """Its lease ran out while the machine was asleep; its own sweep renews it instead of asking the provider again."""
    painter = Painter()
    async with studio.worker(images=painter, concurrency=2):
        job = await studio.a_picture_job()
        await until(lambda: painter.inside == 1)
        await expire(job.id)
        await until_true(lambda: renewed(job.id))
        assert painter.inside == 1
        painter.door.set()
        await studio.reaches(job, JobState.SUCCEEDED)
    assert len(painter.requests) == 1
    row = await models.Job.get(id=job.id).values("attempt", "lost_leases")
    assert row == {"attempt": 1, "lost_leases": 0}


async def renewed(job_id: int) -> bool:
    row = await models.Job.get(id=job_id).values("lease_until_ms")
    return bool(row["lease_until_ms"] > await database_now_ms())


async def test_what_kills_worker_after_worker_is_given_up(studio: Studio) -> None:
    _, job = await studio.a_video_job()
    await models.Job.filter(id=job.id).update(lost_leases=MAX_LOST_LEASES - 1)
    await studio.world.claim(job)
    await expire(job.id)
    assert await work.release_lost_jobs(studio.context) == 1
    waiting = await reading.read_job(job.id)
    assert waiting.state is JobState.RETRYING
    await models.Job.filter(id=job.id).update(due_at_ms=await database_now_ms())
    await studio.world.claim(waiting)
    await expire(job.id)
    assert await work.release_lost_jobs(studio.context) == 1
    failed = await reading.read_job(job.id)
    assert failed.state is JobState.FAILED
    assert failed.failure is not None
    assert failed.failure.code is JobErrorCode.INTERNAL
    assert f"died {MAX_LOST_LEASES + 1} times" in failed.failure.message
    video = await reading.read_video(job.subject_id)
    assert (video.status, video.error) == (Status.REJECTED, failed.failure.message)


async def test_progress_is_thinned_out(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is told, an advance within one at most four times a second; a lost job is told of its loss."""
    job = await studio.world.claim(await studio.a_picture_job(heard=False))
    before = await job_rows.job_version(job.id)
    now = 1000.0
    monkeypatch.setattr("jobs.progress.time.monotonic", lambda: now)
    reporter = Reporter(studio.context, job)
    for number in range(100):  # ten seconds' worth, ten a second
        await reporter.report(number / 100, number, 100, "rendering")
        now += 0.1
    written = await job_rows.job_version(job.id) - before
    assert written == 34, "every third: the first one that comes after a quarter of a second"
    await reporter.report(1.0, 100, 100, "joining")
    assert await job_rows.job_version(job.id) - before == written + 1
    found = await reading.read_job(job.id)
    assert (found.progress_fraction, found.progress_step) == (1.0, "joining")
    assert await work.release_lost_jobs(studio.context, owner_prefix="test") == 1
    now += SHORTEST_PAUSE_SECONDS
    with pytest.raises(JobLost):
        await reporter.report(1.0, 100, 100, "joining")
