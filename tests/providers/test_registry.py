"""Providers by their options, and what importing them costs."""

from __future__ import annotations

import subprocess
import sys

from domain.generation import ImageProvider, TextProvider
from providers.offline import OfflineImages, OfflineText
from providers.openai_compatible.images import OpenAIImages
from providers.openai_compatible.options import ImageOptions, TextOptions
from providers.openai_compatible.text import OpenAIText
from providers.registry import image_provider, text_provider


def test_without_a_server_the_built_in_ones_do_the_work() -> None:
    text: TextProvider = text_provider(None)
    images: ImageProvider = image_provider(None)
    assert isinstance(text, OfflineText)
    assert isinstance(images, OfflineImages)


async def test_a_server_has_a_client_of_its_own() -> None:
    text: TextProvider = text_provider(TextOptions(base_url="http://127.0.0.1:1/v1"))
    images: ImageProvider = image_provider(ImageOptions(base_url="http://127.0.0.1:1/v1"))
    assert isinstance(text, OpenAIText)
    assert isinstance(images, OpenAIImages)
    await text.aclose()
    await images.aclose()


def test_importing_providers_never_imports_a_paid_kit() -> None:
    code = (
        "import sys, providers.registry, providers.pictures; providers.registry.text_provider(None);"
        "sys.exit('openai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
