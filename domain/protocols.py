"""The small protocols that outer packages fill, and the values they carry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.music import MOST_MUSIC_BYTES
from domain.pictures import MOST_PICTURE_BYTES


@dataclass(frozen=True, slots=True)
class Wake:
    """A job that is due now: an arq job `{job_id}:{fence}` is to be put into the queue."""

    job_id: int
    fence: int


@dataclass(frozen=True, slots=True)
class Ring:
    """What a committed transaction wants others to know. All of it may be lost: the database is the truth."""

    script_ids: frozenset[int] = frozenset()
    wakes: tuple[Wake, ...] = ()
    progressed: frozenset[int] = frozenset()
    cancelled: frozenset[Wake] = frozenset()
    """Jobs that whoever holds them with this fence is to stop working on."""


class Bell(Protocol):
    """Tells API processes and workers to look at the database. Never raises, takes 100 ms at most."""

    async def ring(self, ring: Ring) -> None: ...


class Clock(Protocol):
    """The time for people to read. Leases use the database's clock instead."""

    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Actor:
    """Who decides. `local` until there are users."""

    name: str


LOCAL = Actor("local")
WORKER = Actor("worker")


@dataclass(frozen=True, slots=True)
class Limits:
    """What this installation takes at most; characters are Unicode code points."""

    max_script_chars: int = 300_000
    max_scenes: int = 1_000
    max_scene_chars: int = 20_000
    max_title_chars: int = 300
    max_feedback_chars: int = 2_000
    max_prompt_chars: int = 4_000
    max_style_chars: int = 1_000
    max_key_chars: int = 200
    max_picture_bytes: int = MOST_PICTURE_BYTES
    max_music_bytes: int = MOST_MUSIC_BYTES
    max_music: int = 20
