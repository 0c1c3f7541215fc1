"""A client that sends all it has before it reads a byte of the answer, as browsers and most libraries do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import chain, repeat

PIECE = bytes(64 * 1024)
Answer = tuple[int, dict[str, str], bytes]


def announced(size: int) -> tuple[str, Iterator[bytes]]:
    """The header of a body of so many pieces, and the body."""
    return f"Content-Length: {size * len(PIECE)}\r\n", repeat(PIECE, size)


def chunked(size: int | None) -> tuple[str, Iterator[bytes]]:
    """The same without its length; None is for ever."""
    chunk = f"{len(PIECE):x}\r\n".encode() + PIECE + b"\r\n"
    pieces = repeat(chunk) if size is None else chain(repeat(chunk, size), (b"0\r\n\r\n",))
    return "Transfer-Encoding: chunked\r\n", pieces


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def head_of(port: int, request: str, header: str) -> bytes:
    return f"{request}\r\nHost: 127.0.0.1:{port}\r\n{header}\r\n".encode()


def answer_to_all(port: int, request: str, body: tuple[str, Iterator[bytes]]) -> Answer:
    """What is there to be read when everything is sent. `request` is its line and more headers."""
    header, pieces = body
    with connected(port) as wire:
        wire.sendall(head_of(port, request, header))
        for piece in pieces:
            wire.sendall(piece)
        return read_answer(wire)


def sent_until_cut(port: int, request: str, body: tuple[str, Iterator[bytes]]) -> int:
    """How many bytes went out before the server had enough of it."""
    header, pieces = body
    sent = 0
    with connected(port) as wire:
        wire.sendall(head_of(port, request, header))
        try:
            for piece in pieces:
                wire.sendall(piece)
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            return sent
    raise AssertionError("nobody minded")


def read_answer(wire: socket.socket) -> Answer:
    """The next one that has a length, or goes on to the end of the connection."""
    with wire.makefile("rb") as file:
        status = int(file.readline().split()[1])
        headers = {}
        while line := file.readline().strip():
            name, _, value = line.decode("latin-1").partition(": ")
            headers[name.lower()] = value
        length = headers.get("content-length")
        return status, headers, file.read(-1 if length is None else int(length))
