"""Which machines this installation uses, as far as people who decide need to know: no addresses, no keys."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Final

from domain.bounds import MOST_SPEECH_CHARACTERS
from domain.money import Price

OFFLINE: Final = "offline"
"""The provider that needs no network and costs nothing."""

NONE: Final = "none"
"""Nobody: that work is not done here."""


_GPT_IMAGE: Final = ("gpt-image", "chatgpt-image")


def is_of_gpt_image_family(model: str) -> bool:
    """Whether requests to this image model use the family's own parameters, `quality` among them."""
    return model.rsplit("/", 1)[-1].lower().startswith(_GPT_IMAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMachine:
    """Finds scenes and writes prompts. `price` is that of its model, None if none is known.

    A script is shown to it in windows of at most `window_units` sentences and `window_characters` characters.
    """

    provider: str = OFFLINE
    model: str | None = None
    price: Price | None = None
    window_units: int = 200
    window_characters: int = 24_000

    @property
    def is_free(self) -> bool:
        return self.provider == OFFLINE


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMachine:
    """Makes images of about `width` × `height` pixels. `price` is that of its model, None if none is known.

    `size` replaces the size, as in `1024x1024`; `quality` is what is asked for, None if it is left to the server.
    """

    provider: str = OFFLINE
    model: str | None = None
    price: Price | None = None
    width: int = 1792
    height: int = 1008
    size: str | None = None
    quality: str | None = None

    @property
    def is_free(self) -> bool:
        return self.provider == OFFLINE


def speaker_sha256(base_url: str | None, model: str, instructions: str | None) -> str:
    """Identifies what a server's voices have in common: the server, its model and what that is told."""
    return hashlib.sha256(json.dumps([base_url or "", model, instructions or ""]).encode()).hexdigest()


def voice_sha256(speaker: str, voice: str) -> str:
    """Identifies one voice of a speaker: the same words in it need not be spoken again."""
    return hashlib.sha256(json.dumps([speaker, voice]).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechMachine:
    """Speaks scenes. `price` is that of its model, None if none is known.

    A text longer than `most_characters` is spoken in several calls. `voice` is the default one, `speaker_sha256`
    what identifies the server's voices.
    """

    provider: str = OFFLINE
    model: str | None = None
    price: Price | None = None
    most_characters: int = MOST_SPEECH_CHARACTERS
    voice: str | None = None
    speaker_sha256: str = ""

    @property
    def is_free(self) -> bool:
        return self.provider in (OFFLINE, NONE)


@dataclass(frozen=True, slots=True)
class Machines:
    """One for each role in use."""

    text: TextMachine = field(default_factory=TextMachine)
    images: ImageMachine = field(default_factory=ImageMachine)
    speech: SpeechMachine = field(default_factory=SpeechMachine)
