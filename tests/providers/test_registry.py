"""Providers by name, and what importing them costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from domain.generation import ImageProvider, TextProvider
from providers.offline import OfflineImages, OfflineText
from providers.registry import image_provider, text_provider


def test_offline_is_there() -> None:
    text: TextProvider = text_provider("offline")
    images: ImageProvider = image_provider("offline")
    assert isinstance(text, OfflineText)
    assert isinstance(images, OfflineImages)


def test_openai_says_that_it_is_not_available() -> None:
    with pytest.raises(ValueError, match="not available in this version"):
        text_provider("openai")
    with pytest.raises(ValueError, match="not available in this version"):
        image_provider("openai")


@pytest.mark.parametrize("name", ["", "Offline", "nothing"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="There is no text provider"):
        text_provider(name)
    with pytest.raises(ValueError, match="There is no image provider"):
        image_provider(name)


def test_importing_providers_never_imports_a_paid_kit() -> None:
    code = "import sys, providers.registry, providers.pictures; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
