"""What a paid call can use at most: the rule by which the book reserves money, and estimates are made.

A provider must show a model no more than this says, and leave it no more room for its answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from domain.calls import Usage

LONGEST_SHOWN_TITLE: Final = 200
"""In characters, as all of these: what is shown of a scene, and around it, to have a prompt written."""
LONGEST_SHOWN_SCENE: Final = 6_000
LONGEST_NEIGHBOUR: Final = 800
LONGEST_WISH: Final = 2_000
"""A style, a reviewer's feedback, a rejected prompt."""

LONGEST_PROMPT: Final = 1_000
"""Of a prompt that a model has written."""
MOST_PROMPT_TOKENS: Final = 4_000
"""Room for a prompt, and for a model that thinks before it writes."""

MOST_WINDOW_CALLS: Final = 120
"""To segment one script."""

MOST_SPEECH_CHARACTERS: Final = 1_500
"""Of a text that is spoken in one call; a longer one is cut. OpenAI takes 2,000 tokens, and reads long texts worse."""

_SHORTEST_SPEECH_MS: Final = 2_000
_SPEECH_TOKENS_A_SECOND: Final = 50
_FIRST_WIDE: Final = "\u2e80"
"""From here on a character is a syllable or a word."""

_SCHEMA_AND_FRAME_TOKENS: Final = 1_000
_PIXELS_PER_TOKEN: Final = {"low": 3_800, "medium": 990, "high": 250, "xhigh": 125, "max": 62}
_ANY_QUALITY: Final = 125


def most_window_tokens(units: int) -> int:
    """Room for a scene of each unit of a window, and for a model that thinks before it answers."""
    return 4_000 + 60 * units


def most_of_chat(texts: Sequence[str], output_tokens: int) -> Usage:
    """A bound: no tokeniser makes more tokens than there are UTF-8 bytes."""
    return most_of_chat_bytes(sum(map(utf8_size, texts)), output_tokens)


def most_of_chat_bytes(size: int, output_tokens: int) -> Usage:
    """The same of texts of which only the size is known."""
    return Usage(input_tokens=size + _SCHEMA_AND_FRAME_TOKENS, output_tokens=output_tokens)


def most_of_image(prompt: str, width: int, height: int, quality: str | None) -> Usage:
    """An estimate on the safe side: OpenAI publishes 4,160 tokens for a square of 1024 at `high`, 1,056 at `medium`
    and 272 at `low`, in proportion to the pixels; `xhigh` and `max` are taken for two and four times `high`, and what
    is left to the server for `xhigh`."""
    return most_of_image_bytes(utf8_size(prompt), width, height, quality)


def most_of_image_bytes(prompt_size: int, width: int, height: int, quality: str | None) -> Usage:
    """The same for a prompt of which only the size is known."""
    pixels_per_token = _PIXELS_PER_TOKEN.get(quality or "auto", _ANY_QUALITY)
    return Usage(
        input_tokens=prompt_size + _SCHEMA_AND_FRAME_TOKENS,
        output_tokens=math.ceil(width * height / pixels_per_token),
        images=1,
    )


def most_of_speech(text: str) -> Usage:
    """An estimate on the safe side: a slow reader, who takes longer over a digit or an ideograph than over a letter."""
    sound_ms = _SHORTEST_SPEECH_MS + sum(map(_speech_ms, text))
    return Usage(
        input_tokens=utf8_size(text),
        output_tokens=math.ceil(sound_ms * _SPEECH_TOKENS_A_SECOND / 1_000),
        characters=len(text),
        audio_ms=sound_ms,
    )


def _speech_ms(character: str) -> int:
    if character.isdecimal():
        return 500
    return 400 if character >= _FIRST_WIDE else 120


def utf8_size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
