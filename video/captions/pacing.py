"""How long a text takes to read on a screen where there is a picture to look at as well. Pure.

The figures, and where they come from:

- Spaced scripts: 170 words a minute. The BBC's Subtitle Guidelines ask for 160 to 180, as Ofcom does; people read about
  as fast aloud (183, Brysbaert 2019) and faster in silence (238), but not while they also look at a picture.
- A word is counted by its letters, so that long German words take longer than short English ones: reading time a letter
  is all but the same across 14 alphabetic languages, whose texts have 4.7 characters a word (Trauzettel-Klosinski and
  Dietz 2012, the IReST texts).
- Chinese, Japanese and Korean: 5, 4 and 6 characters a second, below the limits of Netflix's Timed Text Style Guides
  (9, 4 and 12).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from video.captions.scripts import clusters, invisible, script_of

WORDS_A_MINUTE: Final = 170
LETTERS_A_WORD: Final = {
    "Latin": Fraction(9, 2),
    "Greek": Fraction(9, 2),
    "Cyrillic": Fraction(5),
    "Arabic": Fraction(4),
    "Hebrew": Fraction(4),
}
CLUSTERS_A_WORD: Final = 3
"""In scripts whose letters are syllables, such as Devanagari and Thai."""
CHARACTERS_A_SECOND: Final = {"Chinese": 5, "Japanese": 4, "Korean": 6}
SENTENCE_PAUSE: Final = Fraction(3, 10)
CLAUSE_PAUSE: Final = Fraction(1, 10)
NOTICING: Final = Fraction(1, 2)
"""Until the eye has left the picture."""
LEAST_SECONDS: Final = Fraction(5, 2)
MOST_SECONDS: Final = Fraction(600)
SENTENCE_ENDS: Final = frozenset(".!?…‽。．！？｡؟۔।॥։܀።၊။។៕༎‼⁇⁈⁉")
CLAUSE_ENDS: Final = frozenset(",;:–—،؛、，；：､､᠂፣፤၊׀༎·")
_SHORTEST_WORD: Final = Fraction(1, 2)


def reading_seconds(text: str) -> Fraction:
    """How many seconds a scene with this text should last: at least `LEAST_SECONDS`, at most `MOST_SECONDS`."""
    return min(max(NOTICING + plain_seconds(text), LEAST_SECONDS), MOST_SECONDS)


def plain_seconds(text: str) -> Fraction:
    """The reading time alone, without a least or most; 0 for a text without letters and figures."""
    total = sum((_word_seconds(word) for word in text.split()), Fraction(0))
    ends = [mark for mark, following in zip(text, text[1:] + " ", strict=False) if not _is_mark(following)]
    sentences = sum(mark in SENTENCE_ENDS for mark in ends)
    clauses = sum(mark in CLAUSE_ENDS for mark in ends)
    return total + (sentences * SENTENCE_PAUSE + clauses * CLAUSE_PAUSE if total else 0)


def _is_mark(char: str) -> bool:
    """The last of several marks counts, and none within a number or an address: 3.14, example.org."""
    return char in SENTENCE_ENDS or char in CLAUSE_ENDS or (char.isalnum() and char.isascii())


def _word_seconds(word: str) -> Fraction:
    words, seconds = Fraction(0), Fraction(0)
    for cluster in clusters(word):
        script = script_of(cluster[0])
        if script in CHARACTERS_A_SECOND:
            seconds += Fraction(1, CHARACTERS_A_SECOND[script])
        elif script in LETTERS_A_WORD:
            words += 1 / LETTERS_A_WORD[script]
        elif script is None:
            words += Fraction(cluster[0].isalnum()) / LETTERS_A_WORD["Latin"]
        elif not invisible(cluster[0]):
            words += Fraction(1, CLUSTERS_A_WORD)
    return seconds + (max(words, _SHORTEST_WORD) if words else words) * Fraction(60, WORDS_A_MINUTE)
