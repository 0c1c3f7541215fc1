"""Routes of jobs."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from domain.protocols import LOCAL
from rest import objects
from rest.asking import GivenContext
from rest.bodies import Nothing, body_of, described_body
from rest.encoding import encode_job
from rest.openapi import READ, WRITE
from rest.paths import JobId
from workflow import jobs, reading

router = APIRouter(tags=["jobs"])

_NO_VALUES = [Depends(body_of(Nothing, optional=True))]


@router.get("/jobs/{job_id}", responses=READ)
async def read_job(job_id: JobId) -> objects.Job:
    """One job."""
    return await encode_job(await reading.read_job(job_id))


@router.post(
    "/jobs/{job_id}/retry", status_code=202, responses=WRITE, dependencies=_NO_VALUES,
    openapi_extra=described_body(Nothing, optional=True),
)  # fmt: skip
async def retry_job(job_id: JobId, context: GivenContext) -> objects.Job:
    """Send failed or waiting work back into the queue. A video's that has failed is not: ask for a new one."""
    return await encode_job(await jobs.retry_job(context, job_id=job_id, actor=LOCAL))


@router.post(
    "/jobs/{job_id}/cancel", responses=WRITE, dependencies=_NO_VALUES,
    openapi_extra=described_body(Nothing, optional=True),
)  # fmt: skip
async def cancel_job(job_id: JobId, context: GivenContext) -> objects.Job:
    """End work that has not ended; a result that arrives later is discarded. A video's cancellation rejects it."""
    return await encode_job(await jobs.cancel_job(context, job_id=job_id, actor=LOCAL))
