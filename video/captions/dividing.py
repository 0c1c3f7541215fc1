"""Which units are together in a line and in a caption: the division with the least cost. Pure, and linear in the text.

Costs of lines and captions do not depend on what comes before or after them. So they are computed for a thousand
beginnings at once, and only the choice among the ends goes from one to the next.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt

from video.captions.breaking import Strength, Unit

Span = tuple[int, int]
_Floats = npt.NDArray[np.float64]
_Whole = npt.NDArray[np.int64]

_SPACE_WIDTH: Final = 2
_AT_ONCE: Final = 1024
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


def captions_of(units: Sequence[Unit], limit: int, lines: int) -> list[list[Span]]:
    """The lines of each caption: at most `lines`, none wider than `limit` half cells unless it is a single unit."""
    if not units:
        return []
    costs, count = _Costs(units, limit), len(units)
    best = np.full(count + lines * costs.most, inf)
    best[count] = 0.0
    chosen: list[list[int]] = [[]] * count
    for first in range((count - 1) // _AT_ONCE * _AT_ONCE, -1, -_AT_ONCE):
        starts = np.arange(first, min(first + _AT_ONCE, count))
        layers = costs.layers(starts, lines)
        whole = layers.fewest_lines() + costs.of_captions(starts, lines)
        for row in range(len(starts) - 1, -1, -1):
            begin = first + row + 1
            ends = whole[row] + best[begin : begin + whole.shape[1]]
            column = int(ends.argmin())
            best[begin - 1] = ends[column]
            chosen[begin - 1] = layers.line_ends(row, column)
    captions, start = [], 0
    while start < count:
        captions.append(_spans(start, chosen[start]))
        start = captions[-1][-1][1]
    return captions


def even_lines(units: Sequence[Unit], limit: int) -> list[Span]:
    """All units in the fewest lines that they fit into, as equally long as can be."""
    if not units:
        return []
    costs, lines = _Costs(units, limit), 1
    while True:
        layers, column = costs.layers(np.array([0]), lines), len(units) - 1
        if column < lines * costs.most and np.isfinite(layers.fewest_lines()[0, column]):
            return _spans(0, layers.line_ends(0, column))
        lines *= 2


def _spans(start: int, line_ends: Sequence[int]) -> list[Span]:
    edges = [start, *(start + end for end in line_ends)]
    return list(itertools.pairwise(edges))


@dataclass(frozen=True, slots=True)
class _Layers:
    """What captions cost in one line, in two, …, and where the last line of each begins.

    A row is a beginning; column `c` is the end after `c + 1` units from there. What does not fit costs infinity.
    """

    costs: list[_Floats]
    begins: list[_Whole]

    def fewest_lines(self) -> _Floats:
        """The cost in as few lines as can be. A single line is not ragged."""
        found = np.where(np.isfinite(self.costs[0]), _EACH_LINE, inf)
        for costs in self.costs[1:]:
            found = np.where(np.isfinite(found), found, costs)
        return found

    def line_ends(self, row: int, column: int) -> list[int]:
        """Where the lines of the caption that ends there end, in units from its beginning."""
        number = next(number for number, costs in enumerate(self.costs) if costs[row, column] < inf)
        ends = [column + 1]
        for begins in self.begins[number:0:-1]:
            ends.append(int(begins[row, ends[-1] - 1]))
        return ends[::-1]


class _Costs:
    """What each line and caption of some units costs. A line has at most `most` units."""

    def __init__(self, units: Sequence[Unit], limit: int) -> None:
        self._limit = limit
        self._count = len(units)
        strengths = [unit.after for unit in units]
        self._widths = np.array([unit.width for unit in units])
        spaced = self._widths + np.array([_SPACE_WIDTH * unit.space for unit in units])
        self._after = np.array(strengths)
        self._line_end = np.array([_LINE_END[strength] for strength in strengths])
        self._cue_end = np.array([_CUE_END[strength] for strength in strengths])
        # Sums over all units before each.
        self._offset, self._width_before = _sums(spaced), _sums(self._widths)
        self._sentences = _sums(self._after == Strength.SENTENCE)
        self._paragraphs = _sums(self._after == Strength.PARAGRAPH)
        self.most = self._longest_line()

    def _longest_line(self) -> int:
        """In units. A space less wide than any line's end is allowed for."""
        reach = np.searchsorted(self._offset, self._offset[:-1] + self._limit + _SPACE_WIDTH, side="right") - 1
        return max(1, int((reach - np.arange(self._count)).max()))

    def _lines(self, starts: _Whole) -> _Floats:
        """How ragged each line is; infinity for one that does not fit. A single unit always does."""
        ends = starts[:, None] + np.arange(1, self.most + 1)
        last = np.minimum(ends, self._count) - 1
        within = np.minimum(starts, self._count - 1)[:, None]
        width = self._offset[last] + self._widths[last] - self._offset[within]
        slack = np.maximum(0.0, 1 - width / self._limit)
        fits = (width <= self._limit) | (ends == starts[:, None] + 1)
        fits &= (ends <= self._count) & (self._paragraphs[last] == self._paragraphs[within])
        return np.where(fits, _RAGGED * slack * slack, inf)

    def layers(self, starts: _Whole, lines: int) -> _Layers:
        """Of the captions that begin at each of `starts`, which follow one another."""
        width, most = lines * self.most, self.most
        ragged = self._lines(np.arange(starts[0], starts[-1] + 1 + width))
        line_end = np.concatenate((self._line_end, np.full(width, inf)))
        rows = len(starts)
        first = np.full((rows, width), inf)
        first[:, :most] = ragged[:rows] + _EACH_LINE
        costs, begins = [first], [np.zeros((rows, width), np.int64)]
        for number in range(1, lines):
            following, since = np.full((rows, width), inf), np.zeros((rows, width), np.int64)
            for begin in range(number, number * most + 1):
                before = costs[-1][:, begin - 1] + line_end[starts + begin - 1]
                whole = before[:, None] + ragged[begin : begin + rows] + _EACH_LINE
                there = slice(begin, begin + most)
                better = whole < following[:, there]
                following[:, there][better] = whole[better]
                since[:, there][better] = begin
            costs.append(following)
            begins.append(since)
        return _Layers(costs, begins)

    def of_captions(self, starts: _Whole, lines: int) -> _Floats:
        """What each caption costs besides its lines; of no meaning where it does not fit."""
        last = np.minimum(starts[:, None] + np.arange(lines * self.most), self._count - 1)
        within = starts[:, None]
        ends_sentence = self._after[last] >= Strength.SENTENCE
        begins_sentence = (within == 0) | (self._after[within - 1] >= Strength.SENTENCE)
        short = self._width_before[last + 1] - self._width_before[within] < self._limit * _SHORT
        sentences = self._sentences[last] - self._sentences[within]
        cost = _EACH_CUE + self._cue_end[last] + _SENTENCE_WITHIN * sentences
        cost += _WIDOW * (short & ~(begins_sentence & ends_sentence))
        cost += _TAIL_OF_A_SENTENCE * ((sentences > 0) & ~ends_sentence)
        return np.asarray(cost)


def _sums(values: npt.NDArray[np.generic]) -> _Whole:
    """The sum of the values before each, and that of all."""
    return np.concatenate(([0], np.cumsum(values, dtype=np.int64)))
