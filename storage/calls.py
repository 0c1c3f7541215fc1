"""Calls that may cost money: what was sent, what came back, what it cost, and which provider is paused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.calls import PlannedCall, Role, Usage
from domain.errors import JobErrorCode
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
_PERHAPS_PAID = f"state <> '{CallState.REFUSED.value}'"


@dataclass(frozen=True, slots=True)
class Call:
    """A noted call, as far as a rerun needs it."""

    id: int
    state: CallState
    fence: int
    answer_key: str | None


async def calls_of_request(job_id: int, request_sha256: str) -> list[Call]:
    """What this job has already sent with this content, newest first."""
    query = models.ProviderCall.filter(job_id=job_id, request_sha256=request_sha256).order_by("-id")
    rows = await query.values("id", "state", "fence", "answer_key")
    return [Call(row["id"], CallState(row["state"]), row["fence"], row["answer_key"]) for row in rows]


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


async def end_call(call_id: int, end: CallEnd, *, now: datetime) -> None:
    usage = end.usage
    await models.ProviderCall.filter(id=call_id, state=CallState.SENT.value).update(
        state=end.state.value, cost_nano=None if end.cost is None else to_nano(end.cost),
        input_tokens=usage.input_tokens if usage else None,
        cached_input_tokens=usage.cached_input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None, images=usage.images if usage else None,
        request_id=end.request_id[:200] if end.request_id else None, answer_key=end.answer_key,
        latency_ms=end.latency_ms, ended_at=now,
    )  # fmt: skip


async def mark_unusable(call_id: int) -> None:
    """Its answer turned out to be of no use; a rerun must not take it."""
    query = models.ProviderCall.filter(id=call_id, state=CallState.ANSWERED.value)
    await query.update(state=CallState.UNUSABLE.value, answer_key=None)


async def give_up_unsettled(job_id: int) -> None:
    """It has been decided to call again although an answer is lost."""
    query = models.ProviderCall.filter(job_id=job_id, state__in=[state.value for state in UNSETTLED])
    await query.update(state=CallState.GIVEN_UP.value)


# --- sums --------------------------------------------------------------------------------------------------------


async def committed(script_id: int | None = None) -> Decimal:
    """What has been spent or may still be, of one script or of all: the cost, else the estimate."""
    where = "" if script_id is None else f" AND script_id = {int(script_id)}"
    rows = await connection().execute_query_dict(
        f"SELECT SUM(COALESCE(cost_nano, estimate_nano, 0)) AS total FROM provider_call WHERE {_PERHAPS_PAID}{where}"
    )
    return from_nano(int(rows[0]["total"] or 0))


async def costs_of_jobs(job_ids: Sequence[int]) -> dict[int, Cost]:
    """Of each that has made calls."""
    if not job_ids:
        return {}
    listed = ", ".join(str(int(job_id)) for job_id in job_ids)
    rows = await connection().execute_query_dict(
        "SELECT job_id, COUNT(*) AS calls, SUM(COALESCE(cost_nano, 0)) AS known, "
        "SUM(CASE WHEN cost_nano IS NULL THEN 1 ELSE 0 END) AS unknown "
        f"FROM provider_call WHERE {_PERHAPS_PAID} AND job_id IN ({listed}) GROUP BY job_id"
    )
    return {row["job_id"]: Cost(from_nano(int(row["known"])), int(row["calls"]), int(row["unknown"])) for row in rows}


async def sent_since(role: Role, since_ms: int, limit: int) -> list[int]:
    """When the newest calls of this role were sent, in ms by the database's clock; newest first."""
    query = models.ProviderCall.filter(role=role.value, sent_at_ms__gt=since_ms).order_by("-sent_at_ms").limit(limit)
    return [row["sent_at_ms"] for row in await query.values("sent_at_ms")]


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


async def end_all_pauses() -> None:
    """A person asks for another try."""
    await models.ProviderPause.all().delete()
