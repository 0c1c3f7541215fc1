"""One mapping from everything that goes wrong with a call to `ProviderError`.

What is raised carries our own words only. An exception of the SDK holds the request, hence the key and the prompt:
it is read here and dropped.

**Kind.** A spent credit or limit is QUOTA whatever its status (image requests answer 400 for it). Refused content is
PROMPT. 429, 408, 409, 425 and 5xx are RETRY. 401, 402, 403, 404, 405 and redirects are QUOTA or CONFIG: a person must
change the settings. What is left of 4xx names no culprit. For text it is CONFIG, because requests differ little and a
server that lacks a parameter answers so. For pictures it is CONFIG only if the answer names a parameter other than the
prompt, else PROMPT: CONFIG pauses a provider for all scenes, and one odd prompt must not. Nor must, for speech, an odd
text, or the name of a voice that somebody wants for one video.

**Charged** means: may have been paid for, and the answer is lost. Not so where the connection was never made or the
request not sent in full, nor where the service itself answers with an error: it does not bill those (500 and 503
included). But a gateway's 502, 504, 520 or 524 says only that it lost sight of the service behind it, which may have
finished. So do a broken connection and a timeout after sending, and a 200 that holds no answer. An answer that makes
no sense is kept in the book with its cost, then rejected there: it is not lost.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from openai import APIConnectionError, APIResponseValidationError, APIStatusError, APITimeoutError

from domain.calls import ProviderError, ProviderErrorKind, Role
from domain.errors import JobErrorCode

MOST_RETRY_AFTER = 3600.0
ROLE_NAMES = {Role.TEXT: "text", Role.IMAGES: "image", Role.SPEECH: "speech"}
_QUOTA_WORDS = ("insufficient_quota", "quota_exceeded", "billing", "spend", "insufficient_balance", "credit")
_REFUSAL_WORDS = (
    "moderation",
    "content_policy",
    "content_filter",
    "contentfilter",
    "policy_violation",
    "safety",
    "invalid_prompt",
)
_RATE_WORDS = ("rate_limit", "too_many_requests")
_KEY_WORDS = ("invalid_api_key", "authentication_error")
_TOO_LONG = ("string_above_max_length", "context_length_exceeded")
_RETRIED = frozenset((408, 409, 425, 429))
_MAYBE_CHARGED = frozenset((502, 504, 520, 524))
_CONFIG = frozenset((401, 403, 404, 405))
_NEVER_SENT = frozenset(
    ("ConnectError", "ConnectTimeout", "PoolTimeout", "WriteTimeout", "ProxyError", "UnsupportedProtocol",
     "LocalProtocolError", "InvalidURL")
)  # fmt: skip
_TIMEOUTS = frozenset(("TimeoutError", "ReadTimeout", "ConnectTimeout", "WriteTimeout", "PoolTimeout"))
_UNUSABLE = frozenset(("DecodingError", "JSONDecodeError", "ValidationError"))
_PIECE_OF_KEY = 8
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error as a server words it. `names` are its code, type and the like, in lower case; `param` is its culprit."""

    status: int
    names: tuple[str, ...] = ()
    param: str | None = None
    retry_after: float | None = None
    request_id: str | None = None

    def says(self, words: tuple[str, ...]) -> bool:
        return any(word in name for name in self.names for word in words)


def from_exception(error: BaseException, role: Role) -> ProviderError:
    """What an exception of the SDK, of its HTTP library or of our own time limit means."""
    if isinstance(error, APIStatusError):
        return from_answer(_answer_of(error), role)
    name = ROLE_NAMES[role]
    causes = {type(cause).__name__ for cause in _causes(error)}
    if isinstance(error, APIResponseValidationError) or causes & _UNUSABLE:
        return bad_output(role, "answered with something that is no answer of its protocol")
    sent = not causes & _NEVER_SENT
    if causes & _TIMEOUTS or isinstance(error, APITimeoutError):
        words = f"The {name} provider did not answer in time." if sent else f"The {name} provider cannot be reached."
        return ProviderError(ProviderErrorKind.RETRY, JobErrorCode.TIMED_OUT, words, charged=sent)
    if isinstance(error, APIConnectionError) or causes & {
        "ReadError",
        "RemoteProtocolError",
        "CloseError",
        *_NEVER_SENT,
    }:
        words = (
            f"The connection to the {name} provider broke before its answer was complete."
            if sent
            else f"The {name} provider cannot be reached. If this stays, check its address in the settings."
        )
        return ProviderError(ProviderErrorKind.RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, words, charged=sent)
    return bad_output(role, "answered in a way that this version does not understand")


def from_answer(answer: ErrorAnswer, role: Role) -> ProviderError:
    """What an error answer means."""
    name = ROLE_NAMES[role]
    kind, code, words = _meaning(answer, role)
    return ProviderError(
        kind,
        code,
        f"The {name} provider {words}",
        retry_after=answer.retry_after if kind is ProviderErrorKind.RETRY else None,
        request_id=answer.request_id,
        charged=answer.status in _MAYBE_CHARGED and kind is ProviderErrorKind.RETRY,  # else the service has spoken
    )


def status_of_names(names: tuple[str, ...]) -> int | None:
    """The status that goes with what an error calls itself, where it was sent with another one."""
    answer = ErrorAnswer(0, names)
    statuses = ((_QUOTA_WORDS, 402), (_REFUSAL_WORDS, 400), (_RATE_WORDS, 429), (_KEY_WORDS, 401))
    return next((status for words, status in statuses if answer.says(words)), None)


def bad_output(role: Role, what: str, *, request_id: str | None = None, kept: bool = False) -> ProviderError:
    """A call that was answered to no use, and so may have been paid for. `what` continues "The … provider".

    An answer that is `kept` in the book is not lost, and its cost is known there.
    """
    return ProviderError(
        ProviderErrorKind.BAD_OUTPUT,
        JobErrorCode.BAD_OUTPUT,
        f"The {ROLE_NAMES[role]} provider {what}.",
        request_id=request_id,
        charged=not kept,
    )


def refused(role: Role, *, request_id: str | None = None) -> ProviderError:
    """The provider answers that it will not work with this content."""
    return ProviderError(
        ProviderErrorKind.PROMPT,
        JobErrorCode.PROVIDER_REFUSED,
        f"The {ROLE_NAMES[role]} provider {_REFUSED[role]}",
        request_id=request_id,
    )


def clean_request_id(value: str | None, sent: Mapping[str, str]) -> str | None:
    """A request id fit for the book; None for anything else that a server puts there.

    `sent` are the request's headers: a server that repeats a piece of the key has not named a request.
    """
    if not value or not _REQUEST_ID.fullmatch(value):
        return None
    key = sent.get("authorization", "").rpartition(" ")[2]
    pieces = (key[at : at + _PIECE_OF_KEY] for at in range(len(key) - _PIECE_OF_KEY + 1))
    return None if any(piece in value for piece in pieces) else value


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The pause that a server asks for, in seconds from `now` and within an hour: milliseconds, seconds or a date."""
    milliseconds = _number(headers.get("retry-after-ms"))
    value = headers.get("retry-after")
    seconds = milliseconds / 1000 if milliseconds is not None else _number(value)
    if seconds is None and value:
        try:
            until = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        seconds = ((until if until.tzinfo else until.replace(tzinfo=UTC)) - now).total_seconds()
    return None if seconds is None else min(max(seconds, 0.0), MOST_RETRY_AFTER)


_REFUSED_PROMPT = (
    "refuses this content. Edit the scene's text, or give a prompt of your own, and leave out what it may have taken "
    "exception to."
)
_REFUSED = {
    Role.TEXT: _REFUSED_PROMPT,
    Role.IMAGES: _REFUSED_PROMPT,
    Role.SPEECH: "refuses to speak this. Edit the scene's text, or make the video without narration.",
}
_OF_THE_REQUEST = {Role.IMAGES: ("prompt",), Role.SPEECH: ("input", "voice")}
"""Parameters whose values come with the request. An odd one says nothing about the settings."""


def _meaning(answer: ErrorAnswer, role: Role) -> tuple[ProviderErrorKind, JobErrorCode, str]:
    status = answer.status
    if status == 402 or answer.says(_QUOTA_WORDS):
        words = "has no credit left, or its spending limit is reached. Pay or raise the limit there."
        return ProviderErrorKind.QUOTA, JobErrorCode.QUOTA_EXHAUSTED, words
    if 400 <= status < 500 and answer.says(_REFUSAL_WORDS):
        return ProviderErrorKind.PROMPT, JobErrorCode.PROVIDER_REFUSED, _REFUSED[role]
    if status == 429:
        return ProviderErrorKind.RETRY, JobErrorCode.RATE_LIMITED, "asks for fewer requests at a time."
    if status in _RETRIED or status >= 500:
        words = f"is in trouble (HTTP {status})."
        return ProviderErrorKind.RETRY, JobErrorCode.PROVIDER_UNAVAILABLE, words
    if status == 413 or answer.says(_TOO_LONG):
        if role is Role.TEXT:
            words = "finds the request too long. Choose smaller windows in the settings, or another model."
            return ProviderErrorKind.CONFIG, JobErrorCode.PROVIDER_REFUSED, words
        words = "finds the prompt too long. Shorten the scene's text, or give a shorter prompt of your own."
        if role is Role.SPEECH:
            words = "finds the text too long. Set REELGATE_SPEECH_MOST_CHARS lower, or shorten the scene's text."
        return ProviderErrorKind.PROMPT, JobErrorCode.PROVIDER_REFUSED, words
    culprit_is_ours = bool(answer.param) and answer.param not in _OF_THE_REQUEST.get(role, ())
    if status in _CONFIG or status < 400 or role is Role.TEXT or culprit_is_ours:
        return ProviderErrorKind.CONFIG, JobErrorCode.PROVIDER_UNAVAILABLE, _config_words(answer)
    if role is Role.SPEECH:
        what = "this voice" if answer.param == "voice" else "this text or voice"
        words = (
            f"does not take {what} (HTTP {status}). Choose another voice, or edit the scene's text; if every scene "
            "fails so, check the model and the voice in the settings."
        )
        return ProviderErrorKind.PROMPT, JobErrorCode.PROVIDER_REFUSED, words
    words = (
        f"does not take this request (HTTP {status}). Edit the scene's text or give a prompt of your own; if "
        "every scene fails so, check the model and its options in the settings."
    )
    return ProviderErrorKind.PROMPT, JobErrorCode.PROVIDER_REFUSED, words


def _config_words(answer: ErrorAnswer) -> str:
    match answer.status:
        case 401:
            return "does not accept the API key. Check the key in the settings."
        case 403:
            return "forbids this use (HTTP 403). Check what the API key may do, and the model in the settings."
        case 404 | 405:
            return f"does not know this model or address (HTTP {answer.status}). Check both in the settings."
        case status if status < 400:
            return f"sends requests on to another address (HTTP {status}). Set its final address in the settings."
        case status:
            return f"does not take this request (HTTP {status}). Check the model and its options in the settings."


def _answer_of(error: APIStatusError) -> ErrorAnswer:
    body = error.body if isinstance(error.body, Mapping) else {}
    return ErrorAnswer(
        error.status_code,
        names_in(body),
        error.param if isinstance(error.param, str) else None,
        retry_after(error.response.headers, datetime.now(UTC)),
        clean_request_id(error.request_id, error.response.request.headers),
    )


def names_in(body: Mapping[str, object]) -> tuple[str, ...]:
    """What an error object calls itself, wherever a server puts it."""
    inner = body.get("innererror")
    found = [body.get(key) for key in ("code", "type", "status")]
    found += [inner.get("code")] if isinstance(inner, Mapping) else []
    return tuple(name.lower() for name in found if isinstance(name, str))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what it stems from, told apart by name: the SDK has changed its HTTP library before."""
    seen = 0
    cause: BaseException | None = error
    while cause is not None and seen < 10:
        yield cause
        cause, seen = cause.__cause__ or cause.__context__, seen + 1


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None
