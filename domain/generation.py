"""What a machine is asked to make, and the protocols that providers fill.

Requests carry plain values: no rows, no settings, no keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from domain.calls import CallBook
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


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks. `sha256` identifies provider, model, voice and all else that is heard; `name` is for people."""

    name: str
    sha256: str
    natural: bool


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """Speak `text`. `voice` is a name that the provider knows, None its default; `language` a code such as `en`."""

    text: str
    voice: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class SpokenClip:
    """An encoded sound as a provider gave it (any common format). `data` is None where nothing can be spoken here;
    then `note` tells a person why."""

    data: bytes | None
    note: str | None = None


class TextProvider(Protocol):
    """Finds scenes and writes prompts. Every call that may cost money goes through the book.

    Raises `domain.errors.WorkFailed`, and what the book raises.
    """

    async def segment(self, request: SegmentationRequest, book: CallBook) -> Segmentation: ...

    async def write_prompt(self, request: PromptRequest, book: CallBook) -> str: ...

    async def aclose(self) -> None: ...


class ImageProvider(Protocol):
    """Makes pictures. Every call that may cost money goes through the book.

    Raises `domain.errors.WorkFailed`, and what the book raises.
    """

    async def make_image(self, request: ImageRequest, book: CallBook) -> GeneratedImage: ...

    async def aclose(self) -> None: ...


class SpeechProvider(Protocol):
    """Speaks texts. Every call that may cost money goes through the book; one book serves one text."""

    @property
    def natural(self) -> bool:
        """Whether the default voice sounds like a person: what `Narration.AUTO` goes by."""
        ...

    def voice(self, name: str | None) -> Voice:
        """The voice of that name, or the default one.

        Raises `domain.errors.WorkFailed`: there is none of that name.
        """
        ...

    async def speak(self, request: SpeechRequest, book: CallBook) -> SpokenClip:
        """Raises `domain.errors.WorkFailed`, and what the book raises."""
        ...

    async def aclose(self) -> None: ...
