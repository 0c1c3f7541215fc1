"""Has a person's music listened to by ffmpeg, in a process of its own with bounds."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import IO, Final

from domain.errors import WorkFailed
from domain.music import LONGEST_MUSIC_SECONDS, MOST_MUSIC_BYTES, CheckingUnavailable, MusicFacts
from storage.settle import settle
from video.runner import find_ffmpeg
from video.sound.music import check_music

_AT_ONCE: Final = 1
_WAITING: Final = 4


class MusicEar:
    """A `MusicChecker`: so many pieces at once, so many that wait. `ffmpeg` is None for the one that we bring."""

    def __init__(self, ffmpeg: str | None) -> None:
        self._ffmpeg = ffmpeg
        self._asked = 0
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def check(self, source: IO[bytes], output: Path) -> MusicFacts:
        """As `MusicChecker` says. The process is gone when this returns or raises."""
        if self._asked >= _AT_ONCE + _WAITING:
            raise CheckingUnavailable("Much music is being checked. Send it again in a while.", seconds=10)
        self._asked += 1
        try:
            async with self._turns:
                return await self._listened(source, output)
        finally:
            self._asked -= 1

    async def _listened(self, source: IO[bytes], output: Path) -> MusicFacts:
        # What was sent has no name, and its beginning is read by us, the rest by ffmpeg.
        named = output.with_name(f"{output.name}.sent")
        try:
            await asyncio.to_thread(_copy, source, named)
            facts = await check_music(
                named, output, ffmpeg=find_ffmpeg(self._ffmpeg), most_bytes=MOST_MUSIC_BYTES,
                most_seconds=LONGEST_MUSIC_SECONDS,
            )  # fmt: skip
        except WorkFailed as failed:
            raise CheckingUnavailable(failed.message, seconds=30) from None
        finally:
            await settle(asyncio.to_thread(named.unlink, missing_ok=True))
        return MusicFacts(facts.seconds)


def _copy(source: IO[bytes], to: Path) -> None:
    source.seek(0)
    with to.open("xb") as file:
        shutil.copyfileobj(source, file)
        os.fsync(file.fileno())
