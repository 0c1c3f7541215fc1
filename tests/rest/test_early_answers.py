"""An answer given before the request was read arrives, and what is still sent then is thrown away, within bounds."""

from __future__ import annotations

import asyncio
import json
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from itertools import chain
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from tests.rest.conftest import serving
from tests.sending import (
    PIECE,
    announced,
    answer_to_all,
    chunked,
    connected,
    head_of,
    read_answer,
    sent_until_cut,
)

MIB = 1024 * 1024
PIECES = 64 * MIB // len(PIECE)
UPLOAD = "POST /api/scenes/1/images HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=edge"
JSON = "POST /api/scripts HTTP/1.1\r\nContent-Type: application/json"
CLOSED = JSON
KEPT = UPLOAD
"""Without a length, answered at once on a connection that stays: there is no such scene."""


@pytest.mark.parametrize(
    ("request_line", "body", "status"),
    [(JSON, announced, 413), (JSON, chunked, 413), (UPLOAD, announced, 413), (UPLOAD, chunked, 404)],
    ids=["long", "endless", "long upload", "upload for nobody"],
)
async def test_all_is_sent_before_the_answer_is_read(port: int, request_line: str, body: Any, status: int) -> None:
    tracemalloc.start()
    try:
        given, headers, content = await asyncio.to_thread(answer_to_all, port, request_line, body(PIECES))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (given, headers["content-type"]) == (status, "application/problem+json")
    assert json.loads(content)["status"] == status
    assert peak < 8 * MIB


async def test_httpx_is_told_why(port: int) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(PIECES):
            yield PIECE

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for content in (pieces(), bytes(64 * MIB)):
            answer = await client.post("/api/scripts", content=content, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()["code"]) == (413, "LIMIT_EXCEEDED")


@pytest.mark.parametrize("request_line", [CLOSED, KEPT], ids=["closed", "kept"])
async def test_who_sends_for_ever_is_cut_off(port: int, monkeypatch: pytest.MonkeyPatch, request_line: str) -> None:
    monkeypatch.setattr("app.http_protocol.LINGER_BYTES", 8 * MIB)
    sent = await asyncio.to_thread(sent_until_cut, port, request_line, chunked(None))
    assert 8 * MIB < sent < 40 * MIB  # some of it is in the buffers of the system


def drops(seconds: float, count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b"1\r\n.\r\n"
        time.sleep(seconds)


@pytest.mark.parametrize("request_line", [CLOSED, KEPT], ids=["closed", "kept"])
async def test_who_sends_slowly_is_cut_off(port: int, monkeypatch: pytest.MonkeyPatch, request_line: str) -> None:
    monkeypatch.setattr("app.http_protocol.LINGER_SECONDS", 0.3)
    header, much = chunked(40)
    slowly = header, chain(much, drops(0.02, 1_000))
    assert await asyncio.to_thread(sent_until_cut, port, request_line, slowly)


@pytest.mark.parametrize("request_line", [CLOSED, KEPT], ids=["closed", "kept"])
async def test_who_sends_nothing_more_is_cut_off(port: int, monkeypatch: pytest.MonkeyPatch, request_line: str) -> None:
    monkeypatch.setattr("app.http_protocol.LINGER_IDLE_SECONDS", 0.05)
    header, much = chunked(40)
    stalling = header, chain(much, drops(0.2, 100))
    assert await asyncio.to_thread(sent_until_cut, port, request_line, stalling)


async def test_the_connection_stays_for_who_may_go_on(port: int) -> None:
    def ask() -> None:
        with connected(port) as wire:
            for body in (announced, chunked):
                header, pieces = body(12)
                wire.sendall(head_of(port, KEPT, header))
                for piece in pieces:
                    wire.sendall(piece)
                status, headers, _ = read_answer(wire)
                assert (status, headers.get("connection")) == (404, None)
            wire.sendall(head_of(port, "GET /api/scripts HTTP/1.1", ""))
            assert read_answer(wire)[::2] == (200, b"[]")

    await asyncio.to_thread(ask)


async def test_the_end_of_the_body_ends_the_connection(port: int) -> None:
    def ask() -> None:
        with connected(port) as wire:
            header, pieces = chunked(160)
            wire.sendall(head_of(port, JSON, header))
            for piece in pieces:
                wire.sendall(piece)
            status, headers, _ = read_answer(wire)
            assert (status, headers["connection"], wire.recv(1)) == (413, "close", b"")

    await asyncio.to_thread(ask)


@pytest.mark.parametrize("opening", [b"", head_of(1, UPLOAD, chunked(1)[0])], ids=["at all", "any more"])
async def test_what_is_not_http_is_told_so_once(port: int, opening: bytes) -> None:
    def ask() -> None:
        with connected(port) as wire:
            wire.sendall(opening)
            for _ in range(PIECES // 8):
                wire.sendall(PIECE)
            answers = b""
            while piece := wire.recv(65_536):
                answers += piece
            assert answers.count(b"HTTP/1.1 ") == 1
            assert answers.startswith(b"HTTP/1.1 40")

    await asyncio.to_thread(ask)


async def test_a_stop_waits_for_nobody_who_only_sends(app: ASGIApp) -> None:
    async with serving(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head_of(port, JSON, announced(PIECES)[0]))
        assert (await reader.readline()).split()[1] == b"413"
        async with asyncio.timeout(10):
            await reader.read()  # our half is closed, theirs is not
        began = time.monotonic()
    assert time.monotonic() - began < 3
    writer.close()
