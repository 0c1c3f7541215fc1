"""Thumbnails of stored pictures, made when they are first asked for.

Not when a picture is recorded: so there are some of every picture, also of those that are older than this or a person's
own, in the widths that are looked at and no others, and what is lost of them is made again.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress

from domain.errors import WorkFailed
from domain.pictures import CheckingUnavailable, NoThumbnail
from storage.settle import settle
from storage.thumbnails import ThumbnailFiles
from workflow.context import Context


class Thumbnails:
    """Of one process. Each one is made once, however many ask for it meanwhile."""

    def __init__(self, context: Context) -> None:
        self._shrinker = context.shrinker
        self._media = context.media
        self._files = ThumbnailFiles(context.media)
        self._making: dict[tuple[str, int], asyncio.Task[bytes | None]] = {}

    async def sha256_of(self, key: str, stat: os.stat_result) -> str:
        """Of the file under this key, found with this `stat`, in hexadecimal. Raises `MediaMissing`, `WorkFailed`."""
        return await self._files.sha256_of(key, stat)

    async def webp(self, key: str, sha256: str, width: int) -> bytes | None:
        """A WebP of the picture under this key; None if there is none to be had now, or never of this file."""
        try:
            found = await self._files.read(sha256, width)
        except WorkFailed:
            found = None
        if found is not None:
            return found
        task = self._making.get((sha256, width))
        if task is None:
            task = self._making[sha256, width] = asyncio.create_task(self._made(key, sha256, width))
            task.add_done_callback(lambda _: self._making.pop((sha256, width)))
        return await asyncio.shield(task)  # whoever asked may go away; others wait for the same

    async def _made(self, key: str, sha256: str, width: int) -> bytes | None:
        try:
            written = await asyncio.to_thread(self._files.new_path)
        except WorkFailed:
            return None
        try:
            source = await asyncio.to_thread(self._media.path_of, key)
            await self._shrinker.shrink(source, written, width=width)
            return await self._files.keep(written, sha256, width)
        except (NoThumbnail, CheckingUnavailable, WorkFailed, OSError):
            with suppress(WorkFailed):
                await settle(self._files.discard(written))
            return None
