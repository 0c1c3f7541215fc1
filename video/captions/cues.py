"""A scene's text as captions: which words are together in a line, and for how many frames. Pure.

No word is lost or changed: without white space, the lines joined are the text. A caption ends at the end of a sentence
or a clause where that can be, its lines are about equally long, and none is left with a single short word.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from domain.rendering import Captions
from video.captions.breaking import Unit, units_of
from video.captions.dividing import captions_of, even_lines
from video.captions.pacing import NOTICING, plain_seconds

LEAST_SECONDS: Final = Fraction(5, 6)
"""No caption is shorter if there is time for all; Netflix's Timed Text Style Guide has the same."""
_HALF_CELLS: Final = 2


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
    limit = limits.cells * _HALF_CELLS
    units = units_of(text, limit)
    captions = captions_of(units, limit, limits.lines)
    return [tuple(_joined(units[start:end]) for start, end in lines) for lines in captions]


def balanced(text: str, cells: int) -> tuple[str, ...]:
    """A title in as few and as equal lines of at most `cells` cells as it takes."""
    limit = cells * _HALF_CELLS
    units = units_of(" ".join(text.split()), limit)
    return tuple(_joined(units[start:end]) for start, end in even_lines(units, limit))


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
