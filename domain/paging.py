"""Pages of long lists, by keyset: a cursor names a place, not a count, so that inserts neither repeat nor hide rows."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from domain.errors import InvalidInput

T = TypeVar("T")

LARGEST_PAGE: Final = 100
DEFAULT_PAGE: Final = 50

_LARGEST_NUMBER: Final = 2**31 - 1
_NO_TEXT: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`cursors[i]` continues after `items[i]`."""

    items: tuple[T, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool
    total: int


def page_size(first: int | None) -> int:
    """The size to use: `DEFAULT_PAGE` if none was asked for, capped at `LARGEST_PAGE`.

    Raises:
        InvalidInput: less than 1.
    """
    if first is None:
        return DEFAULT_PAGE
    if first < 1:
        raise InvalidInput(f"A page needs at least 1 item; {first} were asked for.", field=("first",))
    return min(first, LARGEST_PAGE)


def encode_place(list_name: str, values: Sequence[str | int]) -> str:
    """An opaque cursor for the place behind the row with these sort values, in the list of this name."""
    raw = json.dumps([list_name, *values], separators=(",", ":"), ensure_ascii=True)
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode_place(list_name: str, cursor: str, *types: type) -> list[str | int]:
    """The sort values of a cursor made by `encode_place` for the same list.

    Raises:
        InvalidInput: anything else.
    """
    try:
        raw = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        name, *values = json.loads(raw)
        if name == list_name and [type(value) for value in values] == list(types):
            places = [value for value in values if isinstance(value, str | int)]
            if all(_is_storable(place) for place in places):
                return places
    except (binascii.Error, ValueError, TypeError, RecursionError):
        pass
    raise foreign_cursor()


def _is_storable(value: str | int) -> bool:
    """Whether a database can be asked about it."""
    return not _NO_TEXT.search(value) if isinstance(value, str) else 0 <= value <= _LARGEST_NUMBER


def foreign_cursor() -> InvalidInput:
    """For a cursor that no page of the list can have given."""
    return InvalidInput("This cursor is not one of this list. Use one from a page of the same list.", field=("after",))
