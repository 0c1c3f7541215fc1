"""Words that must not get out, every spelling of them, and all the places of a running system where they might be."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import asyncpg  # type: ignore[import-untyped, unused-ignore]
import redis

from app.data_folder import DataFolder
from tests.running import RunningSystem

PART = 12
"""Of a key so many characters in a row count as the key."""

Place = tuple[str, str]
"""Table and column."""


@dataclass(frozen=True)
class Canary:
    """`columns` are where it may be in the database; a key may be nowhere."""

    text: str
    columns: frozenset[Place] = frozenset()
    is_key: bool = False

    def spellings(self) -> frozenset[bytes]:
        """Of the whole text; of a key also of each of its parts."""
        parts = [self.text]
        if self.is_key:
            parts += [self.text[at : at + PART] for at in range(len(self.text) - PART + 1)]
        return frozenset(spelling for part in parts for spelling in spellings_of(part))


def spellings_of(text: str) -> Iterator[bytes]:
    """As it is, in JSON (once and twice), in a URL, in UTF-16, in hexadecimal, and within base64 at any place."""
    plain = text.encode()
    in_json = json.dumps(text)[1:-1]
    yield plain
    for spelled in (in_json, json.dumps(in_json)[1:-1], quote(text, safe=""), quote_plus(text), plain.hex()):
        yield spelled.encode()
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")
    yield repr(plain)[2:-1].encode()
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * before + plain)[(0, 2, 3)[before] :].rstrip(b"=")[:-1]


def found_in(data: bytes | str, canaries: Iterable[Canary]) -> list[str]:
    """The canaries in `data`, whatever their spelling."""
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    return [canary.text for canary in canaries if any(spelling in raw for spelling in _of(canary))]


_known: dict[Canary, frozenset[bytes]] = {}


def _of(canary: Canary) -> frozenset[bytes]:
    if canary not in _known:
        _known[canary] = canary.spellings()
    return _known[canary]


# --- the database --------------------------------------------------------------------------------------------------


def database_cells(system: RunningSystem) -> dict[Place, bytes]:
    """Every value of every table, those of a column together."""
    url = system.environment.get("DATABASE_URL")
    rows = asyncio.run(_postgres_rows(url)) if url else _sqlite_rows(system.data_dir / "reelgate.sqlite3")
    cells: defaultdict[Place, list[bytes]] = defaultdict(list)
    for table, row in rows:
        for column, value in row.items():
            raw = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
            cells[table, column].append(raw)
    return {place: b"\n".join(values) for place, values in cells.items()}


def execute(system: RunningSystem, statement: str) -> None:
    """One statement past the system; `PRAGMA`s are none of its business."""
    if url := system.environment.get("DATABASE_URL"):
        asyncio.run(_postgres_execute(url, statement))
        return
    with closing(sqlite3.connect(system.data_dir / "reelgate.sqlite3", timeout=20)) as connection, connection:
        connection.execute(statement)


def _sqlite_rows(path: Path) -> list[tuple[str, dict[str, Any]]]:
    with closing(sqlite3.connect(path, timeout=20)) as connection:
        connection.row_factory = sqlite3.Row
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [(table, dict(row)) for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]


async def _postgres_rows(url: str) -> list[tuple[str, dict[str, Any]]]:
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [row["tablename"] for row in tables]
        return [(name, dict(row)) for name in names for row in await connection.fetch(f'SELECT * FROM "{name}"')]
    finally:
        await connection.close()


async def _postgres_execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


# --- Redis ---------------------------------------------------------------------------------------------------------


def broker_url(system: RunningSystem) -> str:
    """Of the Redis that the system uses."""
    if outside := system.environment.get("REDIS_URL"):
        return outside
    socket_dir = DataFolder(system.data_dir).read_broker()
    assert socket_dir is not None
    (path,) = socket_dir.iterdir()
    return f"unix://{path}"


def redis_content(url: str) -> bytes:
    """All keys and values that are there now."""
    parts: list[bytes] = []
    with redis.Redis.from_url(url) as server:
        for key in server.scan_iter(count=1000):
            parts += [key, _value_of(server, key)]
    return b"\n".join(parts)


def _value_of(server: redis.Redis, key: bytes) -> bytes:
    kind = server.type(key)
    if kind == b"string":
        return server.get(key) or b""  # type: ignore[return-value]
    if kind == b"zset":
        return repr(server.zrange(key, 0, -1)).encode()
    return server.dump(key) or b""  # type: ignore[return-value]


@dataclass
class RedisTap:
    """Keeps every command that any client sends to the server, arguments and all."""

    url: str
    heard: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme == "unix":
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(parts.path)
        else:
            self._socket = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379))
        self._socket.sendall(b"MONITOR\r\n")
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while data := self._socket.recv(65536):
            self.heard += data

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()

    def meant(self) -> bytes:
        """What was heard, as it was written and as it was meant: the server spells odd bytes as `\\x41`."""
        heard = bytes(self.heard)
        return heard + heard.decode("unicode_escape", "replace").encode("latin-1", "replace")


# --- files and processes -------------------------------------------------------------------------------------------


def files_under(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder), path.read_bytes()


def command_lines(system: RunningSystem) -> str:
    """What `ps` shows of every process of the system."""
    everyone = [process for processes in system.family().values() for process in processes]
    return "\n".join(" ".join(process.cmdline()) for process in everyone)
