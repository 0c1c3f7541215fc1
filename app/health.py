"""Asking a server whether it answers. It knows only HTTP's first line, so that the supervisor stays light."""

import asyncio
import http.client
from contextlib import suppress
from urllib.parse import urlsplit

PATH = "/healthz"


def is_answering(url: str, timeout: float = 5.0) -> bool:
    """Whether the server at `url` answers on `/healthz`. Refusing our Host header is an answer, too."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", PATH)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


async def wait_until_answering(address: tuple[str, int], *, pause: float = 0.05) -> None:
    """Return once the server at (host, port) answers; ask again whenever it breaks off."""
    while True:
        with suppress(OSError, asyncio.IncompleteReadError, ValueError, IndexError):
            if await _status(address) < 500:
                return
        await asyncio.sleep(pause)


async def _status(address: tuple[str, int]) -> int:
    host, port = address
    reader, writer = await asyncio.open_connection(host, port)
    try:
        name = f"[{host}]" if ":" in host else host
        writer.write(f"GET {PATH} HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        line = await reader.readuntil(b"\r\n")
        return int(line.split()[1])
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
