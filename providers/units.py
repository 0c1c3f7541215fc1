"""A text as numbered units: the smallest pieces between which a scene may end.

Units tile the text exactly, in order. Whoever groups them into scenes, a rule or a language model, only ever names
the last unit of each scene; `cut_points` turns those numbers into offsets. No words pass through anybody's hands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from domain.segmentation import CutPoint, LossyCuts
from providers.headings import LineKind, is_lone_title, line_kind
from providers.sentences import language_of, sentence_ends
from providers.words import word_count

LONGEST_UNIT = 600
_HEADINGS_IN_A_ROW = 4
_TERMINAL = re.compile(r"[.!?…。！？।॥۔؟:;][\"'”’»」』)\]]*\s*$")
_BULLET = re.compile(r"\s*(?:[-*•–—]|\d{1,3}[.)])\s+\S")
_CLAUSE = re.compile(r"[;:—–](?=\s)\s*|[，；、：，]\s*|,\s+")
_SPACE = re.compile(r"\s+")


class Break(IntEnum):
    """How strongly the text itself breaks behind a unit."""

    NONE = 0  # inside a very long sentence
    SENTENCE = 1
    LINE = 2
    PARAGRAPH = 3


@dataclass(frozen=True, slots=True)
class Unit:
    """`text[start:end]`, white space behind it included. `words` is its length as heard, in words or their like."""

    start: int
    end: int
    after: Break
    kind: LineKind
    words: float


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    kind: LineKind


def units_of(text: str) -> tuple[Unit, ...]:
    """The units of any text, in linear time; none for an empty one. Each has visible text if the text has any."""
    language = language_of(text)
    units: list[Unit] = []
    for unit in _raw_units(text, language):
        if units and not _is_visible(text, unit):
            units[-1] = replace(units[-1], end=unit.end, after=max(units[-1].after, unit.after))
        elif len(units) == 1 and not _is_visible(text, units[0]):
            units[0] = replace(unit, start=units[0].start)
        else:
            units.append(unit)
    return tuple(_tame_headings(units))


def cut_points(units: Sequence[Unit], last_units: Iterable[tuple[int, str | None]]) -> tuple[CutPoint, ...]:
    """Cuts behind the named units, `(number from 0, title)`.

    Raises:
        LossyCuts: the numbers are not strictly rising, or the last one is not the last unit.
    """
    cuts: list[CutPoint] = []
    before = -1
    for number, title in last_units:
        if not before < number < len(units):
            raise LossyCuts(f"unit {number} after unit {before} of {len(units)}")
        cuts.append(CutPoint(units[number].end, title))
        before = number
    if before != len(units) - 1:
        raise LossyCuts(f"the last scene ends with unit {before} of {len(units)}")
    return tuple(cuts)


def _is_visible(text: str, unit: Unit) -> bool:
    return any(
        not char.isspace() and unicodedata.category(char) not in ("Cf", "Cc") for char in text[unit.start : unit.end]
    )


def _raw_units(text: str, language: str) -> Iterator[Unit]:
    paragraphs = list(_paragraphs(text))
    for number, lines in enumerate(paragraphs):
        if len(lines) == 1 and lines[0].kind in (LineKind.BODY, LineKind.CUE) and number + 1 < len(paragraphs):
            follower = paragraphs[number + 1]
            if follower[0].kind is LineKind.BODY and is_lone_title(
                text[lines[0].start : lines[0].end], text[follower[0].start : follower[-1].end]
            ):
                lines = [replace(lines[0], kind=LineKind.HEADING)]
        yield from _paragraph_units(text, lines, language)


def _paragraphs(text: str) -> Iterator[list[_Line]]:
    """Runs of lines between blank ones; blank lines belong to the line before them, or to the first one."""
    lines: list[_Line] = []
    position = 0
    closed = False
    for raw in text.splitlines(keepends=True):
        start, position = position, position + len(raw)
        if raw.isspace():
            if lines:
                lines[-1] = replace(lines[-1], end=position)
                closed = True
            elif start == 0 or position == len(text):
                lines.append(_Line(start, position, LineKind.BODY))
            continue
        if closed:
            yield lines
            lines, closed = [], False
        if len(lines) == 1 and text[lines[0].start : lines[0].end].isspace():
            start = lines.pop().start
        lines.append(_Line(start, position, line_kind(raw)))
    if lines:
        yield lines


def _paragraph_units(text: str, lines: list[_Line], language: str) -> Iterator[Unit]:
    begun = 0
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        if line.kind is not LineKind.BODY:
            yield from _run_units(text, lines[begun:number], language, Break.LINE)
            after = Break.PARAGRAPH if last else Break.LINE
            yield _unit(text, line.start, line.end, after, line.kind)
            begun = number + 1
    yield from _run_units(text, lines[begun:], language, Break.PARAGRAPH)


def _run_units(text: str, lines: list[_Line], language: str, after: Break) -> Iterator[Unit]:
    """Units of consecutive lines of running text. A line's end may or may not end a sentence (hard-wrapped text)."""
    if not lines:
        return
    begun = lines[0].start
    stops = _line_stops(text, lines)
    for stop in stops:
        last = stop == lines[-1].end
        ends = sentence_ends(text[begun:stop], language)
        for number, end in enumerate(ends):
            closes = number == len(ends) - 1
            level = (after if last else Break.LINE) if closes else Break.SENTENCE
            yield from _pieces(text, begun + (ends[number - 1] if number else 0), begun + end, level)
        begun = stop


def _line_stops(text: str, lines: list[_Line]) -> list[int]:
    """The line ends at which a sentence ends too."""
    texts = [text[line.start : line.end] for line in lines]
    widest = max(len(line.rstrip()) for line in texts)
    unpunctuated = not any(_TERMINAL.search(line) for line in texts)
    stops: list[int] = []
    for line, this, following in zip(lines[:-1], texts[:-1], texts[1:], strict=True):
        indented = following[0].isspace() and not this[0].isspace()
        short = len(this.rstrip()) < 0.6 * widest and not following.lstrip()[:1].islower()
        if unpunctuated or indented or short or _BULLET.match(following) or _TERMINAL.search(this[-12:]):
            stops.append(line.end)
    return [*stops, lines[-1].end]


def _pieces(text: str, start: int, end: int, after: Break) -> Iterator[Unit]:
    """One sentence, cut evenly at clauses or spaces if it is very long."""
    while end - start > LONGEST_UNIT:
        count = -(-(end - start) // LONGEST_UNIT)
        cut = _gentle_cut(text, start, end, start + (end - start) // count)
        yield _unit(text, start, cut, Break.NONE, LineKind.BODY)
        start = cut
    yield _unit(text, start, end, after, LineKind.BODY)


def _gentle_cut(text: str, start: int, end: int, ideal: int) -> int:
    slack = (ideal - start) // 4
    low, high = ideal - slack, min(ideal + slack, end - 1)
    for pattern in (_CLAUSE, _SPACE):
        found = [hit.end() for hit in pattern.finditer(text, low, high) if hit.end() < high]
        if found:
            return min(found, key=lambda position: abs(position - ideal))
    cut = ideal
    while cut < high and (_joins(text[cut]) or text[cut - 1] == "\u200d"):
        cut += 1
    return cut


def _joins(char: str) -> bool:
    """Whether a character only makes sense with the one before it."""
    return unicodedata.category(char)[0] == "M" or char in "\u200d\n" or "\U0001f3fb" <= char <= "\U0001f3ff"


def _unit(text: str, start: int, end: int, after: Break, kind: LineKind) -> Unit:
    return Unit(start, end, after, kind, word_count(text[start:end]))


def _tame_headings(units: list[Unit]) -> Iterator[Unit]:
    """A long run of headings is a list, not a heading: from the fifth on they are plain lines."""
    row = 0
    for unit in units:
        row = row + 1 if unit.kind in (LineKind.HEADING, LineKind.CUE) else 0
        yield replace(unit, kind=LineKind.BODY) if row > _HEADINGS_IN_A_ROW else unit
