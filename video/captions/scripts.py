"""Which script a character belongs to, and which characters make one letter. Pure, from Unicode's own tables.

Nothing here splits a text between a letter and its marks: everything that cuts texts cuts between `clusters`.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import lru_cache
from typing import Final

# First code point, last code point, script. Punctuation, digits and marks that scripts share are in none of them.
_RANGES: Final = (
    (0x0041, 0x024F, "Latin"),
    (0x0250, 0x02AF, "Latin"),
    (0x0370, 0x03FF, "Greek"),
    (0x0400, 0x052F, "Cyrillic"),
    (0x0531, 0x058F, "Armenian"),
    (0x0591, 0x05FF, "Hebrew"),
    (0x0600, 0x06FF, "Arabic"),
    (0x0700, 0x074F, "Syriac"),
    (0x0750, 0x077F, "Arabic"),
    (0x0780, 0x07BF, "Thaana"),
    (0x07C0, 0x07FF, "N'Ko"),
    (0x0860, 0x086F, "Syriac"),
    (0x0870, 0x08FF, "Arabic"),
    (0x0900, 0x097F, "Devanagari"),
    (0x0980, 0x09FF, "Bengali"),
    (0x0A00, 0x0A7F, "Gurmukhi"),
    (0x0A80, 0x0AFF, "Gujarati"),
    (0x0B00, 0x0B7F, "Odia"),
    (0x0B80, 0x0BFF, "Tamil"),
    (0x0C00, 0x0C7F, "Telugu"),
    (0x0C80, 0x0CFF, "Kannada"),
    (0x0D00, 0x0D7F, "Malayalam"),
    (0x0D80, 0x0DFF, "Sinhala"),
    (0x0E00, 0x0E7F, "Thai"),
    (0x0E80, 0x0EFF, "Lao"),
    (0x0F00, 0x0FFF, "Tibetan"),
    (0x1000, 0x109F, "Burmese"),
    (0x10A0, 0x10FF, "Georgian"),
    (0x1100, 0x11FF, "Korean"),
    (0x1200, 0x139F, "Ethiopic"),
    (0x13A0, 0x13FF, "Cherokee"),
    (0x1780, 0x17FF, "Khmer"),
    (0x1800, 0x18AF, "Mongolian"),
    (0x1C80, 0x1C8F, "Cyrillic"),
    (0x1C90, 0x1CBF, "Georgian"),
    (0x1D00, 0x1DBF, "Latin"),
    (0x1E00, 0x1EFF, "Latin"),
    (0x1F00, 0x1FFF, "Greek"),
    (0x2C60, 0x2C7F, "Latin"),
    (0x2DE0, 0x2DFF, "Cyrillic"),
    (0x2E80, 0x2FDF, "Chinese"),
    (0x3005, 0x3007, "Chinese"),
    (0x3021, 0x3029, "Chinese"),
    (0x3041, 0x30FF, "Japanese"),
    (0x3100, 0x312F, "Chinese"),
    (0x3130, 0x318F, "Korean"),
    (0x31A0, 0x31BF, "Chinese"),
    (0x31F0, 0x31FF, "Japanese"),
    (0x3400, 0x4DBF, "Chinese"),
    (0x4E00, 0x9FFF, "Chinese"),
    (0xA640, 0xA69F, "Cyrillic"),
    (0xA720, 0xA7FF, "Latin"),
    (0xA8E0, 0xA8FF, "Devanagari"),
    (0xA960, 0xA97F, "Korean"),
    (0xAB30, 0xAB6F, "Latin"),
    (0xAC00, 0xD7FF, "Korean"),
    (0xF900, 0xFAFF, "Chinese"),
    (0xFB00, 0xFB06, "Latin"),
    (0xFB1D, 0xFB4F, "Hebrew"),
    (0xFB50, 0xFDFF, "Arabic"),
    (0xFE70, 0xFEFC, "Arabic"),
    (0xFF21, 0xFF5A, "Latin"),
    (0xFF66, 0xFF9F, "Japanese"),
    (0xFFA0, 0xFFDC, "Korean"),
    (0x1F000, 0x1FAFF, "Emoji"),
    (0x20000, 0x323AF, "Chinese"),
)
_STARTS: Final = tuple(first for first, _, _ in _RANGES)
UNSPACED: Final = frozenset({"Thai", "Lao", "Khmer", "Burmese", "Tibetan"})
"""Written without spaces between words, so that only a dictionary knows where they end."""
CJK: Final = frozenset({"Chinese", "Japanese"})
"""A line may end after nearly every character."""
_COMMON_MARKS: Final = frozenset("×÷ªº،؛؟٪«»।॥฿")
_BEFORE_ITS_CONSONANT: Final = frozenset("เแโใไເແໂໃໄ")
_ZWJ: Final = "\u200d"
_ZWNJ: Final = "\u200c"


@lru_cache(maxsize=8192)
def script_of(char: str) -> str | None:
    """`Latin`, `Arabic`, `Chinese` (any Han), …; None for what scripts share, such as digits and punctuation."""
    code = ord(char)
    if char in _COMMON_MARKS or (unicodedata.category(char)[0] in "NPZC" and code < 0x2E80):
        return None
    index = bisect_right(_STARTS, code) - 1
    if index >= 0 and code <= _RANGES[index][1]:
        return _RANGES[index][2]
    if code < 0x2E80 or unicodedata.category(char)[0] in "PSZC" or unicodedata.name(char, "").startswith("COMBINING"):
        return None
    return unicodedata.name(char, "Unknown").split(" ")[0].split("-")[0].title()


def is_right_to_left(text: str) -> bool:
    """Whether most of a text's letters are written from right to left."""
    kinds = [unicodedata.bidirectional(char) for char in text]
    right = sum(kind in ("R", "AL") for kind in kinds)
    return right > 0 and right >= kinds.count("L")


def invisible(char: str) -> bool:
    """Joiners, direction marks, variation selectors and control characters: what never has ink of its own."""
    return (
        unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp")
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0000" <= char <= "\U000e0fff"
    )


def is_wide(char: str) -> bool:
    """Takes a full square, as Chinese characters do."""
    return unicodedata.east_asian_width(char) in "WF"


def clusters(text: str) -> list[str]:
    """What a reader sees as single letters: a letter with its marks, a conjunct, a flag, a family of emoji.

    It follows UAX #29 (extended grapheme clusters, with conjuncts of Indic scripts kept whole), and keeps Thai and Lao
    vowels that are written first with their consonant. Joined, the clusters are the text.
    """
    found: list[str] = []
    for char in text:
        if found and _continues(found[-1], char):
            found[-1] += char
        else:
            found.append(char)
    return found


def _continues(cluster: str, char: str) -> bool:
    last = cluster[-1]
    if last == "\r" and char == "\n":
        return True
    if unicodedata.category(last) in ("Cc", "Zl", "Zp") or unicodedata.category(char) in ("Cc", "Zl", "Zp"):
        return False
    if _extends(char) or last in _BEFORE_ITS_CONSONANT or last == _ZWJ:
        return True
    if _is_regional(char) and _is_regional(last):
        return sum(map(_is_regional, cluster)) % 2 == 1
    return (_is_virama(last) and unicodedata.category(char) == "Lo") or _jamo_joins(last, char)


def _extends(char: str) -> bool:
    if char in (_ZWJ, _ZWNJ) or "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f":
        return True
    return unicodedata.category(char) in ("Mn", "Mc", "Me") or char in "\u0e33\u0eb3\uff9e\uff9f"


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_virama(char: str) -> bool:
    return unicodedata.combining(char) == 9 and ord(char) < 0x2000


def _jamo_joins(last: str, char: str) -> bool:
    first, second = ord(last), ord(char)
    if 0x1100 <= first <= 0x115F:
        return 0x1100 <= second <= 0x11A7 or 0xAC00 <= second <= 0xD7A3
    open_syllable = 0x1160 <= first <= 0x11A7 or (0xAC00 <= first <= 0xD7A3 and (first - 0xAC00) % 28 == 0)
    if open_syllable and 0x1160 <= second <= 0x11A7:
        return True
    return (open_syllable or 0xAC00 <= first <= 0xD7A3 or 0x11A8 <= first <= 0x11FF) and 0x11A8 <= second <= 0x11FF
