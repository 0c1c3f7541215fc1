"""What calls used by the server's account."""

from __future__ import annotations

from collections.abc import Mapping

from domain.calls import Usage

_MOST_TOKENS = 10**9


def chat_usage(answer: Mapping[str, object]) -> Usage | None:
    """The usage in a chat completion; None where the server gives none."""
    told = answer.get("usage")
    if not isinstance(told, Mapping):
        return None
    given, made = _count(told.get("prompt_tokens")), _count(told.get("completion_tokens"))
    if given is None or made is None:
        return None
    details = told.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else None
    return Usage(given, min(cached or 0, given), made)


def image_usage(answer: Mapping[str, object], *, counts_tokens: bool) -> Usage | None:
    """The usage in an images answer. A server that `counts_tokens` and gives none leaves it unknown; others, which
    have a price for a picture, used one picture."""
    told = answer.get("usage")
    given = _count(told.get("input_tokens")) if isinstance(told, Mapping) else None
    made = _count(told.get("output_tokens")) if isinstance(told, Mapping) else None
    if counts_tokens and (given is None or made is None):
        return None
    details = told.get("input_tokens_details") if isinstance(told, Mapping) else None
    cached = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else None
    return Usage(given or 0, min(cached or 0, given or 0), made or 0, images=1)


def _count(value: object) -> int | None:
    """A count of tokens, if it is one."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_TOKENS:
        return None
    return value
