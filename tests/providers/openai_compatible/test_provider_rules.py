"""Against a server that judges every request by the official document and by the rules that it cannot express."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from domain.calls import ProviderError, ProviderErrorKind
from domain.generation import ImageRequest, PromptRequest, SegmentationRequest
from providers.openai_compatible.images import OpenAIImages
from providers.openai_compatible.models import check_models
from providers.openai_compatible.options import ImageOptions, TextOptions
from providers.openai_compatible.text import OpenAIText
from tests.providers.double import (
    Behaviour,
    Body,
    Cuts,
    Double,
    Error,
    Picture,
    always,
    at_random,
    running_double,
)
from tests.providers.openai_compatible.loopback import MemoryBook
from tests.providers.openai_compatible.scripts import assert_lossless, story

REQUEST = ImageRequest(prompt="A ship leaves.", width=1920, height=1080, attempt=1, order=1)
SCENE = PromptRequest(text="The ship left.", title=None, order=1, attempt=1)


@pytest.fixture(scope="module")
def strict_double() -> Iterator[Double]:
    with running_double(least_pixels=655_360) as double:
        yield double


@pytest.fixture
def double(strict_double: Double) -> Double:
    strict_double.reset()
    return strict_double


@asynccontextmanager
async def text_of(double: Double, **options: Any) -> AsyncIterator[OpenAIText]:
    text = OpenAIText(TextOptions(base_url=double.url, api_key="sk-test", timeout_seconds=20, **options))
    try:
        yield text
    finally:
        await text.aclose()


@asynccontextmanager
async def images_of(double: Double, **options: Any) -> AsyncIterator[OpenAIImages]:
    images = OpenAIImages(ImageOptions(base_url=double.url, api_key="sk-test", timeout_seconds=20, **options))
    try:
        yield images
    finally:
        await images.aclose()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"model": "gpt-5", "reasoning_effort": "low"},
        {"structured": "json_object"},
        {"structured": "none"},
        {"model": "local-text"},
        {"model": "local-text-object", "structured": "json_object", "token_parameter": "max_tokens"},
        {"model": "local-text-plain", "structured": "none", "token_parameter": "max_tokens"},
    ],
)
async def test_text_requests_are_valid(double: Double, options: dict[str, Any]) -> None:
    request = SegmentationRequest(story(7, 3_000), 50)
    async with text_of(double, **options) as text:
        found = await text.segment(request, MemoryBook())
        await text.write_prompt(SCENE, MemoryBook())
    assert_lossless(request, found)
    assert found.note is None
    assert double.violations == []
    assert len(double.charges) == 2


@pytest.mark.parametrize("seed", range(2))
async def test_a_long_script_through_a_server_that_answers_badly(double: Double, seed: int) -> None:
    request = SegmentationRequest(story(seed, 200_000), 10_000)
    wrong: dict[Behaviour, float] = {Behaviour(cuts=cuts): 1.0 for cuts in Cuts}
    double.script(at_random(seed, {Behaviour(): 2.0, Behaviour(body=Body.CUT_OFF): 1.0, **wrong}))
    book = MemoryBook()
    async with text_of(double) as text:
        found = await text.segment(request, book)
    assert_lossless(request, found)
    assert double.violations == []
    assert len(double.charges) == book.sent <= 100


@pytest.mark.parametrize("body", [Body.PROSE, Body.WRONG_SHAPE, Body.REFUSAL, Body.FILTERED, Body.CUT_OFF, Body.NULL])
async def test_no_answer_loses_a_word(double: Double, body: Body) -> None:
    request = SegmentationRequest(story(8, 2_000), 50)
    double.script(always(Behaviour(body=body)))
    async with text_of(double) as text:
        assert_lossless(request, await text.segment(request, MemoryBook()))
    assert len(double.charges) <= 3


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"model": "gpt-image-2", "quality": "low", "output_format": "jpeg"},
        {"model": "gpt-image-2.6-sunburst", "output_format": "webp", "quality": None},
        {"model": "gpt-image-1.5"},
        {"model": "gpt-image-1-mini", "quality": "hd"},
        {"model": "local-image-b64"},
        {"model": "local-image-b64", "response_format": None, "size": "640x384"},
    ],
)
async def test_image_requests_are_valid(double: Double, options: dict[str, Any]) -> None:
    book = MemoryBook()
    async with images_of(double, **options) as images:
        made = await images.make_image(REQUEST, book)
    assert Image.open(BytesIO(made.data)).format == "PNG"
    assert double.violations == []
    assert len(double.charges) == 1
    (answer,) = book.answers.values()
    if answer.usage is not None:
        assert answer.usage.output_tokens <= book.planned[0].most.output_tokens
        assert answer.usage.input_tokens <= book.planned[0].most.input_tokens


@pytest.mark.parametrize("size", [(1, 1), (640, 360), (854, 480), (1280, 720), (3840, 2160), (2160, 3840), (9999, 10)])
async def test_every_size_is_made_valid(double: Double, size: tuple[int, int]) -> None:
    width, height = size
    double.script(Behaviour(picture=Picture.TINY))
    request = ImageRequest(prompt="A ship.", width=width, height=height, attempt=1, order=1)
    async with images_of(double) as images:
        await images.make_image(request, MemoryBook())
    assert double.violations == []


@pytest.mark.parametrize("picture", [Picture.TRUNCATED, Picture.NOT_A_PICTURE, Picture.BOMB])
async def test_bad_pictures(double: Double, picture: Picture) -> None:
    double.script(Behaviour(picture=picture))
    book = MemoryBook()
    async with images_of(double) as images:
        with pytest.raises(ProviderError) as caught:
            await images.make_image(REQUEST, book)
        await images.make_image(REQUEST, book)
    assert caught.value.kind is ProviderErrorKind.BAD_OUTPUT
    assert (book.rejected, len(double.charges)) == (1, 2)


@pytest.mark.parametrize(
    "body", [Body.HTML, Body.TRUNCATED_JSON, Body.EMPTY, Body.NOTHING, Body.NULL, Body.INVALID_BASE64]
)
async def test_bad_answers(double: Double, body: Body) -> None:
    double.script(Behaviour(body=body))
    async with images_of(double) as images:
        with pytest.raises(ProviderError) as caught:
            await images.make_image(REQUEST, MemoryBook())
    assert (caught.value.kind, caught.value.charged) == (ProviderErrorKind.BAD_OUTPUT, True)


KINDS = {
    Error.RATE_LIMIT: "retry", Error.QUOTA: "quota", Error.BILLING_LIMIT: "quota", Error.MODERATION_BLOCKED: "prompt",
    Error.CONTENT_POLICY: "prompt", Error.INVALID_PROMPT: "prompt", Error.BAD_REQUEST: "config",
    Error.INVALID_KEY: "config", Error.FORBIDDEN: "config", Error.MODEL_NOT_FOUND: "config",
    Error.TIMEOUT_408: "retry", Error.CONFLICT_409: "retry", Error.UNPROCESSABLE_422: "prompt",
    Error.TOO_EARLY_425: "retry", Error.SERVER_500: "retry", Error.GATEWAY_502: "retry",
    Error.OVERLOADED_503: "retry", Error.GATEWAY_504: "retry", Error.CONTEXT_LENGTH: "prompt",
}  # fmt: skip


@pytest.mark.parametrize("error", list(Error))
async def test_errors_in_the_words_of_the_real_service(double: Double, error: Error) -> None:
    double.script(Behaviour(error=error, retry_after=3))
    async with images_of(double) as images:
        with pytest.raises(ProviderError) as caught:
            await images.make_image(REQUEST, MemoryBook())
    assert caught.value.kind == KINDS[error]
    assert caught.value.retry_after == (3.0 if KINDS[error] == "retry" else None)
    assert len(double.ledger) == 1


async def test_models_are_looked_up(double: Double) -> None:
    def options(model: str) -> TextOptions:
        return TextOptions(base_url=double.url, api_key="sk-test", model=model)

    today = date(2026, 11, 22)
    assert await check_models([options("gpt-6-luna")], today) == []
    (near,) = await check_models([options("gpt-5")], today)
    assert near.shutdown_date == date(2026, 12, 11)
    (gone,) = await check_models([options("dall-e-3")], today)
    assert gone.urgent
    double.accept_only("sk-other")
    with pytest.raises(ProviderError, match="API key"):
        await check_models([options("gpt-6-luna")], today)
    assert double.charges == []
