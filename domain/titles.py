"""The title card that a video may begin with, and what it leaves for the scenes behind it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import category, normalize

from domain.rendering import RenderSpec


def card_title(spec: RenderSpec, title: str | None) -> str | None:
    """What the title card of such a video is to show; None where it is to have none."""
    return title if spec.title_card and title else None


def texts_behind_card(texts: Sequence[str], shown: str | None) -> tuple[str, ...]:
    """What is spoken and captioned of the scenes' texts behind a card that has `shown` this title; None: no card.

    A title as the first line of the first scene is not said once more. A scene of nothing else keeps it.
    """
    if shown is None or not texts:
        return tuple(texts)
    first, _, rest = texts[0].lstrip().partition("\n")
    again = _letters(first) == _letters(shown) != "" != _letters(rest)
    return (rest.strip() if again else texts[0], *texts[1:])


def _letters(line: str) -> str:
    """With their own marks, which are vowels in some scripts. Headings are marked, quoted and ended in many ways."""
    return "".join(filter(_is_read, normalize("NFC", line))).casefold()


def _is_read(char: str) -> bool:
    chooses_a_look = "\ufe00" <= char <= "\ufe0f"
    return char.isalnum() or (category(char)[0] == "M" and not chooses_a_look)
