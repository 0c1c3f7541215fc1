"""What a person sets about a server, as plain values. Must not import `openai`: settings are checked anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from domain.bounds import MOST_SPEECH_CHARACTERS
from domain.calls import Role
from domain.machines import is_of_gpt_image_family, speaker_sha256

Structured = Literal["json_schema", "json_object", "none"]
TokenParameter = Literal["max_completion_tokens", "max_tokens"]
ImageParameters = Literal["gpt-image", "compatible"]
OutputFormat = Literal["png", "jpeg", "webp"]
SoundFormat = Literal["wav", "mp3", "flac", "opus", "aac"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """A server for text. Without `base_url` it is OpenAI; a server that wants no key takes an empty `api_key`.

    `structured` is how much the server knows of structured output. A script is shown to the model in windows of at
    most `window_units` sentences and `window_characters` characters; a model with a short memory needs smaller ones.
    `reasoning_effort` is sent only if it is set.

    Raises:
        ValueError: a key that no HTTP header can carry, or a limit below 1.
    """

    base_url: str | None = None
    api_key: str = field(default="", repr=False)
    model: str = "gpt-6-luna"
    structured: Structured = "json_schema"
    token_parameter: TokenParameter = "max_completion_tokens"
    timeout_seconds: float = 120.0
    window_units: int = 200
    window_characters: int = 24_000
    reasoning_effort: str | None = None

    def __post_init__(self) -> None:
        _check_key(self.api_key)
        if self.window_units < 1 or self.window_characters < 1 or self.timeout_seconds <= 0:
            raise ValueError("Windows and timeouts of the text server must be above 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions:
    """A server for pictures. Without `base_url` it is OpenAI; a server that wants no key takes an empty `api_key`.

    `parameters` names the set of parameters that the server knows; without it the model's name decides.
    `quality` and `output_format` go to the gpt-image family only, `response_format` to all others only.
    `size` replaces the size asked for, as in `1024x1024`. Pictures behind an address are fetched only from
    `url_hosts`: names such as `cdn.example.com`, `*.example.com` or `cdn.example.com:8443`.

    Raises:
        ValueError: a key that no HTTP header can carry, or a limit below 1.
    """

    base_url: str | None = None
    api_key: str = field(default="", repr=False)
    model: str = "gpt-image-2.5-flare"
    quality: str | None = "auto"
    output_format: OutputFormat = "png"
    parameters: ImageParameters | None = None
    response_format: Literal["b64_json", "url"] | None = "b64_json"
    size: str | None = None
    timeout_seconds: float = 300.0
    url_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_key(self.api_key)
        if self.timeout_seconds <= 0:
            raise ValueError("The timeout of the image server must be above 0.")

    @property
    def parameter_set(self) -> ImageParameters:
        """The set of parameters that requests use."""
        if self.parameters is not None:
            return self.parameters
        return "gpt-image" if is_of_gpt_image_family(self.model) else "compatible"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOptions:
    """A server for speech. Without `base_url` it is OpenAI; a server that wants no key takes an empty `api_key`.

    `voice` is spoken with where none is asked for. `instructions` say how, and are sent only if they are set. A text
    longer than `most_characters` is cut at the ends of sentences, and spoken in several calls.

    Raises:
        ValueError: a key that no HTTP header can carry, or a limit below 1.
    """

    base_url: str | None = None
    api_key: str = field(default="", repr=False)
    model: str = "gpt-4o-mini-tts"
    voice: str = "coral"
    sound_format: SoundFormat = "wav"
    instructions: str | None = None
    most_characters: int = MOST_SPEECH_CHARACTERS
    timeout_seconds: float = 120.0

    def __post_init__(self) -> None:
        _check_key(self.api_key)
        if self.most_characters < 1 or self.timeout_seconds <= 0:
            raise ValueError("Texts and timeouts of the speech server must be above 0.")

    @property
    def speaker_sha256(self) -> str:
        """Identifies what its voices have in common."""
        return speaker_sha256(self.base_url, self.model, self.instructions)


Options = TextOptions | ImageOptions | SpeechOptions


def role_of(options: Options) -> Role:
    match options:
        case TextOptions():
            return Role.TEXT
        case ImageOptions():
            return Role.IMAGES
        case SpeechOptions():
            return Role.SPEECH


def _check_key(key: str) -> None:
    """An HTTP library would name the key in its complaint."""
    if any(not "!" <= char <= "~" for char in key):
        raise ValueError("The API key holds white space or characters that no key has. Copy it again.")
