"""Routes of music."""

from __future__ import annotations

from contextlib import aclosing

from fastapi import APIRouter
from starlette.requests import Request

from domain.protocols import LOCAL
from rest import objects
from rest.asking import GivenContext, IdempotencyKey
from rest.openapi import MUSIC, READ, REMOVE
from rest.paths import MusicId, ScriptId
from rest.uploads import described_file, file_in
from workflow import music, reading

router = APIRouter(tags=["music"])


@router.get("/scripts/{script_id}/music", responses=READ)
async def list_music(script_id: ScriptId) -> list[objects.Music]:
    """The music that was sent for the script's videos, oldest first."""
    await reading.read_script(script_id)
    return [objects.music_object(found) for found in (await reading.music_of_scripts([script_id]))[script_id]]


@router.post(
    "/scripts/{script_id}/music", status_code=201, responses=MUSIC,
    openapi_extra=described_file("music", "MP3, M4A, AAC, WAV, FLAC or Ogg, told by its content."),
)  # fmt: skip
async def add_music(
    script_id: ScriptId, request: Request, context: GivenContext, key: IdempotencyKey = None
) -> objects.Music:
    """Add a piece of music, to be named as `music_id` when a video is asked for. It is stored as FLAC, without pictures
    and metadata; its title is the file's name.
    """
    names: list[str] = []
    async with aclosing(file_in(request, "music", names)) as data:
        added = await music.add_music(context, script_id=script_id, data=data, title=names, idempotency_key=key)
    return objects.music_object(added)


@router.delete("/scripts/{script_id}/music/{music_id}", status_code=204, responses=REMOVE)
async def remove_music(script_id: ScriptId, music_id: MusicId, context: GivenContext) -> None:
    """Remove a piece of music. Videos that were made with it keep their sound; one that waits, or is being made, has to
    be finished or cancelled first.
    """
    await music.remove_music(context, music_id=music_id, script_id=script_id, actor=LOCAL)
