"""What a picture may be at most, who makes sure of a person's own one, and who makes small ones of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Protocol

MOST_PICTURE_BYTES: Final = 64 * 1024 * 1024
MOST_PICTURE_PIXELS: Final = 40_000_000
MOST_PICTURE_SIDE: Final = 16_384
NO_PICTURE: Final = "The file is not a PNG, JPEG or WebP picture, or it is damaged."
START_LENGTH: Final = 12
"""As many bytes tell what kind of file it is."""
THUMBNAIL_WIDTHS: Final = (160, 320, 640, 1280)
THUMBNAIL_RATIO: Final = 4
"""A thumbnail is at most so many times as high as it is wide; a longer strip gets narrower."""


def thumbnail_width(asked: int) -> int | None:
    """The next width that is made; None where only the picture itself is as wide."""
    return next((width for width in THUMBNAIL_WIDTHS if asked <= width), None)


def begins_as_picture(start: bytes) -> bool:
    """Whether a file with these first `START_LENGTH` bytes may be a PNG, JPEG or WebP picture."""
    webp = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    return start.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or webp


@dataclass(frozen=True, slots=True)
class PictureSize:
    """In pixels."""

    width: int
    height: int


class CheckingUnavailable(Exception):
    """The picture cannot be looked at now, whatever it is like. Trying again in `seconds` may help."""

    def __init__(self, message: str, *, seconds: int) -> None:
        super().__init__(message)
        self.message = message
        self.seconds = seconds


class PictureChecker(Protocol):
    """Decodes what nobody has looked into yet. That takes memory and time, and the file may be made to do harm."""

    async def check(self, source: IO[bytes], output: Path) -> PictureSize:
        """Write the picture of `source`, upright and without metadata, to the new file `output` as an RGB PNG.

        `source` is an open file with a descriptor. After an error something may be left at `output`.

        Raises:
            InvalidInput, LimitExceeded: it is no picture, or too large.
            OSError: `output` cannot be written.
            CheckingUnavailable.
        """
        ...


class NobodyChecks:
    """For processes that are never given pictures."""

    async def check(self, source: IO[bytes], output: Path) -> PictureSize:
        raise CheckingUnavailable("This server takes no pictures.", seconds=60)


class NoThumbnail(Exception):
    """None can be made of this file: it is no picture, or damaged."""


class PictureShrinker(Protocol):
    """Decodes stored pictures, in a place where that harms nobody."""

    async def shrink(self, source: Path, output: Path, *, width: int) -> None:
        """Write a WebP of at most this width to the new file `output`. A narrower picture keeps its size.

        After an error something may be left at `output`.

        Raises:
            NoThumbnail, CheckingUnavailable.
            OSError: `output` cannot be written.
        """
        ...


class NobodyShrinks:
    """For processes that serve no pictures."""

    async def shrink(self, source: Path, output: Path, *, width: int) -> None:
        raise CheckingUnavailable("This server makes no thumbnails.", seconds=60)
