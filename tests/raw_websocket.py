"""A WebSocket client that is no library: whatever frames a test wants, well formed or not, byte by byte (RFC 6455)."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

PROTOCOL = "graphql-transport-ws"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode: int, data: bytes, *, final: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """The bytes of one frame, as clients send them: masked. `reserved` are the bits that extensions may use."""
    head = bytes(((0x80 if final else 0) | reserved << 4 | opcode,))
    flag, size = (0x80 if masked else 0), len(data)
    if size < 126:
        head += bytes((flag | size,))
    elif size < 65_536:
        head += bytes((flag | 126,)) + size.to_bytes(2, "big")
    else:
        head += bytes((flag | 127,)) + size.to_bytes(8, "big")
    if not masked:
        return head + data
    mask = os.urandom(4)
    key = int.from_bytes(mask * (size // 4 + 1), "big") >> 8 * (4 - size % 4)
    return head + mask + (int.from_bytes(data, "big") ^ key).to_bytes(size, "big")


def text(message: Any) -> bytes:
    """One text frame with this as JSON."""
    return frame(TEXT, json.dumps(message).encode())


@dataclass(frozen=True)
class Closed(Exception):
    """What the server's close frame said; 1006 without one."""

    code: int
    reason: str = ""


class RawSocket:
    """Past its handshake. Frames of the WebSocket layer itself are answered, as libraries do."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        self.reader = reader
        self.writer = writer
        self.head = head

    @property
    def protocol(self) -> str | None:
        """The subprotocol that the server has chosen."""
        for line in self.head.split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "sec-websocket-protocol":
                return value.strip()
        return None

    async def send(self, *data: bytes) -> None:
        """All in one write: it arrives in one piece, as far as that can be had."""
        self.writer.write(b"".join(data))
        await self.writer.drain()

    async def frame(self) -> tuple[int, bytes]:
        """The next frame, whatever it is. Servers neither mask nor, here, fragment."""
        first, second = await self.reader.readexactly(2)
        assert first & 0xF0 == 0x80, "fragmented, or a reserved bit"
        assert not second & 0x80, "masked by a server"
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        return first & 0x0F, await self.reader.readexactly(size)

    async def message(self) -> Any:
        """The next text message as JSON. Raises `Closed`."""
        while True:
            try:
                opcode, data = await self.frame()
            except (asyncio.IncompleteReadError, ConnectionError):
                raise Closed(1006) from None
            match opcode:
                case 1:
                    return json.loads(data)
                case 8:
                    raise Closed(int.from_bytes(data[:2], "big") if data else 1005, data[2:].decode())
                case 9:
                    await self.send(frame(PONG, data))
                case 10:
                    pass
                case _:
                    raise AssertionError(f"a frame of kind {opcode}: browsers' clients take text only")

    async def start(self) -> None:
        """What every client says first."""
        await self.send(text({"type": "connection_init"}))
        assert await self.message() == {"type": "connection_ack"}

    def abort(self) -> None:
        self.writer.transport.abort()


async def open_raw(port: int, protocols: str | None = PROTOCOL) -> RawSocket:
    """Shakes hands. Raises `ConnectionError` if the server is not there, or does not want to."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [
        "GET /graphql HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        *([f"Sec-WebSocket-Protocol: {protocols}"] if protocols else []),
    ]  # fmt: skip
    try:
        writer.write("\r\n".join((*lines, "", "")).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if not head.startswith("HTTP/1.1 101 "):
            raise ConnectionError(head)
        assert "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head  # for this key, by the RFC
    except BaseException as error:
        writer.transport.abort()
        if isinstance(error, asyncio.IncompleteReadError):
            raise ConnectionError("closed within the handshake") from None
        raise
    return RawSocket(reader, writer, head)


@asynccontextmanager
async def raw_socket(port: int, protocols: str | None = PROTOCOL, *, init: bool = True) -> AsyncIterator[RawSocket]:
    socket = await open_raw(port, protocols)
    try:
        if init:
            await socket.start()
        yield socket
    finally:
        socket.abort()
        with suppress(ConnectionError):
            await socket.writer.wait_closed()
