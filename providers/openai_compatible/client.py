"""The SDK's client, opened once a process and role, and one exchange over it.

The SDK neither retries nor follows redirects here: each of both could send a paid request twice, and a redirect would
hand the prompt to another host.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from openai import AsyncAPIResponse, AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

from domain.calls import ProviderError, Role
from providers.openai_compatible.failures import bad_output, clean_request_id, from_exception

CONNECT_SECONDS = 10.0
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LOGGERS = ("openai", "httpx", "httpx2", "httpcore", "httpcore2")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of 200, decompressed. Whoever reads its body empties it: a picture's is large."""

    body: bytearray
    request_id: str | None


def open_client(base_url: str | None, api_key: str, timeout_seconds: float, *, keep_alive: bool = True) -> AsyncOpenAI:
    """A client; close it with `await client.close()`.

    Without `keep_alive` each request has a connection of its own: a request that meets a connection just closed by
    the other side cannot be told from one that was received.
    """
    quieten_libraries()
    timeout = Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, 0.8 * timeout_seconds))
    return AsyncOpenAI(
        base_url=base_url or None,
        api_key=api_key or "none",
        timeout=timeout,
        max_retries=0,
        default_headers=None if keep_alive else {"Connection": "close"},
        http_client=DefaultAsyncHttpxClient(timeout=timeout, follow_redirects=False),
    )


def quieten_libraries() -> None:
    """Only warnings of the HTTP libraries are logged: their other lines name addresses, some of them signed."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))


async def exchange(
    pending: AbstractAsyncContextManager[AsyncAPIResponse[Any]], role: Role, *, seconds: float, most_bytes: int
) -> Answer:
    """Send one request and read its answer, within `seconds` in all and `most_bytes`.

    Raises:
        ProviderError: no answer, an error answer, or one that is too large.
    """
    try:
        async with asyncio.timeout(seconds), pending as response:
            return await _read(response, role, most_bytes)
    except ProviderError:
        raise
    except Exception as error:  # the SDK lets many kinds through while an answer is read
        failure = from_exception(error, role)
    raise failure  # out here it has no context: the SDK's exception holds the key and the prompt


async def _read(response: AsyncAPIResponse[Any], role: Role, most_bytes: int) -> Answer:
    request_id = clean_request_id(response.request_id, response.http_request.headers)
    body = bytearray()
    async for chunk in response.iter_bytes():
        body += chunk
        if len(body) > most_bytes:
            raise bad_output(role, f"answered with more than {most_bytes // 1_000_000} MB", request_id=request_id)
    return Answer(body, request_id)


def request_sha256(request: Mapping[str, object]) -> str:
    """Identifies a request by all of its content."""
    canonical = json.dumps(request, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def sendable(text: str) -> str:
    """The text without what JSON and servers cannot take: halves of surrogate pairs and control characters."""
    return _UNSENDABLE.sub("\ufffd", text)
