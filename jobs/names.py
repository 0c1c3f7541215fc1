"""What things are called in Redis.

Every name holds the identity of the database's event log, so that installations can share one Redis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from domain.protocols import Wake

FUNCTION: Final = "work"
"""The one arq function. Which handler runs is in the job's row, not in the queue."""


@dataclass(frozen=True, slots=True)
class Names:
    """Of one installation."""

    identity: str

    @property
    def queue(self) -> str:
        """arq's queue of due work."""
        return f"reelgate:{self.identity}:queue"

    @property
    def due(self) -> str:
        """Published after each enqueue: workers look at the queue."""
        return f"reelgate:{self.identity}:due"

    @property
    def cancelled(self) -> str:
        """Published with a job's id and fence, `7:3`: whoever works on this attempt stops."""
        return f"reelgate:{self.identity}:cancelled"

    @property
    def news(self) -> str:
        """Published after each commit that appended events, and on progress: API processes look at the database."""
        return f"reelgate:{self.identity}:news"

    def arq_id(self, wake: Wake) -> str:
        """A new one for every claim and release: arq refuses an id that a dead worker has left behind."""
        return f"{self.identity}:{wake.job_id}:{wake.fence}"
