"""A picture checker in this process: what the program does that the server starts, without the program."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import IO

from app.picture_checking import size_of
from domain.errors import InvalidInput
from domain.music import MusicFacts
from domain.pictures import PictureSize
from providers.normalising import normalised


class CheckingHere:
    """A `PictureChecker`."""

    async def check(self, source: IO[bytes], output: Path) -> PictureSize:
        source.seek(0)
        return size_of(await asyncio.to_thread(normalised, source, output))


class ListeningHere:
    """A `MusicChecker`: everything is a second of music for each byte, but what begins with `bad`."""

    async def check(self, source: IO[bytes], output: Path) -> MusicFacts:
        source.seek(0)
        data = source.read()
        if data.startswith(b"bad"):
            raise InvalidInput("The music cannot be read: the file is damaged, or holds no sound.", field=("music",))
        output.write_bytes(data)
        return MusicFacts(float(len(data)))
