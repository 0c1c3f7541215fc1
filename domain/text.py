"""What is accepted as text from outside, and how it is identified."""

from __future__ import annotations

import hashlib
import re

from domain.errors import InvalidInput, LimitExceeded

_SURROGATE = re.compile("[\ud800-\udfff]")


def accept_text(value: str, *, name: str, most: int) -> str:
    """The text unchanged, if it can be stored and read by a person.

    Raises:
        InvalidInput: blank, or with NUL characters or lone surrogates (neither can be stored as text).
        LimitExceeded: more than `most` characters.
    """
    if "\x00" in value:
        raise InvalidInput(f"`{name}` contains a NUL character, which cannot be stored. Remove it.", field=(name,))
    if _SURROGATE.search(value):
        raise InvalidInput(
            f"`{name}` contains half of a surrogate pair, which is not a character. Send valid Unicode.", field=(name,)
        )
    if not value.strip():
        raise InvalidInput(f"`{name}` is blank. Write something in it.", field=(name,))
    if len(value) > most:
        raise LimitExceeded(
            f"`{name}` has {len(value)} characters; at most {most} are accepted. Shorten it.", field=(name,)
        )
    return value


def accept_optional_text(value: str | None, *, name: str, most: int) -> str | None:
    """Like `accept_text`; None and blank text both mean that there is none."""
    if value is None or (not value.strip() and "\x00" not in value):
        return None
    return accept_text(value, name=name, most=most)


def sha256_of_text(text: str) -> str:
    """Lower-case hex SHA-256 of the UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()
