"""What was asked and what was charged, one JSON line per request, on the disk before the answer leaves.

A client that is killed while it waits was charged all the same: that is what this ledger is for.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel, ConfigDict

Json = dict[str, Any]


class LedgerEntry(BaseModel):
    """One request. `violation` says what was wrong with it where it is not valid."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: int
    time: datetime
    path: str
    model: str | None
    valid: bool
    charged: bool
    usage: Json | None
    request_id: str
    request_sha256: str
    outcome: str
    violation: str | None = None


def canonical(body: object) -> str:
    """The one spelling of a JSON value: sorted keys, no white space."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(body: object) -> str:
    """The SHA-256 of a JSON value's one spelling, in hexadecimal."""
    return hashlib.sha256(canonical(body).encode("utf-8", "surrogatepass")).hexdigest()


def read_ledger(path: Path) -> list[LedgerEntry]:
    """The entries of a ledger file; also of one whose double was killed."""
    if not path.exists():
        return []
    return [LedgerEntry.model_validate_json(line) for line in path.read_text().splitlines()]


class Ledger:
    """Entries in memory and, given a path, in a file that outlives the process. An existing file is continued."""

    def __init__(self, path: Path | None) -> None:
        self.entries: list[LedgerEntry] = read_ledger(path) if path else []
        self._file: IO[str] | None = path.open("a", encoding="utf-8") if path else None
        self._seq = max((entry.seq for entry in self.entries), default=0)

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def write(self, **members: Any) -> None:
        """Notes one request; it is on the disk on return."""
        entry = LedgerEntry(time=datetime.now(UTC), **members)
        self.entries.append(entry)
        if self._file is not None:
            self._file.write(entry.model_dump_json() + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def clear(self) -> None:
        self.entries.clear()
        self._seq = 0
        if self._file is not None:
            self._file.truncate(0)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
