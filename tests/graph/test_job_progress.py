"""Live progress of jobs: the state now, then a bounded rate of changes, and always the end."""

from __future__ import annotations

import asyncio
from typing import Any

import graph.job_watch
from domain.errors import JobErrorCode, WorkFailed
from domain.lifecycle import Entity
from domain.protocols import LOCAL
from storage.jobs import JobProgress
from tests.graph.client import Api, Socket
from tests.graph.studio import FeedBell, Studio
from workflow import jobs, scripts, work

JOBS = """subscription($job: ID, $script: ID) { jobProgress(jobId: $job, scriptId: $script) {
    id state progress { fraction completed total step } error { code } } }"""


async def progress_of(socket: Socket, id: str) -> dict[str, Any]:
    job: dict[str, Any] = (await socket.next_of(id))["data"]["jobProgress"]
    return job


async def test_one_job_from_now_to_its_end(api: Api, studio: Studio) -> None:
    script = await studio.a_script()
    approval = await scripts.approve_script(studio.context, script_id=script.id, actor=LOCAL)
    async with api.socket() as socket:
        id = await socket.subscribe(JOBS, job="job_1")
        assert (await progress_of(socket, id))["state"] == "QUEUED"
        claimed = await studio.claim(approval.job)
        assert (await progress_of(socket, id))["state"] == "RUNNING"
        loop = asyncio.get_running_loop()
        began = loop.time()
        for step in range(1, 41):
            await work.report_progress(studio.context, claimed, JobProgress(step / 50, step, 50, "reading"))
            await asyncio.sleep(0.02)
        failed = WorkFailed(JobErrorCode.BAD_OUTPUT, "No.", retryable=False)
        await work.record_failure(studio.context, claimed, failed=failed)
        told = []
        while (frame := await socket.frame_of(id))["type"] == "next":
            told.append(frame["payload"]["data"]["jobProgress"])
        seconds = loop.time() - began
        assert frame == {"id": id, "type": "complete"}
        assert (told[-1]["state"], told[-1]["error"]) == ("FAILED", {"code": "BAD_OUTPUT"})
        assert 2 <= len(told) <= seconds / graph.job_watch.PAUSE + 2
        fractions = [job["progress"]["fraction"] for job in told]
        assert fractions == sorted(fractions)
        again = await socket.subscribe(JOBS, job="job_1")
        assert (await progress_of(socket, again))["state"] == "FAILED"
        assert await socket.frame_of(again) == {"id": again, "type": "complete"}
    assert studio.feed.followers == 0


async def test_all_jobs_of_a_script(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=3)
    await studio.a_script(scenes=1)
    async with api.socket() as socket:
        id = await socket.subscribe(JOBS, script="script_1")
        ends: dict[str, str] = {}
        await api.mutate("approveScene", "scene { id }", id="scene_4")
        for scene in (1, 2, 3):
            await api.mutate("approveScene", "scene { id }", id=f"scene_{scene}")
        await studio.draw(await studio.job_of(Entity.SCENE, 1))
        await jobs.cancel_job(studio.context, job_id=(await studio.job_of(Entity.SCENE, 2)).id, actor=LOCAL)
        while len([state for state in ends.values() if state in ("SUCCEEDED", "CANCELLED")]) < 2 or len(ends) < 3:
            job = await progress_of(socket, id)
            assert ends.get(job["id"]) not in ("SUCCEEDED", "CANCELLED"), "told of its end twice"
            ends[job["id"]] = job["state"]
        assert sorted(ends.values()) == ["CANCELLED", "QUEUED", "SUCCEEDED"]
        retried = await studio.job_of(Entity.SCENE, 3)
        await studio.draw(retried)
        while (job := await progress_of(socket, id))["state"] != "SUCCEEDED":
            assert job["id"] == f"job_{retried.id}"


async def test_the_end_is_told_although_bells_are_lost(api: Api, studio: Studio) -> None:
    script = await studio.a_script()
    approval = await scripts.approve_script(studio.context, script_id=script.id, actor=LOCAL)
    studio.bell.broken = True
    async with api.socket() as socket:
        one = await socket.subscribe(JOBS, job=f"job_{approval.job.id}")
        every = await socket.subscribe(JOBS)
        assert (await progress_of(socket, one))["state"] == "QUEUED"
        assert (await progress_of(socket, every))["state"] == "QUEUED"
        await studio.segment(approval.job)
        for id in (one, every):
            while (await progress_of(socket, id))["state"] != "SUCCEEDED":
                pass
        assert (await socket.frame_of(one))["type"] == "complete"


async def test_a_job_that_is_over_between_two_looks_is_told_of(api: Api, studio: Studio) -> None:
    async with api.socket() as socket:
        id = await socket.subscribe(JOBS)
        await socket.settle()
        await studio.a_script(scenes=1)
        job = await progress_of(socket, id)
        while job["state"] != "SUCCEEDED":
            job = await progress_of(socket, id)
        assert job["id"] == "job_1"


async def test_what_jobs_cannot_be_watched(api: Api, studio: Studio) -> None:
    await studio.a_script(scenes=1)
    await studio.a_script()
    cases = [
        ({"job": "job_9"}, "NOT_FOUND"), ({"job": "scene_1"}, "INVALID"), ({"script": "script_9"}, "NOT_FOUND"),
        ({"script": "script_2", "job": "job_1"}, "NOT_FOUND"),
    ]  # fmt: skip
    async with api.socket() as socket:
        for variables, code in cases:
            frame = await socket.frame_of(await socket.subscribe(JOBS, **variables))
            assert (frame["type"], frame["payload"][0]["extensions"]["code"]) == ("error", code)


async def test_ringing_without_listeners(studio: Studio) -> None:
    bell = FeedBell(studio.feed)
    assert bell.broken is False
    studio.feed.ring_job(7)
    studio.feed.ring_events()
