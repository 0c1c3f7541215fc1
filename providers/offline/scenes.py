"""Groups units into scenes of a pleasant length for a video, without any model.

Scenes open at headings, prefer to end with a paragraph, and are cut evenly rather than leaving a crumb: a small
dynamic programme over the units weighs length against the strength of the break.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from providers.headings import LineKind
from providers.units import Break, Unit

IDEAL_WORDS = 32.0
_MOST_WORDS = 80.0
_CRUMB_WORDS = 4.0
_CRUMBS_UP_TO = 12.0
_TITLE_PAGE_WORDS = 8.0
_TOLERANCE_BELOW = 24.0
_TOLERANCE_ABOVE = 22.0
_BREAK_COST = {Break.NONE: 3.0, Break.SENTENCE: 0.6, Break.LINE: 0.15, Break.PARAGRAPH: 0.0}


@dataclass(frozen=True, slots=True)
class _Atom:
    """Units that stay together. `last` is the number of the last one."""

    last: int
    words: float
    after: Break
    opens: bool
    closes: bool


def group_units(units: Sequence[Unit], max_scenes: int) -> list[int]:
    """The number of the last unit of each scene, at most `max_scenes` of them."""
    scenes: list[_Atom] = []
    for section in _sections(_atoms(units)):
        scenes.extend(_partition(section))
    return _thin(scenes, max_scenes)


def _atoms(units: Sequence[Unit]) -> list[_Atom]:
    """Headings and speakers joined to what follows, dividers to what precedes, crumbs to their neighbours."""
    atoms: list[_Atom] = []
    pending: _Atom | None = None
    for number, unit in enumerate(units):
        closes = unit.kind is LineKind.CLOSING
        atom = _Atom(number, unit.words, unit.after, unit.kind is LineKind.HEADING, closes)
        if pending is not None:
            atom = _Atom(number, pending.words + unit.words, unit.after, pending.opens or atom.opens, closes)
            pending = None
        if unit.kind in (LineKind.HEADING, LineKind.CUE):
            pending = atom
        elif atoms and not atom.opens and (closes or _is_crumb(atoms[-1], atom)):
            before = atoms[-1]
            atoms[-1] = _Atom(number, before.words + atom.words, atom.after, before.opens, closes)
        else:
            atoms.append(atom)
    if pending is not None:
        opens = atoms.pop().opens if atoms else pending.opens
        atoms.append(_Atom(pending.last, pending.words, pending.after, opens, True))
    return atoms


def _is_crumb(before: _Atom, atom: _Atom) -> bool:
    if before.closes or before.words + atom.words > _CRUMBS_UP_TO:
        return False
    return before.words < _CRUMB_WORDS or (atom.words < _CRUMB_WORDS and before.after is not Break.PARAGRAPH)


def _sections(atoms: Sequence[_Atom]) -> list[list[_Atom]]:
    sections: list[list[_Atom]] = []
    for atom in atoms:
        if not sections or ((atom.opens or sections[-1][-1].closes) and not _is_title_page(sections)):
            sections.append([])
        sections[-1].append(atom)
    return sections


def _is_title_page(sections: Sequence[Sequence[_Atom]]) -> bool:
    """Whether there is nothing so far but a few words, which belong to the first scene."""
    first = sections[0]
    return len(sections) == 1 and not first[0].opens and sum(atom.words for atom in first) < _TITLE_PAGE_WORDS


def _partition(section: Sequence[_Atom]) -> list[_Atom]:
    """The cheapest way to cut one section into scenes. Linear: a scene looks back over a bounded number of words."""
    best = [0.0]
    origin = [0]
    for end in range(1, len(section) + 1):
        last = section[end - 1]
        toll = 0.0 if end == len(section) else _BREAK_COST[last.after]
        cheapest, chosen, words = float("inf"), end - 1, 0.0
        for start in range(end - 1, -1, -1):
            words += section[start].words
            if words > _MOST_WORDS and start < end - 1:
                break
            cost = best[start] + _length_cost(words) + toll
            if cost < cheapest:
                cheapest, chosen = cost, start
        best.append(cheapest)
        origin.append(chosen)
    scenes: list[_Atom] = []
    end = len(section)
    while end > 0:
        start, last = origin[end], section[end - 1]
        words = sum(atom.words for atom in section[start:end])
        scenes.append(_Atom(last.last, words, last.after, section[start].opens, last.closes))
        end = start
    return scenes[::-1]


def _length_cost(words: float) -> float:
    away = words - IDEAL_WORDS
    scaled = away / (_TOLERANCE_ABOVE if away > 0 else _TOLERANCE_BELOW)
    return scaled * scaled


def _thin(scenes: Sequence[_Atom], max_scenes: int) -> list[int]:
    """At most `max_scenes` of the scenes' ends, spread evenly over the words and leaning towards headings."""
    if len(scenes) <= max_scenes:
        return [scene.last for scene in scenes]
    reach: list[float] = []
    total = 0.0
    for scene in scenes:
        total += scene.words
        reach.append(total)
    chosen: list[int] = []
    for number in range(1, max_scenes):
        low = chosen[-1] + 1 if chosen else 0
        high = len(scenes) - 1 - (max_scenes - number)
        step = total / max_scenes
        ideal = step * number
        first = min(max(bisect_left(reach, ideal - step / 4), low), high)
        behind = min(max(bisect_left(reach, ideal + step / 4), first), high)
        chosen.append(min(range(first, behind + 1), key=lambda at: _thinning_cost(scenes, reach, at, ideal, step)))
    return [scenes[at].last for at in [*chosen, len(scenes) - 1]]


def _thinning_cost(scenes: Sequence[_Atom], reach: Sequence[float], at: int, ideal: float, step: float) -> float:
    away = abs(reach[at] - ideal) / step
    welcome = scenes[at].closes or scenes[at + 1].opens
    return away + _BREAK_COST[scenes[at].after] / 4 - (0.3 if welcome else 0.0)
