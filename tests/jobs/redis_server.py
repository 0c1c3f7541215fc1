"""A Redis of the tests' own, which they may kill, freeze and empty, and a wire to it that can be tapped and cut."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from app.broker import Broker, find_server

_COMMAND = re.compile(rb"\*\d+\r\n\$\d+\r\n([A-Z]+)\r\n")


class PrivateRedis:
    """A server on a unix socket in `folder`; started again it has forgotten everything."""

    def __init__(self, folder: Path) -> None:
        self._broker = Broker(*find_server(), folder)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def path(self) -> Path:
        return self._broker.socket_path

    def start(self) -> None:
        self._process = subprocess.Popen(self._broker.argv, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.01)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection, suppress(OSError):
            connection.settimeout(1)
            connection.connect(str(self.path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class Wire:
    """A unix socket or port in front of a server: keeps what is sent either way, and can cut all connections."""

    def __init__(self, server: Path | tuple[str, int], path: Path | None = None) -> None:
        self._server = server
        self._path = path
        self.sent = bytearray()
        self.answered = bytearray()
        self.cut_on: bytes | None = None
        """All connections are cut, once, when this is about to be sent."""
        self.cuts = 0
        self.refusing = False
        self._deaf: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._path}"

    @property
    def port(self) -> int:
        """On the loopback interface, when it has no path."""
        assert self._listener is not None
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    @property
    def commands(self) -> Counter[str]:
        """How often each command was sent so far."""
        return Counter(name.decode() for name in _COMMAND.findall(bytes(self.sent)))

    async def open(self) -> None:
        if self._path is not None:
            self._listener = await asyncio.start_unix_server(self._accept, self._path)
        else:
            self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def close(self) -> None:
        assert self._listener is not None
        self._listener.close()
        self.cut()
        for pipe in list(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)
        await self._listener.wait_closed()

    def cut(self) -> None:
        """Everyone who is connected loses the connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    def deafen(self) -> None:
        """Nothing passes any more on the connections there are; nobody is told. New ones work."""
        self._deaf |= self._writers

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.refusing:
                raise ConnectionRefusedError
            if isinstance(self._server, Path):
                far_reader, far_writer = await asyncio.open_unix_connection(str(self._server))
            else:
                far_reader, far_writer = await asyncio.open_connection(*self._server)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        pipes = {
            asyncio.create_task(self._pass(reader, far_writer, self.sent)),
            asyncio.create_task(self._pass(far_reader, writer, self.answered)),
        }
        self._pipes |= pipes
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            self._pipes -= pipes
            self._writers -= {writer, far_writer}
            for end in (writer, far_writer):
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if self.cut_on is not None and kept is self.sent and self.cut_on in data:
                    self.cut_on = None
                    self.cuts += 1
                    self.cut()
                    return
                if writer in self._deaf:
                    continue
                kept += data
                writer.write(data)
                await writer.drain()
