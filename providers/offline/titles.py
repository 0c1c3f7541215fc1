"""Short titles taken from a scene's own words: a heading if there is one, else its most telling clause."""

from __future__ import annotations

import re

from providers.headings import LineKind, heading_text, is_lone_title, line_kind, names_nothing
from providers.words import word_set

LONGEST_TITLE = 60
_MOST_WORDS = 7
_SEARCHED = 700
_CLAUSES = re.compile(
    r"(?<![A-ZА-Я])(?<![A-Z][a-z])(?<![A-Z][a-z]{2})\.|[!?…;:,()\[\]。！？，、；：।॥؟،۔\n\r\"“”«»「」『』]+|\s[—–-]+\s|[—–]"
)
_LINKS = re.compile(r"(?:and|but|so|then|for|or|because|und|et|y|и)\s+(?=\S+\s)", re.IGNORECASE)
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_EDGES = " \t\u00a0'’‘*_#~=<>|/\\-–—·•.,;:!?…\u200b\ufeff"
_WEAK = word_set(
    "a an the and or but nor so yet of in on at to for from by with as is was were are be been it its this "
    "that these those there here then than if when while who whom which what he she they we i you him her "
    "them us me his their our my your had has have did do does not no into onto over under up down out off "
    "just very too will would could should can may might must said says asked replied about again all any "
    "some"
)
_ARTICLES = word_set("a an the my our his her their some")
_LOOSE_END = word_set(
    "a an the and or but nor of in on at to for from by with as is was were are be into onto over than that "
    "which who his her their our my your its had has have very so if when while because not no"
)


def scene_title(text: str) -> str | None:
    """A title of at most 60 characters without end punctuation; None if the scene has no fitting words."""
    lines = [line for line in text[:_SEARCHED].splitlines() if line.strip()][:6]
    heading = _heading_among(lines)
    if heading:
        return heading
    return _best_clause("\n".join(line for line in lines if line_kind(line) is LineKind.BODY) or text[:_SEARCHED])


def _heading_among(lines: list[str]) -> str | None:
    """The last of the headings that a scene opens with, which is the closest to it."""
    found: str | None = None
    for number, line in enumerate(lines):
        if line_kind(line) is LineKind.CUE:
            continue
        lone = number == 0 and is_lone_title(line, "\n".join(lines[1:]))
        if line_kind(line) is not LineKind.HEADING and not lone:
            break
        if found is None or not names_nothing(line):
            found = _fit(heading_text(line)) or found
    return found


def script_title(text: str) -> str | None:
    """The script's own title: its first line, if that is a heading or stands alone over the rest."""
    lines = [line for line in text[:4000].splitlines() if line.strip()][:2]
    if not lines:
        return None
    first, rest = lines[0], lines[1] if len(lines) > 1 else ""
    labelled = re.match(r"\s*title\s*:\s*\S", first, re.IGNORECASE)
    capitals = line_kind(first) is LineKind.CUE and bool(rest)
    if labelled or capitals or line_kind(first) is LineKind.HEADING or is_lone_title(first, rest):
        return _fit(heading_text(first))
    return None


def _best_clause(text: str) -> str | None:
    best: str | None = None
    best_score = float("-inf")
    for number, clause in enumerate(_CLAUSES.split(text)[:24]):
        title = _fit(" ".join(clause.split()))
        if title is None:
            continue
        score = _score(title) - 0.22 * number
        if clause.strip()[:1].islower() and title.split()[0].lower() not in _ARTICLES:
            score -= 0.8  # the rest of a sentence, without its subject
        if score > best_score:
            best, best_score = title, score
    return best


def _score(title: str) -> float:
    """Higher for clauses of two to six words that name things."""
    words = title.lower().split()
    if _DENSE.search(title):
        return min(len(title), 12) / 4
    telling = sum(1 for word in words if word.strip("'’") not in _WEAK and len(word) > 2)
    named = sum(1 for word in title.split()[1:] if word[:1].isupper())
    weak_start = 0.8 if words[0] in _WEAK and words[0] not in ("a", "an", "the", "my", "our", "his", "her") else 0.0
    return min(telling, 4) + 0.4 * min(named, 2) - weak_start - (1.0 if len(words) == 1 else 0.0)


def _fit(clause: str) -> str | None:
    """The clause within the bounds, whole words only."""
    title = clause.strip(_EDGES)
    link = _LINKS.match(title)
    title = title[link.end() :] if link else title
    if _DENSE.search(title) and " " not in title:
        title = title[:20]
    words = title.split()
    cut = len(words) > _MOST_WORDS + 2
    words = words[:_MOST_WORDS] if cut else words
    while words and len(" ".join(words)) > LONGEST_TITLE:
        words.pop()
        cut = True
    while cut and len(words) > 2 and words[-1].lower().strip(_EDGES) in _LOOSE_END:
        words.pop()
    title = " ".join(words).strip(_EDGES)
    if not any(char.isalnum() for char in title):
        return None
    return title[0].upper() + title[1:] if title[0] != "ß" else title
