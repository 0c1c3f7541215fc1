"""The book of paid calls: each is noted before it is sent, and what came back is kept before anyone uses it.

So a worker may die at any point: a call whose answer is kept is never made again, and one whose answer is lost is seen
to be lost, and a rule (or a person) decides whether to risk paying twice.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from domain.calls import CallAnswer, PlannedCall, ProviderError, ProviderErrorKind, Role
from domain.entities import Job
from domain.errors import JobErrorCode, JobLost, WorkDelayed, WorkFailed, WorkParked
from domain.money import PriceTable
from storage import calls, scripts
from storage.calls import CallEnd, CallState, Pause
from storage.errors import MediaMissing, StorageError
from storage.jobs import is_held
from storage.media import StagedFile
from storage.settle import settle
from storage.transaction import database_now_ms, lock_accounts
from workflow.context import Context
from workflow.earlier_calls import standing_for
from workflow.patience import Stopped, with_patience
from workflow.taking import taken_script
from workflow.unit import Unit, command

_MINUTE_MS: Final = 60_000
_LONGEST_PAUSE_MINUTES: Final = 15
_UNDER_WAY_SECONDS: Final = 3.0
_PROBE_MS: Final = 2 * _MINUTE_MS
"""While one call probes a paused provider, the others wait this long."""


class Ambiguous(StrEnum):
    """What to do when a call may have been paid and its answer is lost: wait for a person, or call again."""

    PARK = "park"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Rules:
    """How an installation spends. Rates are calls a minute over all workers, 0 for no limit.

    A call that is under way when its job is stopped may take `patience_seconds` more, so that its answer is not lost.
    """

    ambiguous: Ambiguous = Ambiguous.PARK
    budget: Decimal | None = None
    prices: PriceTable = field(default_factory=PriceTable)
    rates: Mapping[Role, int] = field(default_factory=dict)
    settings_sha256: Mapping[Role, str] = field(default_factory=dict)
    patience_seconds: float = 0.0


class JobBook:
    """Fills `domain.calls.CallBook` for one attempt of one job, or for one of the things that such an attempt makes.

    `unless` may raise instead of letting a call be made. It is asked in the transaction that notes the call.
    """

    def __init__(
        self,
        context: Context,
        job: Job,
        rules: Rules,
        *,
        unless: Callable[[PlannedCall], Awaitable[None]] | None = None,
    ) -> None:
        self._context = context
        self._job = job
        self._rules = rules
        self._unless = unless
        self._answered: list[int] = []

    async def make(self, planned: PlannedCall, send: Callable[[], Awaitable[CallAnswer]]) -> bytes:
        """The answer's body: of this call, or of the same request of an earlier attempt.

        Raises:
            WorkDelayed: the provider is paused, or its rate is used up.
            WorkParked: the budget is reached, or an earlier answer is lost and a person is to decide.
            JobLost, and what `send` raises.
        """
        begun = await _begin(self._context, job=self._job, planned=planned, rules=self._rules, unless=self._unless)
        self._answered.append(begun.call_id)
        if begun.answer_key is not None:
            return await self._kept(begun, begun.answer_key, planned.role)
        started = time.monotonic()
        try:
            answer = await with_patience(send, self._rules.patience_seconds)
        except ProviderError as error:
            await settle(self._failed(begun, planned, error, _ms_since(started)))
            raise await self._consequence(planned, begun, error) from None
        except Stopped as stopped:
            await settle(self._end_stopped(begun, planned, stopped, _ms_since(started)))
            raise stopped.cancellation from None
        except BaseException:  # it may have been sent, nobody knows
            await settle(self._ended(begun.call_id, CallEnd(CallState.UNKNOWN, latency_ms=_ms_since(started))))
            raise
        # From here on nothing may come between: it is paid for.
        await settle(self._keep(begun, planned, answer, _ms_since(started)))
        return answer.body

    async def _kept(self, begun: _Begun, key: str, role: Role) -> bytes:
        try:
            return await self._context.media.read(key)
        except MediaMissing:
            await _reject(self._context, call_id=begun.call_id)  # the next attempt asks again
        message = "The kept answer of a paid call is missing in the media folder."
        if begun.left_behind:  # most likely another job has just used it
            raise WorkDelayed(JobErrorCode.STORAGE, f"{message} The job goes on by itself.", seconds=1.0)
        if role is not Role.TEXT and self._rules.ambiguous is Ambiguous.PARK:
            raise WorkParked(JobErrorCode.ANSWER_LOST, f"{message} {_LOST}")
        raise WorkFailed(JobErrorCode.STORAGE, f"{message} It is asked for again.", retryable=True)

    async def reject_answer(self) -> None:
        if self._answered:
            await self._rejected(self._answered[-1])

    async def reject_all(self) -> None:
        """Of no use are all answers of this book."""
        for call_id in self._answered:
            await self._rejected(call_id)

    async def _rejected(self, call_id: int) -> None:
        """Nothing of the answer stays: nobody knows what such bytes hold."""
        await _reject(self._context, call_id=call_id)
        await self._forget(call_id)

    async def release(self) -> None:
        """What was made of the answers is stored: remove them."""
        for call_id in self._answered:
            await self._forget(call_id)

    async def _forget(self, call_id: int) -> None:
        """The bytes are not in anybody's way if that fails."""
        with suppress(WorkFailed, StorageError):
            await self._context.media.remove(calls.call_key(call_id))
            await calls.forget_answer(call_id)

    async def _end_stopped(self, begun: _Begun, planned: PlannedCall, stopped: Stopped, latency_ms: int) -> None:
        match stopped.outcome:
            case CallAnswer() as answer:
                await self._keep(begun, planned, answer, latency_ms)
            case ProviderError() as error:
                await self._failed(begun, planned, error, latency_ms)
            case _:
                await self._ended(begun.call_id, CallEnd(CallState.UNKNOWN, latency_ms=latency_ms))

    async def _keep(self, begun: _Begun, planned: PlannedCall, answer: CallAnswer, latency_ms: int) -> None:
        call_id = begun.call_id
        staged = await self._context.media.stage_bytes(f"call_{call_id}.bin", answer.body)
        end = CallEnd(
            CallState.ANSWERED, answer.usage, self._rules.prices.cost(planned.model, answer.usage), answer.request_id,
            calls.call_key(call_id), latency_ms,
        )  # fmt: skip
        await _end(self._context, call_id=call_id, end=end, staged=staged, works=planned.role if begun.probe else None)

    async def _failed(self, begun: _Begun, planned: PlannedCall, error: ProviderError, latency_ms: int) -> None:
        if not error.charged:
            state = CallState.REFUSED
        elif error.kind is ProviderErrorKind.BAD_OUTPUT:
            state = CallState.UNUSABLE
        else:
            state = CallState.UNKNOWN
        end = CallEnd(state, request_id=error.request_id, latency_ms=latency_ms)
        # Who looks into the content and refuses it does work again.
        works = planned.role if begun.probe and error.kind is ProviderErrorKind.PROMPT else None
        await self._ended(begun.call_id, end, works)

    async def _ended(self, call_id: int, end: CallEnd, works: Role | None = None) -> None:
        await _end(self._context, call_id=call_id, end=end, staged=None, works=works)

    async def _consequence(self, planned: PlannedCall, begun: _Begun, error: ProviderError) -> Exception:
        """What the failure means for the job."""
        if error.kind in (ProviderErrorKind.QUOTA, ProviderErrorKind.CONFIG):
            seconds = await pause_provider(
                self._context, role=planned.role, error=error, rules=self._rules, probe=begun.probe
            )
            return WorkDelayed(error.code, error.message, seconds=seconds, paused=planned.role)
        lost = error.charged and error.kind is ProviderErrorKind.RETRY
        if lost and planned.role is not Role.TEXT and self._rules.ambiguous is Ambiguous.PARK:
            return WorkParked(JobErrorCode.ANSWER_LOST, f"{error.message} {_LOST}")
        return error


_LOST: Final = "It may have been paid for. Retry the job to ask again, at the risk of paying twice."


@dataclass(frozen=True, slots=True)
class _Begun:
    """`probe`: the provider is paused, and this call tries whether it works again. `left_behind`: it is the call of
    another job, which has ended."""

    call_id: int
    answer_key: str | None
    probe: bool = False
    left_behind: bool = False


@command
async def _begin(
    unit: Unit, *, job: Job, planned: PlannedCall, rules: Rules,
    unless: Callable[[PlannedCall], Awaitable[None]] | None = None,
) -> _Begun:  # fmt: skip
    """Find an earlier answer, or reserve the money and note the call."""
    await taken_script(job.script_id)
    if not await is_held(job):
        raise JobLost
    if unless is not None:
        await unless(planned)
    earlier = standing_for(planned, job.kind, await calls.calls_of_job(job.id))
    for call in earlier:
        if call.kept:
            return _Begun(call.id, call.answer_key)
    if any(call.state in calls.UNSETTLED for call in earlier):
        if planned.role is not Role.TEXT and rules.ambiguous is Ambiguous.PARK:
            raise WorkParked(JobErrorCode.ANSWER_LOST, f"The answer to an earlier call was lost. {_LOST}")
        # A job's speeches are asked for side by side: those that are under way are none of this one's.
        alone = planned.request_sha256 if planned.role is Role.SPEECH else None
        await calls.give_up_unsettled(job.id, planned.role, alone)
    if planned.role is Role.SPEECH and (left := await calls.answer_left_behind(job.script_id, planned)) is not None:
        return _Begun(*left, left_behind=True)
    await lock_accounts()
    probe = await _require_open(planned.role)
    estimate = rules.prices.cost(planned.model, planned.most)
    await _require_budget(job.script_id, planned.model, estimate, rules)
    await _require_rate(planned.role, rules)
    call_id = await calls.insert_call(
        planned, job_id=job.id, script_id=job.script_id, fence=job.fence, estimate=estimate, now=unit.now
    )
    return _Begun(call_id, None, probe)


async def _require_open(role: Role) -> bool:
    """Whether the call is the one that tries a paused provider."""
    pause = await calls.pause_of(role)
    if pause is None:
        return False
    now_ms = await database_now_ms()
    if pause.until_ms > now_ms:
        raise WorkDelayed(pause.code, pause.message, seconds=(pause.until_ms - now_ms) / 1000, paused=role)
    await calls.postpone_probe(role, now_ms + _PROBE_MS)
    return True


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
            if spent - await calls.under_way(spent_by) + estimate <= budget:
                message = "The rest of the budget is reserved for calls under way; it goes on when they have ended."
                raise WorkDelayed(JobErrorCode.BUDGET_REACHED, message, seconds=_UNDER_WAY_SECONDS)
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
    # What seems to be sent long from now was sent before the clock was set back.
    sent = await calls.sent_between(role, now_ms - _MINUTE_MS, now_ms + _MINUTE_MS, rate)
    if len(sent) >= rate:
        # Each gets a turn of its own: were all to come when the first is due, all but one would come in vain.
        rounds, turn = divmod(await calls.jobs_awaiting_their_turn(), rate)
        due_ms = sent[rate - 1 - turn] + (rounds + 1) * _MINUTE_MS
        seconds = max(0.05, (due_ms - now_ms) / 1000)
        message = f"The limit of {rate} calls a minute is used up; it goes on by itself."
        raise WorkDelayed(JobErrorCode.RATE_LIMITED, message, seconds=seconds)


@command
async def _end(unit: Unit, *, call_id: int, end: CallEnd, staged: StagedFile | None, works: Role | None) -> None:
    """Not fenced: what was paid for is kept, whoever has the job now."""
    if works is not None:
        await lock_accounts()  # a job that is about to wait for the pause is seen, or sees that it is over
    awaited = await calls.end_call(call_id, end, now=unit.now)
    if works is not None and await calls.end_pause(works):
        await calls.wake_paused_jobs()
    if staged is not None and not awaited:
        await unit.context.media.discard(staged)
    elif staged is not None and end.answer_key is not None:
        await unit.context.media.promote(staged, end.answer_key, replace=True)


@command
async def _reject(unit: Unit, *, call_id: int) -> None:
    await calls.mark_unusable(call_id)


@command
async def pause_provider(unit: Unit, *, role: Role, error: ProviderError, rules: Rules, probe: bool) -> float:
    """Pause it for 1, 2, 4 … 15 minutes; answers the seconds until it is tried again.

    Only a probe that failed makes a pause longer: calls that were under way when it began say nothing new.
    """
    await lock_accounts()
    now_ms = await database_now_ms()
    before = await calls.pause_of(role)
    if before is not None and not probe:
        return max(1.0, (before.until_ms - now_ms) / 1000)
    pauses = before.pauses + 1 if before else 1
    minutes = min(_LONGEST_PAUSE_MINUTES, 2 ** (pauses - 1))
    pause = Pause(
        role, error.code, error.message, pauses, now_ms + minutes * _MINUTE_MS,
        rules.settings_sha256.get(role, ""), before.since if before else unit.now,
    )  # fmt: skip
    await calls.store_pause(pause)
    return float(minutes * 60)


@command
async def settings_changed(unit: Unit, *, rules: Rules) -> list[Role]:
    """At a worker's start: end the pauses that were made under other settings; answers whose."""
    await lock_accounts()
    ended = [
        role
        for role, settings_sha256 in rules.settings_sha256.items()
        if await calls.end_pauses_of_other_settings(role, settings_sha256)
    ]
    if ended:
        await calls.wake_paused_jobs()
    return ended


def _ms_since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
