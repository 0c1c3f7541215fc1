"""Calls of outside services that may cost money, and the book that brackets each of them.

The book decides whether a call may be made now (budget, pause, rate), notes it before it is sent, keeps what came back
before anyone uses it, and answers a repeated request from there instead of buying it again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from domain.errors import JobErrorCode, WorkFailed


class Role(StrEnum):
    """What a provider is used for. Each role has a server, key and model of its own."""

    TEXT = "text"
    IMAGES = "images"
    SPEECH = "speech"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call used, or may use at most: tokens, and pictures where a server counts those.

    Of speech: the characters that were sent, and milliseconds of sound.
    """

    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    images: int = 0
    characters: int = 0
    audio_ms: int = 0


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call about to be made. `request_sha256` identifies the request's content; `most` bounds what it can use."""

    role: Role
    model: str
    request_sha256: str
    most: Usage


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What came back: the bytes that a rerun needs to go on, and the other side's account of it."""

    body: bytes
    usage: Usage | None
    request_id: str | None


class CallBook(Protocol):
    """Brackets the calls of one attempt of one job."""

    async def make(self, planned: PlannedCall, send: Callable[[], Awaitable[CallAnswer]]) -> bytes:
        """The answer's body: `send`'s, or that of the same request of an earlier attempt.

        Raises what `send` raises, and `WorkDelayed` or `WorkParked` where the call may not be made now.
        """
        ...

    async def reject_answer(self) -> None:
        """The last answer is of no use: a rerun must not take it, but ask again."""
        ...


class ProviderErrorKind(StrEnum):
    """What can be done about a provider's failure."""

    RETRY = "retry"
    """It may succeed later, by itself."""
    QUOTA = "quota"
    """Credit or spending limit used up: nothing of this provider works until a person pays or raises it."""
    CONFIG = "config"
    """Key, model or address are wrong: nothing of this provider works until a person changes the settings."""
    PROMPT = "prompt"
    """The provider refuses this content: a person must change the scene or the prompt."""
    BAD_OUTPUT = "bad_output"
    """The answer is unusable."""


class ProviderError(WorkFailed):
    """A provider's failure in plain, picklable values. `retry_after` in seconds.

    `charged` tells whether the call may have been paid for although its answer is lost: the request was sent in full
    and no answer, or no whole answer, came. Raise it `from None`: a provider's own exception can hold key and prompt.
    """

    def __init__(
        self,
        kind: ProviderErrorKind,
        code: JobErrorCode,
        message: str,
        *,
        retry_after: float | None = None,
        request_id: str | None = None,
        charged: bool = False,
    ) -> None:
        retryable = kind in (ProviderErrorKind.RETRY, ProviderErrorKind.BAD_OUTPUT)
        super().__init__(code, message, retryable=retryable, retry_after=retry_after)
        self.kind = kind
        self.request_id = request_id
        self.charged = charged

    def __reduce__(self) -> tuple[object, ...]:
        values = (self.kind, self.code, self.message, self.retry_after, self.request_id, self.charged)
        return _rebuild_provider_error, values


def _rebuild_provider_error(
    kind: ProviderErrorKind,
    code: JobErrorCode,
    message: str,
    retry_after: float | None,
    request_id: str | None,
    charged: bool,
) -> ProviderError:
    return ProviderError(kind, code, message, retry_after=retry_after, request_id=request_id, charged=charged)
