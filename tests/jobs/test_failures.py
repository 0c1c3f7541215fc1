"""An attempt that fails ends in a state that says why; what is worth it is tried again, and not for ever."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
import structlog

from app.logs import configure_logging
from app.settings import load_settings
from domain.entities import Job
from domain.errors import JobErrorCode, WorkFailed
from domain.lifecycle import JobState, Status
from domain.protocols import LOCAL
from jobs import attempts as attempts_module
from storage import models
from storage.transaction import database_now_ms
from tests.jobs.studio import Painter, Studio, Writer, an_open_painter, until
from workflow import jobs, reading, scripts, videos

pytestmark = pytest.mark.usefixtures("quick_sweeps")

SECRET = "sk-this-must-not-be-told"
RETRYABLE = (
    JobErrorCode.PROVIDER_UNAVAILABLE, JobErrorCode.RATE_LIMITED, JobErrorCode.TIMED_OUT, JobErrorCode.BAD_OUTPUT,
)  # fmt: skip


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, as the program writes it."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logging(load_settings(env_file=None, log_level="debug"), "worker", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


async def due_in_seconds(job: Job) -> float:
    row = await models.Job.get(id=job.id).values("due_at_ms")
    return float(row["due_at_ms"] - await database_now_ms()) / 1000


async def make_due(job: Job) -> None:
    await models.Job.filter(id=job.id).update(due_at_ms=await database_now_ms())


@pytest.mark.parametrize("code", RETRYABLE)
async def test_a_passing_failure_is_tried_again_later(small_studio: Studio, code: JobErrorCode) -> None:
    painter = an_open_painter(WorkFailed(code, "It is away.", retryable=True))
    async with small_studio.worker(images=painter):
        job = await small_studio.a_picture_job()
        waiting = await small_studio.reaches(job, JobState.RETRYING)
        seconds = await due_in_seconds(job)
        assert 1.0 <= seconds <= 2.5, "two seconds, a quarter more or less, and what has passed"
        assert (waiting.attempt, waiting.failure and waiting.failure.code) == (1, code)
        assert waiting.failure
        assert waiting.failure.message == "It is away."
        assert waiting.next_attempt_at is not None
        await make_due(job)
        done = await small_studio.reaches(job, JobState.SUCCEEDED)
    assert (done.attempt, done.failure) == (2, None)
    assert len(painter.requests) == 2


async def test_who_asks_for_more_time_gets_it(studio: Studio) -> None:
    painter = an_open_painter(WorkFailed(JobErrorCode.RATE_LIMITED, "Slowly.", retryable=True, retry_after=77.0))
    async with studio.worker(images=painter):
        job = await studio.a_picture_job()
        await studio.reaches(job, JobState.RETRYING)
        assert 74 < await due_in_seconds(job) <= 77


async def test_after_the_last_attempt_it_fails_with_the_last_reason(studio: Studio) -> None:
    """The waits grow: 2, 8 and 32 seconds, a quarter more or less."""
    troubles = [WorkFailed(JobErrorCode.PROVIDER_UNAVAILABLE, f"Away, {n}.", retryable=True) for n in range(1, 5)]
    painter = an_open_painter(*troubles)
    async with studio.worker(images=painter):
        job = await studio.a_picture_job()
        for number, planned in enumerate((2, 8, 32), 1):
            await until_attempt(studio, job, number)
            assert planned * 0.7 - 0.5 <= await due_in_seconds(job) <= planned * 1.25
            await make_due(job)
        failed = await studio.reaches(job, JobState.FAILED)
    assert failed.failure is not None
    assert (failed.attempt, failed.failure.message, failed.failure.retryable) == (4, "Away, 4.", True)
    assert len(painter.requests) == 4
    assert await models.Image.all().count() == 0


async def until_attempt(studio: Studio, job: Job, number: int) -> None:
    while (await studio.reaches(job, JobState.RETRYING)).attempt != number:
        pass


async def test_what_no_repetition_helps_fails_at_once_and_a_person_may_retry(studio: Studio) -> None:
    message = "The picture service will not draw this. Change the scene's text."
    painter = an_open_painter(WorkFailed(JobErrorCode.PROVIDER_REFUSED, message, retryable=False))
    async with studio.worker(images=painter):
        job = await studio.a_picture_job()
        failed = await studio.reaches(job, JobState.FAILED)
        assert failed.failure is not None
        assert (failed.attempt, failed.failure.code, failed.failure.message) == (
            1,
            JobErrorCode.PROVIDER_REFUSED,
            message,
        )
        assert await studio.moves_of(job) == ["queued", "failed"]
        await jobs.retry_job(studio.context, job_id=job.id, actor=LOCAL)
        done = await studio.reaches(job, JobState.SUCCEEDED)
    assert (done.attempt, done.failure) == (1, None)


async def test_an_unexpected_error_is_masked_and_logged_once_with_its_trace(
    small_studio: Studio, log: io.StringIO
) -> None:
    """Neither the row nor the log tells what the exception said: it may hold a key or a prompt."""
    trouble = KeyError(f"{SECRET}, asked for: a fox in the snow")
    trouble.__cause__ = ValueError(SECRET)
    async with small_studio.worker(images=an_open_painter(trouble)):
        job = await small_studio.a_picture_job()
        waiting = await small_studio.reaches(job, JobState.RETRYING)
    assert waiting.failure is not None
    assert waiting.failure.code is JobErrorCode.INTERNAL
    assert waiting.failure.message == "Something unexpected went wrong; the server's log has the details."
    written = log.getvalue()
    assert SECRET not in written
    assert "a fox in the snow" not in written
    assert written.count("unexpected error") == 1
    assert "KeyError" in written
    assert "ValueError" in written
    assert "make_image" in written, "where it happened"
    assert f'"job_id": {job.id}' in written


async def test_no_log_line_holds_what_people_wrote(small_studio: Studio, log: io.StringIO) -> None:
    studio = small_studio
    async with studio.worker(images=an_open_painter(WorkFailed(JobErrorCode.BAD_OUTPUT, "No.", retryable=False))):
        script = await scripts.create_script(
            studio.context, title="The quince", content="A quince rolls away. Nobody sees it.", actor=LOCAL
        )
        approval = await scripts.approve_script(studio.context, script_id=script.id, actor=LOCAL)
        await studio.reaches(approval.job, JobState.SUCCEEDED)
        for scene in (await reading.scenes_of_scripts([script.id]))[script.id]:
            await studio.reaches(await studio.approve(scene), JobState.FAILED, JobState.SUCCEEDED)
    assert "job attempt failed" in log.getvalue()
    assert "quince" not in log.getvalue()


async def test_an_attempt_that_takes_too_long_is_stopped(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    painter = Painter()
    monkeypatch.setattr(attempts_module, "deadline", lambda kind: timedelta(seconds=0.3))
    async with studio.worker(images=painter):
        job = await studio.a_picture_job()
        waiting = await studio.reaches(job, JobState.RETRYING)
        assert waiting.failure is not None
        assert (waiting.failure.code, waiting.attempt) == (JobErrorCode.TIMED_OUT, 1)
        assert "longer than" in waiting.failure.message
        assert painter.inside == 0


async def test_a_segmentation_that_would_lose_words_stores_nothing(studio: Studio) -> None:
    script = await studio.world.a_script()
    writer = Writer([WorkFailed(JobErrorCode.BAD_OUTPUT, "The cuts lose words.", retryable=False)])
    async with studio.worker(text=writer):
        approval = await scripts.approve_script(studio.context, script_id=script.id, actor=LOCAL)
        await studio.reaches(approval.job, JobState.FAILED)
        assert await models.Scene.all().count() == 0
        await jobs.retry_job(studio.context, job_id=approval.job.id, actor=LOCAL)
        await studio.reaches(approval.job, JobState.SUCCEEDED)
    scenes = (await reading.scenes_of_scripts([script.id]))[script.id]
    assert "".join(scene.text + scene.gap for scene in scenes) == script.content
    assert writer.asked == 2


async def test_a_video_that_finally_fails_is_rejected_and_can_be_asked_for_again(studio: Studio) -> None:
    """Its pictures change on the disk; put right, a new video of the same pictures is made."""
    video, job = await studio.a_video_job(2)
    first, second = video.pins
    image = await reading.read_image(second.image_id)
    path = studio.context.media.path_of(image.file_path)
    kept = path.read_bytes()
    path.write_bytes(b"no picture at all")
    async with studio.worker():
        failed = await studio.reaches(job, JobState.FAILED)
        rejected = await reading.read_video(video.id)
        assert rejected.status is Status.REJECTED
        assert failed.failure is not None
        assert rejected.error == failed.failure.message
        assert "scene 2" in failed.failure.message
        path.write_bytes(kept)
        request = await videos.create_video(studio.context, script_id=video.script_id, actor=LOCAL)
        assert request.job is not None
        assert request.video.id != video.id
        await studio.reaches(request.job, JobState.SUCCEEDED)
    assert (await reading.read_video(request.video.id)).status is Status.APPROVED
    assert studio.staged() == []
    assert first.image_id != second.image_id


async def test_a_parked_job_waits_for_a_person(studio: Studio) -> None:
    parked = await studio.world.a_job(JobState.PARKED)
    other = await studio.a_picture_job(heard=False)
    painter = an_open_painter()
    async with studio.worker(images=painter):
        await studio.reaches(other, JobState.SUCCEEDED)
        assert (await reading.read_job(parked.id)).state is JobState.PARKED
        assert len(painter.requests) == 1
        await jobs.retry_job(studio.context, job_id=parked.id, actor=LOCAL)
        await studio.reaches(parked, JobState.SUCCEEDED)
    await until(lambda: len(painter.requests) == 2)
