"""Reads a model's cut points, whatever they look like, against the sentences that it was shown.

A cut counts only if the words that the model copied from the sentence are there, or in one of its neighbours. No word
of an answer but the titles goes any further.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

REACH = 3
"""How many sentences off a cut may be."""
LONGEST_TITLE = 60
_WRONG_SHARE = 5
_FENCE = re.compile(r"^\s*```[a-zA-Z]*\s*|\s*```\s*$")
_FLAT_OBJECT = re.compile(r"\{[^{}]*\}")
_NO_WORD = re.compile(r"[\W_]+")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]+")


class CutAnswer(BaseModel):
    """One scene as the model names it."""

    model_config = ConfigDict(extra="forbid")
    last_unit: int = Field(description="The number of the scene's last unit.")
    last_words: str = Field(description="The last three words of that unit, copied exactly.")
    title: str = Field(description="A title for the scene, at most eight words, in the language of the text.")


class CutsAnswer(BaseModel):
    """The schema that servers with structured output are held to."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(description="A title for the whole text, at most eight words, or an empty string.")
    scenes: list[CutAnswer] = Field(description="The scenes in order. The last one ends with the last unit.")


@dataclass(frozen=True, slots=True)
class Cut:
    """A scene's last unit, counted from 0 within the window, and its title."""

    last: int
    title: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer says. The cuts rise strictly; the last one may fall short of the window's end."""

    cuts: tuple[Cut, ...]
    title: str | None


def read_cuts(content: str, units: Sequence[str]) -> Reading | None:
    """The cuts in an answer about `units`, which were numbered from 1; None if it is garbage.

    Garbage is an answer without cuts, or of which more than one in five cannot be placed. The few others are left out,
    which makes a scene longer. Repeated cuts are one.
    """
    title, items = _items(content)
    tails = [_normal(unit) for unit in units]
    cuts: list[Cut] = []
    wrong = 0
    for item in items:
        before = cuts[-1].last if cuts else -1
        place = _place(item, tails, before)
        if place is None or place < before:
            wrong += 1
        elif place > before:
            cuts.append(Cut(place, clean_title(_value(item, "title"))))
    if not cuts or wrong * _WRONG_SHARE > len(cuts) + wrong:
        return None
    return Reading(tuple(cuts), clean_title(title))


def clean_title(value: object) -> str | None:
    """One short line of visible text, or None."""
    if not isinstance(value, str):
        return None
    words = _INVISIBLE.sub(" ", value[:400]).split()
    title = " ".join(words).strip(" \"'“”«»")
    while len(title) > LONGEST_TITLE and " " in title:
        title = title.rsplit(" ", 1)[0]
    title = title[:LONGEST_TITLE].rstrip(" ,;:—–-")
    return title if any(char.isalnum() for char in title) else None


def _items(content: str) -> tuple[object, list[object]]:
    """The title and the scenes; of an answer that breaks off, those that are whole."""
    try:
        answer = json.loads(_FENCE.sub("", content))
    except (ValueError, RecursionError):
        return None, list(_whole_objects(content))
    if isinstance(answer, list):
        return None, answer
    scenes = answer.get("scenes") if isinstance(answer, dict) else None
    return (answer.get("title"), scenes) if isinstance(scenes, list) else (None, [])


def _whole_objects(content: str) -> Iterator[object]:
    for found in _FLAT_OBJECT.finditer(content):
        try:
            yield json.loads(found.group())
        except (ValueError, RecursionError):
            continue


def _place(item: object, tails: Sequence[str], before: int) -> int | None:
    """The unit that a cut means: the one it names, or the nearest whose last words it quotes."""
    number = _number(_value(item, "last_unit"))
    quoted = _value(item, "last_words")
    if number is None or not isinstance(quoted, str):
        return None
    named, words = number - 1, _normal(quoted)
    if 0 <= named < len(tails) and _agrees(tails[named], words):
        return named
    for away in range(1, REACH + 1):
        for near in (named - away, named + away):
            if words and before < near and 0 <= near < len(tails) and tails[near].endswith(words):
                return near
    return None


def _agrees(tail: str, words: str) -> bool:
    """Whether the words are the unit's last ones, or the unit is shorter than what was quoted."""
    if not words or not tail:
        return words == tail
    return tail.endswith(words) or words.endswith(tail)


def _number(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e9:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _value(item: object, key: str) -> object:
    return item.get(key) if isinstance(item, Mapping) else None


def _normal(text: str) -> str:
    """The last words of a text without case, punctuation and spacing, which models change as they copy."""
    return _NO_WORD.sub(" ", text[-400:]).strip().casefold()
