"""Routes of jobs."""

from __future__ import annotations

import httpx

from domain.lifecycle import Entity
from storage.jobs import JobProgress
from tests.rest.making import NO_COST, a_pending_video, an_approved_script, failed, problem, raw, taken_job
from workflow import reading, work
from workflow.context import Context


async def test_every_field(client: httpx.AsyncClient, context: Context) -> None:
    script = await an_approved_script(context)
    job = await taken_job(context, Entity.SCRIPT, script.id)
    await work.report_progress(context, job, JobProgress(0.5, 1, 2, "cutting"))
    seen = dict(raw(await client.get(f"/api/jobs/{job.id}")))
    assert seen.pop("queued_at") < seen.pop("started_at")
    assert seen == {
        "id": job.id,
        "kind": "segment_script",
        "state": "running",
        "version": 3,
        "script_id": script.id,
        "subject": {"type": "script", "id": script.id},
        "attempt": 1,
        "max_attempts": 4,
        "progress": {"fraction": 0.5, "completed": 1, "total": 2, "step": "cutting", "seconds_left": None},
        "error": None,
        "note": None,
        "cost": NO_COST,
        "finished_at": None,
    }


async def test_a_failed_job_is_retried(client: httpx.AsyncClient, context: Context) -> None:
    script = await an_approved_script(context)
    job = await taken_job(context, Entity.SCRIPT, script.id)
    await failed(context, job)
    seen = raw(await client.get(f"/api/jobs/{job.id}"))
    assert seen["error"] == {
        "code": "PROVIDER_REFUSED",
        "message": "The prompt was refused.",
        "retryable": False,
        "next_retry_at": None,
    }
    assert seen["finished_at"] is not None
    answer = await client.post(f"/api/jobs/{job.id}/retry")
    again = raw(answer)
    assert (answer.status_code, again["state"], again["attempt"], again["error"]) == (202, "queued", 0, None)
    said = problem(await client.post(f"/api/jobs/{job.id}/retry"), 409, "STATE_CONFLICT")
    assert (said["current_status"], said["wanted_status"]) == ("queued", "queued")


async def test_a_job_is_cancelled_once(client: httpx.AsyncClient, context: Context) -> None:
    script = await an_approved_script(context)
    job = await taken_job(context, Entity.SCRIPT, script.id)
    answer = await client.post(f"/api/jobs/{job.id}/cancel", content=b"")
    assert (answer.status_code, raw(answer)["state"]) == (200, "cancelled")
    problem(await client.post(f"/api/jobs/{job.id}/cancel"), 409, "STATE_CONFLICT")


async def test_cancelling_a_video_rejects_it(client: httpx.AsyncClient, context: Context) -> None:
    video = await a_pending_video(context)
    job = (await reading.latest_jobs(Entity.VIDEO, [video.id]))[video.id]
    assert (await client.post(f"/api/jobs/{job.id}/cancel", json={})).status_code == 200
    assert raw(await client.get(f"/api/videos/{video.id}"))["status"] == "rejected"
    problem(await client.post(f"/api/jobs/{job.id}/retry"), 409, "STATE_CONFLICT")


async def test_unknown_jobs(client: httpx.AsyncClient) -> None:
    problem(await client.get("/api/jobs/1"), 404, "NOT_FOUND")
    for action in ("retry", "cancel"):
        problem(await client.post(f"/api/jobs/1/{action}"), 404, "NOT_FOUND")
