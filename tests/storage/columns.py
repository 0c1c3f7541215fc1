"""One column of a query, typed loosely: Tortoise's `values_list(flat=True)` claims to give tuples."""

from __future__ import annotations

from typing import Any

from tortoise.queryset import QuerySet


async def column(query: QuerySet[Any], field: str) -> list[Any]:
    return list(await query.values_list(field, flat=True))
