"""Words as data: sets written as one string, and how long a text is when it is heard."""

from __future__ import annotations

import re

_WORDS = re.compile(r"[^\s\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+")
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


def word_set(words: str) -> frozenset[str]:
    """The words of a string."""
    return frozenset(words.split())


def word_count(text: str) -> float:
    """Words as heard: two characters of an unspaced script make one, and so do twelve characters without a space."""
    dense = sum(1 for _ in _DENSE.finditer(text))
    return max(sum(1 for _ in _WORDS.finditer(text)) + dense / 2, len(text.strip()) / 12)
