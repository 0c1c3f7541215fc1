"""What each setting about providers may be: pure functions, as in `app.setting_rules`."""

import re
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from app.setting_rules import comma_list

BASE_URL_RULE: Final = "should be an address up to and with its version, such as https://api.example/v1"
KEY_RULE: Final = "should be a key as it was given out: no white space, no line breaks. Copy it again"
MODEL_RULE: Final = "should be the name of a model: 1 to 200 characters without white space"
AMOUNT_RULE: Final = "should be an amount of US dollars from 0 to a billion, such as 25 or 12.50"
URL_HOSTS_RULE: Final = "should be host names with commas between, such as cdn.example,*.images.example:8443"
_URL_HOST: Final = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")
_BILLION: Final = 1_000_000_000


class ProviderName(StrEnum):
    """Who does the machine work on texts or images."""

    OFFLINE = "offline"
    OPENAI = "openai"


class SpeechName(StrEnum):
    """Who speaks."""

    OFFLINE = "offline"
    OPENAI = "openai"
    NONE = "none"


class SpeechFormat(StrEnum):
    """What a speech server is asked for."""

    WAV = "wav"
    MP3 = "mp3"
    FLAC = "flac"
    OPUS = "opus"
    AAC = "aac"


class Structured(StrEnum):
    """How much of structured output a server knows."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    NONE = "none"


class TokenParameter(StrEnum):
    """What a server calls the limit of its answer."""

    MAX_COMPLETION_TOKENS = "max_completion_tokens"
    MAX_TOKENS = "max_tokens"


class ImageQuality(StrEnum):
    """Of the gpt-image family."""

    AUTO = "auto"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    XHIGH = "xhigh"
    MAX = "max"


class OutputFormat(StrEnum):
    """Of the gpt-image family."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


class ImageParameters(StrEnum):
    """The parameters that an image server knows; `auto` goes by the model's name."""

    AUTO = "auto"
    GPT_IMAGE = "gpt-image"
    COMPATIBLE = "compatible"


class ResponseFormat(StrEnum):
    """What a compatible image server is asked for."""

    B64_JSON = "b64_json"
    URL = "url"
    NONE = "none"


class AfterLoss(StrEnum):
    """What is done when a paid answer may be lost."""

    PARK = "park"
    RETRY = "retry"


def provider(value: object) -> ProviderName:
    """A provider that this version has."""
    try:
        return ProviderName(str(value).lower())
    except ValueError:
        raise ValueError("should be offline or openai") from None


def voice(value: str) -> str:
    """The name of a voice, or the path of its file."""
    if not 1 <= len(value) <= 200 or not value.isprintable():
        raise ValueError("should be the name of a voice: 1 to 200 characters on one line")
    return value


def instructions(value: str) -> str:
    """What a speech model is told about how to speak."""
    if not 1 <= len(value) <= 4096 or not value.isprintable():
        raise ValueError("should be 1 to 4096 characters on one line")
    return value


def base_url(value: str) -> str:
    """An http or https address without query, and without a slash at its end."""
    try:
        parts = urlsplit(value)
        named = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        named = False
        parts = urlsplit("")
    blank = any(char.isspace() or not char.isprintable() for char in value)
    if "@" in parts.netloc:
        raise ValueError("should hold no user and no password; a key has a setting of its own")
    if not named or blank or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise ValueError(BASE_URL_RULE)
    return value.rstrip("/")


def api_key(value: str) -> str:
    """What an HTTP header can carry."""
    if any(not "!" <= char <= "~" for char in value):
        raise ValueError(KEY_RULE)
    return value


def model(value: str) -> str:
    """The name of a model."""
    if not 1 <= len(value) <= 200 or any(char.isspace() or not char.isprintable() for char in value):
        raise ValueError(MODEL_RULE)
    return value


def word(value: str) -> str:
    """One plain word."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", value):
        raise ValueError("should be one word, such as low")
    return value


def amount(value: object) -> Decimal:
    """US dollars."""
    try:
        dollars = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(AMOUNT_RULE) from None
    if not dollars.is_finite() or not 0 <= dollars < _BILLION:
        raise ValueError(AMOUNT_RULE)
    return dollars


def url_hosts(value: object) -> tuple[str, ...]:
    """Names of hosts, each perhaps with a port."""
    names = tuple(name.lower() for name in comma_list(value))
    if not all(_URL_HOST.fullmatch(name) for name in names):
        raise ValueError(URL_HOSTS_RULE)
    return names
