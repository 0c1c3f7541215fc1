"""Pictures without a model: a painter that reads the prompt's words. Drawing runs in a thread."""

from __future__ import annotations

import asyncio
from io import BytesIO

from domain.calls import CallBook
from domain.errors import JobErrorCode, WorkFailed
from domain.generation import GeneratedImage, ImageRequest
from providers.offline.painter import paint

SMALLEST_SIDE = 16
LARGEST_SIDE = 8192
_MOST_PIXELS = 40_000_000


class OfflineImages:
    """Fills `domain.generation.ImageProvider`. `lettered` pictures say which scene they are of, as in a storyboard."""

    def __init__(self, *, lettered: bool = False) -> None:
        self._lettered = lettered

    async def make_image(self, request: ImageRequest, book: CallBook | None = None) -> GeneratedImage:
        """A PNG of exactly the requested size.

        Raises:
            WorkFailed: the size is one that cannot be drawn.
        """
        sides = (request.width, request.height)
        if min(sides) < SMALLEST_SIDE or max(sides) > LARGEST_SIDE or request.width * request.height > _MOST_PIXELS:
            raise WorkFailed(
                JobErrorCode.PROVIDER_REFUSED,
                f"A picture of {request.width} × {request.height} pixels cannot be drawn: each side must be "
                f"{SMALLEST_SIDE} to {LARGEST_SIDE} pixels, and all of it at most {_MOST_PIXELS // 1_000_000} million.",
                retryable=False,
            )
        return GeneratedImage(await asyncio.to_thread(_draw, request, self._lettered))

    async def aclose(self) -> None:
        """Nothing is open."""


def _draw(request: ImageRequest, lettered: bool) -> bytes:
    encoded = BytesIO()
    paint(request, lettered=lettered).save(encoded, format="PNG", compress_level=1)
    return encoded.getvalue()
