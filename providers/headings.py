"""What a line of a script is: running text, a heading, a speaker's name, or the mark that ends a scene.

Looks at lines only; where scenes then begin is decided elsewhere.
"""

from __future__ import annotations

import re
from enum import StrEnum

_LONGEST = 90
_COUNTED = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|first|second|third|fourth|fifth|last|final"
_NUMBER = rf"(?:\d{{1,4}}[A-Za-z]?|[IVXLCivxlc]{{1,8}}|(?:the\s+)?(?:{_COUNTED}))"
_NAMED = (
    r"scene|chapter|part|act|book|episode|section|sequence|shot|szene|kapitel|teil|akt|scène|chapitre|partie|acte|"
    r"escena|capítulo|parte|acto|capitolo|scena|atto|hoofdstuk|сцена|глава|часть|акт|κεφάλαιο|الفصل|مشهد|अध्याय|दृश्य"
)
_MARKDOWN = re.compile(r"#{1,6}\s+\S")
_SLUG = re.compile(r"(?:\d{1,4}[A-Z]?[.)]?\s+)?(?:INT|EXT|EST|I/E)(?:\s*[./]\s*(?:INT|EXT))?(?:\.|\s|$)\s*\S")
_NUMBERED = re.compile(rf"(?:{_NAMED})\s+{_NUMBER}\s*(?:$|[.:)—–-].*)", re.IGNORECASE)
_ALONE = re.compile(r"(?:prologue|epilogue|prolog|epilog|interlude|пролог|эпилог)[.:]?", re.IGNORECASE)
_CJK = re.compile(
    r"第\s*[0-9０-９一二三四五六七八九十百千〇零两]+\s*[章回节節幕场場話话部卷](?:\s.*|[:：].*)?$|[序终終]章$"
)
_BARE_NUMBER = re.compile(r"(?:\d{1,3}|[IVXLC]{1,6})[.)]?$")
_FADE_IN = re.compile(r"(?:FADE IN|OPEN ON|OPENING)\b.{0,30}[:.]?$")
_TRANSITION = re.compile(r"(?:(?:SMASH |MATCH |JUMP )?CUT TO|FADE (?:OUT|TO)|DISSOLVE TO|WIPE TO|THE END)\b.{0,30}$")
_DIVIDER = re.compile(r"(?:[*#~=_⁂•·—–-]\s*){3,60}$|⁂$")
_ENDS_SENTENCE = re.compile(r"[.!?…。！？।॥۔؟,;:][\"'”’»)\]]*$")
_BYLINE = re.compile(
    r"(?:written |screenplay |story )?by [A-Z]\S*(?: \S+){0,5}$|(?:von|de|par) [A-ZА-Я]\S*(?: [A-ZА-Я]\S*){0,3}$"
)
_MARKS = re.compile(r"^#{1,6}\s+|^title\s*:\s*|\s+#+$", re.IGNORECASE)


class LineKind(StrEnum):
    """What a line does to the scenes around it."""

    BODY = "body"
    HEADING = "heading"  # opens a scene and stays with what follows
    CUE = "cue"  # stays with what follows: a speaker's name
    CLOSING = "closing"  # ends a scene: a divider, "CUT TO:"


def line_kind(line: str) -> LineKind:
    """The kind of a line that can be told without its neighbours. `line` has visible text."""
    text = line.strip()
    if len(text) > _LONGEST:
        return LineKind.BODY
    if _DIVIDER.match(text) or _TRANSITION.match(text):
        return LineKind.CLOSING
    if any(pattern.match(text) for pattern in (_MARKDOWN, _SLUG, _NUMBERED, _CJK, _BARE_NUMBER, _FADE_IN)):
        return LineKind.HEADING
    if _ALONE.fullmatch(text):
        return LineKind.HEADING
    if _BYLINE.match(text):
        return LineKind.CUE
    if len(text) <= 40 and text.isupper() and not _ENDS_SENTENCE.search(text):
        return LineKind.CUE
    return LineKind.BODY


def is_lone_title(line: str, next_paragraph: str) -> bool:
    """Whether a paragraph of one line is the title of the longer paragraph behind it."""
    text = line.strip()
    if not text or len(text) > 60 or len(text.split()) > 9 or _ENDS_SENTENCE.search(text):
        return False
    if text[0].islower() or not text[0].isalnum():
        return False
    follower = next_paragraph.strip()
    return len(follower) >= max(40, 2 * len(text)) and bool(_ENDS_SENTENCE.search(follower))


def names_nothing(line: str) -> bool:
    """Whether a heading only says that something begins: "FADE IN:", "3."."""
    text = line.strip()
    return bool(_FADE_IN.match(text) or _BARE_NUMBER.match(text))


def heading_text(line: str) -> str:
    """A heading without its marks: "## The storm" is "The storm"."""
    return " ".join(_MARKS.sub("", line.strip()).split())
