"""Finds the numbered units of a text in a message, however they are numbered: "[12] …", "12: …", JSON, tags."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_MARKS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^[ \t]*\[(?:unit )?(\d{1,7})\][ \t:]?",
        r"^[ \t]*<(?:\w+)[^>\n\d]*[\"'= ](\d{1,7})[\"']?\s*>",
        r"^[ \t]*(?:unit |#|§)?(\d{1,7})[ \t]*[|:\t)]",
        r"^[ \t]*(?:unit |#|§)?(\d{1,7})\.[ \t]",
        r"^[ \t]*[({«⟦【](\d{1,7})[)}»⟧】]",
    )
)
_CLOSING_TAG = re.compile(r"</\w+>\s*$")
_LONGEST_ANCHOR = 80


@dataclass(frozen=True, slots=True)
class Unit:
    """A numbered piece of text."""

    number: int
    text: str

    def last_words(self, count: int) -> str:
        """The last so many words, exactly as they stand."""
        words = list(re.finditer(r"\S+", self.text))
        start = words[-count].start() if len(words) >= count else 0
        return self.text.rstrip()[start:].lstrip()[-_LONGEST_ANCHOR:]


def numbered_units(message: str) -> list[Unit]:
    """The longest run of units numbered one after the other; nothing if there are not even two."""
    found = [_from_json(message), *(_from_marks(mark, message) for mark in _MARKS)]
    longest = max(found, key=len)
    return longest if len(longest) > 1 else []


def _from_marks(mark: re.Pattern[str], message: str) -> list[Unit]:
    best: list[re.Match[str]] = []
    expecting: dict[int, list[re.Match[str]]] = {}
    for match in mark.finditer(message):
        number = int(match[1])
        run = expecting.pop(number, [])
        run.append(match)
        expecting[number + 1] = run
        best = max(best, run, key=len)
    stops = [match.start() for match in best[1:]] + [len(message)] * bool(best)
    return [
        Unit(int(match[1]), _unquoted(_CLOSING_TAG.sub("", message[match.end() : stop]).strip()))
        for match, stop in zip(best, stops, strict=True)
    ]


def _unquoted(text: str) -> str:
    """The text, or what it says where it is a JSON string."""
    try:
        said = json.loads(text) if text.startswith('"') else text
    except ValueError:
        return text
    return said if isinstance(said, str) else text


def _from_json(message: str) -> list[Unit]:
    """Units from a JSON value: objects with a number and a text, or a list of texts."""
    start = min((at for at in (message.find("{"), message.find("[")) if at >= 0), default=-1)
    if start < 0:
        return []
    try:
        value, _ = json.JSONDecoder().raw_decode(message, start)
    except ValueError:
        return []
    return max(_lists(value), key=len, default=[])


def _lists(value: Any) -> list[list[Unit]]:
    if isinstance(value, dict):
        return [units for inner in value.values() for units in _lists(inner)]
    if not isinstance(value, list):
        return []
    units = [unit for item in value if (unit := _unit(item)) is not None]
    return [units] if units else [found for item in value for found in _lists(item)]


def _unit(item: Any) -> Unit | None:
    values = list(item.values()) if isinstance(item, dict) else item if isinstance(item, list) else []
    number = next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)
    text = next((value for value in values if isinstance(value, str)), None)
    return Unit(number, text) if number is not None and text is not None else None
