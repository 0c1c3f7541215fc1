"""Pieces of music that were sent for a script's videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.entities import Music
from storage import models
from storage.rows import MUSIC_FIELDS, is_storable_id, to_music


@dataclass(frozen=True, slots=True)
class NewMusic:
    """A piece about to get its row."""

    script_id: int
    title: str
    sha256: str
    duration_seconds: float
    byte_size: int


def music_key(music_id: int) -> str:
    return f"music/music_{music_id}.flac"


async def insert_music(new: NewMusic, *, now: datetime) -> Music:
    """`file_path` follows from the id."""
    row = await models.Music.create(
        script_id=new.script_id, title=new.title, file_path="", sha256=new.sha256,
        duration_seconds=new.duration_seconds, byte_size=new.byte_size, created_at=now,
    )  # fmt: skip
    await models.Music.filter(id=row.id).update(file_path=music_key(row.id))
    music = await music_by_id(row.id)
    assert music is not None
    return music


async def music_by_id(music_id: int) -> Music | None:
    if not is_storable_id(music_id):
        return None
    row = await models.Music.filter(id=music_id).first().values(*MUSIC_FIELDS)
    return to_music(row) if row else None


async def delete_music(music_id: int) -> None:
    """Its row; the file is the caller's to remove."""
    await models.Music.filter(id=music_id).delete()


async def music_of_scripts(script_ids: Sequence[int]) -> dict[int, list[Music]]:
    """In the order in which it was sent."""
    found: dict[int, list[Music]] = {script_id: [] for script_id in script_ids}
    for row in await models.Music.filter(script_id__in=list(script_ids)).order_by("id").values(*MUSIC_FIELDS):
        found[row["script_id"]].append(to_music(row))
    return found


async def count_music(script_id: int) -> int:
    return await models.Music.filter(script_id=script_id).count()
