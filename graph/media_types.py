"""Which of the ways to answer a client takes, by its `Accept` and `Accept-Encoding` headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

GRAPHQL_JSON: Final = "application/graphql-response+json"
JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"
MULTIPART: Final = "multipart/mixed"
SUBSCRIPTION_SPEC: Final = "1.0"
"""Of subscriptions over multipart, as its clients name it. Without that name they mean another protocol."""

_JSON_ANSWERS: Final[Mapping[str, str]] = {
    GRAPHQL_JSON: GRAPHQL_JSON, JSON: JSON, "application/*": JSON, "*/*": JSON,
}  # fmt: skip

_REMEMBERED = 64
"""Headers: clients are of few kinds."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client takes: `json` for errors and single answers, `stream` for subscriptions, `single` the better of
    both for a single answer. None where it takes nothing that there is.
    """

    json: str | None
    stream: str | None
    single: str | None


@lru_cache(_REMEMBERED)
def accepted(accept: str | None) -> Accepted:
    """The first of equals wins."""
    if not accept or not accept.strip():
        return Accepted(JSON, None, JSON)
    json = stream = single = None
    json_quality = stream_quality = single_quality = 0.0
    for name, given in _listed(accept):
        if given.get("charset", "utf-8") not in ("utf-8", "utf8"):
            continue
        found, quality = _JSON_ANSWERS.get(name) or _stream(name, given), _quality(given.get("q", "1"))
        if found is None or not quality:
            continue
        if quality > single_quality:
            single, single_quality = found, quality
        if name in _JSON_ANSWERS:
            if quality > json_quality:
                json, json_quality = found, quality
        elif quality > stream_quality:
            stream, stream_quality = found, quality
    return Accepted(json, stream, single)


def wanted_media_type(accept: str | None) -> str | None:
    """The media type of JSON to answer in."""
    return accepted(accept).json


def wants_page(accept: str | None) -> bool:
    """Whether a browser asks, rather than a client of the API."""
    listed = [name for name, _ in _listed(accept or "")]
    return "text/html" in listed and not {JSON, GRAPHQL_JSON, EVENT_STREAM} & set(listed)


@lru_cache(_REMEMBERED)
def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether it is taken at all, and not less gladly than plain bytes."""
    qualities = {name: _quality(given.get("q", "1")) for name, given in _listed(accept_encoding or "")}
    gzip = qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0)))
    return gzip > 0 and gzip >= qualities.get("identity", 0.0)


def _stream(name: str, given: Mapping[str, str]) -> str | None:
    if name == EVENT_STREAM or (name == MULTIPART and given.get("subscriptionspec") == SUBSCRIPTION_SPEC):
        return name
    return None


def _listed(header: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Names with their parameters, in lower case and without quotation marks."""
    for part in header.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        pairs = (parameter.partition("=") for parameter in parameters)
        yield name, {key.strip(): value.strip().strip('"') for key, _, value in pairs}


def _quality(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
