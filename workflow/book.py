"""The book of paid calls: each is noted before it is sent, and what came back is kept before anyone uses it.

So a worker may die at any point: a call whose answer is kept is never made again, and one whose answer is lost is seen
to be lost, and a rule (or a person) decides whether to risk paying twice.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from domain.calls import CallAnswer, PlannedCall, ProviderError, ProviderErrorKind, Role
from domain.entities import Job
from domain.errors import JobErrorCode, JobLost, WorkDelayed, WorkParked
from domain.money import PriceTable
from storage import calls, scripts
from storage.calls import CallEnd, CallState, Pause
from storage.jobs import is_held
from storage.media import StagedFile
from storage.settle import settle
from storage.transaction import database_now_ms, lock_accounts
from workflow.context import Context
from workflow.taking import taken_script
from workflow.unit import Unit, command

_MINUTE_MS: Final = 60_000
_LONGEST_PAUSE_MINUTES: Final = 15
_PROBE_MS: Final = 2 * _MINUTE_MS
"""While one call probes a paused provider, the others wait this long."""


class Ambiguous(StrEnum):
    """What to do when a call may have been paid and its answer is lost: wait for a person, or call again."""

    PARK = "park"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Rules:
    """How an installation spends. Rates are calls a minute over all workers, 0 for no limit."""

    ambiguous: Ambiguous = Ambiguous.PARK
    budget: Decimal | None = None
    prices: PriceTable = field(default_factory=PriceTable)
    rates: Mapping[Role, int] = field(default_factory=dict)
    settings_sha256: Mapping[Role, str] = field(default_factory=dict)


class JobBook:
    """Fills `domain.calls.CallBook` for one attempt of one job."""

    def __init__(self, context: Context, job: Job, rules: Rules) -> None:
        self._context = context
        self._job = job
        self._rules = rules
        self._answered: int | None = None

    async def make(self, planned: PlannedCall, send: Callable[[], Awaitable[CallAnswer]]) -> bytes:
        """The answer's body: of this call, or of the same request of an earlier attempt.

        Raises:
            WorkDelayed: the provider is paused, or its rate is used up.
            WorkParked: the budget is reached, or an earlier answer is lost and a person is to decide.
            JobLost, and what `send` raises.
        """
        begun = await _begin(self._context, job=self._job, planned=planned, rules=self._rules)
        self._answered = begun.call_id
        if begun.answer_key is not None:
            return await self._context.media.read(begun.answer_key)
        started = time.monotonic()
        try:
            answer = await send()
        except ProviderError as error:
            await self._failed(begun.call_id, planned, error, _ms_since(started))
            raise await self._consequence(planned, error) from None
        except BaseException:  # also cancelled: it may have been sent, nobody knows
            await settle(self._ended(begun.call_id, CallEnd(CallState.UNKNOWN, latency_ms=_ms_since(started))))
            raise
        # From here on nothing may come between: it is paid for.
        await settle(self._keep(begun.call_id, planned, answer, _ms_since(started)))
        return answer.body

    async def reject_answer(self) -> None:
        if self._answered is not None:
            await _reject(self._context, call_id=self._answered)

    async def _keep(self, call_id: int, planned: PlannedCall, answer: CallAnswer, latency_ms: int) -> None:
        staged = await self._context.media.stage_bytes(f"call_{call_id}.bin", answer.body)
        end = CallEnd(
            CallState.ANSWERED, answer.usage, self._rules.prices.cost(planned.model, answer.usage), answer.request_id,
            call_key(call_id), latency_ms,
        )  # fmt: skip
        await _end(self._context, call_id=call_id, end=end, staged=staged, works=planned.role)

    async def _failed(self, call_id: int, planned: PlannedCall, error: ProviderError, latency_ms: int) -> None:
        if not error.charged:
            state = CallState.REFUSED
        elif error.kind is ProviderErrorKind.BAD_OUTPUT:
            state = CallState.UNUSABLE
        else:
            state = CallState.UNKNOWN
        await self._ended(call_id, CallEnd(state, request_id=error.request_id, latency_ms=latency_ms))

    async def _ended(self, call_id: int, end: CallEnd) -> None:
        await _end(self._context, call_id=call_id, end=end, staged=None, works=None)

    async def _consequence(self, planned: PlannedCall, error: ProviderError) -> Exception:
        """What the failure means for the job."""
        if error.kind in (ProviderErrorKind.QUOTA, ProviderErrorKind.CONFIG):
            seconds = await _pause(self._context, planned=planned, error=error, rules=self._rules)
            return WorkDelayed(error.code, error.message, seconds=seconds)
        lost = error.charged and error.kind is ProviderErrorKind.RETRY
        if lost and planned.role is not Role.TEXT and self._rules.ambiguous is Ambiguous.PARK:
            return WorkParked(JobErrorCode.ANSWER_LOST, f"{error.message} {_LOST}")
        return error


_LOST: Final = "It may have been paid for. Retry the job to ask again, at the risk of paying twice."


@dataclass(frozen=True, slots=True)
class _Begun:
    call_id: int
    answer_key: str | None


@command
async def _begin(unit: Unit, *, job: Job, planned: PlannedCall, rules: Rules) -> _Begun:
    """Find an earlier answer, or reserve the money and note the call."""
    await taken_script(job.script_id)
    if not await is_held(job):
        raise JobLost
    earlier = await calls.calls_of_request(job.id, planned.request_sha256)
    for call in earlier:
        if call.state is CallState.ANSWERED and call.answer_key is not None:
            return _Begun(call.id, call.answer_key)
    if any(call.state in calls.UNSETTLED for call in earlier):
        if planned.role is not Role.TEXT and rules.ambiguous is Ambiguous.PARK:
            raise WorkParked(JobErrorCode.ANSWER_LOST, f"The answer to an earlier call was lost. {_LOST}")
        await calls.give_up_unsettled(job.id)
    await lock_accounts()
    await _require_open(planned.role)
    estimate = rules.prices.cost(planned.model, planned.most)
    await _require_budget(job.script_id, planned.model, estimate, rules)
    await _require_rate(planned.role, rules)
    call_id = await calls.insert_call(
        planned, job_id=job.id, script_id=job.script_id, fence=job.fence, estimate=estimate, now=unit.now
    )
    return _Begun(call_id, None)


async def _require_open(role: Role) -> None:
    pause = await calls.pause_of(role)
    if pause is None:
        return
    now_ms = await database_now_ms()
    if pause.until_ms > now_ms:
        raise WorkDelayed(pause.code, pause.message, seconds=(pause.until_ms - now_ms) / 1000)
    await calls.postpone_probe(role, now_ms + _PROBE_MS)


async def _require_budget(script_id: int, model: str, estimate: Decimal | None, rules: Rules) -> None:
    script_budget = await scripts.budget_of(script_id)
    for budget, of, spent_by in (
        (script_budget, "this script", script_id),
        (rules.budget, "all scripts (REELGATE_BUDGET)", None),
    ):
        if budget is None:
            continue
        if estimate is None:
            message = f"There is a budget for {of}, but no price is known for {model}. Add it to REELGATE_PRICES."
            raise WorkParked(JobErrorCode.BUDGET_REACHED, message)
        spent = await calls.committed(spent_by)
        if spent + estimate > budget:
            message = (
                f"The budget for {of} is reached: {spent:.4f} of {budget:.4f} USD are spent or reserved, and this call "
                f"may cost {estimate:.4f}. Raise the budget, and the job goes on."
            )
            raise WorkParked(JobErrorCode.BUDGET_REACHED, message)


async def _require_rate(role: Role, rules: Rules) -> None:
    rate = rules.rates.get(role, 0)
    if not rate:
        return
    now_ms = await database_now_ms()
    sent = await calls.sent_since(role, now_ms - _MINUTE_MS, rate)
    if len(sent) >= rate:
        seconds = max(0.05, (sent[-1] + _MINUTE_MS - now_ms) / 1000)
        message = f"The limit of {rate} calls a minute is used up; it goes on by itself."
        raise WorkDelayed(JobErrorCode.RATE_LIMITED, message, seconds=seconds)


@command
async def _end(unit: Unit, *, call_id: int, end: CallEnd, staged: StagedFile | None, works: Role | None) -> None:
    """Not fenced: what was paid for is kept, whoever has the job now."""
    await calls.end_call(call_id, end, now=unit.now)
    if works is not None:
        await calls.end_pause(works)
    if staged is not None and end.answer_key is not None:
        await unit.context.media.promote(staged, end.answer_key, replace=True)


@command
async def _reject(unit: Unit, *, call_id: int) -> None:
    await calls.mark_unusable(call_id)


@command
async def _pause(unit: Unit, *, planned: PlannedCall, error: ProviderError, rules: Rules) -> float:
    """Pause the provider for 1, 2, 4 … 15 minutes; answers the seconds until it is tried again."""
    await lock_accounts()
    before = await calls.pause_of(planned.role)
    pauses = before.pauses + 1 if before else 1
    minutes = min(_LONGEST_PAUSE_MINUTES, 2 ** (pauses - 1))
    pause = Pause(
        planned.role, error.code, error.message, pauses, await database_now_ms() + minutes * _MINUTE_MS,
        rules.settings_sha256.get(planned.role, ""), before.since if before else unit.now,
    )  # fmt: skip
    await calls.store_pause(pause)
    return float(minutes * 60)


@command
async def settings_changed(unit: Unit, *, rules: Rules) -> list[Role]:
    """At a worker's start: end the pauses that were made under other settings; answers whose."""
    return [
        role
        for role, settings_sha256 in rules.settings_sha256.items()
        if await calls.end_pauses_of_other_settings(role, settings_sha256)
    ]


def call_key(call_id: int) -> str:
    return f"calls/call_{call_id}.bin"


def _ms_since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
