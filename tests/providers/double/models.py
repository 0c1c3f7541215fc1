"""The models that the double serves, and what each of them takes.

OpenAI's are those of November 2026 with their announced ends; the `local-*` ones stand for compatible servers, which
know fewer parameters and answer differently.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

Json = dict[str, Any]


class Kind(StrEnum):
    """What a model makes."""

    TEXT = "text"
    IMAGE = "image"
    SPEECH = "speech"


class Tokens(StrEnum):
    """How a text model is told the most tokens to answer with."""

    COMPLETION = "max_completion_tokens"
    PLAIN = "max_tokens"
    EITHER = "either"


class Sizes(StrEnum):
    """Which picture sizes an image model takes."""

    GRID = "grid"  # any, in steps of 16
    STANDARD = "standard"  # three, and auto
    FREE = "free"


class ModelCard(BaseModel):
    """One model. `formats` are the kinds of `response_format` that it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: Kind
    shutdown_date: date | None = None
    official: bool = True
    tokens: Tokens = Tokens.COMPLETION
    formats: frozenset[str] = frozenset({"text", "json_object", "json_schema"})
    sizes: Sizes = Sizes.GRID
    answers_url: bool = False

    @property
    def is_gpt_image(self) -> bool:
        return self.kind is Kind.IMAGE and self.official

    @property
    def reasons_always(self) -> bool:
        """Whether sampling parameters are refused whatever the reasoning effort."""
        return self.id in ("gpt-5", "gpt-5-mini", "gpt-5-nano") or self.id.startswith(("o1", "o3", "o4"))

    def listed(self) -> Json:
        """The model as `/v1/models` shows it; only OpenAI tells when one ends."""
        shown: Json = {"id": self.id, "object": "model", "created": 1_780_000_000, "owned_by": "system"}
        if self.official:
            shown["shutdown_date"] = self.shutdown_date.isoformat() if self.shutdown_date else None
        return shown


def _text(name: str, ends: date | None = None, tokens: Tokens = Tokens.COMPLETION) -> ModelCard:
    return ModelCard(id=name, kind=Kind.TEXT, shutdown_date=ends, tokens=tokens)


def _image(name: str, ends: date | None = None, sizes: Sizes = Sizes.GRID) -> ModelCard:
    return ModelCard(id=name, kind=Kind.IMAGE, shutdown_date=ends, sizes=sizes)


def _local(name: str, kind: Kind, **traits: Any) -> ModelCard:
    return ModelCard(id=name, kind=kind, official=False, sizes=Sizes.FREE, **traits)


CATALOGUE: tuple[ModelCard, ...] = (
    _text("gpt-6-luna"),
    _text("gpt-6.1-terra"),
    _text("gpt-5", date(2026, 12, 11)),
    _text("gpt-5-mini", date(2026, 12, 11)),
    _text("gpt-4o", date(2027, 1, 14), Tokens.EITHER),
    _text("gpt-4.1", date(2027, 1, 14), Tokens.EITHER),
    _image("gpt-image-2"),
    _image("gpt-image-2-2026-04-21"),
    _image("gpt-image-2.5-flare"),
    _image("gpt-image-2.5-flare-2026-09-08"),
    _image("gpt-image-2.5-sunburst"),
    _image("gpt-image-2.5-sunburst-2026-09-08"),
    _image("gpt-image-2.6-flare"),
    _image("gpt-image-2.6-sunburst"),
    _image("chatgpt-image-latest", sizes=Sizes.STANDARD),
    _image("gpt-image-1.5", date(2026, 12, 1), Sizes.STANDARD),
    _image("gpt-image-1-mini", date(2026, 12, 1), Sizes.STANDARD),
    ModelCard(id="gpt-4o-mini-tts", kind=Kind.SPEECH, shutdown_date=date(2027, 1, 6)),
    ModelCard(id="tts-1", kind=Kind.SPEECH, shutdown_date=date(2027, 1, 6)),
    ModelCard(id="tts-1-hd", kind=Kind.SPEECH, shutdown_date=date(2027, 1, 6)),
    _local("local-text", Kind.TEXT, tokens=Tokens.EITHER),
    _local("local-text-object", Kind.TEXT, tokens=Tokens.PLAIN, formats=frozenset({"text", "json_object"})),
    _local("local-text-plain", Kind.TEXT, tokens=Tokens.PLAIN, formats=frozenset()),
    _local("local-image", Kind.IMAGE, answers_url=True),
    _local("local-image-b64", Kind.IMAGE),
    _local("local-speech", Kind.SPEECH),
)
"""`gpt-image-1` and the dall-e family have ended and are not served."""
