"""Pictures from a model behind OpenAI's images protocol."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.bounds import most_of_image
from domain.calls import CallAnswer, CallBook, PlannedCall, Role, Usage
from domain.errors import WorkFailed
from domain.generation import GeneratedImage, ImageRequest
from domain.picture_sizes import size_for_model, size_in_pixels
from providers.openai_compatible.client import Answer, exchange, open_client, request_sha256, sendable
from providers.openai_compatible.envelopes import json_object
from providers.openai_compatible.failures import bad_output, refused
from providers.openai_compatible.fetching import PictureFetcher
from providers.openai_compatible.options import ImageOptions
from providers.openai_compatible.usage import image_usage
from providers.pictures import MOST_BYTES, normalise_picture

_MOST_ANSWER_BYTES = MOST_BYTES * 4 // 3 + 1_000_000
_LONGEST_PROMPT = 32_000
_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


@dataclass(frozen=True, slots=True)
class _Found:
    """What an answer holds: a picture, or the address of one."""

    picture: bytes | None
    url: str | None
    usage: Usage | None


class OpenAIImages:
    """A provider of pictures with one client of its own; close it with `aclose`."""

    def __init__(self, options: ImageOptions, *, fetcher: PictureFetcher | None = None) -> None:
        self._options = options
        self._client = open_client(options.base_url, options.api_key, options.timeout_seconds, keep_alive=False)
        self._fetcher = fetcher or PictureFetcher(options.url_hosts, most_bytes=MOST_BYTES)

    async def aclose(self) -> None:
        """Close the client's connections."""
        await self._client.close()

    async def make_image(self, request: ImageRequest, book: CallBook) -> GeneratedImage:
        """A picture of about the size asked for, as a PNG that has been decoded in full.

        Raises:
            WorkFailed: the call failed, was refused, or brought no picture.
        """
        options = self._options
        arguments = image_arguments(options, request)
        width, height = size_in_pixels(arguments["size"], request.width, request.height)

        async def send() -> CallAnswer:
            answer = await exchange(
                self._client.images.with_streaming_response.generate(**arguments),
                Role.IMAGES,
                seconds=options.timeout_seconds,
                most_bytes=_MOST_ANSWER_BYTES,
            )
            return await self._picture(answer)

        identity = request_sha256({**arguments, "attempt": request.attempt})
        most = most_of_image(arguments["prompt"], width, height, arguments.get("quality"))
        picture = await book.make(PlannedCall(Role.IMAGES, options.model, identity, most), send)
        try:
            checked = await asyncio.to_thread(normalise_picture, picture)
        except WorkFailed as damaged:
            what = damaged.message.removesuffix(".")
        else:
            return GeneratedImage(checked.png)
        await book.reject_answer()
        raise bad_output(Role.IMAGES, f"answered without a usable picture. {what}", kept=True)

    async def _picture(self, answer: Answer) -> CallAnswer:
        """The picture in an answer, as it is; fetched, where the answer only says where it is."""
        counts_tokens = self._options.parameter_set == "gpt-image"
        found = await asyncio.to_thread(_read, answer, counts_tokens=counts_tokens)
        picture = found.picture
        if picture is None:
            picture = await self._fetcher.fetch(found.url or "", answer.request_id)
        return CallAnswer(picture, found.usage, answer.request_id)


def image_arguments(options: ImageOptions, request: ImageRequest) -> dict[str, Any]:
    """The parameters of a request, exactly those that the server knows."""
    prompt = sendable(request.prompt)[:_LONGEST_PROMPT]
    width, height = size_for_model(options.model, request.width, request.height)
    arguments: dict[str, Any] = {
        "model": options.model,
        "prompt": prompt,
        "n": 1,
        "size": options.size or f"{width}x{height}",
    }
    if options.parameter_set == "gpt-image":
        arguments["output_format"] = options.output_format
        if options.quality is not None and options.quality not in ("standard", "hd"):
            arguments["quality"] = options.quality
    elif options.response_format is not None:
        arguments["response_format"] = options.response_format
    return arguments


def _read(answer: Answer, *, counts_tokens: bool) -> _Found:
    """Finds the picture in an answer: base64 or an address in JSON, or the picture itself as the body."""
    body, request_id = answer.body, answer.request_id
    if body.startswith(_SIGNATURES) or (body[:4] == b"RIFF" and body[8:12] == b"WEBP"):
        return _Found(bytes(body), None, image_usage({}, counts_tokens=counts_tokens))
    fields = json_object(body, Role.IMAGES, request_id)
    data = fields.get("data")
    first = data[0] if isinstance(data, list) and data else None
    if not isinstance(first, Mapping):
        raise bad_output(Role.IMAGES, "answered without a picture", request_id=request_id)
    usage = image_usage(fields, counts_tokens=counts_tokens)
    encoded, url = first.get("b64_json"), first.get("url")
    if isinstance(url, str) and url.startswith("data:"):
        encoded, url = encoded or url, None
    if isinstance(encoded, str) and encoded:
        return _Found(_decoded(encoded, request_id), None, usage)
    if isinstance(url, str) and url:
        return _Found(None, url, usage)
    if first.get("finish_reason") == "content_filter" or first.get("content_filter_results"):
        raise refused(Role.IMAGES, request_id=request_id)
    raise bad_output(Role.IMAGES, "answered without a picture", request_id=request_id)


def _decoded(encoded: str, request_id: str | None) -> bytes:
    """The bytes in base64, some servers' `data:` frame taken off. Their size is known, and bounded, before."""
    start = encoded.find(",", 0, 200) + 1 if encoded.startswith("data:") else 0
    if (len(encoded) - start) * 3 // 4 > MOST_BYTES:
        raise bad_output(Role.IMAGES, "answered with a picture that is too large", request_id=request_id)
    try:
        return base64.b64decode(encoded[start:] if start else encoded, validate=True)
    except (binascii.Error, ValueError):
        failure = bad_output(Role.IMAGES, "answered with a picture in damaged base64", request_id=request_id)
    raise failure
