"""What handlers work with, built once by the composition root."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from domain.entities import Job
from domain.generation import ImageProvider, SpeechProvider, TextProvider
from jobs.progress import Reporter
from video.cache import SegmentCache
from workflow.book import Rules
from workflow.context import Context


@dataclass(frozen=True, slots=True)
class Tools:
    """`threads` is for one ffmpeg process, `parallel` how many of them run at once; sizes are in pixels.
    `cache` keeps finished pieces of videos.

    `rules` say what paid calls may cost, and what is done when an answer is lost.
    """

    context: Context
    text: TextProvider
    images: ImageProvider
    image_width: int
    image_height: int
    ffmpeg: str
    threads: int
    parallel: int
    speech: SpeechProvider
    cache: SegmentCache | None = None
    rules: Rules = field(default_factory=Rules)


class Handler(Protocol):
    """Does the work of a claimed job and records its result. Safe to run twice.

    Raises `WorkFailed` with a reason for a person, or `JobLost`.
    """

    async def __call__(self, tools: Tools, job: Job, reporter: Reporter) -> None: ...
