"""Pictures over real HTTP: what is sent, and every way of answering with a picture or without one."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from domain.calls import ProviderError, ProviderErrorKind, Usage
from domain.generation import ImageRequest
from providers.openai_compatible import images as images_module
from providers.openai_compatible.images import OpenAIImages
from providers.openai_compatible.options import ImageOptions
from tests.providers.openai_compatible.loopback import (
    CANARY,
    KEY,
    Loopback,
    MemoryBook,
    Reply,
    Respond,
    json_reply,
    serving,
)

REQUEST = ImageRequest(prompt="A ship", width=1920, height=1080, attempt=1, order=1)
TOKENS = {
    "input_tokens": 50,
    "output_tokens": 6208,
    "total_tokens": 6258,
    "input_tokens_details": {"text_tokens": 50, "image_tokens": 0, "cached_tokens": 10},
}


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    encoded = BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(encoded, format=kind)
    return encoded.getvalue()


def b64_reply(data: bytes, usage: object = None) -> Reply:
    answer = {"created": 1, "data": [{"b64_json": base64.b64encode(data).decode()}], "usage": usage}
    return json_reply(answer, x_request_id="req_image")


@asynccontextmanager
async def images_at(respond: Respond, **options: Any) -> AsyncIterator[tuple[OpenAIImages, Loopback]]:
    async with serving(respond) as server:
        images = OpenAIImages(ImageOptions(base_url=server.base_url, api_key=KEY, timeout_seconds=5, **options))
        try:
            yield images, server
        finally:
            await images.aclose()


def opened(data: bytes) -> Image.Image:
    found = Image.open(BytesIO(data), formats=["PNG"])
    found.load()
    return found


async def test_the_gpt_image_family_gets_exactly_its_parameters() -> None:
    async with images_at(lambda _: b64_reply(picture(), TOKENS)) as (images, server):
        book = MemoryBook()
        made = await images.make_image(REQUEST, book)
    assert opened(made.data).size == (64, 48)
    (asked,) = server.asked
    assert asked.json == {
        "model": "gpt-image-2.5-flare", "prompt": "A ship", "n": 1, "size": "1920x1088", "quality": "auto",
        "output_format": "png",
    }  # fmt: skip
    assert asked.headers["connection"] == "close"
    (answer,) = book.answers.values()
    assert (answer.usage, answer.request_id) == (Usage(50, 10, 6208, 1), "req_image")
    assert book.planned[0].most.output_tokens >= 6208


@pytest.mark.parametrize("quality", [None, "hd", "standard"])
async def test_no_quality_of_another_family_is_sent(quality: str | None) -> None:
    async with images_at(lambda _: b64_reply(picture()), quality=quality, output_format="webp") as (images, server):
        await images.make_image(REQUEST, MemoryBook())
    assert "quality" not in server.asked[0].json
    assert server.asked[0].json["output_format"] == "webp"


async def test_other_servers_get_what_all_know() -> None:
    async with images_at(lambda _: b64_reply(picture()), model="local-sd", size="512x512") as (images, server):
        book = MemoryBook()
        await images.make_image(REQUEST, book)
    assert server.asked[0].json == {
        "model": "local-sd", "prompt": "A ship", "n": 1, "size": "512x512", "response_format": "b64_json",
    }  # fmt: skip
    assert next(iter(book.answers.values())).usage == Usage(images=1)


async def test_usage_that_should_be_there_is_unknown_not_nothing() -> None:
    async with images_at(lambda _: b64_reply(picture(), {"input_tokens": True})) as (images, _):
        book = MemoryBook()
        await images.make_image(REQUEST, book)
    assert next(iter(book.answers.values())).usage is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_every_way_of_answering_with_a_picture(kind: str) -> None:
    data = picture(kind)
    framed = f"data:image/{kind.lower()};base64,{base64.b64encode(data).decode()}"
    for reply in (
        b64_reply(data),
        json_reply({"data": [{"b64_json": framed}]}),
        json_reply({"data": [{"url": framed}]}),
        Reply(200, data, {"content-type": f"image/{kind.lower()}"}),
    ):
        async with images_at(lambda _, reply=reply: reply) as (images, _):  # type: ignore[misc]
            assert opened((await images.make_image(REQUEST, MemoryBook())).data).mode == "RGB"


async def test_a_rerun_uses_what_was_paid_for_and_another_attempt_does_not() -> None:
    async with images_at(lambda _: b64_reply(picture())) as (images, server):
        book = MemoryBook()
        first = await images.make_image(REQUEST, book)
        assert await images.make_image(REQUEST, book) == first
        other = ImageRequest(prompt="A ship", width=1920, height=1080, attempt=2, order=1)
        assert await images.make_image(other, book) != first
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "data", [picture()[:-200], b"GIF89a" + b"x" * 40, b"<html>", b"\x89PNG\r\n\x1a\n", picture()[:40] + b"\0" * 4000]
)
async def test_a_damaged_picture_is_paid_for_but_not_used(data: bytes) -> None:
    book = MemoryBook()
    async with images_at(lambda _: b64_reply(data, TOKENS)) as (images, server):
        for _ in range(2):
            with pytest.raises(ProviderError) as caught:
                await images.make_image(REQUEST, book)
            assert (caught.value.kind, caught.value.charged) == (ProviderErrorKind.BAD_OUTPUT, False)
    assert (len(server.asked), book.rejected, book.answers) == (2, 2, {})


@pytest.mark.parametrize(
    "entry",
    [{}, {"b64_json": ""}, {"b64_json": None}, {"b64_json": 7}, {"b64_json": "!!!!"}, {"b64_json": "QUJD\x00"},
     {"b64_json": "é"}, {"b64_json": "QUJ"}, {"url": ""}, {"url": 7}, {"url": "data:image/png;base64,@@"}],
)  # fmt: skip
async def test_no_picture_in_the_answer(entry: dict[str, object]) -> None:
    async with images_at(lambda _: json_reply({"created": 1, "data": [entry]})) as (images, _):
        with pytest.raises(ProviderError) as caught:
            await images.make_image(REQUEST, MemoryBook())
    assert (caught.value.kind, caught.value.charged) == (ProviderErrorKind.BAD_OUTPUT, True)


async def test_size_is_bounded_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images_module, "MOST_BYTES", 3_000)
    async with images_at(lambda _: b64_reply(b"x" * 3_100)) as (images, _):
        with pytest.raises(ProviderError, match="too large"):
            await images.make_image(REQUEST, MemoryBook())
    monkeypatch.setattr(images_module, "_MOST_ANSWER_BYTES", 1_000_000)
    async with images_at(lambda _: Reply(200, b"x" * 3_000_000)) as (images, _):
        with pytest.raises(ProviderError, match="more than 1 MB") as caught:
            await images.make_image(REQUEST, MemoryBook())
    assert caught.value.charged


async def test_an_address_that_is_not_listed_is_not_followed() -> None:
    url = "https://169.254.169.254/latest/meta-data"
    async with images_at(lambda _: json_reply({"data": [{"url": url}]}), url_hosts=("cdn.example",)) as (images, _):
        with pytest.raises(ProviderError, match="list of allowed hosts") as caught:
            await images.make_image(REQUEST, MemoryBook())
    assert (caught.value.kind, caught.value.charged) == (ProviderErrorKind.CONFIG, True)
    assert "169.254" not in caught.value.message


async def test_a_filtered_picture_is_a_refusal() -> None:
    async with images_at(lambda _: json_reply({"data": [{"content_filter_results": {"hate": 1}}]})) as (images, _):
        with pytest.raises(ProviderError) as caught:
            await images.make_image(REQUEST, MemoryBook())
    assert caught.value.kind is ProviderErrorKind.PROMPT


async def test_long_and_odd_prompts_are_sent_as_far_as_they_go() -> None:
    request = ImageRequest(prompt=f"\x00{CANARY}\ud800" + "x" * 40_000, width=1, height=1, attempt=1, order=1)
    async with images_at(lambda _: b64_reply(picture())) as (images, server):
        await images.make_image(request, MemoryBook())
    assert len(server.asked[0].json["prompt"]) == 32_000
