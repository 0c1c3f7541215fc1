"""What the real service refuses although the document allows it: rules that hang on the model or on several values."""

from __future__ import annotations

import re

from tests.providers.double.errors import Json, Refusal
from tests.providers.double.models import Kind, ModelCard, Sizes, Tokens
from tests.providers.double.script import Endpoint
from tests.providers.double.strict_schema import fault_in_format

LEAST_PIXELS = 655_360
"""For sizes that are given, not for `auto`. Source: Microsoft's and users' accounts of gpt-image-2, 2026."""
_SIZE = re.compile(r"([1-9]\d{0,5})x([1-9]\d{0,5})")
_STANDARD_SIZES = ("1024x1024", "1536x1024", "1024x1536")
_LONGEST_EDGE = 3840
_MOST_PIXELS = 3840 * 2160
_LONGEST_PROMPT = 32_000
_SAMPLING = ("temperature", "top_p")
_VOICES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse",
)  # fmt: skip
_KINDS = {Endpoint.CHAT: Kind.TEXT, Endpoint.IMAGES: Kind.IMAGE, Endpoint.SPEECH: Kind.SPEECH}


def broken_rule(endpoint: Endpoint, body: Json, card: ModelCard, *, least_pixels: int) -> Refusal | None:
    """What is wrong with a request that the document allows. `least_pixels` bounds the pictures of gpt-image models."""
    if card.kind is not _KINDS[endpoint]:
        return Refusal(404, f"The model `{card.id}` is not supported by this endpoint.", param="model")
    if body.get("stream") or body.get("stream_format") == "sse":
        return _refused("stream", "This double does not stream.", "unsupported_value")
    match endpoint:
        case Endpoint.CHAT:
            return _token_limit(body, card) or _sampling(body, card) or _response_format(body, card)
        case Endpoint.IMAGES if card.is_gpt_image:
            return _gpt_image(body) or _size(body.get("size") or "auto", card, least_pixels)
        case Endpoint.SPEECH:
            return _speech(body, card)
        case _:
            return None


def _refused(param: str, message: str, code: str = "invalid_value") -> Refusal:
    return Refusal(400, message, code=code, param=param)


def _token_limit(body: Json, card: ModelCard) -> Refusal | None:
    if body.get("max_tokens") is not None and card.tokens is Tokens.COMPLETION:
        return _refused(
            "max_tokens",
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
            "instead.",
            "unsupported_parameter",
        )
    if "max_completion_tokens" in body and card.tokens is Tokens.PLAIN:
        return _refused("max_completion_tokens", "Unknown parameter: 'max_completion_tokens'.", "unknown_parameter")
    if "max_tokens" in body and "max_completion_tokens" in body:
        text = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        return _refused("max_tokens", text, "invalid_parameter_combination")
    for name in ("max_tokens", "max_completion_tokens"):
        if isinstance(body.get(name), int) and body[name] < 1:
            return _refused(name, f"Invalid '{name}': integer below minimum value.", "integer_below_min_value")
    return None


def _sampling(body: Json, card: ModelCard) -> Refusal | None:
    """Reasoning models sample as they like; the newer ones take orders where they do not reason."""
    effort = body.get("reasoning_effort")
    reasons = card.reasons_always or (card.tokens is Tokens.COMPLETION and effort not in (None, "none"))
    for name in _SAMPLING:
        if reasons and body.get(name) not in (None, 1):
            return _refused(
                name,
                f"Unsupported value: '{name}' does not support {body[name]} with this model. Only the default (1) "
                "value is supported.",
                "unsupported_value",
            )
    return None


def _response_format(body: Json, card: ModelCard) -> Refusal | None:
    told = body.get("response_format")
    if told is None:
        return None
    if told["type"] not in card.formats:
        text = f"Invalid parameter: 'response_format' of type '{told['type']}' is not supported with this model."
        return _refused("response_format", text)
    if told["type"] == "json_schema":
        return fault_in_format(told)
    if told["type"] == "json_object" and "json" not in str(body["messages"]).lower():
        return _refused(
            "messages",
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
        )
    return None


def _gpt_image(body: Json) -> Refusal | None:
    for name in ("response_format", "style"):
        if name in body:
            return _refused(name, f"Unknown parameter: '{name}'.", "unknown_parameter")
    if body.get("quality") in ("standard", "hd"):
        text = f"Invalid value: '{body['quality']}'. Supported values are: 'low', 'medium', 'high', and 'auto'."
        return _refused("quality", text)
    if not body["prompt"].strip():
        return _refused("prompt", "Invalid 'prompt': empty string.", "empty_string")
    if len(body["prompt"]) > _LONGEST_PROMPT:
        text = f"Invalid 'prompt': string too long. Expected a string with maximum length {_LONGEST_PROMPT}."
        return _refused("prompt", text, "string_above_max_length")
    output = body.get("output_format") or "png"
    compression = body.get("output_compression")
    if compression is not None and (not 0 <= compression <= 100 or (compression < 100 and output == "png")):
        text = f"Compression of {compression} is not supported for the {output.upper()} output format."
        return _refused("output_compression", text)
    if body.get("background") == "transparent" and output == "jpeg":
        return _refused("background", "Transparent background is not supported for the JPEG output format.")
    return None


def _size(size: str, card: ModelCard, least_pixels: int) -> Refusal | None:
    if size == "auto" or (card.sizes is Sizes.STANDARD and size in _STANDARD_SIZES):
        return None
    if card.sizes is Sizes.STANDARD:
        supported = ", ".join(f"'{name}'" for name in (*_STANDARD_SIZES, "auto"))
        return _refused("size", f"Invalid value: '{size}'. Supported values are: {supported}.")
    if not (read := _SIZE.fullmatch(size)):
        return _bad_size(size, "Expected WIDTHxHEIGHT, for example '1824x1024'.")
    width, height = int(read[1]), int(read[2])
    if width % 16 or height % 16:
        return _bad_size(size, "Width and height must both be divisible by 16.")
    if max(width, height) > 3 * min(width, height):
        return _bad_size(size, "The aspect ratio must be between 1:3 and 3:1.")
    if max(width, height) > _LONGEST_EDGE or width * height > _MOST_PIXELS:
        return _bad_size(size, "The maximum supported resolution is 3840x2160.")
    if width * height < least_pixels:
        return _bad_size(size, f"Requested resolution is below the current minimum pixel budget of {least_pixels}.")
    return None


def _bad_size(size: str, why: str) -> Refusal:
    return Refusal(400, f"Invalid size '{size}'. {why}", "image_generation_user_error", "invalid_value", "size")


def _speech(body: Json, card: ModelCard) -> Refusal | None:
    if not body["input"].strip():
        return _refused("input", "Invalid 'input': empty string.", "empty_string")
    if card.id.startswith("tts-1") and "instructions" in body:
        return _refused("instructions", f"'instructions' is not supported with {card.id}.", "unsupported_parameter")
    if card.official and isinstance(body["voice"], str) and body["voice"] not in _VOICES:
        supported = ", ".join(f"'{name}'" for name in _VOICES)
        return _refused("voice", f"Invalid value: '{body['voice']}'. Supported values are: {supported}.")
    return None
