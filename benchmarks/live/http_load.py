"""The same POST over a few keep-alive connections, each with one request under way, as fast as they are answered."""

from __future__ import annotations

import json
import select
import socket
import time
from typing import Any


def post(port: int, document: str) -> bytes:
    body = json.dumps({"query": document}).encode()
    lines = (
        "POST /graphql HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        "Accept: application/graphql-response+json, application/json;q=0.9",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


def answer_body(received: bytes | bytearray) -> bytes | None:
    """The body of one whole answer with status 200; None while some of it is missing."""
    head, end, rest = bytes(received).partition(b"\r\n\r\n")
    if not end:
        return None
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(f"answered {bytes(received[:500])!r}")
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    if lengths:
        return rest if len(rest) == int(lengths[0]) else None
    return _unchunked(rest) if rest.endswith(b"0\r\n\r\n") else None


def _unchunked(rest: bytes) -> bytes:
    body = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return body
        body, rest = body + rest[:length], rest[length + 2 :]


def send_requests(*, port: int, document: str, count: int, connections: int) -> dict[str, Any]:
    """Answers how long it took, the body, and how many answers had another body."""
    request = post(port, document)
    poll = select.epoll()
    sockets: dict[int, tuple[socket.socket, bytearray]] = {}
    for _ in range(connections):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[connection.fileno()] = (connection, bytearray())
        poll.register(connection.fileno(), select.EPOLLIN)
    sample, sent, answered, wrong = b"", 0, 0, 0
    began = time.monotonic()
    for connection, _ in sockets.values():
        connection.sendall(request)
        sent += 1
    while answered < sent:
        for descriptor, _ in poll.poll():
            connection, received = sockets[descriptor]
            data = connection.recv(262_144)
            if not data:
                raise ConnectionError("the server closed a connection")
            received += data
            body = answer_body(received)
            if body is None:
                continue
            received.clear()
            sample = sample or body
            answered += 1
            wrong += body != sample
            if sent < count:
                connection.sendall(request)
                sent += 1
    seconds = time.monotonic() - began
    poll.close()
    for connection, _ in sockets.values():
        connection.close()
    return {"answered": answered, "seconds": seconds, "sample": sample.decode(), "wrong": wrong}
