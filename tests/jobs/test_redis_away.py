"""Redis comes and goes, stands still, or answers somebody else; the worker goes on with what the database says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from arq.constants import in_progress_key_prefix, job_key_prefix, retry_key_prefix

from domain.lifecycle import JobState
from domain.protocols import Ring, Wake
from jobs import listening
from jobs import worker as worker_module
from jobs.bell import PATIENCE_SECONDS, RedisBell, connect, enqueue
from jobs.worker import WakingWorker
from tests.jobs.redis_server import PrivateRedis, Wire
from tests.jobs.studio import Painter, Studio, an_open_painter, open_studio, until, until_true
from tests.world import open_world


@pytest.fixture
def studio(small_studio: Studio) -> Studio:
    """One kind of database is enough: these tests are about other things."""
    return small_studio


@pytest_asyncio.fixture
async def fragile_studio(
    migrated_sqlite_url: str, tmp_path: Path, fragile_redis: PrivateRedis
) -> AsyncIterator[Studio]:
    url = f"unix://{fragile_redis.path}"
    async with (
        open_world(migrated_sqlite_url, tmp_path / "storage", migrated=True) as world,
        open_studio(world, url) as opened,
    ):
        yield opened


@pytest.mark.usefixtures("quick_sweeps")
async def test_a_worker_outlives_its_redis(fragile_studio: Studio, fragile_redis: PrivateRedis) -> None:
    """Killed while one picture is made, another asked for meanwhile; started again empty, twice."""
    studio, painter = fragile_studio, Painter()
    scenes = await studio.some_scenes(4)
    async with studio.worker(images=painter, concurrency=2) as at_work:
        for first, second in (scenes[:2], scenes[2:]):
            painter.door.clear()
            running = await studio.approve(first)
            await until(lambda: painter.inside)
            fragile_redis.kill()
            asked = await studio.approve(second)
            painter.door.set()
            await studio.reaches(running, JobState.SUCCEEDED)
            fragile_redis.start()
            await studio.reaches(asked, JobState.SUCCEEDED)
        assert not at_work.task.done()
    assert len(painter.requests) == 4


@pytest.mark.parametrize("command", [b"WATCH", b"ZRANGEBYSCORE", b"INCR", b"ZREM", b"EXISTS", b"PSETEX"])
async def test_a_connection_cut_at_any_command_costs_no_place(
    small_studio: Studio, wire: Wire, command: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut as often as the worker has places; then it still works at as many jobs at once."""
    monkeypatch.setattr(worker_module, "PICKED_UP_SECONDS", 0.2)
    monkeypatch.setattr(worker_module, "FALLBACK_POLL_SECONDS", 0.5)
    studio, painter = small_studio, Painter()
    scenes = await studio.some_scenes(5)
    async with studio.worker(images=painter, concurrency=2, url=wire.url):
        painter.door.set()
        for number, scene in enumerate(scenes[:3], 1):
            wire.cut_on = command
            job = await studio.approve(scene)
            await studio.reaches(job, JobState.SUCCEEDED)
            await until(lambda number=number: wire.cuts == number)  # type: ignore[misc]
        painter.door.clear()
        last = [await studio.approve(scene) for scene in scenes[3:]]
        await until(lambda: painter.inside == 2, what="two at once")
        painter.door.set()
        for job in last:
            await studio.reaches(job, JobState.SUCCEEDED)
    assert len(painter.requests) == 5


async def test_a_frozen_redis_holds_up_no_command(fragile_studio: Studio, fragile_redis: PrivateRedis) -> None:
    studio = fragile_studio
    first, second = await studio.some_scenes(2)
    await studio.approve(first)  # so that there is a connection
    fragile_redis.freeze()
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(5):
        await studio.approve(second)
        await studio.context.bell.ring(Ring(script_ids=frozenset({1}), wakes=(Wake(1, 0), Wake(2, 0))))
    took = asyncio.get_running_loop().time() - began
    fragile_redis.thaw()
    assert took < 2 * PATIENCE_SECONDS + 0.4


async def test_a_worker_whose_connections_went_dead_makes_new_ones(
    small_studio: Studio, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a network was cut in two: nothing is closed, nothing is answered; its subscription comes back too."""
    monkeypatch.setattr(worker_module, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(listening, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(listening, "SILENCE_SECONDS", 0.3)
    monkeypatch.setattr(worker_module, "FALLBACK_POLL_SECONDS", 0.5)
    studio, painter = small_studio, an_open_painter()
    scenes = await studio.some_scenes(2)
    async with studio.worker(images=painter, url=wire.url):
        await until(lambda: wire.commands["SUBSCRIBE"] == 1)
        wire.deafen()
        first = await studio.approve(scenes[0])
        await studio.reaches(first, JobState.SUCCEEDED)
        await until(lambda: wire.commands["SUBSCRIBE"] == 2, what="another subscription")
        monkeypatch.setattr(worker_module, "FALLBACK_POLL_SECONDS", 60)
        second = await studio.approve(scenes[1])
        await studio.reaches(second, JobState.SUCCEEDED)


async def test_an_id_that_a_dead_worker_left_behind_holds_nothing_up(studio: Studio) -> None:
    """arq refuses the id because it knows its key; where the queue has lost it, it is put back into the queue."""
    job = await studio.a_picture_job(heard=False)
    arq_id = studio.names.arq_id(Wake(job.id, job.fence))
    assert await enqueue(studio.redis, studio.names, [Wake(job.id, job.fence)]) == 1
    assert await enqueue(studio.redis, studio.names, [Wake(job.id, job.fence)]) == 0
    await studio.redis.delete(studio.names.queue)
    assert await enqueue(studio.redis, studio.names, [Wake(job.id, job.fence)]) == 1
    assert await studio.redis.zcard(studio.names.queue) == 1
    assert await studio.redis.exists(job_key_prefix + arq_id)
    assert await enqueue(studio.redis, studio.names, [Wake(job.id, job.fence + 1)]) == 1


async def test_a_job_whose_worker_died_before_it_claimed_is_picked_up_again(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys are those of a worker that had picked the job up; they hold it back until they expire."""
    monkeypatch.setattr(worker_module, "FALLBACK_POLL_SECONDS", 0.5)
    job = await studio.a_picture_job()
    arq_id = studio.names.arq_id(Wake(job.id, job.fence))
    await studio.redis.psetex(in_progress_key_prefix + arq_id, 700, b"1")
    await studio.redis.set(retry_key_prefix + arq_id, 1, ex=1000)
    painter = an_open_painter()
    async with studio.worker(images=painter):
        await until_true(lambda: gone(studio, in_progress_key_prefix + arq_id))
        await studio.reaches(job, JobState.SUCCEEDED)
    assert len(painter.requests) == 1


async def gone(studio: Studio, key: str) -> bool:
    return bool(await studio.redis.exists(key) == 0)


async def test_how_long_a_pick_up_holds_a_job_back(studio: Studio) -> None:
    """Long enough to claim it, and no longer than arq would by itself."""
    attempts = None
    worker = WakingWorker(studio.redis, studio.names, attempts, concurrency=1)  # type: ignore[arg-type]
    assert worker.in_progress_timeout_s == worker_module.PICKED_UP_SECONDS <= 30


async def test_junk_in_the_queue_and_on_the_channels_does_no_harm(studio: Studio) -> None:
    painter = an_open_painter()
    async with studio.worker(images=painter) as at_work:
        await studio.redis.zadd(studio.names.queue, {"nobody": 1, f"{studio.names.identity}:x:y": 1})
        await studio.redis.publish(studio.names.cancelled, "not a number")
        await studio.redis.enqueue_job("unknown function", "x", _job_id="junk")
        jobs = [await studio.a_picture_job() for _ in range(2)]
        for job in jobs:
            await studio.reaches(job, JobState.SUCCEEDED)
        painter.door.clear()
        running = await studio.a_picture_job()
        await until(lambda: painter.inside)
        for stranger in (f"{running.id + 1000}:1", f"{running.id}:0", f"{running.id}", "::", f"{running.id}:1"):
            await studio.redis.publish(studio.names.cancelled, stranger)
        await until(lambda: len(painter.requests) == 4, 2, "the listener still listens")
        painter.door.set()
        await studio.reaches(running, JobState.SUCCEEDED)  # nobody had cancelled it in truth
        assert not at_work.task.done()


async def test_two_installations_share_a_redis(studio: Studio, redis_url: str) -> None:
    other = connect(redis_url, type(studio.names)("another"))
    try:
        await RedisBell(other, type(studio.names)("another")).ring(Ring(wakes=(Wake(1, 0),)))
        assert await other.zcard(type(studio.names)("another").queue) == 1
        assert await studio.redis.zcard(studio.names.queue) == 0
    finally:
        await other.aclose(close_connection_pool=True)
