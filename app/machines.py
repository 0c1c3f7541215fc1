"""Turns the settings into what does the machine work: the servers' options, and the rules of spending.

For the worker alone: it knows the providers, which the API never loads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal

from app.provider_rules import ImageParameters, ResponseFormat, SpeechName
from app.settings import Settings
from domain.calls import Role
from providers.openai_compatible.options import ImageOptions, Options, SpeechOptions, TextOptions
from providers.registry import OfflineVoices
from video.runner import LAUNCHER
from workflow.book import Ambiguous, Rules

_PARAMETERS: Mapping[ImageParameters, Literal["gpt-image", "compatible"] | None] = {
    ImageParameters.AUTO: None,
    ImageParameters.GPT_IMAGE: "gpt-image",
    ImageParameters.COMPATIBLE: "compatible",
}
_RESPONSE_FORMATS: Mapping[ResponseFormat, Literal["b64_json", "url"] | None] = {
    ResponseFormat.NONE: None,
    ResponseFormat.B64_JSON: "b64_json",
    ResponseFormat.URL: "url",
}


def text_options(settings: Settings) -> TextOptions | None:
    """The server for text; None for the built-in rules.

    Raises:
        StartError: OpenAI without a key.
    """
    if (server := settings.text_server) is None:
        return None
    base_url, key = server
    return TextOptions(
        base_url=base_url,
        api_key=key,
        model=settings.text_model,
        structured=settings.text_structured.value,
        token_parameter=settings.text_token_parameter.value,
        timeout_seconds=settings.text_timeout,
        window_characters=settings.text_window_chars,
        reasoning_effort=settings.text_reasoning_effort,
    )


def image_options(settings: Settings) -> ImageOptions | None:
    """The server for images; None for the built-in painter.

    Raises:
        StartError: OpenAI without a key.
    """
    if (server := settings.images_server) is None:
        return None
    base_url, key = server
    return ImageOptions(
        base_url=base_url,
        api_key=key,
        model=settings.images_model,
        quality=settings.images_quality.value,
        output_format=settings.images_format.value,
        parameters=_PARAMETERS[settings.images_parameters],
        response_format=_RESPONSE_FORMATS[settings.images_response_format],
        size=settings.images_request_size,
        timeout_seconds=settings.images_timeout,
        url_hosts=settings.images_url_hosts,
    )


def speech_options(settings: Settings) -> SpeechOptions | None:
    """The server for speech; None where no server speaks.

    Raises:
        StartError: OpenAI without a key.
    """
    if (server := settings.speech_server) is None:
        return None
    base_url, key = server
    return SpeechOptions(
        base_url=base_url,
        api_key=key,
        model=settings.speech_model,
        voice=settings.paid_voice,
        sound_format=settings.speech_format.value,
        instructions=settings.speech_instructions,
        most_characters=settings.speech_most_chars,
        timeout_seconds=settings.speech_timeout,
    )


def speaker_options(settings: Settings) -> SpeechOptions | OfflineVoices | None:
    """Who speaks: a server, this machine's voices, or nobody. Raises as `speech_options` does."""
    if settings.speech_provider is SpeechName.OFFLINE:
        return OfflineVoices(LAUNCHER, settings.speech_voice)
    return speech_options(settings)


def spending_rules(settings: Settings) -> Rules:
    """What paid calls may cost, and what is done when an answer is lost."""
    servers: dict[Role, Options | None] = {
        Role.TEXT: text_options(settings),
        Role.IMAGES: image_options(settings),
        Role.SPEECH: speech_options(settings),
    }
    return Rules(
        ambiguous=Ambiguous(settings.ambiguous.value),
        budget=settings.budget,
        prices=settings.price_table,
        rates={
            Role.TEXT: settings.text_per_minute,
            Role.IMAGES: settings.images_per_minute,
            Role.SPEECH: settings.speech_per_minute,
        },
        settings_sha256={role: _fingerprint(options) for role, options in servers.items()},
        patience_seconds=settings.patience_seconds,
    )


def _fingerprint(options: Options | None) -> str:
    """Tells whether the settings of a provider have changed. Too short to find a key by trying."""
    described = "offline" if options is None else json.dumps(asdict(options), sort_keys=True)
    return hashlib.sha256(described.encode()).hexdigest()[:8]
