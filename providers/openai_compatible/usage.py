"""What calls used by the server's account, and what they can use at most."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from domain.calls import Usage

_SCHEMA_AND_FRAME_TOKENS = 1_000
_PIXELS_PER_TOKEN = {"low": 3_800, "medium": 990, "high": 250, "xhigh": 125, "max": 62}
_ANY_QUALITY = 125
_MOST_TOKENS = 10**9


def most_of_chat(texts: Sequence[str], output_tokens: int) -> Usage:
    """A bound: no tokeniser makes more tokens than there are UTF-8 bytes."""
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    return Usage(input_tokens=size + _SCHEMA_AND_FRAME_TOKENS, output_tokens=output_tokens)


def most_of_image(prompt: str, width: int, height: int, quality: str | None) -> Usage:
    """An estimate on the safe side: OpenAI publishes 4,160 tokens for a square of 1024 at `high`, 1,056 at `medium`
    and 272 at `low`, in proportion to the pixels; `xhigh` and `max` are taken for two and four times `high`, and what
    is left to the server for `xhigh`."""
    pixels_per_token = _PIXELS_PER_TOKEN.get(quality or "auto", _ANY_QUALITY)
    tokens = math.ceil(width * height / pixels_per_token)
    return Usage(
        input_tokens=len(prompt.encode("utf-8", "surrogatepass")) + _SCHEMA_AND_FRAME_TOKENS,
        output_tokens=tokens,
        images=1,
    )


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
