"""What goes with a request's body is bounded, in bytes and in time; sensible requests do not notice."""

from __future__ import annotations

import asyncio
import socket
import time
import tracemalloc

import pytest
from starlette.types import Receive, Scope, Send

from tests.rest.conftest import serving
from tests.sending import connected, read_answer

MIB = 1024 * 1024
LINE = b"POST /api/scripts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
ENDLESS = {
    "line": (b"GET /", b"x" * MIB),
    "value": (LINE + b"X-Long: ", b"x" * MIB),
    "name": (LINE, b"x" * MIB),
    "headers": (LINE, b"X-One: aaaaaaaaaaaaaaaaaaaaaaaa\r\n" * (MIB // 32)),
    "trailer": (LINE + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nX-Last: ", b"x" * MIB),
    "trailers": (LINE + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n", b"X-One: aaaaaaaa\r\n" * (MIB // 17)),
    "chunk extension": (LINE + b"Transfer-Encoding: chunked\r\n\r\n1;x=", b"x" * MIB),
}


def answer_of(connection: socket.socket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


@pytest.mark.parametrize("name", ENDLESS)
async def test_what_never_ends_is_refused(port: int, name: str) -> None:
    first, piece = ENDLESS[name]

    def send() -> bytes:
        with connected(port) as connection:
            connection.sendall(first)
            try:
                for _ in range(60):
                    connection.sendall(piece)
                connection.shutdown(socket.SHUT_WR)
            except OSError:  # it has been cut off
                pass
            return answer_of(connection)

    tracemalloc.start()
    try:
        answer = await asyncio.to_thread(send)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * MIB
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


async def test_who_is_too_long_is_told_so(port: int) -> None:
    def send() -> bytes:
        with connected(port) as connection:
            connection.sendall(LINE + b"X-Long: " + b"x" * 70_000)
            connection.shutdown(socket.SHUT_WR)
            return answer_of(connection)

    answer = await asyncio.to_thread(send)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"The request's line and headers are longer than 65536 bytes.")


async def test_headers_of_a_sensible_length_are_taken(port: int) -> None:
    def send() -> bytes:
        with connected(port) as connection:
            connection.sendall(b"GET /api/scripts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ")
            connection.sendall(b"x" * 32_000 + b"\r\n\r\n")
            return answer_of(connection)

    assert (await asyncio.to_thread(send)).startswith(b"HTTP/1.1 200 ")


async def test_many_small_requests_in_one_piece_are_all_answered(port: int) -> None:
    one = b"GET /api/scripts HTTP/1.1\r\nHost: localhost\r\nX-Filler: " + b"x" * 900 + b"\r\n"
    count = 200

    def send() -> bytes:
        with connected(port) as connection:
            connection.sendall((one + b"\r\n") * (count - 1) + one + b"Connection: close\r\n\r\n")
            return answer_of(connection)

    assert (await asyncio.to_thread(send)).count(b"HTTP/1.1 200 ") == count


async def test_a_body_in_tiny_chunks_is_taken(port: int) -> None:
    content = b'{"content": "A word."' + b" " * 20_000 + b"}"
    body = b"".join(b"1\r\n%c\r\n" % byte for byte in content) + b"0\r\n\r\n"

    def send() -> bytes:
        with connected(port) as connection:
            connection.sendall(LINE + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
            return answer_of(connection)

    assert (await asyncio.to_thread(send)).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("sent", [b"", b"GET /api/scripts HT", LINE], ids=["nothing", "a part of the line", "headers"])
async def test_who_never_finishes_is_cut_off(port: int, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr("app.http_protocol.HEAD_SECONDS", 0.4)

    def send() -> tuple[bytes, float]:
        began = time.monotonic()
        with connected(port) as connection:
            connection.sendall(sent)
            return answer_of(connection), time.monotonic() - began

    answer, seconds = await asyncio.to_thread(send)
    assert answer == b""
    assert seconds >= 0.3


async def test_a_new_request_on_an_old_connection_has_its_own_time(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.http_protocol.HEAD_SECONDS", 1.0)
    request = b"GET /api/scripts HTTP/1.1\r\nHost: localhost\r\n"

    def send() -> bytes:
        with connected(port) as connection:
            for _ in range(4):
                connection.sendall(request)
                time.sleep(0.4)
                connection.sendall(b"\r\n")
                assert read_answer(connection)[0] == 200
            connection.sendall(request)
            return answer_of(connection)

    assert b"HTTP/1.1" not in (await asyncio.to_thread(send))


async def test_blank_lines_do_not_keep_a_connection(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.http_protocol.HEAD_SECONDS", 0.4)

    def send() -> bytes:
        with connected(port) as connection:
            connection.sendall(b"GET /api/scripts HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert read_answer(connection)[0] == 200
            connection.sendall(b"\r\n")
            return answer_of(connection)

    assert await asyncio.to_thread(send) == b""


async def test_an_answer_is_not_cut_off_for_what_follows_its_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.http_protocol.HEAD_SECONDS", 0.2)

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.6 if scope["path"] == "/slow" else 0)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    def ask(port: int) -> None:
        with connected(port) as connection:
            connection.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\nGET /next HTTP/1.1\r\n")
            assert read_answer(connection)[2] == b"ok"
            connection.sendall(b"Host: localhost\r\n\r\n")
            assert read_answer(connection)[2] == b"ok"
            connection.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\nGET /never HTTP/1.1\r\n")
            assert read_answer(connection)[2] == b"ok"
            assert connection.recv(1) == b""

    async with serving(slow) as port:
        await asyncio.to_thread(ask, port)


UPGRADE = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"


@pytest.mark.parametrize("then", [b"", b"\0\r\n\r\n", UPGRADE + b"\r\n"], ids=["gone", "no HTTP", "an upgrade"])
async def test_an_answer_before_others_is_told_that_nobody_listens(then: bytes) -> None:
    told, begun = asyncio.Event(), asyncio.Event()

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        begun.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        await send({"type": "http.response.body", "body": b"late", "more_body": True})
        told.set()
        await send({"type": "http.response.body", "body": b""})

    async with serving(stream) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        following = b"" if then.startswith(UPGRADE) else b"GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n"
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + following)
        await asyncio.wait_for(begun.wait(), 5)
        if then:
            writer.write(then)
            await asyncio.wait_for(told.wait(), 5)
        writer.close()
        await asyncio.wait_for(told.wait(), 5)
