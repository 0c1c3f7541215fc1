"""The settings about who does the machine work, what that may cost, and what is done when an answer is lost."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import provider_rules as rules
from app.errors import StartError
from app.price_list import price_list, price_table
from app.provider_rules import (
    AfterLoss,
    ImageParameters,
    ImageQuality,
    OutputFormat,
    ProviderName,
    ResponseFormat,
    SpeechFormat,
    SpeechName,
    Structured,
    TokenParameter,
)
from app.setting_fields import setting
from app.setting_rules import lower, size
from domain.bounds import MOST_SPEECH_CHARACTERS
from domain.money import PriceTable

_PATIENCE = 50.0
_VOICE = "coral"

_BaseUrl = Annotated[str, AfterValidator(rules.base_url)]
_Key = Annotated[str, AfterValidator(rules.api_key)]
_Model = Annotated[str, AfterValidator(rules.model)]
_Timeout = Annotated[float, Field(ge=1, le=540, allow_inf_nan=False)]  # an attempt has 10 minutes in all
_Rate = Annotated[int, Field(ge=0, le=1_000_000)]
_Voice = Annotated[str, AfterValidator(rules.voice)]
_SECONDS = "should be a number of seconds from 1 to 540"
_A_MINUTE = "should be a whole number from 0 to 1000000"


class ProviderSettings(BaseSettings):
    """Text, images and speech each have a server, a key and a model of their own."""

    model_config = SettingsConfigDict(
        case_sensitive=True,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    text_provider: Annotated[ProviderName, BeforeValidator(rules.provider)] = setting(
        "REELGATE_TEXT",
        ProviderName.OFFLINE,
        "Who divides scripts and writes image prompts: `offline` (needs no network), or `openai`: OpenAI or any "
        "compatible server.",
    )
    image_provider: Annotated[ProviderName, BeforeValidator(rules.provider)] = setting(
        "REELGATE_IMAGES",
        ProviderName.OFFLINE,
        "Who makes the images: `offline` (needs no network), or `openai`: OpenAI or any compatible server.",
    )
    speech_provider: Annotated[SpeechName, BeforeValidator(lower)] = setting(
        "REELGATE_SPEECH",
        SpeechName.OFFLINE,
        "Who speaks the narration: `offline` (piper or espeak-ng, if installed), `openai`: OpenAI or any compatible "
        "server, or `none`.",
        expected="should be offline, openai or none",
    )
    openai_base_url: _BaseUrl | None = setting(
        "OPENAI_BASE_URL",
        None,
        "Address of the server that `openai` means, up to and with its version. Default: OpenAI's own.",
        secret=True,
    )
    openai_api_key: _Key | None = setting(
        "OPENAI_API_KEY", None, "Its key. Default: none, for servers that want no key.", secret=True
    )
    text_base_url: _BaseUrl | None = setting(
        "REELGATE_TEXT_BASE_URL", None, "Another address for text. Default: `OPENAI_BASE_URL`.", secret=True
    )
    text_api_key: _Key | None = setting(
        "REELGATE_TEXT_API_KEY",
        None,
        "Another key for text. Default: `OPENAI_API_KEY`, unless text has an address of its own.",
        secret=True,
    )
    text_model: _Model = setting("REELGATE_TEXT_MODEL", "gpt-6-luna", "The model for scenes and prompts.")
    text_structured: Annotated[Structured, BeforeValidator(lower)] = setting(
        "REELGATE_TEXT_STRUCTURED",
        Structured.JSON_SCHEMA,
        "How much the text server knows of structured output: `json_schema`, `json_object` or `none`.",
        expected="should be json_schema, json_object or none",
    )
    text_token_parameter: Annotated[TokenParameter, BeforeValidator(lower)] = setting(
        "REELGATE_TEXT_TOKEN_PARAMETER",
        TokenParameter.MAX_COMPLETION_TOKENS,
        "What the text server calls its limit: `max_completion_tokens` or, with older ones, `max_tokens`.",
        expected="should be max_completion_tokens or max_tokens",
    )
    text_reasoning_effort: Annotated[str, AfterValidator(rules.word)] | None = setting(
        "REELGATE_TEXT_REASONING_EFFORT",
        None,
        "Sent as `reasoning_effort`, for models that know it: `low`, for example. Default: not sent.",
    )
    text_window_chars: Annotated[int, Field(ge=500, le=1_000_000)] = setting(
        "REELGATE_TEXT_WINDOW_CHARS",
        24_000,
        "Characters of a script that are shown to the text model at a time; fewer for a model with a short memory.",
        expected="should be a whole number from 500 to 1000000",
    )
    text_timeout: _Timeout = setting(
        "REELGATE_TEXT_TIMEOUT", 120.0, "Seconds that a text call may take; 1 to 540.", expected=_SECONDS
    )
    text_per_minute: _Rate = setting(
        "REELGATE_TEXT_PER_MINUTE", 0, "Text calls a minute over all workers; 0 is no limit.", expected=_A_MINUTE
    )
    images_base_url: _BaseUrl | None = setting(
        "REELGATE_IMAGES_BASE_URL", None, "Another address for images. Default: `OPENAI_BASE_URL`.", secret=True
    )
    images_api_key: _Key | None = setting(
        "REELGATE_IMAGES_API_KEY",
        None,
        "Another key for images. Default: `OPENAI_API_KEY`, unless images have an address of their own.",
        secret=True,
    )
    images_model: _Model = setting("REELGATE_IMAGES_MODEL", "gpt-image-2.5-flare", "The model for images.")
    images_quality: Annotated[ImageQuality, BeforeValidator(lower)] = setting(
        "REELGATE_IMAGES_QUALITY",
        ImageQuality.MEDIUM,
        "Quality asked of a gpt-image model: `low`, `medium`, `high`, `xhigh`, `max`, or `auto` (the server decides, "
        "and a budget reserves as for `xhigh`).",
        expected="should be auto, low, medium, high, xhigh or max",
    )
    images_format: Annotated[OutputFormat, BeforeValidator(lower)] = setting(
        "REELGATE_IMAGES_FORMAT",
        OutputFormat.PNG,
        "What a gpt-image model sends: `png`, `jpeg` or `webp`. Images are stored as PNG in any case.",
        expected="should be png, jpeg or webp",
    )
    images_parameters: Annotated[ImageParameters, BeforeValidator(lower)] = setting(
        "REELGATE_IMAGES_PARAMETERS",
        ImageParameters.AUTO,
        "Which parameters the image server knows: `gpt-image`, `compatible` (the older set), or `auto`: by the "
        "model's name.",
        expected="should be auto, gpt-image or compatible",
    )
    images_response_format: Annotated[ResponseFormat, BeforeValidator(lower)] = setting(
        "REELGATE_IMAGES_RESPONSE_FORMAT",
        ResponseFormat.B64_JSON,
        "What a compatible server is asked for: `b64_json`, `url`, or `none`: the parameter is not sent.",
        expected="should be b64_json, url or none",
    )
    images_request_size: Annotated[str, BeforeValidator(size)] | None = setting(
        "REELGATE_IMAGES_REQUEST_SIZE",
        None,
        "The size to ask for, where the image server takes only some. Default: the one nearest to "
        "`REELGATE_IMAGE_SIZE` that the model takes.",
    )
    images_url_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(rules.url_hosts)] = setting(
        "REELGATE_IMAGES_URL_HOSTS",
        (),
        "Hosts that images may be fetched from when a server answers with addresses, with commas between; "
        "`*.example.com` is understood. Default: none.",
    )
    images_timeout: _Timeout = setting(
        "REELGATE_IMAGES_TIMEOUT", 300.0, "Seconds that an image call may take; 1 to 540.", expected=_SECONDS
    )
    images_per_minute: _Rate = setting(
        "REELGATE_IMAGES_PER_MINUTE", 0, "Image calls a minute over all workers; 0 is no limit.", expected=_A_MINUTE
    )
    speech_base_url: _BaseUrl | None = setting(
        "REELGATE_SPEECH_BASE_URL", None, "Another address for speech. Default: `OPENAI_BASE_URL`.", secret=True
    )
    speech_api_key: _Key | None = setting(
        "REELGATE_SPEECH_API_KEY",
        None,
        "Another key for speech. Default: `OPENAI_API_KEY`, unless speech has an address of its own.",
        secret=True,
    )
    speech_model: _Model = setting("REELGATE_SPEECH_MODEL", "gpt-4o-mini-tts", "The model for speech.")
    speech_voice: _Voice | None = setting(
        "REELGATE_SPEECH_VOICE",
        None,
        "The voice of videos that ask for none: a name that the server knows (default: `coral`), or offline that of "
        "an installed voice or the path of a piper voice (`.onnx`; default: the first one found).",
    )
    speech_instructions: Annotated[str, AfterValidator(rules.instructions)] | None = setting(
        "REELGATE_SPEECH_INSTRUCTIONS",
        None,
        "How to speak, for models that can be told: `Calm and warm.`, for example. Default: not sent.",
    )
    speech_format: Annotated[SpeechFormat, BeforeValidator(lower)] = setting(
        "REELGATE_SPEECH_FORMAT",
        SpeechFormat.WAV,
        "What the speech server is asked for: `wav`, `mp3`, `flac`, `opus` or `aac`.",
        expected="should be wav, mp3, flac, opus or aac",
    )
    speech_most_chars: Annotated[int, Field(ge=100, le=100_000)] = setting(
        "REELGATE_SPEECH_MOST_CHARS",
        MOST_SPEECH_CHARACTERS,
        "Characters that are spoken in one call; a longer scene is cut at the ends of sentences.",
        expected="should be a whole number from 100 to 100000",
    )
    speech_timeout: _Timeout = setting(
        "REELGATE_SPEECH_TIMEOUT", 120.0, "Seconds that a speech call may take; 1 to 540.", expected=_SECONDS
    )
    speech_per_minute: _Rate = setting(
        "REELGATE_SPEECH_PER_MINUTE", 0, "Speech calls a minute over all workers; 0 is no limit.", expected=_A_MINUTE
    )
    ambiguous: Annotated[AfterLoss, BeforeValidator(lower)] = setting(
        "REELGATE_AMBIGUOUS",
        AfterLoss.PARK,
        "What is done when an image or speech may have been paid for and its answer is lost: `park` (the job waits "
        "for a person's retry) or `retry` (it is asked for again, at the risk of paying twice).",
        expected="should be park or retry",
    )
    budget: Annotated[Decimal, BeforeValidator(rules.amount)] | None = setting(
        "REELGATE_BUDGET", None, "US dollars that all paid calls may cost in all. Default: no limit."
    )
    prices: Annotated[str, BeforeValidator(price_list)] | None = setting(
        "REELGATE_PRICES",
        None,
        "Prices that are added to the built-in ones or replace them: JSON, or the path of a JSON file.",
    )

    @property
    def price_table(self) -> PriceTable:
        """The built-in prices with those of the settings."""
        return price_table(self.prices)

    @property
    def patience_seconds(self) -> float:
        """How long paid calls that are under way may take when the system is told to stop."""
        paid = ProviderName.OPENAI in (self.text_provider, self.image_provider)
        return _PATIENCE if paid or self.speech_provider is SpeechName.OPENAI else 0.0

    @property
    def text_server(self) -> tuple[str | None, str] | None:
        """Address and key of the server for text; None for the built-in rules. Raises `StartError`."""
        if self.text_provider is ProviderName.OFFLINE:
            return None
        return self._server(self.text_base_url, self.text_api_key, "REELGATE_TEXT")

    @property
    def images_server(self) -> tuple[str | None, str] | None:
        """Address and key of the server for images; None for the built-in painter. Raises `StartError`."""
        if self.image_provider is ProviderName.OFFLINE:
            return None
        return self._server(self.images_base_url, self.images_api_key, "REELGATE_IMAGES")

    @property
    def speech_server(self) -> tuple[str | None, str] | None:
        """Address and key of the server for speech; None where no server speaks. Raises `StartError`."""
        if self.speech_provider is not SpeechName.OPENAI:
            return None
        return self._server(self.speech_base_url, self.speech_api_key, "REELGATE_SPEECH")

    @property
    def paid_voice(self) -> str:
        """The voice that a server speaks with unless another one is asked for."""
        return self.speech_voice or _VOICE

    def _server(self, own_base_url: str | None, own_key: str | None, role: str) -> tuple[str | None, str]:
        """The shared key goes to the shared address only: another server must not learn it."""
        base_url = own_base_url or self.openai_base_url
        key = own_key or (self.openai_api_key if own_base_url in (None, self.openai_base_url) else None)
        if base_url is None and key is None:
            raise StartError(
                f"{role}=openai needs a key: set OPENAI_API_KEY or {role}_API_KEY, or the address of a server that "
                f"wants none with {role}_BASE_URL."
            )
        return base_url, key or ""
