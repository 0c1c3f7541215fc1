"""A text as it is spoken: in pieces that a voice takes at once, each ending where a reader would take breath."""

from __future__ import annotations

import re

from providers.sentences import language_of, sentence_ends

_CLAUSE_END = re.compile(r"[,;:—–)]\s+|\s+|[、，；：]")


def pieces_of(text: str, most: int) -> list[str]:
    """The words of `text` in their order, at most `most` characters to a piece; none where nothing can be spoken.

    Pieces end at the ends of sentences; a sentence that is longer than a piece is cut at a clause, else anywhere.
    """
    text = text.strip()
    if not any(map(str.isalnum, text)):
        return []
    if len(text) <= most:
        return [text]
    ends = sentence_ends(text, language_of(text))
    pieces: list[str] = []
    start = 0
    while start < len(text):
        limit = start + most
        end = len(text) if limit >= len(text) else max((end for end in ends if start < end <= limit), default=0)
        end = end or _gentle_cut(text, start, limit)
        pieces.append(text[start:end].strip())
        start = end
    return [piece for piece in pieces if any(map(str.isalnum, piece))]


def _gentle_cut(text: str, start: int, limit: int) -> int:
    """Behind the last clause, or else the last word, of the second half."""
    half = start + (limit - start) // 2
    found = [match.end() for match in _CLAUSE_END.finditer(text, half, limit)]
    clauses = [end for end in found if not text[end - 1].isspace() or not text[end - 2].isalnum()]
    return (clauses or found or [limit])[-1]
