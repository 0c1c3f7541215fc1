"""What a decision would start and may cost: an upper estimate, by the bounds that a budget reserves for each call.

It is of the usual case, in which each call answers at the first try. Nothing is read and nobody is asked: it is
computed from the texts, quickly enough for a whole list of them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from domain.bounds import (
    LONGEST_NEIGHBOUR,
    LONGEST_PROMPT,
    LONGEST_SHOWN_SCENE,
    LONGEST_SHOWN_TITLE,
    LONGEST_WISH,
    MOST_PROMPT_TOKENS,
    MOST_WINDOW_CALLS,
    most_of_chat_bytes,
    most_of_image_bytes,
    most_of_speech,
    most_window_tokens,
    utf8_size,
)
from domain.calls import Usage
from domain.machines import ImageMachine, Machines, TextMachine
from domain.money import Price
from domain.picture_sizes import size_for_model, size_in_pixels

TASK_BYTES: Final = 1_800
"""Room for the words that a model is told around the material; a test knows that they fit."""

_UNIT_BYTES: Final = 9
"""Of a unit's number, its quotes and its line's end."""

_MOVES_ON: Final = 0.75
"""The part of a window by which the next one begins later: the scene at its end is shown again, to be found whole."""

_LONGEST_SENTENCE: Final = 225
"""Characters to a unit where a text has no sentences that could be seen: longer ones are divided."""

_BYTES_A_CHARACTER: Final = 3
"""Of a text that is not known yet; four only outside of the first plane of Unicode."""

_SENTENCE_END: Final = re.compile(r"""[.!?…]["'”’»)\]]*\s+|[。！？।॥۔؟]\s*|\n+(?![a-z])""")


@dataclass(frozen=True, slots=True)
class Estimate:
    """In US dollars; `amount` is None where a price is not known. `calls` are those that may cost something."""

    amount: Decimal | None = Decimal(0)
    calls: int = 0


@dataclass(frozen=True, slots=True)
class PictureWork:
    """A picture that a decision would start, by what is known of it now. `rejected_prompt`: it is to be made again."""

    text: str
    title: str | None = None
    style: str | None = None
    rejected_prompt: str | None = None


def estimate_of_segmentation(machines: Machines, content: str) -> Estimate:
    """Of cutting this script into scenes."""
    machine = machines.text
    if machine.is_free:
        return Estimate()
    calls, most = segmentation_bound(machine, content)
    return Estimate(_priced([(machine.price, most)]), calls)


def estimate_of_pictures(machines: Machines, works: Iterable[PictureWork]) -> Estimate:
    """Of one written prompt and one image for each."""
    listed = list(works)
    bounds: list[tuple[Price | None, Usage]] = []
    if not machines.text.is_free:
        bounds += [(machines.text.price, prompt_bound(work)) for work in listed]
    if not machines.images.is_free:
        bounds += [(machines.images.price, image_bound(machines.images)) for _ in listed]
    return Estimate(_priced(bounds), len(bounds))


def estimate_of_speech(machines: Machines, texts: Iterable[str]) -> Estimate:
    """Of speaking each of these texts once."""
    machine = machines.speech
    if machine.is_free:
        return Estimate()
    listed = [text for text in texts if text.strip()]
    calls = sum(math.ceil(len(text) / machine.most_characters) for text in listed)
    return Estimate(_priced((machine.price, most_of_speech(text)) for text in listed), calls)


def segmentation_bound(machine: TextMachine, content: str) -> tuple[int, Usage]:
    """How many calls there are, and what they can use in all."""
    units = max(1 + len(_SENTENCE_END.findall(content)), len(content) // _LONGEST_SENTENCE)
    windows = max(units / machine.window_units, len(content) / machine.window_characters, 1.0)
    calls = min(MOST_WINDOW_CALLS, 1 + math.ceil((windows - 1) / _MOVES_ON))
    shown_again = 1 + (1 - _MOVES_ON) * (calls - 1) / windows
    escaped = content.count('"') + content.count("\\")
    shown = math.ceil(shown_again * (utf8_size(content) + escaped + _UNIT_BYTES * units))
    frame = most_of_chat_bytes(TASK_BYTES, most_window_tokens(0))
    room = most_window_tokens(math.ceil(shown_again * units)) - most_window_tokens(0)
    return calls, Usage(calls * frame.input_tokens + shown, 0, calls * frame.output_tokens + room)


def prompt_bound(work: PictureWork) -> Usage:
    """What writing the prompt can use."""
    known = {
        "title": (work.title or "")[:LONGEST_SHOWN_TITLE],
        "scene": work.text[:LONGEST_SHOWN_SCENE],
        "style": (work.style or "")[:LONGEST_WISH],
        "rejected_prompt": (work.rejected_prompt or "")[:LONGEST_WISH],
    }
    size = utf8_size(json.dumps(known, ensure_ascii=False)) + 2 * LONGEST_NEIGHBOUR * _BYTES_A_CHARACTER
    feedback = LONGEST_WISH if work.rejected_prompt is not None else 0
    return most_of_chat_bytes(TASK_BYTES + size + feedback, MOST_PROMPT_TOKENS)


def image_bound(machine: ImageMachine) -> Usage:
    """What making one image can use."""
    size = machine.size or "x".join(map(str, size_for_model(machine.model or "", machine.width, machine.height)))
    width, height = size_in_pixels(size, machine.width, machine.height)
    return most_of_image_bytes(LONGEST_PROMPT * _BYTES_A_CHARACTER, width, height, machine.quality)


def _priced(bounds: Iterable[tuple[Price | None, Usage]]) -> Decimal | None:
    total = Decimal(0)
    for price, most in bounds:
        if price is None:
            return None
        total += price.of(most)
    return total
