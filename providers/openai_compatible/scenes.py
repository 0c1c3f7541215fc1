"""Scenes as runs of units: what is done to them after a model, or the built-in rules, named their ends."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from domain.segmentation import CutPoint
from providers.offline.scenes import IDEAL_WORDS, group_units
from providers.offline.titles import scene_title
from providers.openai_compatible.cuts import clean_title
from providers.units import Unit, cut_points

_LONGEST_WORDS = 300.0


@dataclass(frozen=True, slots=True)
class Scene:
    """`last` is the number of its last unit in the script."""

    last: int
    title: str | None = None


def built_in(units: Sequence[Unit], first: int, stop: int) -> list[Scene]:
    """Scenes of the units `first` to `stop` by the rules that need no model."""
    part = units[first:stop]
    return [Scene(first + last) for last in group_units(part, len(part))]


def words_a_scene(units: Sequence[Unit], max_scenes: int) -> int:
    """The length to aim at so that the script does not have too many scenes."""
    total = sum(unit.words for unit in units)
    return round(max(IDEAL_WORDS, 1.1 * total / max(1, max_scenes)))


def keep_from_window(scenes: Sequence[Scene], first: int, stop: int, *, final: bool) -> list[Scene]:
    """The scenes, but not a last one that ends only because the window does, if the others are half of the window."""
    kept = list(scenes)
    if not final and len(kept) > 1 and kept[-1].last == stop - 1 and reaches_half(kept[-2].last, first, stop):
        kept.pop()
    return kept


def reaches_half(last: int, first: int, stop: int) -> bool:
    return (last + 1 - first) * 2 >= stop - first


def divide_long(units: Sequence[Unit], scenes: Sequence[Scene], ideal_words: int) -> tuple[list[Scene], int]:
    """Scenes too long for one picture, divided by the built-in rules; and how many there were."""
    longest = max(_LONGEST_WORDS, 4.0 * ideal_words)
    divided: list[Scene] = []
    count = first = 0
    for scene in scenes:
        long = scene.last > first and sum(unit.words for unit in units[first : scene.last + 1]) > longest
        pieces = built_in(units, first, scene.last + 1) if long else [scene]
        count += len(pieces) > 1
        divided += [Scene(pieces[0].last, scene.title), *pieces[1:]]
        first = scene.last + 1
    return divided, count


def at_most(units: Sequence[Unit], scenes: Sequence[Scene], max_scenes: int) -> list[Scene]:
    """`max_scenes` of the scenes' ends at most, spread evenly over the words. A joined scene keeps its first title."""
    most = max(1, max_scenes)
    if len(scenes) <= most:
        return list(scenes)
    heard = list(accumulate(unit.words for unit in units))
    reach = [heard[scene.last] for scene in scenes]
    ends: list[int] = []
    for number in range(1, most):
        low = ends[-1] + 1 if ends else 0
        high = len(scenes) - 1 - (most - number)
        ideal = reach[-1] * number / most
        at = min(max(bisect_left(reach, ideal), low), high)
        ends.append(at - 1 if at > low and ideal - reach[at - 1] < reach[at] - ideal else at)
    starts = [0, *(end + 1 for end in ends)]
    return [
        Scene(scenes[end].last, scenes[start].title)
        for start, end in zip(starts, [*ends, len(scenes) - 1], strict=True)
    ]


def titled_cuts(content: str, units: Sequence[Unit], scenes: Sequence[Scene]) -> tuple[CutPoint, ...]:
    """The scenes as cut points; one without a title gets one from its own words."""
    titled: list[tuple[int, str | None]] = []
    start = 0
    for scene in scenes:
        end = units[scene.last].end
        titled.append((scene.last, scene.title or clean_title(scene_title(content[start:end].strip()))))
        start = end
    return cut_points(units, titled)
