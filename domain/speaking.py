"""How long speech may be, and how long words take to speak at the very least. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import Final
from unicodedata import east_asian_width

MOST_SPEECH_SECONDS: Final = 600
"""Of one scene."""
LETTERS_A_SECOND: Final = 20
"""In English 250 words a minute, without a pause; voices that narrate speak 140 to 180."""
FULL_WIDTH_A_SECOND: Final = 10
"""Chinese, Japanese and Korean: a character is a syllable or two, and narrators speak 4 to 7 of them."""


def least_speech_seconds(text: str) -> float:
    """No voice in use is faster than this; most need half as long again, or twice as long.

    Letters and figures count, nothing else: silence, punctuation and marks may take no time at all.
    """
    full_width = sum(char.isalnum() and east_asian_width(char) in "WF" for char in text)
    others = sum(map(str.isalnum, text)) - full_width
    return float(Fraction(full_width, FULL_WIDTH_A_SECOND) + Fraction(others, LETTERS_A_SECOND))


def fits_speech(text: str) -> bool:
    """False only for what cannot be spoken in `MOST_SPEECH_SECONDS`. True promises nothing."""
    return least_speech_seconds(text) <= MOST_SPEECH_SECONDS
