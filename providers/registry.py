"""Providers by the options that the composition root has for them.

Must stay cheap to import: a provider's heavy kit loads only when that provider is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.generation import ImageProvider, SpeechProvider, TextProvider
from providers.offline import OfflineImages, OfflineText
from providers.openai_compatible.options import ImageOptions, SpeechOptions, TextOptions


@dataclass(frozen=True, slots=True)
class OfflineVoices:
    """The voices of this machine. `voice` is the default one's name, or its file's path; `launcher` starts them."""

    launcher: Sequence[str]
    voice: str | None = None


def text_provider(options: TextOptions | None) -> TextProvider:
    """Who finds scenes and writes prompts: a server with these options; without any, the built-in rules."""
    if options is None:
        return OfflineText()
    from providers.openai_compatible.text import OpenAIText  # half a second and 40 MB

    return OpenAIText(options)


def image_provider(options: ImageOptions | None, *, lettered: bool = False) -> ImageProvider:
    """Who makes pictures: a server with these options; without any, the built-in painter, which `lettered` is for."""
    if options is None:
        return OfflineImages(lettered=lettered)
    from providers.openai_compatible.images import OpenAIImages  # as above

    return OpenAIImages(options)


def speech_provider(options: SpeechOptions | OfflineVoices | None) -> SpeechProvider:
    """Who speaks: a server with these options, or the voices of this machine; None for nobody.

    Raises `domain.errors.WorkFailed` where the voice that was chosen is not installed. Looks at files.
    """
    match options:
        case None:
            from providers.offline.speech import NoSpeech

            return NoSpeech()
        case OfflineVoices():
            from providers.offline.speech import OfflineSpeech, no_voice
            from providers.offline.voices import installed_voices

            voices = installed_voices(options.voice)
            return OfflineSpeech(voices, options.launcher, chosen=options.voice) if voices else no_voice()
        case SpeechOptions():
            from providers.openai_compatible.speech import OpenAISpeech  # as above

            return OpenAISpeech(options)
