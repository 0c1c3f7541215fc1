"""A request's body as it comes, without patience for one that does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from starlette.requests import Request

from rest.problems import HttpCode, Problem, Refused

PATIENCE_SECONDS: Final = 60


async def pieces_of(request: Request) -> AsyncGenerator[bytes, None]:
    """Raises `Refused`, or Starlette's `ClientDisconnect`."""
    body = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                piece = await anext(body, None)
        except TimeoutError:
            raise _too_slow() from None
        if piece is None:
            return
        yield piece


def _too_slow() -> Refused:
    detail = f"Nothing more of the body came for {PATIENCE_SECONDS} s."
    return Refused(Problem(408, HttpCode.HTTP_ERROR, "Request Timeout", detail, headers={"Connection": "close"}))
