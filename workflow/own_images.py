"""A person's own picture of a scene, in place of a made one or beside it.

The file is looked into before the command's transaction, by `context.pictures`: that takes seconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Final

from domain.entities import Image
from domain.errors import InvalidInput, JobErrorCode, LimitExceeded, WorkFailed
from domain.lifecycle import INITIAL, Entity
from domain.pictures import NO_PICTURE, START_LENGTH, PictureSize, begins_as_picture
from domain.protocols import Actor
from domain.text import sha256_of_text
from storage.errors import MediaMissing
from storage.idempotency import earlier_answer, remember_answer
from storage.images import NewImage, image_by_id, image_key, insert_image
from storage.media import StagedFile, disk_errors
from storage.settle import settle
from storage.uploads import Upload, new_upload
from workflow.asking import asking
from workflow.context import Context
from workflow.reading import read_scene
from workflow.scripts import accept_key
from workflow.taking import taken_scene
from workflow.unit import Unit, command

OWN_PROMPT: Final = ""
"""It was made from no prompt."""
_OPERATION: Final = "add_image"


async def add_image(
    context: Context, *, scene_id: int, data: AsyncIterable[bytes], actor: Actor, idempotency_key: str | None = None
) -> Image:
    """Store the picture in `data` as one more pending image of the scene, for its present text. Starts no job.

    Raises:
        NotFound, IdempotencyConflict; the scene is looked for before `data` is read.
        InvalidInput: it is not one whole PNG, JPEG or WebP picture.
        LimitExceeded: more bytes or pixels than are taken.
        WorkFailed (the media folder), CheckingUnavailable.
    """
    key = accept_key(idempotency_key, context)
    await asking(read_scene)(scene_id)
    async with new_upload(context.media) as upload:
        await _receive(upload, data, most=context.limits.max_picture_bytes)
        body_sha256 = sha256_of_text(f"{scene_id}:{upload.sha256}")
        if (answered := await asking(_answered)(key, body_sha256)) is not None:
            return answered
        output = context.media.staging_path("own.png")
        try:
            with disk_errors():
                size = await context.pictures.check(upload.file, output)
            staged = await context.media.stage_file(output)
            return await _record(
                context, scene_id=scene_id, staged=staged, size=size, actor=actor, key=key, body_sha256=body_sha256
            )
        except MediaMissing:  # a worker that begins clears the staging folder
            message = "The picture was lost on its way. Send it again."
            raise WorkFailed(JobErrorCode.STORAGE, message, retryable=True) from None
        finally:
            await settle(context.media.discard(output))


async def _receive(upload: Upload, data: AsyncIterable[bytes], *, most: int) -> None:
    """Take it in, no further than it can still be a picture."""
    start = b""
    async for piece in data:
        if len(start) < START_LENGTH:
            start += piece[:START_LENGTH]
            _require_picture(start)
        if upload.byte_size + len(piece) > most:
            message = f"The file is larger than {most / 1024 / 1024:g} MiB, the most that a picture may have."
            raise LimitExceeded(message, field=("image",))
        await upload.write(piece)
    if not start:
        raise InvalidInput("The file is empty.", field=("image",))
    _require_picture(start.ljust(START_LENGTH, b"\0"))
    await upload.finish()


def _require_picture(start: bytes) -> None:
    if len(start) >= START_LENGTH and not begins_as_picture(start):
        raise InvalidInput(NO_PICTURE, field=("image",))


async def _answered(key: str | None, body_sha256: str) -> Image | None:
    """What the same request made before."""
    earlier = None if key is None else await earlier_answer(_OPERATION, key, body_sha256)
    return None if earlier is None else await image_by_id(earlier)


@command
async def _record(
    unit: Unit, *, scene_id: int, staged: StagedFile, size: PictureSize, actor: Actor, key: str | None,
    body_sha256: str,
) -> Image:  # fmt: skip
    script, scene = await taken_scene(scene_id)
    if (answered := await _answered(key, body_sha256)) is not None:
        return answered
    new = NewImage(
        scene.id, script.id, OWN_PROMPT, scene.text_sha256, staged.sha256, size.width, size.height, staged.byte_size,
        replaces_id=None, job_id=None,
    )  # fmt: skip
    image = await insert_image(new, status=INITIAL[Entity.IMAGE], now=unit.now)
    unit.record_created(Entity.IMAGE, image.id, script_id=script.id, status=image.status, actor=actor)
    unit.promote(staged, image_key(scene.id, image.id))
    if key is not None:
        await remember_answer(_OPERATION, key, body_sha256, image.id, now=unit.now)
    return image
