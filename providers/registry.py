"""Providers by the names that the settings use.

Must stay cheap to import: a provider's heavy kit loads only when that provider is asked for.
"""

from __future__ import annotations

from typing import NoReturn

from domain.generation import ImageProvider, TextProvider
from providers.offline import OfflineImages, OfflineText


def text_provider(name: str) -> TextProvider:
    """The provider that finds scenes and writes prompts.

    Raises:
        ValueError: no such provider in this version.
    """
    if name == "offline":
        return OfflineText()
    _refuse("text", name)


def image_provider(name: str) -> ImageProvider:
    """The provider that makes pictures.

    Raises:
        ValueError: no such provider in this version.
    """
    if name == "offline":
        return OfflineImages()
    _refuse("image", name)


def _refuse(kind: str, name: str) -> NoReturn:
    if name == "openai":
        raise ValueError(f"The {kind} provider 'openai' is not available in this version; use 'offline'.")
    raise ValueError(f"There is no {kind} provider {name!r}; this version has 'offline'.")
