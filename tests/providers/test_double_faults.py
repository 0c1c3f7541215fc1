"""What the real client makes of each fault that the provider's double can be told to show, and what was charged."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from typing import Any

import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI
from openai.types import ImagesResponse
from openai.types.chat import ChatCompletion
from PIL import Image
from pydantic import BaseModel

from tests.providers.double import (
    Behaviour,
    Body,
    Closes,
    Double,
    Endpoint,
    Error,
    Picture,
    RetryAfter,
    Rule,
    always,
    in_turn,
    running_double,
)

SIZE = "1024x640"


class Answer(BaseModel):
    word: str


@pytest.fixture(scope="module")
def running() -> Iterator[Double]:
    with running_double() as double:
        yield double


@pytest.fixture
def double(running: Double) -> Double:
    running.reset()
    return running


@pytest_asyncio.fixture
async def client(double: Double) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=double.url, api_key="sk-test-key", max_retries=0, timeout=10) as opened:
        yield opened


async def chat(client: AsyncOpenAI) -> ChatCompletion:
    return await client.chat.completions.create(model="gpt-6-luna", messages=[{"role": "user", "content": "Hello"}])


async def parsed(client: AsyncOpenAI) -> Any:
    return await client.chat.completions.parse(
        model="gpt-6-luna", messages=[{"role": "user", "content": "Hello"}], response_format=Answer
    )


async def picture(client: AsyncOpenAI) -> ImagesResponse:
    return await client.images.generate(model="gpt-image-2.5-flare", prompt="a boat", size=SIZE)


def picture_bytes(answer: ImagesResponse) -> bytes:
    assert answer.data
    return base64.b64decode(answer.data[0].b64_json or "", validate=True)


ERRORS: list[tuple[Error, type[openai.APIStatusError], int, str | None]] = [
    (Error.RATE_LIMIT, openai.RateLimitError, 429, "rate_limit_exceeded"),
    (Error.QUOTA, openai.RateLimitError, 429, "insufficient_quota"),
    (Error.BILLING_LIMIT, openai.BadRequestError, 400, "billing_hard_limit_reached"),
    (Error.MODERATION_BLOCKED, openai.BadRequestError, 400, "moderation_blocked"),
    (Error.CONTENT_POLICY, openai.BadRequestError, 400, "content_policy_violation"),
    (Error.INVALID_PROMPT, openai.BadRequestError, 400, "invalid_prompt"),
    (Error.CONTEXT_LENGTH, openai.BadRequestError, 400, "context_length_exceeded"),
    (Error.BAD_REQUEST, openai.BadRequestError, 400, "invalid_value"),
    (Error.INVALID_KEY, openai.AuthenticationError, 401, "invalid_api_key"),
    (Error.FORBIDDEN, openai.PermissionDeniedError, 403, "unsupported_country_region_territory"),
    (Error.MODEL_NOT_FOUND, openai.NotFoundError, 404, "model_not_found"),
    (Error.TIMEOUT_408, openai.APIStatusError, 408, None),
    (Error.CONFLICT_409, openai.ConflictError, 409, "conflict"),
    (Error.UNPROCESSABLE_422, openai.UnprocessableEntityError, 422, "unprocessable_entity"),
    (Error.TOO_EARLY_425, openai.APIStatusError, 425, None),
    (Error.SERVER_500, openai.InternalServerError, 500, None),
    (Error.GATEWAY_502, openai.InternalServerError, 502, None),
    (Error.OVERLOADED_503, openai.InternalServerError, 503, "engine_overloaded"),
    (Error.GATEWAY_504, openai.InternalServerError, 504, None),
]


def test_every_error_is_tried() -> None:
    assert {error for error, *_ in ERRORS} == set(Error)


@pytest.mark.parametrize(("error", "raised", "status", "code"), ERRORS)
async def test_an_error_reaches_the_client_as_the_real_one_would(
    double: Double, client: AsyncOpenAI, error: Error, raised: type[openai.APIStatusError], status: int, code: str
) -> None:
    double.script(Behaviour(error=error))
    with pytest.raises(raised) as caught:
        await picture(client)
    assert type(caught.value) is raised
    assert (caught.value.status_code, caught.value.code) == (status, code)
    [entry] = double.ledger
    assert caught.value.request_id == entry.request_id
    assert (entry.valid, entry.charged, entry.usage, entry.outcome) == (True, False, None, error.value)
    assert picture_bytes(await picture(client))


async def test_an_invalid_key_comes_back_masked(double: Double, client: AsyncOpenAI) -> None:
    double.accept_only("another")
    with pytest.raises(openai.AuthenticationError, match=r"Incorrect API key provided: \*+\."):
        await chat(client)


@pytest.mark.parametrize(
    ("form", "header", "value"),
    [(RetryAfter.SECONDS, "retry-after", "7"), (RetryAfter.MILLISECONDS, "retry-after-ms", "7000")],
)
async def test_retry_after_in_numbers(
    double: Double, client: AsyncOpenAI, form: RetryAfter, header: str, value: str
) -> None:
    double.script(Behaviour(error=Error.RATE_LIMIT, retry_after=7, retry_after_form=form))
    with pytest.raises(openai.RateLimitError) as caught:
        await chat(client)
    assert caught.value.response.headers[header] == value


async def test_retry_after_as_a_date(double: Double, client: AsyncOpenAI) -> None:
    double.script(Behaviour(error=Error.OVERLOADED_503, retry_after=90, retry_after_form=RetryAfter.DATE))
    with pytest.raises(openai.InternalServerError) as caught:
        await chat(client)
    told = caught.value.response.headers["retry-after"]
    moment = time.mktime(time.strptime(told, "%a, %d %b %Y %H:%M:%S GMT")) - time.timezone
    assert 85 < moment - time.time() < 95


@pytest.mark.parametrize("body", [Body.TRUNCATED_JSON, Body.EMPTY])
async def test_broken_json_is_not_wrapped_by_the_client(double: Double, client: AsyncOpenAI, body: Body) -> None:
    double.script(always(Behaviour(body=body)))
    for call in (chat, parsed, picture):
        with pytest.raises(json.JSONDecodeError):
            await call(client)
    assert [entry.charged for entry in double.ledger] == [True] * 3


async def test_a_web_page_with_a_200(double: Double, client: AsyncOpenAI) -> None:
    double.script(always(Behaviour(body=Body.HTML)))
    assert str(await picture(client)).startswith("<!DOCTYPE html>")
    assert isinstance(await chat(client), str)
    with pytest.raises(AttributeError):
        await parsed(client)
    assert len(double.charges) == 3


@pytest.mark.parametrize("body", [Body.REFUSAL, Body.NULL, Body.ERROR, Body.NOTHING])
async def test_chat_answers_without_content(double: Double, client: AsyncOpenAI, body: Body) -> None:
    double.script(always(Behaviour(body=body)))
    answer = await chat(client)
    choices = answer.choices or []
    assert [choice.message.content for choice in choices] == ([None] if body in (Body.REFUSAL, Body.NULL) else [])
    assert (body is Body.REFUSAL) == any(choice.message.refusal for choice in choices)


async def test_chat_answers_that_parse_refuses(double: Double, client: AsyncOpenAI) -> None:
    bodies = (Body.CUT_OFF, Body.FILTERED, Body.PROSE, Body.WRONG_SHAPE, Body.NULL, Body.REFUSAL)
    double.script(in_turn(*(Behaviour(body=body) for body in bodies)))
    with pytest.raises(openai.LengthFinishReasonError):
        await parsed(client)
    with pytest.raises(openai.ContentFilterFinishReasonError):
        await parsed(client)
    for _ in ("prose", "wrong shape"):
        with pytest.raises(ValueError, match="validation error"):
            await parsed(client)
    for _ in ("null", "refusal"):
        assert (await parsed(client)).choices[0].message.parsed is None
    assert len(double.charges) == len(bodies)


async def test_literal_content(double: Double, client: AsyncOpenAI) -> None:
    double.script(Behaviour(content='{"word": "exact"}'))
    assert (await parsed(client)).choices[0].message.parsed == Answer(word="exact")


async def test_image_answers_without_a_picture(double: Double, client: AsyncOpenAI) -> None:
    bodies = (Body.NOTHING, Body.NULL, Body.ERROR)
    double.script(in_turn(*(Behaviour(body=body) for body in bodies)))
    assert [(await picture(client)).data for _ in bodies] == [[], None, None]
    double.script(Behaviour(body=Body.INVALID_BASE64))
    with pytest.raises(ValueError, match="base64"):
        picture_bytes(await picture(client))


@pytest.mark.parametrize(
    ("kind", "opens_as"),
    [(Picture.PNG, "PNG"), (Picture.JPEG, "JPEG"), (Picture.WEBP, "WEBP"), (Picture.NOISE, "PNG")],
)
async def test_pictures_of_another_format(double: Double, client: AsyncOpenAI, kind: Picture, opens_as: str) -> None:
    double.script(Behaviour(picture=kind))
    data = picture_bytes(await picture(client))
    with Image.open(BytesIO(data)) as opened:
        opened.load()
        assert (opened.format, opened.size) == (opens_as, (1024, 640))
    assert (len(data) > 1_900_000) == (kind is Picture.NOISE)


async def test_pictures_that_are_none(double: Double, client: AsyncOpenAI) -> None:
    kinds = (Picture.TRUNCATED, Picture.NOT_A_PICTURE, Picture.TINY, Picture.BOMB)
    double.script(in_turn(*(Behaviour(picture=kind) for kind in kinds)))
    truncated, text, tiny, bomb = [picture_bytes(await picture(client)) for _ in kinds]
    with pytest.raises(OSError, match="truncated"), Image.open(BytesIO(truncated)) as opened:
        opened.load()
    with pytest.raises(OSError, match="cannot identify"):
        Image.open(BytesIO(text))
    with Image.open(BytesIO(tiny)) as opened:
        assert opened.size == (1, 1)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(BytesIO(bomb))
    assert len(bomb) < 200_000


async def test_a_picture_without_json_around_it(double: Double, client: AsyncOpenAI) -> None:
    double.script(Behaviour(body=Body.BARE))
    answer = await client.images.with_raw_response.generate(model="gpt-image-2", prompt="x", size=SIZE)
    assert answer.content.startswith(b"\x89PNG")


async def test_huge_answers(double: Double, client: AsyncOpenAI) -> None:
    double.script(always(Behaviour(body=Body.HUGE, megabytes=3)))
    answer = await picture(client)
    assert answer.data
    assert len(answer.data[0].b64_json or "") == 3 * 1024 * 1024
    assert len((await chat(client)).choices[0].message.content or "") == 3 * 1024 * 1024


@pytest.mark.parametrize("behaviour", [Behaviour(first_byte_after=30), Behaviour(hold="shut")])
async def test_an_answer_that_does_not_come_is_charged(
    double: Double, client: AsyncOpenAI, behaviour: Behaviour
) -> None:
    double.script(behaviour)
    with pytest.raises(openai.APITimeoutError):
        await picture(client.with_options(timeout=0.2))
    assert [entry.usage is not None for entry in double.charges] == [True]


async def test_a_slow_body_outlasts_the_clients_timeout(double: Double, client: AsyncOpenAI) -> None:
    """The client's timeout is for each read, not for the whole answer."""
    double.script(Behaviour(spread_over=0.8))
    begun = time.monotonic()
    assert picture_bytes(await picture(client.with_options(timeout=0.4)))
    assert time.monotonic() - begun > 0.6


@pytest.mark.parametrize("closes", [Closes.BEFORE, Closes.MIDWAY])
@pytest.mark.parametrize("charged", [None, False])
async def test_a_connection_closed_under_the_answer(
    double: Double, client: AsyncOpenAI, closes: Closes, charged: bool | None
) -> None:
    double.script(Behaviour(closes=closes, charged=charged))
    with pytest.raises(openai.APIConnectionError) as caught:
        await picture(client)
    assert not isinstance(caught.value, openai.APITimeoutError)
    [entry] = double.ledger
    assert (entry.charged, entry.outcome) == (charged is None, f"closed_{closes}")
    assert picture_bytes(await picture(client))


async def test_rules_choose_by_endpoint_model_text_and_count(double: Double, client: AsyncOpenAI) -> None:
    refused = (Behaviour(error=Error.CONFLICT_409),)
    double.script(
        Rule(behaviours=refused, endpoint=Endpoint.CHAT),
        Rule(behaviours=refused, model="gpt-image-2"),
        Rule(behaviours=refused, containing="a dragon", times=None),
        Rule(behaviours=refused, endpoint=Endpoint.IMAGES, after=1, times=2),
    )
    seen = []
    for prompt in ("a boat", "a boat", "a dragon", "a boat", "a boat"):
        try:
            await client.images.generate(model="local-image", prompt=prompt)
            seen.append(True)
        except openai.ConflictError:
            seen.append(False)
    assert seen == [True, False, False, False, True]
    assert len(double.state.rules) == 3
