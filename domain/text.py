"""What is accepted as text from outside, and how it is identified."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

from domain.errors import InvalidInput, LimitExceeded

_SURROGATE = re.compile("[\ud800-\udfff]")
_INVISIBLE: Final = frozenset({"Z", "C"})
"""First letters of the Unicode categories of what shows nothing: separators, controls, formats, and what is no
character (yet)."""

_ONE_LINE: Final = frozenset({"title"})
"""Names of what is shown in one line, next to other things."""

# Controls, line separators, and what turns the direction of the text behind it around.
_BREAKS_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def accept_text(value: str, *, name: str, most: int) -> str:
    """The text unchanged, if it can be stored and read by a person.

    Raises:
        InvalidInput: blank, or with NUL characters or lone surrogates (neither can be stored as text); of what is one
            line, control characters too.
        LimitExceeded: more than `most` characters.
    """
    _require_storable(value, name)
    if _is_blank(value):
        raise InvalidInput(f"`{name}` is blank. Write something in it.", field=(name,))
    if len(value) > most:
        raise LimitExceeded(
            f"`{name}` has {len(value)} characters; at most {most} are accepted. Shorten it.", field=(name,)
        )
    if name in _ONE_LINE and (found := _BREAKS_A_LINE.search(value)):
        raise InvalidInput(
            f"`{name}` contains a line break or another control character (U+{ord(found[0]):04X}). It is one line of "
            "text; remove that character.",
            field=(name,),
        )
    return value


def accept_optional_text(value: str | None, *, name: str, most: int) -> str | None:
    """Like `accept_text`; None and blank text both mean that there is none."""
    if value is None:
        return None
    _require_storable(value, name)
    return None if _is_blank(value) else accept_text(value, name=name, most=most)


def sha256_of_text(text: str) -> str:
    """Lower-case hex SHA-256 of the UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def _require_storable(value: str, name: str) -> None:
    if "\x00" in value:
        raise InvalidInput(f"`{name}` contains a NUL character, which cannot be stored. Remove it.", field=(name,))
    if _SURROGATE.search(value):
        raise InvalidInput(
            f"`{name}` contains half of a surrogate pair, which is not a character. Send valid Unicode.", field=(name,)
        )


def _is_blank(value: str) -> bool:
    """Whether no character of it can be seen. A long text has few different ones."""
    return all(unicodedata.category(character)[0] in _INVISIBLE for character in set(value))


def as_one_line(text: str, *, most: int) -> str | None:
    """A title that a machine proposes, made fit to be one: without control characters, shortened; None if blank."""
    line = " ".join(_BREAKS_A_LINE.sub(" ", text).replace("\x00", " ").split())[:most].rstrip()
    return None if _is_blank(line) else line
