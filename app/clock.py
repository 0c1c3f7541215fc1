"""The time for people to read."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """Fills `domain.protocols.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)
