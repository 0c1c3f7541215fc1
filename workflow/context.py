"""The small bundle that every command gets."""

from __future__ import annotations

from dataclasses import dataclass

from domain.protocols import Bell, Clock, Limits
from storage.media import MediaStore


@dataclass(frozen=True, slots=True)
class Context:
    """Built once by the composition root. Commands never reach for anything else."""

    bell: Bell
    clock: Clock
    limits: Limits
    media: MediaStore
