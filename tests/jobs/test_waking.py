"""Workers are told of work and do not poll for it; what nobody told them they find in the database."""

from __future__ import annotations

import asyncio
from statistics import median

import redis as redis_client

from domain.lifecycle import JobState
from jobs.sweep import sweep
from jobs.worker import FALLBACK_POLL_SECONDS
from tests import services
from tests.jobs.redis_server import Wire
from tests.jobs.studio import Painter, Studio, an_open_painter, connect_like, open_studio, until, until_true

PICKED_UP_SOON = 0.25
"""Seconds: half of the pause of a worker that polls, generous to a busy machine."""


async def pickup_times(studio: Studio, number: int) -> list[float]:
    """Seconds from asking for a picture to the picture service being asked, one after another."""
    painter = an_open_painter()
    seconds = []
    scenes = await studio.some_scenes(number)
    async with studio.worker(images=painter):
        await until_true(lambda: listeners(studio))
        for scene in scenes:
            began = asyncio.get_running_loop().time()
            job = await studio.approve(scene)
            await studio.reaches(job, JobState.SUCCEEDED)
            seconds.append(painter.times[-1] - began)
    assert len(painter.requests) == number
    return seconds


async def listeners(studio: Studio) -> bool:
    ((_, number),) = await studio.redis.pubsub_numsub(studio.names.due)
    return bool(number)


async def test_a_worker_is_woken(studio: Studio) -> None:
    times = await pickup_times(studio, 20)
    print(f"picked up after {median(times) * 1000:.1f} ms (median), {max(times) * 1000:.1f} ms (most)")
    assert median(times) < PICKED_UP_SOON


async def test_a_worker_is_woken_over_the_servers_redis(studio: Studio) -> None:
    """The same over the machine's Redis, where there is one."""
    url = services.redis_url()
    if url is None:
        return
    async with open_studio(studio.world, url) as elsewhere:
        times = await pickup_times(elsewhere, 10)
        assert median(times) < PICKED_UP_SOON
        await elsewhere.redis.flushdb()


async def test_an_idle_worker_sends_next_to_nothing(small_studio: Studio, wire: Wire) -> None:
    """Over longer than its longest pause, and still it hears of work at once."""
    async with small_studio.worker(images=an_open_painter(), url=wire.url):
        await until(lambda: wire.commands["SUBSCRIBE"] and wire.commands["ZRANGEBYSCORE"])
        await asyncio.sleep(0.2)
        before = wire.commands
        seconds = FALLBACK_POLL_SECONDS + 1
        await asyncio.sleep(seconds)
        sent = wire.commands - before
        print(f"idle: {sent.total() / seconds:.2f} commands a second, {dict(sent)}")
        assert sent.total() <= 3
        job = await small_studio.a_picture_job()
        await small_studio.reaches(job, JobState.SUCCEEDED, seconds=FALLBACK_POLL_SECONDS / 2)


async def test_what_no_bell_told_is_found_by_the_sweep(studio: Studio) -> None:
    painter = an_open_painter()
    async with studio.worker(images=painter):
        await until_true(lambda: listeners(studio))
        job = await studio.a_picture_job(heard=False)
        await studio.reaches(job, JobState.SUCCEEDED)
    assert len(painter.requests) == 1


async def test_what_is_in_the_queue_already_is_not_put_there_again(studio: Studio) -> None:
    await studio.a_picture_job(heard=False)
    await studio.a_picture_job(heard=False)
    assert await sweep(studio.context, studio.redis, studio.names) == 2
    assert await sweep(studio.context, studio.redis, studio.names) == 0
    assert await studio.redis.zcard(studio.names.queue) == 2


async def test_nothing_is_lost_when_redis_forgets_everything(studio: Studio) -> None:
    """Again and again, while jobs wait, while they are picked up and while they run."""
    painter = an_open_painter()
    scenes = await studio.some_scenes(12)
    forgetting = True

    async def forget() -> None:
        other = connect_like(studio.redis, studio.names)
        while forgetting:
            await other.flushdb()
            await asyncio.sleep(0.005)
        await other.aclose(close_connection_pool=True)

    async with studio.worker(images=painter, concurrency=3):
        forgetter = asyncio.create_task(forget())
        jobs = [await studio.approve(scene) for scene in scenes[:6]]
        await asyncio.sleep(0.3)
        forgetting = False
        await forgetter
        jobs += [await studio.approve(scene) for scene in scenes[6:]]
        await studio.redis.flushdb()
        for job in jobs:
            await studio.reaches(job, JobState.SUCCEEDED)
    assert [len(await studio.pictures(scene.id)) for scene in scenes] == [1] * 12
    assert len(painter.requests) == 12


async def test_a_flush_during_an_attempt_does_not_start_another(studio: Studio) -> None:
    painter = Painter()
    async with studio.worker(images=painter):
        job = await studio.a_picture_job()
        await until(lambda: painter.inside)
        await studio.redis.flushdb()
        assert await sweep(studio.context, studio.redis, studio.names) == 0
        painter.door.set()
        await studio.reaches(job, JobState.SUCCEEDED)
    assert await studio.moves_of(job) == ["queued", "succeeded"]
    assert len(painter.requests) == 1


async def test_nothing_is_left_in_redis(studio: Studio, redis_url: str) -> None:
    jobs = [await studio.a_picture_job() for _ in range(3)]
    async with studio.worker(images=an_open_painter()):
        for job in jobs:
            await studio.reaches(job, JobState.SUCCEEDED)
        await until_true(lambda: nothing(studio))
    with redis_client.Redis.from_url(redis_url) as server:
        assert server.keys() == []


async def nothing(studio: Studio) -> bool:
    keys: list[bytes] = await studio.redis.keys()
    return keys == []
