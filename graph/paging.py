"""Relay connections over the pages of `domain.paging`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import strawberry

from domain.paging import Page
from graph.fields import attribute, field, object_type

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EdgeRow(Generic[T]):
    """An item of a page and the cursor behind it."""

    cursor: str
    node: T


@object_type("Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = attribute("Whether there are items behind this page.")
    has_previous_page: bool = attribute(
        "Whether this page was asked for with `after`, so that there are items before it."
    )
    start_cursor: str | None = attribute("The cursor of the first item; null if the page is empty.")
    end_cursor: str | None = attribute(
        "The cursor of the last item, to ask for the next page; null if the page is empty."
    )


@object_type("An item of a list with its place.")
class Edge(Generic[T]):
    cursor: str = attribute("The place behind this item, for `after`.")
    node: T = attribute("The item.")


@object_type("A page of a list. It names places, not counts: new items neither repeat nor hide others.")
class Connection(Generic[T]):
    @field(list[Edge[T]], "The items of the page with their places.")
    def edges(self, parent: strawberry.Parent[Page[Any]]) -> Sequence[EdgeRow[Any]]:
        return [EdgeRow(cursor, item) for cursor, item in zip(parent.cursors, parent.items, strict=True)]

    @field(list[T], "The items of the page.")
    def nodes(self, parent: strawberry.Parent[Page[Any]]) -> Sequence[Any]:
        return parent.items

    @field(PageInfo, "Where the page stands in its list.")
    def page_info(self, parent: strawberry.Parent[Page[Any]]) -> PageInfo:
        return PageInfo(
            has_next_page=parent.has_next,
            has_previous_page=parent.has_previous,
            start_cursor=parent.cursors[0] if parent.cursors else None,
            end_cursor=parent.cursors[-1] if parent.cursors else None,
        )

    @field(int, "How many items the whole list has now.")
    def total_count(self, parent: strawberry.Parent[Page[Any]]) -> int:
        return parent.total
