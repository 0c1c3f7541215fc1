"""The errors that people and clients see, free of HTTP, GraphQL and provider words.

A `DomainError` declines a command: nothing was changed. A `WorkFailed` ends an attempt of a job: it says why in
words a person can act on, and whether trying again can help. Neither carries anything secret: both are stored,
logged and sent to clients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable codes of declined commands, the same over every face."""

    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    STATE_CONFLICT = "STATE_CONFLICT"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    CURSOR_INVALID = "CURSOR_INVALID"


class DomainError(Exception):
    """A declined command. `code` is stable, `message` fit for a person, `field` the path of the input at fault."""

    code: ErrorCode

    def __init__(self, message: str, *, field: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.field = tuple(field)


class InvalidInput(DomainError):
    """The input can never be accepted as it is."""

    code = ErrorCode.INVALID


class LimitExceeded(DomainError):
    """The input is well formed, but larger than this installation takes."""

    code = ErrorCode.LIMIT_EXCEEDED


class NotFound(DomainError):
    """Nothing has this id."""

    code = ErrorCode.NOT_FOUND

    def __init__(self, entity: str, entity_id: int, *, field: str = "id") -> None:
        super().__init__(f"There is no {entity} {entity_id}.", field=(field,))
        self.entity = entity
        self.entity_id = entity_id


class IllegalTransition(DomainError):
    """The lifecycle does not allow this now; also the loser's answer in a race."""

    code = ErrorCode.STATE_CONFLICT

    def __init__(self, entity: str, current: str, wanted: str, *, hint: str = "") -> None:
        if current == wanted:
            message = f"This {entity} is {current} already."
        else:
            message = f"This {entity} is {current}; it cannot become {wanted}."
        super().__init__(f"{message} {hint}".strip())
        self.entity = entity
        self.current = current
        self.wanted = wanted


class StateConflict(DomainError):
    """The state of things forbids this command, for the reason that the message gives."""

    code = ErrorCode.STATE_CONFLICT


@dataclass(frozen=True, slots=True)
class SceneShortfall:
    """Why one scene keeps a video from being made. `reason` is a stable word, `message` says what to do."""

    scene_id: int
    order: int
    reason: str
    message: str


class ScenesNotReady(StateConflict):
    """A video was asked for while scenes are short of something; names each of them."""

    def __init__(self, shortfalls: Sequence[SceneShortfall]) -> None:
        self.shortfalls = tuple(shortfalls)
        listed = " ".join(f"Scene {short.order}: {short.message}" for short in self.shortfalls[:10])
        more = f" And {len(self.shortfalls) - 10} more scenes." if len(self.shortfalls) > 10 else ""
        super().__init__(f"The video cannot be made yet. {listed}{more}")


class VersionConflict(DomainError):
    """The command was decided on another version than the row now has."""

    code = ErrorCode.VERSION_CONFLICT

    def __init__(self, entity: str, expected: int, current: int, *, field: str = "expectedVersion") -> None:
        super().__init__(
            f"This {entity} has changed: you decided on version {expected}, it now has version {current}. "
            "Read it again and repeat your decision.",
            field=(field,),
        )
        self.expected = expected
        self.current = current


class IdempotencyConflict(DomainError):
    """The idempotency key was used before with another body."""

    code = ErrorCode.IDEMPOTENCY_CONFLICT

    def __init__(self) -> None:
        super().__init__(
            "This idempotency key was used before for a different request. Use a new key for a new request.",
            field=("idempotencyKey",),
        )


class CursorInvalid(DomainError):
    """An event cursor that this log cannot continue from."""

    code = ErrorCode.CURSOR_INVALID

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"This cursor cannot be continued from: {reason}. Read the present state again, with `eventCursor`, "
            "and subscribe after that.",
            field=("after",),
        )


class JobErrorCode(StrEnum):
    """Why an attempt of a job failed."""

    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    PROVIDER_REFUSED = "PROVIDER_REFUSED"
    RATE_LIMITED = "RATE_LIMITED"
    QUOTA_EXHAUSTED = "QUOTA_EXHAUSTED"
    TIMED_OUT = "TIMED_OUT"
    BAD_OUTPUT = "BAD_OUTPUT"
    ANSWER_LOST = "ANSWER_LOST"
    BUDGET_REACHED = "BUDGET_REACHED"
    STORAGE = "STORAGE"
    INTERNAL = "INTERNAL"


class WorkFailed(Exception):
    """An attempt of a job failed. `retry_after` is in seconds, where the other side asked for one.

    Plain values only, so that it can be pickled and stored; raise it `from None`, a provider's own exception can
    hold a key or a prompt.
    """

    def __init__(self, code: JobErrorCode, message: str, *, retryable: bool, retry_after: float | None = None) -> None:
        super().__init__(code, message, retryable, retry_after)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_work_failed, (self.code, self.message, self.retryable, self.retry_after)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class WorkDelayed(Exception):
    """The work cannot begin now, through no fault of its own: it is due again in `seconds`, and no attempt is lost.

    `paused` is the role (`domain.calls.Role`) of the provider whose pause it waits for, if that is the reason.
    """

    def __init__(self, code: JobErrorCode, message: str, *, seconds: float, paused: str | None = None) -> None:
        super().__init__(code, message, seconds)
        self.code = code
        self.message = message
        self.seconds = seconds
        self.paused = paused


class WorkParked(Exception):
    """The work waits for a person: for a decision, or for more money."""

    def __init__(self, code: JobErrorCode, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


class JobLost(Exception):
    """The job is not this worker's any more: cancelled, or taken over after a lost lease. Its result is discarded."""


def _rebuild_work_failed(code: JobErrorCode, message: str, retryable: bool, retry_after: float | None) -> WorkFailed:
    return WorkFailed(code, message, retryable=retryable, retry_after=retry_after)
