"""What a machine is asked to make, and the protocols that providers fill.

Requests carry plain values: no rows, no settings, no keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from domain.segmentation import Segmentation


@dataclass(frozen=True, slots=True)
class SegmentationRequest:
    """Cut `content` into at most `max_scenes` scenes."""

    content: str
    max_scenes: int


@dataclass(frozen=True, slots=True)
class PromptRequest:
    """Write a prompt for a picture of a scene.

    `text_before` and `text_after` are the neighbouring scenes' texts, `style` is what the whole script asks for.
    `attempt` counts the scene's picture jobs from 1. After a rejection `feedback` is what the reviewer said and
    `rejected_prompt` the prompt of the rejected picture.
    """

    text: str
    title: str | None
    order: int
    attempt: int
    text_before: str | None = None
    text_after: str | None = None
    style: str | None = None
    feedback: str | None = None
    rejected_prompt: str | None = None


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Make a picture of `width` × `height` pixels; another `attempt` is another picture."""

    prompt: str
    width: int
    height: int
    attempt: int
    order: int
    title: str | None = None
    feedback: str | None = None


@dataclass(frozen=True, slots=True)
class GeneratedImage:
    """An encoded picture as a provider gave it (any common format); it is checked and stored as PNG by its taker."""

    data: bytes


class TextProvider(Protocol):
    """Finds scenes and writes prompts. Raises `domain.errors.WorkFailed`."""

    async def segment(self, request: SegmentationRequest) -> Segmentation: ...

    async def write_prompt(self, request: PromptRequest) -> str: ...


class ImageProvider(Protocol):
    """Makes pictures. Raises `domain.errors.WorkFailed`."""

    async def make_image(self, request: ImageRequest) -> GeneratedImage: ...
