"""Calls that may cost money: what was sent, what came back, what it cost, and which provider is paused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from tortoise.expressions import Q

from domain.calls import PlannedCall, Role, Usage
from domain.errors import JobErrorCode
from domain.lifecycle import JobKind, JobState
from domain.money import Cost, from_nano, to_nano
from storage import models
from storage.database import connection
from storage.transaction import database_now_ms


class CallState(StrEnum):
    """`sent`: no answer yet. `unknown`: the answer is lost, it may have been paid. `given_up`: that, and a person or a
    rule has decided to call again. `refused`: answered with an error, nothing paid. `unusable`: paid for nothing."""

    SENT = "sent"
    ANSWERED = "answered"
    REFUSED = "refused"
    UNUSABLE = "unusable"
    UNKNOWN = "unknown"
    GIVEN_UP = "given_up"


UNSETTLED = (CallState.SENT, CallState.UNKNOWN)
_PAUSE_CODES = (JobErrorCode.QUOTA_EXHAUSTED, JobErrorCode.PROVIDER_UNAVAILABLE, JobErrorCode.PROVIDER_REFUSED)
_ENDED_IN_VAIN = (JobState.FAILED.value, JobState.CANCELLED.value)
_PERHAPS_PAID = f"state <> '{CallState.REFUSED.value}'"


@dataclass(frozen=True, slots=True)
class Call:
    """A noted call, as far as a rerun needs it."""

    id: int
    role: Role
    request_sha256: str
    state: CallState
    answer_key: str | None

    @property
    def kept(self) -> bool:
        """Its answer is there to be used."""
        return self.state is CallState.ANSWERED and self.answer_key is not None


async def calls_of_job(job_id: int) -> list[Call]:
    """What this job has already sent, newest first."""
    query = models.ProviderCall.filter(job_id=job_id).order_by("-id")
    rows = await query.values("id", "role", "request_sha256", "state", "answer_key")
    return [Call(**{**row, "role": Role(row["role"]), "state": CallState(row["state"])}) for row in rows]


async def answer_left_behind(script_id: int, planned: PlannedCall) -> tuple[int, str] | None:
    """The id and key of a kept answer to this very request, of a job of the script that has ended without using it."""
    query = models.ProviderCall.filter(
        script_id=script_id, role=planned.role.value, request_sha256=planned.request_sha256,
        state=CallState.ANSWERED.value, answer_key__isnull=False,
    )  # fmt: skip
    rows = await query.order_by("-id").values("id", "job_id", "answer_key")
    jobs = models.Job.filter(id__in=sorted({row["job_id"] for row in rows}), kind=JobKind.COMPILE_VIDEO.value)
    ended = {row["id"] for row in await jobs.filter(state__in=_ENDED_IN_VAIN).values("id")}
    return next(((row["id"], row["answer_key"]) for row in rows if row["job_id"] in ended), None)


async def insert_call(
    planned: PlannedCall, *, job_id: int, script_id: int, fence: int, estimate: Decimal | None, now: datetime
) -> int:
    """Note a call that is about to be sent; answers its id."""
    row = await models.ProviderCall.create(
        job_id=job_id, script_id=script_id, fence=fence, role=planned.role.value, model=planned.model,
        request_sha256=planned.request_sha256, state=CallState.SENT.value,
        estimate_nano=None if estimate is None else to_nano(estimate), sent_at_ms=await database_now_ms(), sent_at=now,
    )  # fmt: skip
    return row.id


@dataclass(frozen=True, slots=True)
class CallEnd:
    """How a call ended. `cost` is None where it is not known."""

    state: CallState
    usage: Usage | None = None
    cost: Decimal | None = None
    request_id: str | None = None
    answer_key: str | None = None
    latency_ms: int | None = None


async def end_call(call_id: int, end: CallEnd, *, now: datetime) -> bool:
    """False: it has been given up meanwhile. What it cost is noted all the same, its answer is not wanted any more."""
    usage = end.usage
    told = {
        "cost_nano": None if end.cost is None else to_nano(end.cost),
        "input_tokens": usage.input_tokens if usage else None,
        "cached_input_tokens": usage.cached_input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None, "images": usage.images if usage else None,
        "characters": usage.characters if usage else None,
        "request_id": end.request_id[:200] if end.request_id else None,
        "latency_ms": end.latency_ms, "ended_at": now,
    }  # fmt: skip
    awaited = models.ProviderCall.filter(id=call_id, state=CallState.SENT.value)
    if await awaited.update(state=end.state.value, answer_key=end.answer_key, **told):
        return True
    given_up = models.ProviderCall.filter(id=call_id, state=CallState.GIVEN_UP.value)
    if end.state is CallState.REFUSED:
        await given_up.update(state=end.state.value, **told)
    else:
        await given_up.update(**told)
    return False


async def mark_unusable(call_id: int) -> None:
    """Its answer turned out to be of no use; a rerun must not take it."""
    query = models.ProviderCall.filter(id=call_id, state=CallState.ANSWERED.value)
    await query.update(state=CallState.UNUSABLE.value)


async def unneeded_answers(job_id: int | None = None, *, ended_before: datetime) -> dict[int, str]:
    """Calls whose answers are still kept and that nothing will ask for: their keys by call. Of one job, or of all.

    They are of jobs that have succeeded, and of videos that ended in vain before then: the script's next one would have
    taken them. Other work that ended in vain can be retried, and takes them at any time.
    """
    query = models.ProviderCall.filter(answer_key__isnull=False)
    if job_id is not None:
        query = query.filter(job_id=job_id)
    rows = await query.values("id", "job_id", "answer_key")
    jobs = models.Job.filter(id__in=sorted({row["job_id"] for row in rows}))
    in_vain = Q(kind=JobKind.COMPILE_VIDEO.value, state__in=_ENDED_IN_VAIN, finished_at__lt=ended_before)
    done = {row["id"] for row in await jobs.filter(Q(state=JobState.SUCCEEDED.value) | in_vain).values("id")}
    return {row["id"]: row["answer_key"] for row in rows if row["job_id"] in done}


def call_key(call_id: int) -> str:
    """Where the answer's bytes are put."""
    return f"calls/call_{call_id}.bin"


async def forget_answer(call_id: int) -> None:
    await models.ProviderCall.filter(id=call_id).update(answer_key=None)


async def give_up_unsettled(job_id: int, role: Role | None = None, request_sha256: str | None = None) -> None:
    """It has been decided to call again although an answer is lost: of this role and request, or of any.

    That may have got as far as the media store, its row not: it is removed with the others of its job.
    """
    query = models.ProviderCall.filter(job_id=job_id, state__in=[state.value for state in UNSETTLED])
    if role is not None:
        query = query.filter(role=role.value)
    if request_sha256 is not None:
        query = query.filter(request_sha256=request_sha256)
    for row in await query.values("id"):
        given_up = {"state": CallState.GIVEN_UP.value, "answer_key": call_key(row["id"])}
        await models.ProviderCall.filter(id=row["id"]).update(**given_up)


# --- sums --------------------------------------------------------------------------------------------------------


async def committed(script_id: int | None = None) -> Decimal:
    """What has been spent or may still be, of one script or of all: the cost, else the estimate."""
    where = "" if script_id is None else f" AND script_id = {int(script_id)}"
    rows = await connection().execute_query_dict(
        f"SELECT SUM(COALESCE(cost_nano, estimate_nano, 0)) AS total FROM provider_call WHERE {_PERHAPS_PAID}{where}"
    )
    return from_nano(int(rows[0]["total"] or 0))


async def under_way(script_id: int | None = None) -> Decimal:
    """What is reserved for calls that live workers wait for: most of it comes back when they end."""
    where = "" if script_id is None else f" AND provider_call.script_id = {int(script_id)}"
    rows = await connection().execute_query_dict(
        "SELECT SUM(provider_call.estimate_nano) AS total FROM provider_call JOIN job ON job.id = provider_call.job_id "
        f"AND job.fence = provider_call.fence AND job.state = '{JobState.RUNNING.value}' "
        f"WHERE provider_call.state = '{CallState.SENT.value}'{where}"
    )
    return from_nano(int(rows[0]["total"] or 0))


async def costs_of_jobs(job_ids: Sequence[int]) -> dict[int, Cost]:
    """Of each that has made calls."""
    return await _costs_by("job_id", job_ids)


async def costs_of_scripts(script_ids: Sequence[int]) -> dict[int, Cost]:
    """Of each whose jobs have made calls, all of them together."""
    return await _costs_by("script_id", script_ids)


async def _costs_by(column: str, ids: Sequence[int]) -> dict[int, Cost]:
    if not ids:
        return {}
    listed = ", ".join(str(int(row_id)) for row_id in ids)
    rows = await connection().execute_query_dict(
        f"SELECT {column} AS id, COUNT(*) AS calls, SUM(COALESCE(cost_nano, 0)) AS known, "
        "SUM(CASE WHEN cost_nano IS NULL THEN 1 ELSE 0 END) AS unknown "
        f"FROM provider_call WHERE {_PERHAPS_PAID} AND {column} IN ({listed}) GROUP BY {column}"
    )
    return {row["id"]: Cost(from_nano(int(row["known"])), int(row["calls"]), int(row["unknown"])) for row in rows}


async def sent_between(role: Role, since_ms: int, until_ms: int, limit: int) -> list[int]:
    """When the newest calls of this role were sent, in ms by the database's clock; newest first."""
    query = models.ProviderCall.filter(role=role.value, sent_at_ms__gt=since_ms, sent_at_ms__lt=until_ms)
    return [row["sent_at_ms"] for row in await query.order_by("-sent_at_ms").limit(limit).values("sent_at_ms")]


async def jobs_awaiting_their_turn() -> int:
    """Jobs that are held back by a rate."""
    waiting = models.Job.filter(state=JobState.RETRYING.value, error_code=JobErrorCode.RATE_LIMITED.value)
    return await waiting.filter(due_at_ms__gt=await database_now_ms()).count()


# --- pauses ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pause:
    """A paused provider. `until_ms` is by the database's clock, `pauses` counts how often it was tried in vain."""

    role: Role
    code: JobErrorCode
    message: str
    pauses: int
    until_ms: int
    settings_sha256: str
    since: datetime


async def pauses() -> list[Pause]:
    columns = ("role", "code", "message", "pauses", "until_ms", "settings_sha256", "since")
    rows = await models.ProviderPause.all().order_by("role").values(*columns)
    return [Pause(**{**row, "role": Role(row["role"]), "code": JobErrorCode(row["code"])}) for row in rows]


async def pause_of(role: Role) -> Pause | None:
    return next((pause for pause in await pauses() if pause.role is role), None)


async def store_pause(pause: Pause) -> None:
    await models.ProviderPause.filter(role=pause.role.value).delete()
    await models.ProviderPause.create(
        role=pause.role.value, code=pause.code.value, message=pause.message, pauses=pause.pauses,
        until_ms=pause.until_ms, settings_sha256=pause.settings_sha256, since=pause.since,
    )  # fmt: skip


async def postpone_probe(role: Role, until_ms: int) -> None:
    """While one call tries whether the provider works again, the others wait."""
    await models.ProviderPause.filter(role=role.value).update(until_ms=until_ms)


async def end_pause(role: Role) -> bool:
    return await models.ProviderPause.filter(role=role.value).delete() > 0


async def end_pauses_of_other_settings(role: Role, settings_sha256: str) -> bool:
    """A changed setting may have mended it."""
    query = models.ProviderPause.filter(role=role.value).exclude(settings_sha256=settings_sha256)
    return await query.delete() > 0


async def try_paused_providers() -> None:
    """A person asks for another try: the next call of each is its probe."""
    await models.ProviderPause.all().update(until_ms=await database_now_ms())


async def wake_paused_jobs() -> None:
    """A pause is over: the jobs that wait for its end are due at once. Some that merely retry are among them."""
    waiting = models.Job.filter(state=JobState.RETRYING.value, error_code__in=[code.value for code in _PAUSE_CODES])
    await waiting.update(due_at_ms=await database_now_ms())
