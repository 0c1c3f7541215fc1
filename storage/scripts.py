"""Scripts: the rows that every command beneath them takes first."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tortoise.expressions import F, Q
from tortoise.functions import Coalesce, Lower

from domain.entities import Script
from domain.lifecycle import Status
from domain.money import from_nano, to_nano
from domain.paging import Page, decode_place, encode_place, foreign_cursor
from storage import models
from storage.rows import SCRIPT_FIELDS, is_storable_id, to_script


class ScriptOrder(StrEnum):
    """How a list of scripts is sorted; the id decides between equals."""

    ID_ASC = "id_asc"
    CREATED_AT_DESC = "created_at_desc"
    CREATED_AT_ASC = "created_at_asc"
    UPDATED_AT_DESC = "updated_at_desc"
    TITLE_ASC = "title_asc"


@dataclass(frozen=True, slots=True)
class ScriptFilter:
    """Which scripts: `search` is part of the title or the content, case ignored. `archived` None: of both kinds."""

    status: Status | None = None
    search: str | None = None
    archived: bool | None = False


async def insert_script(
    *, title: str | None, content: str, content_sha256: str, style: str | None, budget: Decimal | None, status: Status,
    now: datetime,
) -> Script:  # fmt: skip
    row = await models.Script.create(
        title=title, content=content, content_sha256=content_sha256, style=style, budget_nano=_nano(budget),
        status=status.value, version=1, revision=0, created_at=now, updated_at=now,
    )  # fmt: skip
    return Script(row.id, title, content, content_sha256, style, budget, status, 1, None, now, now)


async def take_script(script_id: int) -> Script | None:
    """Take the script's row until the transaction ends, so that commands beneath one script take turns."""
    if not is_storable_id(script_id):
        return None
    if not await models.Script.filter(id=script_id).update(revision=F("revision") + 1):
        return None
    return await script_by_id(script_id)


async def script_by_id(script_id: int) -> Script | None:
    return (await scripts_by_id([script_id])).get(script_id)


async def scripts_by_id(script_ids: list[int]) -> dict[int, Script]:
    wanted = [script_id for script_id in script_ids if is_storable_id(script_id)]
    rows = await models.Script.filter(id__in=wanted).values(*SCRIPT_FIELDS)
    return {row["id"]: to_script(row) for row in rows}


async def write_script(script: Script, *, previous: Status, now: datetime) -> bool:
    """Store what can change of it, if the status is still `previous`; the version goes up by one."""
    count = await models.Script.filter(id=script.id, status=previous.value).update(
        title=script.title, content=script.content, content_sha256=script.content_sha256, style=script.style,
        budget_nano=_nano(script.budget), status=script.status.value, archived_at=script.archived_at,
        version=F("version") + 1, updated_at=now,
    )  # fmt: skip
    return count == 1


async def page_of_scripts(
    *, first: int | None, after: str | None, where: ScriptFilter, order: ScriptOrder
) -> Page[Script]:
    """A page, or the whole list where `first` is None."""
    selection = models.Script.annotate(title_key=Lower(Coalesce("title", ""))).filter(_condition(where))
    total = await selection.count()
    column, ascending = _SORTING[order]
    direction = "" if ascending else "-"
    query = selection.order_by(f"{direction}{column}", *([] if column == "id" else [f"{direction}id"]))
    if after is not None:
        query = query.filter(_behind(order, after))
    if first is not None:
        query = query.limit(first + 1)
    rows = await query.values(*SCRIPT_FIELDS, "title_key")
    has_next = first is not None and len(rows) > first
    rows = rows[:first]
    cursors = tuple(encode_place(order.value, _place(order, row)) for row in rows)
    scripts = tuple(to_script({name: row[name] for name in SCRIPT_FIELDS}) for row in rows)
    return Page(scripts, cursors, has_next, after is not None, total)


_SORTING = {
    ScriptOrder.ID_ASC: ("id", True),
    ScriptOrder.CREATED_AT_DESC: ("created_at", False),
    ScriptOrder.CREATED_AT_ASC: ("created_at", True),
    ScriptOrder.UPDATED_AT_DESC: ("updated_at", False),
    ScriptOrder.TITLE_ASC: ("title_key", True),
}


def _condition(where: ScriptFilter) -> Q:
    condition = Q()
    if where.status is not None:
        condition &= Q(status=where.status.value)
    if where.archived is not None:
        condition &= Q(archived_at__isnull=not where.archived)
    if where.search:
        condition &= Q(title__icontains=where.search) | Q(content__icontains=where.search)
    return condition


def _place(order: ScriptOrder, row: dict[str, Any]) -> list[str | int]:
    column, _ = _SORTING[order]
    value = row[column]
    if column == "id":
        return [row["id"]]
    return [value.isoformat() if isinstance(value, datetime) else value, row["id"]]


def _behind(order: ScriptOrder, after: str) -> Q:
    column, ascending = _SORTING[order]
    operator = "gt" if ascending else "lt"
    if column == "id":
        (last_id,) = decode_place(order.value, after, int)
        return Q(id__gt=last_id)
    value, last_id = decode_place(order.value, after, str, int)
    key = value if column == "title_key" else _moment(str(value))
    beyond: dict[str, Any] = {f"{column}__{operator}": key}
    level: dict[str, Any] = {column: key, f"id__{operator}": last_id}
    return Q(**beyond) | Q(**level)


def _moment(text: str) -> datetime:
    """Raises `InvalidInput` for what no cursor of ours holds."""
    with suppress(ValueError):
        if (moment := datetime.fromisoformat(text)).tzinfo is not None:
            return moment
    raise foreign_cursor()


async def styles_of_scripts(script_ids: Sequence[int]) -> dict[int, str | None]:
    """What all pictures of each script are to look like; without reading the scripts' texts."""
    rows = await models.Script.filter(id__in=list(script_ids)).values("id", "style")
    return {row["id"]: row["style"] for row in rows}


async def budget_of(script_id: int) -> Decimal | None:
    """What the script's calls may cost in all, in US dollars; None if that is not limited."""
    row = await models.Script.filter(id=script_id).first().values("budget_nano")
    return from_nano(row["budget_nano"]) if row and row["budget_nano"] is not None else None


def _nano(amount: Decimal | None) -> int | None:
    return None if amount is None else to_nano(amount)
