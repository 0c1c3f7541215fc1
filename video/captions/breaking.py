"""Where a line or a caption may end, and how good a place that is. Pure, and without a dictionary.

A text becomes `Unit`s, which are never divided: words, or in scripts without spaces, letters with what must stay beside
them (kinsoku, as in JIS X 4051 and UAX #14: no line begins with a closing mark, a small kana or a prolonged sound mark,
and none ends with an opening bracket). After each unit stands how strongly the text breaks there.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from video.captions.pacing import CLAUSE_ENDS, SENTENCE_ENDS
from video.captions.scripts import CJK, UNSPACED, clusters, invisible, is_wide, script_of

NARROW, WIDE = 2, 4
"""Widths count in half cells: a Latin letter has 2, a Chinese character 4."""
MOST_CLUSTERS: Final = 24
_SPACES: Final = re.compile(r"[^\S\u00a0\u202f\u2007]+")
_PARAGRAPHS: Final = re.compile(r"(?:\r\n|[\n\r\u0085\u2029])\s*(?:\r\n|[\n\r\u0085\u2029])|\u2029")
_CLOSING: Final = frozenset(
    "\"'”’»›)]}）］｝」』】〉》〕〗〙〟｣、。，．・：；！？‼⁇⁈⁉､｡…‥—ーｰ々〻ゝゞヽヾ%％°℃،؛؟.,;:!?·–~〜～―"
)
_SMALL_KANA: Final = frozenset(
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿｧｨｩｪｫｬｭｮｯ"
)
_OPENING: Final = frozenset("“‘«‹([{（［｛「『【〈《〔〖〘〝｢$£¥€￥＄№#¿¡")
_QUOTES: Final = frozenset("\"'”’»›)]}）］｝」』】〉》〕〗〙〟｣*_\u200f\u200e")
_AFTER_WHICH_A_LONG_WORD_BREAKS: Final = frozenset("-‐/\\_.?&=+,;:@–—")


class Strength(IntEnum):
    """How good it is to end here: the stronger, the better. `SPLIT` is within a word, `TIGHT` after a short one."""

    SPLIT = 0
    TIGHT = 1
    WORD = 2
    PHRASE = 3
    CLAUSE = 4
    SENTENCE = 5
    PARAGRAPH = 6


@dataclass(frozen=True, slots=True)
class Unit:
    """`text` without white space at its ends; `space` tells whether white space follows; `width` in half cells."""

    text: str
    width: int
    space: bool
    after: Strength


def units_of(text: str, longest: int) -> list[Unit]:
    """All of a text's letters, in order. A unit wider than `longest` half cells is cut between letters."""
    units: list[Unit] = []
    for paragraph in _PARAGRAPHS.split(text):
        words = [word for word in _SPACES.split(paragraph) if word]
        for index, word in enumerate(words):
            following = words[index + 1] if index + 1 < len(words) else ""
            units += _units_of_word(word, following, longest)
    return units


def width_of(text: str) -> int:
    """In half cells: what stands above or below another letter takes none."""
    return sum(_cluster_width(cluster) for cluster in clusters(text))


def _cluster_width(cluster: str) -> int:
    first = cluster[0]
    if invisible(first):
        return 0
    if is_wide(first):
        return WIDE
    # A conjunct or a letter with a vowel beside it is wider than one letter.
    beside = sum(unicodedata.category(char) in ("Mc", "Lo") for char in cluster[1:])
    return NARROW + beside * NARROW // 2 if script_of(first) not in (None, "Latin", "Arabic", "Hebrew") else NARROW


def _units_of_word(word: str, following: str, longest: int) -> list[Unit]:
    parts = _parts(word)
    pieces: list[tuple[str, Strength]] = []
    for index, part in enumerate(parts):
        last = index + 1 == len(parts)
        strength = _strength_after(part, following) if last else _strength_within(part, parts[index + 1])
        cut = _cut(part, longest)
        pieces += [(piece, Strength.SPLIT) for piece in cut[:-1]] + [(cut[-1], strength)]
    if not following:
        pieces[-1] = (pieces[-1][0], Strength.PARAGRAPH)
    return [
        Unit(text, width_of(text), space=index + 1 == len(pieces), after=strength)
        for index, (text, strength) in enumerate(pieces)
    ]


def _parts(word: str) -> list[str]:
    """A word of a spaced script is one part; in scripts without spaces a part is about a letter."""
    parts: list[str] = []
    for cluster in clusters(word):
        if parts and not _may_part(parts[-1], cluster):
            parts[-1] += cluster
        else:
            parts.append(cluster)
    return parts


def _may_part(before: str, cluster: str) -> bool:
    first = cluster[0]
    if first in _CLOSING or first in _SMALL_KANA or before[-1] in _OPENING or invisible(first):
        return False
    if before[-1] in "—" and any(char.isalnum() for char in before):
        return True
    scripts = _script_at_end(before), script_of(first)
    if any(script in CJK for script in scripts) or (first in _OPENING and is_wide(first)) or is_wide(before[-1]):
        return "Korean" not in scripts
    return scripts[0] in UNSPACED and scripts[1] in UNSPACED


def _script_at_end(text: str) -> str | None:
    """Of the last letter, looking past its marks."""
    return next(
        (script for char in reversed(text) if unicodedata.category(char)[0] != "M" for script in [script_of(char)]),
        None,
    )


def _strength_after(word: str, following: str) -> Strength:
    """Before a space. Short words, which are mostly articles, prepositions and conjunctions, lean on what follows."""
    bare = word.rstrip("".join(_QUOTES))
    if bare and bare[-1] in SENTENCE_ENDS:
        return Strength.SENTENCE if _ends_sentence(bare, following) else Strength.TIGHT
    if (bare and bare[-1] in CLAUSE_ENDS) or following[:1] in ("—", "–", "(", "«", "“"):
        return Strength.CLAUSE
    if _script_at_end(word) in UNSPACED:
        return Strength.CLAUSE  # there a space ends a phrase
    if len(word) <= 3 and word.isalpha() and script_of(word[0]) in ("Latin", "Greek", "Cyrillic"):
        return Strength.TIGHT
    if word[-1:].isdigit() or following[:1] in _CLOSING:
        return Strength.TIGHT
    return Strength.PHRASE if 0 < len(following) <= 4 and following.isalpha() else Strength.WORD


def _ends_sentence(word: str, following: str) -> bool:
    """Not after an initial or an abbreviation: "J. Smith", "e.g. this", "Mr. Hyde", "No. 5"."""
    if word[-1] != ".":
        return True
    start = next((char for char in following if char.isalnum()), "")
    stem = word[:-1].lstrip("".join(_OPENING) + "\"'")
    if start.islower():
        return False
    if (len(stem) == 1 and stem.isupper()) or ("." in stem and not stem[-1:].isdigit()):
        return False
    return stem.lower() not in _ABBREVIATIONS


_ABBREVIATIONS: Final = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "no", "fig", "vol", "op", "cf", "hr", "fr", "bzw", "nr"}
    | {"mme", "mlle", "sra", "dra", "г", "гг", "св", "ул", "см"}
)


def _strength_within(part: str, following: str) -> Strength:
    """Between two parts of a word that is written without spaces."""
    bare = part.rstrip("".join(_QUOTES))
    end = bare[-1:] or part[-1]
    if end in SENTENCE_ENDS:
        return Strength.SENTENCE
    if end in CLAUSE_ENDS:
        return Strength.CLAUSE
    if following[0] in _OPENING:
        return Strength.PHRASE
    kinds = _kind(part[-1]), _kind(following[0])
    # In Japanese, particles and endings are in hiragana, and the next phrase mostly begins with another kind.
    if kinds[0] == "hiragana" and kinds[1] != "hiragana":
        return Strength.PHRASE
    if kinds[0] != kinds[1]:
        return Strength.SPLIT if kinds[1] == "hiragana" else Strength.WORD
    return Strength.SPLIT


def _kind(char: str) -> str:
    if "\u3041" <= char <= "\u309f":
        return "hiragana"
    if "\u30a0" <= char <= "\u30ff":
        return "katakana"
    return script_of(char) or "common"


def _cut(part: str, longest: int) -> list[str]:
    """A part that fits into a line is one piece; an endless word or address is cut, where it can be behind a mark."""
    pieces = [""]
    width = 0
    for cluster in clusters(part):
        grown = _cluster_width(cluster)
        if width + grown > longest and pieces[-1]:
            kept = _kept(pieces[-1])
            rest = pieces[-1][len(kept) :]
            pieces[-1:] = [kept, rest] if rest else [kept, ""]
            width = width_of(rest)
        pieces[-1] += cluster
        width += grown
    return pieces


def _kept(piece: str) -> str:
    """As much of a piece as goes before the cut: up to a mark in its second half, else all of it."""
    for index in range(len(piece) - 1, len(piece) // 2, -1):
        if piece[index] in _AFTER_WHICH_A_LONG_WORD_BREAKS and not unicodedata.combining(
            piece[index + 1 : index + 2] or "a"
        ):
            return piece[: index + 1]
    return piece
