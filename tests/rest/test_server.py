"""What only a real server on a real socket shows: raw bytes, HEAD, paths as they were written, cut-off bodies."""

from __future__ import annotations

import asyncio
import json

from tests.rest.conftest import MAX_BODY_BYTES
from tests.rest.making import a_finished_video, a_script
from workflow.context import Context


async def asked(port: int, request: str | bytes, *, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body that a request gets, sent as it stands but for Host, Connection and Content-Length."""
    head = request if isinstance(request, bytes) else request.encode()
    line, _, rest = head.partition(b"\r\n")
    length = f"Content-Length: {len(body)}\r\n" if body and b"chunked" not in head else ""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(line + f"\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{length}".encode() + rest + b"\r\n" + body)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    first, _, content = answer.partition(b"\r\n\r\n")
    status, *headers = first.decode("latin-1").split("\r\n")
    pairs = (header.split(": ", 1) for header in headers)
    return int(status.split()[1]), {name.lower(): value for name, value in pairs}, content


async def test_bytes_that_are_not_utf8(port: int) -> None:
    status, headers, content = await asked(port, "POST /api/scripts HTTP/1.1\r\n", body=b'{"content": "\xc3("}')
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert "not UTF-8" in json.loads(content)["detail"]


async def test_head(port: int, context: Context) -> None:
    await a_script(context)
    status, headers, content = await asked(port, "HEAD /api/scripts/1 HTTP/1.1\r\n")
    assert (status, content) == (200, b"")
    assert int(headers["content-length"]) > 100


async def test_ranges_as_a_browser_seeks(port: int, context: Context) -> None:
    film = bytes(range(256)) * 1_000
    await a_finished_video(context, film)
    status, headers, content = await asked(port, "GET /media/videos/video_1.mp4 HTTP/1.1\r\nRange: bytes=200000-\r\n")
    assert (status, content) == (206, film[200_000:])
    assert headers["content-range"] == "bytes 200000-255999/256000"
    status, headers, content = await asked(port, "HEAD /media/videos/video_1.mp4 HTTP/1.1\r\n")
    assert (status, headers["content-length"], content) == (200, "256000", b"")


async def test_paths_as_they_were_written(port: int, context: Context) -> None:
    await a_finished_video(context)
    for path in (
        "/media/../reelgate.sqlite3",
        "/media/videos/../../reelgate.sqlite3",
        "/media/./videos/video_1.mp4",
        "/media//videos/video_1.mp4",
        "/media/videos/%2e%2e/%2e%2e/reelgate.sqlite3",
        "/media/%00",
        "/media/videos/video_1.mp4%00",
        "/media/.staging/../videos/video_1.mp4",
        "/api/docs/files/../app.py",
        "/api/docs/files/%2e%2e/app.py",
        "/api/docs/files/..%2fapp.py",
        "/api/docs/files/%00",
        "/api//scripts",
        "/api/scripts/%31%00",
        "/api/scripts/%ff",
    ):
        status, headers, _ = await asked(port, f"GET {path} HTTP/1.1\r\n")
        assert (status, headers["content-type"]) == (404, "application/problem+json"), path


async def test_a_long_body_is_answered_before_it_is_sent(port: int) -> None:
    request = f"POST /api/scripts HTTP/1.1\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n"
    status, headers, content = await asked(port, request)
    assert (status, json.loads(content)["code"]) == (413, "LIMIT_EXCEEDED")
    assert headers["connection"] == "close"


async def test_a_long_chunked_body(port: int) -> None:
    size = MAX_BODY_BYTES + 1
    body = f"{size:x}\r\n".encode() + b" " * size + b"\r\n0\r\n\r\n"
    request = "POST /api/scripts HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
    status, _, content = await asked(port, request, body=body)
    assert (status, json.loads(content)["code"]) == (413, "LIMIT_EXCEEDED")


async def test_a_body_that_breaks_off_makes_nothing(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f'POST /api/scripts HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 99\r\n\r\n{{"con'.encode())
    await writer.drain()
    writer.close()
    assert (await asked(port, "GET /api/scripts HTTP/1.1\r\n"))[2] == b"[]"


async def test_a_foreign_websocket_handshake_is_403(port: int) -> None:
    upgrade = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    for origin in ("https://evil.example", "null"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\n{upgrade}"
        writer.write(f"{head}Origin: {origin}\r\n\r\n".encode())
        assert (await asyncio.wait_for(reader.readline(), 10)).split()[1] == b"403"
        writer.close()
