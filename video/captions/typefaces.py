"""Private copies of fonts, made for a few texts: only the letters needed, one weight, and all of the same measures.

So libass finds exactly these faces, by names that no other font has, and a line is as high in one script as in another.
The copies are for drawing only and are thrown away.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from fontTools import subset  # type: ignore[import-untyped]
from fontTools.varLib import instancer  # type: ignore[import-untyped]

from video.captions.fonts import FontFile
from video.captions.scripts import script_of

ASCENT, DESCENT = 0.95, 0.35
"""Of each line above and below its base line, in ems."""
BACKSLASH: Final = "\ue05c"
"""Drawn as a backslash, which in a subtitle file would be the beginning of a command."""
_JOINERS: Final = (0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF)
_OPTICAL_SIZE: Final = 24
# Letters of these scripts look smaller or larger than Latin ones of the same size.
_SCALES: Final = {"Arabic": 1.14, "Hebrew": 1.06, "Devanagari": 1.06, "Chinese": 0.95, "Japanese": 0.95, "Korean": 0.95}
_JOINED: Final = {"Arabic": 0.7, "Devanagari": 0.8, "Bengali": 0.8}


@dataclass(frozen=True, slots=True)
class Typeface:
    """A copy on disk. `advances` are widths in ems by code point, before shaping."""

    name: str
    advances: dict[int, float]

    def most_width(self, text: str) -> float:
        """An upper bound in ems: letters that join or stack are narrower than their sum."""
        return sum(self.advances.get(ord(char), 0.0) for char in text)

    def likely_width(self, text: str) -> float:
        """What joined and stacked letters mostly take, in ems."""
        return sum(self.advances.get(ord(char), 0.0) * _JOINED.get(script_of(char) or "", 1.0) for char in text)


def make_typeface(font: FontFile, *, weight: int, letters: set[str], name: str, folder: Path) -> Typeface:
    """Write a copy to `folder`. Blocks for 0.1 to 0.7 s of CPU.

    Raises:
        fontTools.ttLib.TTLibError, OSError: the font cannot be read.
    """
    options = subset.Options(notdef_outline=True, font_number=font.index, name_IDs=[1, 2])
    face = subset.load_font(str(font.path), options, lazy=True)
    try:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes={ord(char) for char in letters} | {*_JOINERS, 0x20, 0x5C, 0x7B, 0x7D})
        subsetter.subset(face)
        if "fvar" in face:
            instancer.instantiateVariableFont(face, _place(face, weight), inplace=True)
        advances = _measure(face, _scale(font))
        _rename(face, name)
        _add_signs(face)
        face.save(str(folder / f"{name}.ttf"))
    finally:
        face.close()
    return Typeface(name, advances)


def _place(face: Any, weight: int) -> dict[str, float]:
    """Where in a variable font's space: the weight, and otherwise what its maker meant to be regular."""
    wanted = {"wght": weight, "opsz": _OPTICAL_SIZE}
    return {
        axis.axisTag: min(max(wanted.get(axis.axisTag, axis.defaultValue), axis.minValue), axis.maxValue)
        for axis in face["fvar"].axes
    }


@lru_cache(maxsize=64)
def _scale(font: FontFile) -> float:
    """By the script that most of a font's characters belong to, so that no text changes it."""
    codes = sorted(font.characters)
    scripts = Counter(script_of(chr(code)) for code in codes[:: len(codes) // 500 + 1])
    return _SCALES.get(scripts.most_common(1)[0][0] or "", 1.0)


def _measure(face: Any, scale: float) -> dict[int, float]:
    """Give the copy the measures that all have, and tell its letters' widths."""
    per_em = face["head"].unitsPerEm / scale
    ascent, descent = round(ASCENT * per_em), round(DESCENT * per_em)
    header, metrics = face["hhea"], face["OS/2"]
    header.ascent, header.descent, header.lineGap = ascent, -descent, 0
    metrics.sTypoAscender, metrics.sTypoDescender, metrics.sTypoLineGap = ascent, -descent, 0
    metrics.usWinAscent, metrics.usWinDescent = ascent, descent
    widths = face["hmtx"].metrics
    return {code: widths[glyph][0] / per_em for code, glyph in face.getBestCmap().items()}


def _rename(face: Any, name: str) -> None:
    face["name"].names = []
    for number, words in ((1, name), (2, "Regular"), (4, name), (6, name)):
        face["name"].setName(words, number, 3, 1, 0x409)
    face["OS/2"].usWeightClass = 400
    face["OS/2"].fsSelection = 0x40
    face["head"].macStyle = 0


def _add_signs(face: Any) -> None:
    """A second code point for the backslash, and joiners for fonts that have none."""
    for table in face["cmap"].tables:
        if not table.isUnicode() or table.format == 14:
            continue
        if 0x5C in table.cmap:
            table.cmap[ord(BACKSLASH)] = table.cmap[0x5C]
        if 0x20 in table.cmap:
            for code in _JOINERS:
                table.cmap.setdefault(code, table.cmap[0x20])
