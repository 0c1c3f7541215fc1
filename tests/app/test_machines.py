"""From the settings to what does the machine work, and to what people are told of it."""

from decimal import Decimal
from typing import Any

import pytest

from app.machines import image_options, speaker_options, speech_options, spending_rules, text_options
from app.settings import Settings, load_settings
from app.wiring import machines_of
from domain.calls import Role
from domain.machines import Machines, SpeechMachine
from providers.registry import OfflineVoices

PAID = {"text_provider": "openai", "image_provider": "openai", "openai_api_key": "sk-canary"}


def load(**overrides: Any) -> Settings:
    return load_settings(env_file=None, **overrides)


def test_offline_needs_no_server_and_costs_nothing() -> None:
    settings = load()
    assert (text_options(settings), image_options(settings)) == (None, None)
    assert machines_of(settings) == Machines()
    assert settings.patience_seconds == 0


def test_what_is_set_reaches_the_servers() -> None:
    settings = load(
        **PAID, text_base_url="http://localhost:1/v1", text_model="qwen", text_structured="json_object",
        text_token_parameter="max_tokens", text_reasoning_effort="low", text_timeout=9, text_window_chars=900,
        images_model="flux", images_response_format="none", images_request_size="1024x1024", images_timeout=8,
        images_url_hosts="cdn.example", images_format="jpeg",
    )  # fmt: skip
    text, images = text_options(settings), image_options(settings)
    assert text is not None
    assert images is not None
    assert (text.base_url, text.api_key, text.model) == ("http://localhost:1/v1", "", "qwen")
    assert (text.structured, text.token_parameter, text.reasoning_effort) == ("json_object", "max_tokens", "low")
    assert (text.timeout_seconds, text.window_characters) == (9, 900)
    assert (images.base_url, images.api_key, images.model) == (None, "sk-canary", "flux")
    assert (images.parameter_set, images.response_format, images.size) == ("compatible", None, "1024x1024")
    assert (images.timeout_seconds, images.url_hosts, images.output_format) == (8, ("cdn.example",), "jpeg")


def test_rules_of_spending() -> None:
    rules = spending_rules(load(**PAID, budget="2.5", ambiguous="retry", images_per_minute=5, text_per_minute=7))
    assert (rules.budget, rules.ambiguous.value) == (Decimal("2.5"), "retry")
    assert rules.rates == {Role.TEXT: 7, Role.IMAGES: 5, Role.SPEECH: 0}
    assert rules.patience_seconds > 0
    assert rules.prices.models["gpt-image-2.5-flare"].output == 30


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ({"openai_api_key": "sk-2"}, {Role.TEXT, Role.IMAGES}),
        ({"text_model": "x"}, {Role.TEXT}),
        ({"budget": 3}, set()),
    ],
)
def test_a_change_of_a_server_is_noticed(changed: dict[str, Any], differs: set[Role]) -> None:
    before, after = (spending_rules(load(**{**PAID, **more})).settings_sha256 for more in ({}, changed))
    assert {role for role in before if before[role] != after[role]} == differs
    assert "canary" not in str(before)


@pytest.mark.parametrize(
    ("changed", "quality"),
    [
        ({}, "medium"),
        ({"images_quality": "high"}, "high"),
        ({"images_model": "flux"}, None),
        ({"images_model": "flux", "images_parameters": "gpt-image"}, "medium"),
        ({"images_parameters": "compatible"}, None),
    ],
)
def test_the_quality_that_is_estimated_is_the_one_that_is_sent(changed: dict[str, Any], quality: str | None) -> None:
    settings = load(**PAID, **changed)
    assert machines_of(settings).images.quality == quality
    options = image_options(settings)
    assert options is not None
    assert (options.parameter_set == "gpt-image") == (quality is not None)


def test_people_are_told_models_and_prices_and_no_keys() -> None:
    machines = machines_of(load(**PAID))
    assert (machines.text.model, machines.images.model) == ("gpt-6-luna", "gpt-image-2.5-flare")
    assert machines.images.price is not None
    assert "canary" not in repr(machines)


def test_speech_has_a_server_of_its_own() -> None:
    settings = load(
        speech_provider="openai", openai_api_key="sk-canary", speech_base_url="http://localhost:1/v1",
        speech_model="kokoro", speech_voice="af_sky", speech_instructions="Calmly.", speech_format="mp3",
        speech_most_chars=400, speech_timeout=7, speech_per_minute=3,
        prices='{"models": {"kokoro": {"minute": "0.01"}}}',
    )  # fmt: skip
    options = speech_options(settings)
    assert options is not None
    assert (options.base_url, options.api_key, options.model) == ("http://localhost:1/v1", "", "kokoro")
    assert (options.voice, options.instructions, options.sound_format) == ("af_sky", "Calmly.", "mp3")
    assert (options.most_characters, options.timeout_seconds) == (400, 7)
    machine = machines_of(settings).speech
    assert (machine.provider, machine.model, machine.voice) == ("openai", "kokoro", "af_sky")
    assert machine.speaker_sha256 == options.speaker_sha256
    assert machine.price is not None
    assert machine.price.minute == Decimal("0.01")
    assert settings.patience_seconds > 0
    assert spending_rules(settings).rates[Role.SPEECH] == 3


def test_speech_without_a_server() -> None:
    assert (speech_options(load()), machines_of(load()).speech.is_free) == (None, True)
    silent = load(speech_provider="none")
    assert speaker_options(silent) is None
    assert machines_of(silent).speech == SpeechMachine(provider="none")
    offline = speaker_options(load(speech_voice="joe"))
    assert isinstance(offline, OfflineVoices)
    assert offline.voice == "joe"
