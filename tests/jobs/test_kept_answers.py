"""Kept answers that their own jobs have left are removed while workers go on working."""

from __future__ import annotations

import pytest

from domain.lifecycle import JobState
from storage import models
from storage.calls import CallEnd, CallState, call_key, end_call, insert_call
from tests.jobs.studio import Studio, until
from tests.money.paying import PLANNED


@pytest.mark.usefixtures("quick_sweeps")
async def test_the_sweep_removes_an_answer_whose_worker_died_before_it_could(
    small_studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.sweep.FORGETTING_SECONDS", 0.1)
    studio, media = small_studio, small_studio.context.media
    job = await studio.world.a_job(JobState.SUCCEEDED)
    now = studio.context.clock.now()
    async with studio.worker():
        call_id = await insert_call(PLANNED, job_id=job.id, script_id=job.script_id, fence=1, estimate=None, now=now)
        await media.promote(await media.stage_bytes("call.bin", b"a picture"), call_key(call_id))
        await end_call(call_id, CallEnd(CallState.ANSWERED, answer_key=call_key(call_id)), now=now)
        await until(lambda: not list((media.folder / "calls").iterdir()), what="the answer to go")
    assert await models.ProviderCall.filter(answer_key__isnull=False).count() == 0
