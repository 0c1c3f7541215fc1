"""A scene's text as captions: which words are together in a line, and for how many frames. Pure.

No word is lost or changed: without white space, the lines joined are the text. A caption ends at the end of a sentence
or a clause where that can be, its lines are about equally long, and none is left with a single short word.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Final

from domain.rendering import Captions
from video.captions.breaking import Strength, Unit, units_of
from video.captions.pacing import NOTICING, plain_seconds

LEAST_SECONDS: Final = Fraction(5, 6)
"""No caption is shorter if there is time for all; Netflix's Timed Text Style Guide has the same."""
_HALF_CELLS: Final = 2
_SPACE_WIDTH: Final = 2
# What ending a caption, or a line within one, costs after each strength.
_CUE_END: Final = {
    Strength.SPLIT: 130.0,
    Strength.TIGHT: 90.0,
    Strength.WORD: 45.0,
    Strength.PHRASE: 30.0,
    Strength.CLAUSE: 8.0,
    Strength.SENTENCE: 0.0,
    Strength.PARAGRAPH: 0.0,
}
_LINE_END: Final = {
    Strength.SPLIT: 50.0,
    Strength.TIGHT: 30.0,
    Strength.WORD: 12.0,
    Strength.PHRASE: 6.0,
    Strength.CLAUSE: 0.0,
    Strength.SENTENCE: 0.0,
    Strength.PARAGRAPH: inf,
}
_EACH_CUE: Final = 42.0
_EACH_LINE: Final = 4.0
_RAGGED: Final = 60.0
_SENTENCE_WITHIN: Final = 14.0
_TAIL_OF_A_SENTENCE: Final = 40.0
_WIDOW: Final = 150.0
_SHORT: Final = 0.25


@dataclass(frozen=True, slots=True)
class LineLimits:
    """At most `lines` lines of `cells` cells: a Latin letter takes one, a Chinese character two."""

    cells: int
    lines: int


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption. `first_frame` counts from the beginning of the scene's speech window."""

    lines: tuple[str, ...]
    first_frame: int
    frames: int


def line_limits(style: Captions, width: int, height: int) -> LineLimits:
    """How much one caption holds in a video of this shape: two lines, three in a tall one."""
    bold = style is Captions.BOLD
    if width * 10 >= height * 13:
        return LineLimits(30 if bold else 42, 2)
    if width * 10 > height * 8:
        return LineLimits(24 if bold else 34, 2)
    return LineLimits(18 if bold else 26, 3)


def cues_of(text: str, *, frames: int, fps: int, limits: LineLimits) -> tuple[Cue, ...]:
    """The captions of one scene, one after another without a gap, over exactly `frames` frames.

    Each has its share by reading time, and at least `LEAST_SECONDS` if there is time for that. In a window of fewer
    frames than captions some are shown together, in more lines. No text, or no frames: no captions.
    """
    groups = cue_lines(text, limits)
    if not groups or frames <= 0:
        return ()
    if len(groups) > frames:
        groups = _gathered(groups, frames)
    weights = [NOTICING + plain_seconds("\n".join(lines)) for lines in groups]
    shares = _shared_out(frames, weights, int(LEAST_SECONDS * fps))
    cues, first = [], 0
    for lines, share in zip(groups, shares, strict=True):
        cues.append(Cue(lines, first, share))
        first += share
    return tuple(cues)


def cue_lines(text: str, limits: LineLimits) -> list[tuple[str, ...]]:
    """The words of each caption, in lines, whatever the time."""
    units = units_of(text, limits.cells * _HALF_CELLS)
    return [tuple(_joined(units[start:end]) for start, end in lines) for lines in _best_cues(units, limits)]


def balanced(text: str, cells: int) -> tuple[str, ...]:
    """A title in as few and as equal lines of at most `cells` cells as it takes."""
    limit = cells * _HALF_CELLS
    units = units_of(" ".join(text.split()), limit)
    costs, most = _LineCosts(units, limit), 4
    while units:
        found = costs.cues_from(0, most).get(len(units))
        if found is not None:
            return tuple(_joined(units[start:end]) for start, end in found[1])
        most *= 2
    return ()


Span = tuple[int, int]


def _best_cues(units: Sequence[Unit], limits: LineLimits) -> list[list[Span]]:
    """The division of all units with the least cost, found from the end backwards."""
    count, limit = len(units), limits.cells * _HALF_CELLS
    table = _LineCosts(units, limit)
    nothing: list[Span] = []
    best = [(inf, nothing)] * count + [(0.0, nothing)]
    for start in range(count - 1, -1, -1):
        for end, (cost, lines) in table.cues_from(start, limits.lines).items():
            whole = cost + _cue_cost(units, start, end, limit) + best[end][0]
            if whole < best[start][0]:
                best[start] = (whole, lines)
    cues, start = [], 0
    while start < count:
        lines = best[start][1]
        cues.append(lines)
        start = lines[-1][1]
    return cues


class _LineCosts:
    """What lines cost, and the best lines for each caption that may begin at a unit."""

    def __init__(self, units: Sequence[Unit], limit: int) -> None:
        self.units = units
        self.limit = limit
        self.lines = [self._lines_from(start) for start in range(len(units))]

    def _lines_from(self, start: int) -> list[tuple[int, float, float]]:
        """(end, cost of its raggedness, cost of ending there) for each line that fits; one unit always does."""
        found, width = [], 0
        for end in range(start + 1, len(self.units) + 1):
            unit = self.units[end - 1]
            width += unit.width
            if width > self.limit and end > start + 1:
                break
            slack = max(0.0, 1 - width / self.limit)
            found.append((end, _RAGGED * slack * slack, _LINE_END[unit.after]))
            if unit.after is Strength.PARAGRAPH:
                break
            width += _SPACE_WIDTH if unit.space else 0
        return found

    def cues_from(self, start: int, most_lines: int) -> dict[int, tuple[float, list[Span]]]:
        """For each end: the cost and the lines of the best caption, in as few lines as can be."""
        found: dict[int, tuple[float, list[Span]]] = {}
        layer: dict[int, tuple[float, list[Span]]] = {start: (0.0, [])}
        for number in range(most_lines):
            following: dict[int, tuple[float, list[Span]]] = {}
            for begin, (cost, lines) in layer.items():
                if lines:
                    cost += self._end_cost(begin)
                if cost == inf or begin == len(self.units):
                    continue
                for end, ragged, _ in self.lines[begin]:
                    whole = cost + ragged + _EACH_LINE
                    if end not in following or whole < following[end][0]:
                        following[end] = (whole, [*lines, (begin, end)])
            for end, (cost, lines) in following.items():
                if end not in found:
                    found[end] = (_EACH_LINE if number == 0 else cost, lines)  # a single line is not ragged
            layer = following
        return found

    def _end_cost(self, index: int) -> float:
        return _LINE_END[self.units[index - 1].after]


def _cue_cost(units: Sequence[Unit], start: int, end: int, limit: int) -> float:
    last = units[end - 1]
    cost = _EACH_CUE + _CUE_END[last.after]
    width = sum(unit.width for unit in units[start:end])
    begins_sentence = start == 0 or units[start - 1].after >= Strength.SENTENCE
    alone = width < limit * _SHORT and not (begins_sentence and last.after >= Strength.SENTENCE)
    if alone:
        cost += _WIDOW
    within = [index for index in range(start, end - 1) if units[index].after is Strength.SENTENCE]
    cost += _SENTENCE_WITHIN * len(within)
    if within and last.after < Strength.SENTENCE:
        cost += _TAIL_OF_A_SENTENCE
    return cost


def _joined(units: Sequence[Unit]) -> str:
    return "".join(unit.text + (" " if unit.space else "") for unit in units).rstrip(" ")


def _gathered(groups: Sequence[tuple[str, ...]], frames: int) -> list[tuple[str, ...]]:
    """As many groups as there are frames."""
    bounds = [len(groups) * index // frames for index in range(frames + 1)]
    return [tuple(line for lines in groups[begin:end] for line in lines) for begin, end in itertools.pairwise(bounds)]


def _shared_out(frames: int, weights: Sequence[Fraction], least: int) -> list[int]:
    """Whole frames in proportion to the weights, none below `least` if all can have it; their sum is `frames`."""
    least = max(1, min(least, frames // len(weights)))
    # Those that would get too little get the least, which leaves a smaller share for the others: until it holds.
    fixed: set[int] = set()
    while True:
        free = frames - least * len(fixed)
        total = sum((weight for index, weight in enumerate(weights) if index not in fixed), Fraction(0))
        short = {i for i, weight in enumerate(weights) if i not in fixed and weight * free < least * total}
        if not short:
            break
        fixed |= short
    if len(fixed) == len(weights):
        fixed, total, free = set(), Fraction(len(weights)), frames
        weights = [Fraction(1)] * len(weights)
    shares, passed, done = [], Fraction(0), 0
    for index, weight in enumerate(weights):
        if index in fixed:
            shares.append(least)
            continue
        passed += weight
        boundary = round(passed * free / total)
        shares.append(boundary - done)
        done = boundary
    return shares
