"""Scenes as cuts through a text that is never rewritten.

A segmenter only says where scenes end. The words of a scene are always a slice of the script, so that the texts and
gaps of all scenes, joined, are the script character for character.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CutPoint:
    """Where a scene ends: `end` is an offset in characters (code points) into the script, exclusive."""

    end: int
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Segmentation:
    """A segmenter's answer. The last cut ends at the end of the script. `title` is a title for the whole script.

    `note` says what a person should know about how the cuts were found, for instance that a fallback was used.
    """

    cuts: tuple[CutPoint, ...]
    title: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class SceneDraft:
    """A scene before it has a row: its visible text and the white space that follows it in the script."""

    text: str
    gap: str
    title: str | None


class LossyCuts(ValueError):
    """The cuts do not tile the script. A defect of the segmenter: nothing may be stored."""


def scenes_from_cuts(content: str, cuts: Sequence[CutPoint]) -> tuple[SceneDraft, ...]:
    """Cut `content`; every scene has visible text, and `join_scenes` of the answer is `content`.

    A piece that is only white space joins the gap of the scene before it (or the text of the scene after it, at the
    start of the script).

    Raises:
        LossyCuts: the cuts are not strictly rising, leave the script, or stop before its end.
    """
    drafts: list[SceneDraft] = []
    start = 0
    for cut in cuts:
        if not start < cut.end <= len(content):
            raise LossyCuts(f"a cut at {cut.end} after {start} in a script of {len(content)} characters")
        piece = content[start : cut.end]
        text = piece.rstrip()
        if text:
            drafts.append(SceneDraft(text, piece[len(text) :], cut.title))
            start = cut.end
        elif drafts:
            before = drafts[-1]
            drafts[-1] = SceneDraft(before.text, before.gap + piece, before.title)
            start = cut.end
        # else: white space at the very start stays in front of the first scene's text
    if start != len(content) or join_scenes(drafts) != content:
        raise LossyCuts(f"the cuts end at {start} of {len(content)} characters")
    return tuple(drafts)


def join_scenes(scenes: Iterable[SceneDraft]) -> str:
    """The script that these scenes are cut from."""
    return "".join(scene.text + scene.gap for scene in scenes)
