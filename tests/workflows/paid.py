"""Whole systems whose text and pictures come from the double of a paid provider, and a look into their database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped, unused-ignore]

from tests.providers.double import Double, LedgerEntry, double_process
from tests.running import Json, RunningSystem, running_system

KEY = "sk-test-of-the-double"
CHAT = "/v1/chat/completions"
IMAGES = "/v1/images/generations"
SPEECH = "/v1/audio/speech"
SPOKEN = {"REELGATE_SPEECH": "openai", "REELGATE_SPEECH_MODEL": "tts-1", "REELGATE_NARRATION": "auto"}
"""Videos are narrated by a model whose price is known, by characters, as the double counts."""


@contextmanager
def paid_system(folder: Path, backend: str, double: Double, **settings: str) -> Iterator[RunningSystem]:
    """A started system; nothing may be left of it."""
    paid = {
        "REELGATE_TEXT": "openai", "REELGATE_IMAGES": "openai", "OPENAI_BASE_URL": double.url, "OPENAI_API_KEY": KEY,
    }  # fmt: skip
    with running_system(folder, backend, **{**paid, **settings}) as running:
        yield running
    assert running.orphans() == []


@contextmanager
def a_double(folder: Path) -> Iterator[Double]:
    """In a process of its own."""
    with double_process(ledger=folder / "ledger.jsonl") as double:
        yield double


def entries(double: Double, path: str) -> list[LedgerEntry]:
    return [entry for entry in double.ledger if entry.path == path]


def bodies(double: Double, path: str) -> list[Json]:
    """The requests themselves, in order."""
    return [request["body"] for request in double.requests if request["path"] == path]


def rows(system: RunningSystem, query: str) -> list[Json]:
    """What a query finds in the system's database."""
    if url := system.environment.get("DATABASE_URL"):
        return asyncio.run(_rows_of_postgres(url, query))
    with closing(sqlite3.connect(system.data_dir / "reelgate.sqlite3")) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


async def _rows_of_postgres(url: str, query: str) -> list[Json]:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return [dict(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()
