"""Global ids: `script_3`, `scene_7`, `image_12`, `video_2`, `job_40`, `change_5`.

Readable on purpose, and checked strictly: an id of the wrong kind is refused, never looked up as something else.
"""

from __future__ import annotations

import re

from domain.errors import InvalidInput
from domain.lifecycle import Entity

CHANGE = "change"
"""The kind of a status change, which is no entity of its own."""

MUSIC = "music"
"""Music has an id but is no node: nothing is decided about it."""

KINDS = (*(entity.value for entity in Entity), CHANGE)

_GLOBAL_ID = re.compile(rf"({'|'.join(KINDS)})_(0|-?[1-9][0-9]{{0,39}})", re.ASCII)


_MUSIC_ID = re.compile(r"music_([1-9][0-9]{0,39})", re.ASCII)


def global_id(kind: str, local_id: int) -> str:
    return f"{kind}_{local_id}"


def split_id(value: str, *, field: str | tuple[str, ...] = "id") -> tuple[str, int]:
    """Kind and local id. Raises `InvalidInput` unless it is written as an id is."""
    found = _GLOBAL_ID.fullmatch(value)
    if found is None:
        shown = value if len(value) <= 40 else f"{value[:40]}…"
        raise InvalidInput(f"{shown!r} is not an id. Ids look like `scene_7`.", field=_path(field))
    return found[1], int(found[2])


def local_id(entity: Entity, value: str, *, field: str | tuple[str, ...] = "id") -> int:
    """Raises `InvalidInput` unless this is the id of such an entity."""
    kind, number = split_id(value, field=field)
    if kind != entity.value:
        message = f"`{value}` is the id of {_with_article(kind)}; that of {_with_article(entity.value)} is needed here."
        raise InvalidInput(message, field=_path(field))
    return number


def music_number(value: str, *, field: tuple[str, ...]) -> int:
    """Raises `InvalidInput` unless this is the id of a piece of music."""
    found = _MUSIC_ID.fullmatch(value)
    if found is None:
        shown = value if len(value) <= 40 else f"{value[:40]}…"
        raise InvalidInput(f"{shown!r} is not the id of a piece of music. Such ids look like `music_5`.", field=field)
    return int(found[1])


def _path(field: str | tuple[str, ...]) -> tuple[str, ...]:
    return (field,) if isinstance(field, str) else field


def _with_article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
