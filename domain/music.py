"""What a piece of music may be at most, and who makes sure of one that a person sends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol

from domain.pictures import CheckingUnavailable as CheckingUnavailable

MOST_MUSIC_BYTES: Final = 50 * 1024 * 1024
LONGEST_MUSIC_SECONDS: Final = 3600
UNTITLED: Final = "Untitled"


@dataclass(frozen=True, slots=True)
class MusicFacts:
    """How long it plays, in seconds."""

    duration_seconds: float


class MusicChecker(Protocol):
    """Decodes what nobody has listened to yet. That takes memory and time, and the file may be made to do harm."""

    async def check(self, source: IO[bytes], output: Path) -> MusicFacts:
        """Write the sound of `source`, without pictures and metadata, to the new file `output` as FLAC.

        `source` is an open file with a descriptor. After an error something may be left at `output`.

        Raises:
            InvalidInput, LimitExceeded: it is no music, or too long.
            OSError: `output` cannot be written.
            CheckingUnavailable.
        """
        ...


class NobodyListens:
    """For processes that are never given music."""

    async def check(self, source: IO[bytes], output: Path) -> MusicFacts:
        raise CheckingUnavailable("This server takes no music.", seconds=60)
