"""What the double is told to do, in plain values that travel as JSON: in a file, over HTTP or from a test.

Rules are tried in their order; the first that fits and is not used up says what happens. Where none fits, the request
gets a good answer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from pydantic import BaseModel, ConfigDict

from tests.providers.double.errors import Error


class Endpoint(StrEnum):
    """What is called. PICTURES are the addresses that image answers of some models point at."""

    CHAT = "chat"
    IMAGES = "images"
    SPEECH = "speech"
    MODELS = "models"
    PICTURES = "pictures"


class Body(StrEnum):
    """What a 200 carries."""

    GOOD = "good"
    HTML = "html"
    TRUNCATED_JSON = "truncated_json"
    EMPTY = "empty"  # no byte at all
    NOTHING = "nothing"  # `data` or `choices` is []
    ERROR = "error"  # an error object in spite of the 200, as some routers send
    BARE = "bare"  # images: the picture itself, no JSON around it
    NULL = "null"  # `data` or the message's `content` is null
    INVALID_BASE64 = "invalid_base64"
    HUGE = "huge"  # well-formed and `megabytes` long
    REFUSAL = "refusal"  # chat: the model declines in words
    CUT_OFF = "cut_off"  # chat: half the content, finish_reason "length"
    FILTERED = "filtered"  # chat: finish_reason "content_filter"
    PROSE = "prose"  # chat: words instead of JSON
    WRONG_SHAPE = "wrong_shape"  # chat: JSON of another schema


class Picture(StrEnum):
    """What an image answer's bytes are."""

    AS_ASKED = "as_asked"
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    NOISE = "noise"  # a PNG of nearly three bytes a pixel, as photographs are
    TINY = "tiny"  # 1 × 1
    TRUNCATED = "truncated"  # a PNG without its second half
    NOT_A_PICTURE = "not_a_picture"
    BOMB = "bomb"  # a small PNG that claims 900 million pixels


class Cuts(StrEnum):
    """How a segmentation goes wrong."""

    OFF_BY_ONE = "off_by_one"
    EARLY_STOP = "early_stop"
    DUPLICATED = "duplicated"
    GARBAGE = "garbage"


class Closes(StrEnum):
    """Whether the connection is closed under the answer."""

    NEVER = "never"
    BEFORE = "before"
    MIDWAY = "midway"


class RetryAfter(StrEnum):
    """How `retry_after` is told."""

    SECONDS = "seconds"
    DATE = "date"
    MILLISECONDS = "milliseconds"


class Behaviour(BaseModel):
    """What one request meets. Members combine: a good picture can come late, and a bad one in pieces.

    Times are in seconds. `hold` names a gate: the request is charged, then waits for it to be released. `charged`
    overrules what would be charged (answers, and connections closed; never errors). `content` is the literal content of
    a chat message, `url` where an image answer points instead of carrying the picture, `redirect` where a picture's
    address or a request is sent on to. An answer that is an `echo` repeats the API key and the whole request wherever
    it has words: in its errors, in bad bodies and in its headers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    error: Error | None = None
    retry_after: float | None = None
    retry_after_form: RetryAfter = RetryAfter.SECONDS
    body: Body = Body.GOOD
    picture: Picture = Picture.AS_ASKED
    cuts: Cuts | None = None
    content: str | None = None
    url: str | None = None
    redirect: str | None = None
    echo: bool = False
    megabytes: int = 64
    first_byte_after: float = 0.0
    spread_over: float = 0.0
    closes: Closes = Closes.NEVER
    hold: str | None = None
    charged: bool | None = None

    @property
    def is_charged(self) -> bool:
        return self.error is None and self.redirect is None if self.charged is None else self.charged

    @property
    def outcome(self) -> str:
        """One word for the ledger, or several joined by "+"."""
        said = self.model_dump(mode="json", exclude_defaults=True)
        words = [str(said[name]) for name in ("error", "body", "picture", "cuts") if name in said]
        words += [name for name in ("content", "url", "redirect", "first_byte_after", "spread_over") if name in said]
        if self.closes is not Closes.NEVER:
            words.append(f"closed_{self.closes}")
        if self.hold is not None:
            words.append("held")
        return "+".join(words) or "answered"


class Rule(BaseModel):
    """When which behaviours are met.

    A request fits by its endpoint, model and a text in its body; the first `after` that fit are let through. Then
    `times` requests (None: all) meet the behaviours: in turn, or drawn by `weights` where there is a `seed`. A draw
    depends on the seed, the request and how often that very request came, not on what else is under way.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    behaviours: tuple[Behaviour, ...]
    endpoint: Endpoint | None = None
    model: str | None = None
    containing: str | None = None
    after: int = 0
    times: int | None = 1
    seed: int | None = None
    weights: tuple[float, ...] | None = None


def in_turn(*behaviours: Behaviour, endpoint: Endpoint | None = None, containing: str | None = None) -> Rule:
    """The next requests meet one behaviour each."""
    return Rule(behaviours=behaviours, endpoint=endpoint, containing=containing, times=len(behaviours))


def always(behaviour: Behaviour, *, endpoint: Endpoint | None = None, containing: str | None = None) -> Rule:
    """Every request meets the behaviour."""
    return Rule(behaviours=(behaviour,), endpoint=endpoint, containing=containing, times=None)


def at_random(seed: int, mix: dict[Behaviour, float], *, endpoint: Endpoint | None = None) -> Rule:
    """Every request meets one of the behaviours, each as often as its weight says."""
    return Rule(behaviours=tuple(mix), weights=tuple(mix.values()), seed=seed, endpoint=endpoint, times=None)


@dataclass
class _Live:
    rule: Rule
    fitted: int = 0
    used: int = 0


@dataclass
class Script:
    """The rules in force and how far each is used up."""

    _live: list[_Live] = field(default_factory=list)
    _came: Counter[str] = field(default_factory=Counter)

    def add(self, rules: list[Rule]) -> None:
        self._live += [_Live(rule) for rule in rules]

    def clear(self) -> None:
        self._live.clear()
        self._came.clear()

    def left(self) -> list[Rule]:
        """The rules that are not used up."""
        return [live.rule for live in self._live if live.rule.times is None or live.used < live.rule.times]

    def next(self, endpoint: Endpoint, *, model: str | None, text: str, digest: str) -> tuple[Behaviour, Random]:
        """What this request meets, and the chance that goes with it. `text` is its body, `digest` that body's hash."""
        self._came[digest] += 1
        draw = f"{digest}:{self._came[digest]}"
        for live in self._live:
            rule = live.rule
            if rule.endpoint not in (None, endpoint) or rule.model not in (None, model):
                continue
            if rule.containing is not None and rule.containing not in text:
                continue
            live.fitted += 1
            if live.fitted <= rule.after or (rule.times is not None and live.used >= rule.times):
                continue
            live.used += 1
            return _chosen(rule, live.used, draw)
        return Behaviour(), Random(draw)


def _chosen(rule: Rule, use: int, draw: str) -> tuple[Behaviour, Random]:
    if rule.seed is None:
        return rule.behaviours[(use - 1) % len(rule.behaviours)], Random(draw)
    chance = Random(f"{rule.seed}:{draw}")
    return chance.choices(rule.behaviours, rule.weights)[0], chance
