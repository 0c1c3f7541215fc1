"""Lists are whole unless the query asks for a page; a page names the next one in a `Link` header (RFC 8288)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.paging import DEFAULT_PAGE, LARGEST_PAGE, decode_place, encode_place

T = TypeVar("T")

Limit = Annotated[
    int | None,
    Query(description="Ask for a page of so many items instead of the whole list.", ge=1, le=LARGEST_PAGE),
]
Cursor = Annotated[
    str | None,
    Query(description=f"Continue behind this place, from a `Link` header. Pages have {DEFAULT_PAGE} items then."),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """`limit` is None where the whole list is asked for."""

    limit: int | None
    cursor: str | None


def _asked(limit: Limit = None, cursor: Cursor = None) -> Asked:
    return Asked(DEFAULT_PAGE if limit is None and cursor is not None else limit, cursor)


AskedPage = Annotated[Asked, Depends(_asked)]


def page_of(
    items: Sequence[T], asked: Asked, *, list_name: str, place: Callable[[T], tuple[int, int]]
) -> tuple[Sequence[T], str | None]:
    """The page of a whole list that is sorted by `place`, and the cursor of the next one if there is one.

    Raises:
        InvalidInput: the cursor is not of this list.
    """
    if asked.cursor is not None:
        after = tuple(int(part) for part in decode_place(list_name, asked.cursor, int, int))
        items = [item for item in items if place(item) > after]
    if asked.limit is None or len(items) <= asked.limit:
        return items, None
    page = items[: asked.limit]
    return page, encode_place(list_name, place(page[-1]))


def link_next(
    request: Request, response: Response, asked: Asked, cursor: str | None, where: Mapping[str, str] | None = None
) -> None:
    """Name the next page, if there is one; `where` is what else the list was asked for with."""
    if cursor is not None:
        query = urlencode({**(where or {}), "limit": asked.limit, "cursor": cursor})
        response.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
