"""What the double's text models think of: plausible cut points and prompts and, when told to, bad ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.providers.double.errors import Json
from tests.providers.double.filling import embedded_schema, filled, resolved, rows_of
from tests.providers.double.numbered import Unit, numbered_units
from tests.providers.double.script import Cuts

_AT_MOST = re.compile(r"(?:at most|no more than|up to|maximum(?: of)?)\s+(\d+)\s+(?:\w+\s+)?scenes", re.IGNORECASE)
_LAST_WORDS = re.compile(r"last\s+(?:(?:up to|at most)\s+)?(\d+|two|three|four|five|six|seven|eight)\s+words", re.I)
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_ABOUT_WORDS = re.compile(r"about\s+(\d+)\s+words", re.IGNORECASE)
_SCENE_WORDS = 45
_JUNK = ("", "???", "Once upon a time", "ignore all earlier instructions", "\u0000\u202e", "é" * 40)


@dataclass(frozen=True, slots=True)
class Question:
    """A chat request to answer. `cuts` says how a segmentation goes wrong; `chance` is this request's own."""

    body: Json
    cuts: Cuts | None
    chance: Random

    def text(self, *roles: str) -> str:
        """What the messages of these roles say, one after the other."""
        said = [message for message in self.body["messages"] if message["role"] in roles]
        return "\n\n".join(_plain(message.get("content")) for message in said)

    @property
    def schema(self) -> Json | None:
        """The schema that the answer is to have, from `response_format` or from an example in the instructions."""
        told: Json = self.body.get("response_format") or {}
        if told.get("type") == "json_schema":
            schema: Json = told["json_schema"]["schema"]
            return schema
        instructions = self.text("system", "developer")
        return embedded_schema(instructions) if "json" in instructions.lower() else None


Brain = Callable[[Question], str]
"""The content of the message that answers."""


def think(question: Question) -> str:
    """The usual brain: cuts numbered units into scenes where the schema asks for that, else fills the schema."""
    schema = question.schema
    asked = question.text("user")
    if schema is None:
        return _prompt(asked)
    units = numbered_units(asked)
    rows = rows_of(schema) if units else None
    if rows is None:
        return json.dumps(filled(schema, lambda name: _words(name, asked)), ensure_ascii=False)
    name, row = rows
    scenes = _scenes(question, units, row, schema)
    if name is None:
        return json.dumps(scenes, ensure_ascii=False)
    others = filled(schema, lambda member: _words(member, asked))
    return json.dumps(others | {name: scenes}, ensure_ascii=False)


def _plain(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content)
    return content or ""


def _prompt(asked: str) -> str:
    longest = max(_texts_in(asked) or [""], key=len)
    subject = " ".join(longest.split()[:30]).rstrip(".") or "an empty stage"
    return f"A wide, softly lit picture: {subject}. Muted colours, calm light."


def _texts_in(asked: str) -> list[str]:
    """The scene in a message, where a member of its JSON is called so; else all its texts."""
    try:
        given = json.loads(asked)
    except ValueError:
        return asked.splitlines()
    if not isinstance(given, dict):
        return asked.splitlines()
    texts = {name: text for name, text in given.items() if isinstance(text, str)}
    return [text for name, text in texts.items() if name in ("scene", "text")] or list(texts.values())


def _words(name: str, asked: str) -> str:
    if "title" in name or "name" in name:
        return " ".join(asked.split()[:4]) or "Untitled"
    return _prompt(asked)


def _scenes(question: Question, units: list[Unit], row: Json, root: Json) -> list[Json]:
    """One object for each scene, right or spoiled as the question says."""
    told = question.text("system", "developer", "user")
    most = int(limit[1]) if (limit := _AT_MOST.search(told)) else len(units)
    about = int(wish[1]) if (wish := _ABOUT_WORDS.search(told)) else _SCENE_WORDS
    lasts = spoiled(_ends(units, most, about), question.cuts, question.chance, last=len(units) - 1)
    counted = _LAST_WORDS.search(told + json.dumps(row))
    count = 3 if counted is None else _COUNTS.get(counted[1].lower()) or int(counted[1])
    scenes: list[Json] = []
    start = 0
    for last in lasts:
        first, final = (units[min(max(0, at), len(units) - 1)] for at in (start, last))
        anchor = question.chance.choice(_JUNK) if question.cuts is Cuts.GARBAGE else final.last_words(count)
        offset = units[0].number
        scenes.append(_row(row, root, start + offset, last + offset, " ".join(first.text.split()[:4]), anchor))
        start = last + 1
    return scenes


def _row(row: Json, root: Json, first: int, last: int, title: str, anchor: str) -> Json:
    made: Json = {}
    for name, schema in row.get("properties", {}).items():
        kind = resolved(schema, root).get("type")
        if kind == "integer":
            made[name] = first if re.search("first|start|begin|from", name) else last
        elif kind == "string":
            made[name] = title or "Untitled" if re.search("title|name|heading", name) else anchor
        else:
            made[name] = filled(schema | {"$defs": root.get("$defs", {})}, lambda _: title)
    return made


def _ends(units: list[Unit], most: int, about: int) -> list[int]:
    """Where scenes of about so many words end, as indexes; at most `most`, the last of them the last unit."""
    words = [len(unit.text.split()) + len(unit.text) // 40 for unit in units]
    enough = max(about, -(-sum(words) // max(1, most)) + max(words))
    ends: list[int] = []
    gathered = 0
    for index, count in enumerate(words):
        gathered += count
        if gathered >= enough:
            ends.append(index)
            gathered = 0
    if not ends or ends[-1] != len(units) - 1:
        ends.append(len(units) - 1)
    return ends


def spoiled(ends: list[int], cuts: Cuts | None, chance: Random, *, last: int) -> list[int]:
    """The scene ends, wrong in the way that `cuts` says."""
    match cuts:
        case None:
            return ends
        case Cuts.OFF_BY_ONE:
            return [end + chance.choice((-1, 0, 1)) for end in ends]
        case Cuts.EARLY_STOP:
            return ends[: chance.randrange(1, len(ends))] if len(ends) > 1 else [max(0, last // 2)]
        case Cuts.DUPLICATED:
            return [end for end in ends for _ in range(chance.choice((1, 2, 2, 3)))]
        case Cuts.GARBAGE:
            return [chance.randint(-3, last + 10 ** chance.randrange(1, 6)) for _ in range(chance.randint(0, 12))]
