"""Where sentences end, in any language.

`sentencex` knows the abbreviations of some 300 languages; this module tells it the language, keeps it away from
what it does not take (lone surrogates, line breaks) and mends the cuts that would hurt a reader: dialogue parted
from "she asked", a closing quote sent to the next sentence, a number parted from its list item.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

import sentencex  # type: ignore[import-untyped]

from providers.words import word_set

_SAMPLE = 20_000
_SLAB = 3000
_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", "\u3040-\u30ff\u31f0-\u31ff"),
    ("zh", "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"),
    ("ko", "\u1100-\u11ff\uac00-\ud7af"),
    ("ru", "\u0400-\u052f"),
    ("ar", "\u0600-\u06ff\u0750-\u077f"),
    ("hi", "\u0900-\u097f"),
    ("bn", "\u0980-\u09ff"),
    ("pa", "\u0a00-\u0a7f"),
    ("gu", "\u0a80-\u0aff"),
    ("ta", "\u0b80-\u0bff"),
    ("te", "\u0c00-\u0c7f"),
    ("th", "\u0e00-\u0e7f"),
    ("el", "\u0370-\u03ff"),
    ("he", "\u0590-\u05ff"),
    ("hy", "\u0530-\u058f"),
    ("am", "\u1200-\u137f"),
    ("en", "A-Za-z\u00c0-\u024f"),
)
_SCRIPT_RUNS = re.compile("|".join(f"(?P<{name}>[{chars}]+)" for name, chars in _SCRIPTS))
_LATIN_WORDS = {
    "de": word_set("und der die das nicht ist ein eine sie mit auf dem den war sich"),
    "fr": word_set("le les des est une dans pas qui elle avec sur était vous du au"),
    "es": word_set("el los las una está con por para pero como muy era su del al"),
    "it": word_set("il gli una che di per con non sono era della nel alla più si"),
    "pt": word_set("os uma não com para mas muito era do da em ao ele ela seu"),
    "nl": word_set("het een niet zijn van met voor maar hij ze op was aan dat ook"),
    "en": word_set("the and of to was in he she it that with his her for had is"),
}
_ASCII_STOP = re.compile(r"[.!?]")
_UNSAFE = re.compile("[\ud800-\udfff]")
_FLAT = str.maketrans(dict.fromkeys("\t\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", " "))
_CLOSING = "”’»›」』）)]}】》〉"
_QUOTES_AHEAD = re.compile(rf"(?:[{re.escape(_CLOSING)}]|[\"'](?=\s|$))+\s*")
_SPACELESS_END = re.compile(rf"[。！？｡．…‥‼⁇⁈⁉।॥۔؟።෴][{re.escape(_CLOSING)}\"'“]*$")
_SPACELESS_STOP = re.compile(rf"[。！？｡][{re.escape(_CLOSING)}]*")
_MID_SENTENCE = re.compile(r"(?<=[\w,;]) (?=\w)")
_QUOTED_END = re.compile(rf"[{re.escape(_CLOSING)}\"'“]\s*$")
_TAG = re.compile(r"\s*[—–-]?\s*([^\W\d_])")
_DASH_TAG = re.compile(r"\s*[—–-]\s*([^\W\d_])")
_ENUMERATOR = re.compile(r"\s*[(\[]?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,4})[.)\]]\s*$")
_CYRILLIC_SHORT = re.compile(
    r"(?:^|\s)(?:(?:[\u0400-\u052f]\.\s?){1,3}|(?:гг|ул|см|др|пр|стр|вв|им|тыс|руб)\.\s*)$", re.I
)
_FALLBACK = re.compile(r"[.!?…。！？।॥۔؟]+[\"'”’»」』)\]]*\s*")


def language_of(text: str) -> str:
    """A crude guess at the language, from the script and, for Latin letters, a few small words; "en" by default."""
    sample = text[:_SAMPLE]
    letters: Counter[str] = Counter()
    for run in _SCRIPT_RUNS.finditer(sample):
        letters[run.lastgroup or "en"] += run.end() - run.start()
    if not letters:
        return "en"
    found = letters.most_common(1)[0][0]
    if letters["ja"] and found in ("ja", "zh"):
        return "ja" if letters["ja"] * 8 > letters["zh"] else "zh"
    if found == "en":
        words = Counter(re.findall(r"[^\W\d_]+", sample.lower()))
        scores = {name: sum(words[word] for word in known) for name, known in _LATIN_WORDS.items()}
        best = max(scores, key=lambda name: scores[name])
        return best if scores[best] > scores["en"] else "en"
    if found == "ar" and re.search("[ےٹڈڑ]", sample):
        return "ur"
    if found == "ar" and re.search("[پچژگ]", sample):
        return "fa"
    return "uk" if found == "ru" and re.search("[іїєґ]", sample) else found


def sentence_ends(text: str, language: str) -> list[int]:
    """Offsets behind each sentence of `text`, its trailing white space included; the last one is `len(text)`."""
    visible = text.rstrip()
    if text.isascii() and not _ASCII_STOP.search(visible, 0, max(0, len(visible) - 1)):
        return [len(text)] if text else []  # one sentence; saves the call for each of a hundred thousand short lines
    ends: list[int] = []
    start = 0
    for end in _raw_ends(text, language):
        quotes = _QUOTES_AHEAD.match(text, end)
        end = quotes.end() if quotes else end
        if end <= start or (end < len(text) and _belongs_together(text, start, end)):
            continue
        ends.append(end)
        start = end
    if text and (not ends or ends[-1] != len(text)):
        ends.append(len(text))
    return ends


def _raw_ends(text: str, language: str) -> Iterator[int]:
    """Sentence ends as `sentencex` sees them. It takes quadratic time where there are no spaces: feed it slabs."""
    flat = _UNSAFE.sub("\ufffd", text).translate(_FLAT)
    start = 0
    while start < len(flat):
        stop, certain = _slab_end(flat, start)
        slab = flat[start:stop]
        pieces: list[str] = sentencex.segment(language, slab)
        if "".join(pieces) == slab:
            ends = list(accumulate(map(len, pieces)))
        else:
            ends = [found.end() for found in _FALLBACK.finditer(slab)]
        yield from (start + end for end in ends if certain or end < len(slab))
        start = stop


def _slab_end(flat: str, start: int) -> tuple[int, bool]:
    """Where a slab may end, and whether a sentence ends there."""
    stop = start + _SLAB
    if stop >= len(flat):
        return len(flat), True
    ends = [found.end() for found in _SPACELESS_STOP.finditer(flat, start + _SLAB // 2, stop)]
    if ends and ends[-1] < stop:
        return ends[-1], True
    spaces = [found.end() for found in _MID_SENTENCE.finditer(flat, start + _SLAB // 2, stop)]
    return (spaces[-1] if spaces else stop), False


def _belongs_together(text: str, start: int, end: int) -> bool:
    """Whether a cut at `end` would part what a reader takes for one sentence. Looks at a bounded window only."""
    before = text[max(start, end - 80) : end]
    after = text[end : end + 12]
    if not before[-1].isspace() and not _SPACELESS_END.search(before):
        return True
    if end - start <= 8 and _ENUMERATOR.match(text[start:end]):
        return True
    if _CYRILLIC_SHORT.search(before):
        return True
    tag = _TAG.match(after) if _QUOTED_END.search(before) else _DASH_TAG.match(after)
    return tag is not None and tag.group(1).islower()
