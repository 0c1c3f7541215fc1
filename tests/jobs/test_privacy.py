"""Redis is told numbers, never what people wrote: on the wire, in its keys, and in what is pickled there."""

from __future__ import annotations

import re

from domain.errors import JobErrorCode, WorkFailed
from domain.lifecycle import JobState
from domain.protocols import LOCAL
from tests.jobs.redis_server import Wire
from tests.jobs.studio import Painter, Studio, until
from workflow import images, jobs, reading, scripts

KEY = "sk-5f0b1a"
TEXT = "A wombat keeps the lighthouse. She polishes the lens at dusk."
WORDS = (b"wombat", b"lighthouse", b"polishes", b"Greener", b"Wildlife", KEY.encode(), b"Traceback", b"WorkFailed")


async def test_nothing_but_ids_goes_to_redis(small_studio: Studio, wire: Wire) -> None:
    """A whole run with every kind of failure, listened to; the keys are looked at while jobs run."""
    studio = small_studio
    painter = Painter(
        [
            ValueError(f"{KEY} refused for: a wombat"),
            WorkFailed(JobErrorCode.PROVIDER_REFUSED, "No wombat.", retryable=False),
        ]
    )
    async with studio.worker(images=painter, url=wire.url):
        script = await scripts.create_script(studio.context, title="Wildlife", content=TEXT, actor=LOCAL)
        approval = await scripts.approve_script(studio.context, script_id=script.id, actor=LOCAL)
        await studio.reaches(approval.job, JobState.SUCCEEDED)
        (scene, *_) = (await reading.scenes_of_scripts([script.id]))[script.id]
        job = await studio.approve(scene)
        await studio.reaches(job, JobState.FAILED)
        await jobs.retry_job(studio.context, job_id=job.id, actor=LOCAL)
        await until(lambda: painter.inside)
        await assert_keys_hold_no_words(studio)
        painter.door.set()
        await studio.reaches(job, JobState.SUCCEEDED)
        (image,) = await studio.pictures(scene.id)
        rejection = await images.reject_image(studio.context, image_id=image.id, actor=LOCAL, feedback="Greener!")
        assert rejection.job is not None
        await studio.reaches(rejection.job, JobState.SUCCEEDED)
    traffic = bytes(wire.sent + wire.answered)
    assert [word for word in WORDS if word in traffic] == []
    assert wire.commands["PUBLISH"] > 5
    assert re.search(rb"work", traffic), "the queue was listened to"


async def assert_keys_hold_no_words(studio: Studio) -> None:
    for key in await studio.redis.keys():
        value = key if await studio.redis.type(key) == b"zset" else await studio.redis.get(key)
        assert [word for word in WORDS if word in key + (value or b"")] == []


async def test_what_waits_in_the_queue_is_two_numbers(studio: Studio) -> None:
    job = await studio.a_picture_job()
    arq_id = f"{studio.names.identity}:{job.id}:{job.fence}"
    assert await studio.redis.zrange(studio.names.queue, 0, -1) == [arq_id.encode()]
    (queued,) = await studio.redis.queued_jobs(queue_name=studio.names.queue)
    assert (queued.function, queued.args, queued.kwargs) == ("work", (job.id, job.fence), {})
