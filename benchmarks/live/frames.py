"""The client's side of WebSocket and of `graphql-transport-ws`, as ready-made bytes."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from typing import Any, Final

TEXT: Final = 0x1
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

_NO_MASK: Final = bytes(4)
"""Clients have to mask; a mask of zeros leaves the bytes as they are, and servers apply it like any other."""


def client_frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    elif size < 65_536:
        head = struct.pack("!BBH", 0x80 | opcode, 0xFE, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0xFF, size)
    return head + _NO_MASK + payload


def message(**fields: Any) -> bytes:
    return client_frame(TEXT, json.dumps(fields, separators=(",", ":")).encode())


def upgrade_request(port: int, number: int) -> bytes:
    """`number` makes the key another one for each connection."""
    key = base64.b64encode(number.to_bytes(16, "big")).decode()
    lines = (
        "GET /graphql HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: graphql-transport-ws",
    )
    return "\r\n".join((*lines, "", "")).encode()


def take_frames(buffer: bytearray) -> Iterator[tuple[int, bytes, bytes]]:
    """The whole frames at its beginning, which are removed: opcode, payload, and the frame as it came."""
    while len(buffer) >= 2:
        size, start = buffer[1] & 0x7F, 2
        if size == 126:
            if len(buffer) < 4:
                return
            size, start = int.from_bytes(buffer[2:4], "big"), 4
        elif size == 127:
            if len(buffer) < 10:
                return
            size, start = int.from_bytes(buffer[2:10], "big"), 10
        end = start + size
        if len(buffer) < end:
            return
        whole = bytes(buffer[:end])
        opcode = whole[0]
        del buffer[:end]
        if opcode & 0xF0 != 0x80:
            raise ValueError("a server's frame should be whole and uncompressed")
        yield opcode & 0x0F, whole[start:], whole
