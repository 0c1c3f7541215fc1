"""Music that a person sends for the videos of a script, and takes away again.

The file is looked into before the command's transaction, by `context.music`: that takes seconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Final

from domain.entities import Music, Script
from domain.errors import InvalidInput, JobErrorCode, LimitExceeded, NotFound, StateConflict, WorkFailed
from domain.events import EventKind
from domain.lifecycle import Entity
from domain.music import UNTITLED, MusicFacts
from domain.protocols import Actor
from domain.text import as_one_line, sha256_of_text
from storage.errors import MediaMissing
from storage.idempotency import earlier_answer, forget_answer, remember_answer
from storage.media import StagedFile, disk_errors
from storage.music import NewMusic, count_music, delete_music, insert_music, music_by_id, music_key
from storage.settle import settle
from storage.uploads import Upload, new_upload
from storage.videos import pending_videos_with_music
from workflow.asking import asking
from workflow.context import Context
from workflow.reading import read_script
from workflow.scripts import accept_key
from workflow.taking import taken_music, taken_script
from workflow.unit import Unit, command

_OPERATION: Final = "add_music"
_FIELD: Final = ("music",)


async def add_music(
    context: Context, *, script_id: int, data: AsyncIterable[bytes], title: list[str] | None = None,
    idempotency_key: str | None = None,
) -> Music:  # fmt: skip
    """Store the sound in `data` for the script's videos. `title` is a name for it, known when `data` has been read.

    Raises:
        NotFound, IdempotencyConflict; the script is looked for before `data` is read.
        InvalidInput: it is no sound that can be read.
        LimitExceeded: more bytes, seconds or pieces than are taken.
        WorkFailed (the media folder), CheckingUnavailable.
    """
    key = accept_key(idempotency_key, context)
    await asking(read_script)(script_id)
    async with new_upload(context.media) as upload:
        await _receive(upload, data, most=context.limits.max_music_bytes)
        body_sha256 = sha256_of_text(f"{script_id}:{upload.sha256}")
        if (answered := await asking(_answered)(key, body_sha256)) is not None:
            return answered
        output = context.media.staging_path("music.flac")
        try:
            with disk_errors():
                facts = await context.music.check(upload.file, output)
            staged = await context.media.stage_file(output)
            named = as_one_line(" ".join(title or ()), most=context.limits.max_title_chars) or UNTITLED
            return await _record(
                context, script_id=script_id, staged=staged, facts=facts, title=named, key=key, body_sha256=body_sha256
            )
        except MediaMissing:  # a worker that begins clears the staging folder
            message = "The music was lost on its way. Send it again."
            raise WorkFailed(JobErrorCode.STORAGE, message, retryable=True) from None
        finally:
            await settle(context.media.discard(output))


async def _receive(upload: Upload, data: AsyncIterable[bytes], *, most: int) -> None:
    async for piece in data:
        if upload.byte_size + len(piece) > most:
            message = f"The file is larger than {most / 1024 / 1024:g} MiB, the most that music may have."
            raise LimitExceeded(message, field=_FIELD)
        await upload.write(piece)
    if not upload.byte_size:
        raise InvalidInput("The file is empty.", field=_FIELD)
    await upload.finish()


async def _answered(key: str | None, body_sha256: str) -> Music | None:
    """What the same request made before."""
    earlier = None if key is None else await earlier_answer(_OPERATION, key, body_sha256)
    return None if earlier is None else await music_by_id(earlier)


@command
async def _record(
    unit: Unit, *, script_id: int, staged: StagedFile, facts: MusicFacts, title: str, key: str | None, body_sha256: str
) -> Music:
    await taken_script(script_id)
    if (answered := await _answered(key, body_sha256)) is not None:
        return answered
    if await count_music(script_id) >= unit.limits.max_music:
        raise LimitExceeded(
            f"This script has {unit.limits.max_music} pieces of music, the most that are kept.", field=_FIELD
        )
    new = NewMusic(script_id, title, staged.sha256, facts.duration_seconds, staged.byte_size)
    music = await insert_music(new, now=unit.now)
    unit.promote(staged, music_key(music.id))
    if key is not None:
        await remember_answer(_OPERATION, key, body_sha256, music.id, now=unit.now)
    return music


@command
async def remove_music(unit: Unit, *, music_id: int, actor: Actor, script_id: int | None = None) -> Script:
    """Take away a piece of music; answers its script, which is `script_id` if that is given.

    Videos that were made with it keep their sound, and their records name it.

    Raises:
        NotFound.
        StateConflict: a video that waits or is being made is to be heard with it.
    """
    script, music = await taken_music(music_id)
    if script_id not in (None, script.id):
        raise NotFound("music", music_id)
    if waiting := await pending_videos_with_music(script.id, music_id):
        message = f"Video {waiting[0]} is being made with this music. Wait until it is finished, or cancel it, and then"
        raise StateConflict(f"{message} remove the music.")
    await delete_music(music_id)
    await forget_answer(_OPERATION, music_id)
    unit.remove(music.file_path)
    unit.record(
        EventKind.EDITED, Entity.SCRIPT, script.id, script_id=script.id, version=script.version,
        previous=script.status.value, new=script.status.value, actor=actor,
    )  # fmt: skip
    return script
