"""The provider's double answers as the real one does, and its ledger tells what that would have cost."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import av
import httpx
import openai
import pytest
import pytest_asyncio
from av.container import InputContainer
from openai import AsyncOpenAI
from openai.types import ImagesResponse
from PIL import Image

from tests.providers.double import (
    Behaviour,
    Closes,
    Double,
    Endpoint,
    Error,
    LedgerEntry,
    Question,
    Rule,
    always,
    double_process,
    in_turn,
    read_ledger,
    running_double,
)
from tests.providers.double.document import answer_faults
from tests.providers.double.ledger import digest

HELLO: dict[str, Any] = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": "Hello"}]}
BOAT: dict[str, Any] = {"model": "gpt-image-2.5-flare", "prompt": "a boat", "size": "1024x640"}


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
    async with client_of(double) as opened:
        yield opened


def client_of(double: Double) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=double.url, api_key="sk-test-key", max_retries=0, timeout=10)


def first_picture(answer: ImagesResponse) -> bytes:
    assert answer.data
    return base64.b64decode(answer.data[0].b64_json or "", validate=True)


async def test_a_chat_answer_is_as_the_document_says(double: Double, client: AsyncOpenAI) -> None:
    raw = await client.chat.completions.with_raw_response.create(**HELLO)
    body = raw.http_response.json()
    assert answer_faults("CreateChatCompletionResponse", body) == []
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    [entry] = double.ledger
    assert (entry.seq, entry.path, entry.model) == (1, "/v1/chat/completions", "gpt-6-luna")
    assert (entry.valid, entry.charged, entry.usage, entry.outcome) == (True, True, usage, "answered")
    assert entry.request_id == raw.headers["x-request-id"] == raw.parse()._request_id
    assert entry.request_sha256 == digest(HELLO)


async def test_an_image_answer_is_as_the_document_says(double: Double, client: AsyncOpenAI) -> None:
    body = (await client.images.with_raw_response.generate(**BOAT)).http_response.json()
    faults = answer_faults("ImagesResponse", body)
    assert [fault for fault in faults if not fault.startswith("$.size")] == []  # the document knows three sizes only
    usage = body["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert [entry.usage for entry in double.charges] == [usage]


@pytest.mark.parametrize("output", ["png", "jpeg", "webp"])
async def test_pictures_are_real_and_never_twice_the_same(
    double: Double, client: AsyncOpenAI, output: Literal["png", "jpeg", "webp"]
) -> None:
    answers = [await client.images.generate(**BOAT, output_format=output) for _ in range(2)]
    answers.append(await client.images.generate(**BOAT | {"prompt": "a dog"}, output_format=output, n=2))
    pictures = [base64.b64decode(image.b64_json or "") for answer in answers for image in answer.data or []]
    assert len(set(pictures)) == len(pictures) == 4
    for data in pictures:
        with Image.open(BytesIO(data)) as opened:
            opened.load()
            assert (opened.format, opened.size) == (output.upper(), (1024, 640))


async def test_higher_quality_costs_more(double: Double, client: AsyncOpenAI) -> None:
    qualities: list[Literal["low", "auto", "medium", "high"]] = ["low", "auto", "medium", "high"]
    costs = []
    for quality in qualities:
        answer = await client.images.generate(**BOAT, quality=quality)
        assert answer.usage
        costs.append(answer.usage.output_tokens)
    assert costs[0] < costs[1] == costs[2] < costs[3]


async def test_other_image_models_answer_with_an_address(double: Double, client: AsyncOpenAI) -> None:
    answer = await client.images.generate(model="local-image", prompt="x", size="256x256")
    assert answer.usage is None
    assert answer.data
    address = answer.data[0].url or ""
    assert address.startswith(f"{double.root}/pictures/")
    with httpx.Client(trust_env=False, verify=False) as http:
        served = http.get(address)
        assert (served.headers["content-type"], served.content[:4]) == ("image/png", b"\x89PNG")
        double.script(Rule(behaviours=(Behaviour(redirect="http://10.0.0.1/x.png"),), endpoint=Endpoint.PICTURES))
        assert http.get(address).headers["location"] == "http://10.0.0.1/x.png"
        assert http.get(address + "x").status_code == 404
    double.script(Behaviour(url="https://elsewhere.example/x.png"))
    elsewhere = await client.images.generate(**BOAT)
    assert elsewhere.data
    assert elsewhere.data[0].url == "https://elsewhere.example/x.png"
    assert [entry.charged for entry in double.ledger] == [True, False, False, False, True]


@pytest.mark.parametrize("output", ["mp3", "opus", "aac", "flac", "wav"])
async def test_speech_is_sound(
    double: Double, client: AsyncOpenAI, output: Literal["mp3", "opus", "aac", "flac", "wav"]
) -> None:
    words = "Five words make two seconds."
    answer = await client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="cedar", input=words, response_format=output
    )
    with av.open(BytesIO(answer.content)) as sound:
        assert isinstance(sound, InputContainer)
        frames = list(sound.decode(audio=0))
    assert 1.9 < sum(frame.samples / frame.sample_rate for frame in frames) < 2.2
    assert [entry.usage for entry in double.charges] == [{"characters": len(words)}]


async def test_models_and_when_they_end(double: Double, client: AsyncOpenAI) -> None:
    listed = await client.models.with_raw_response.list()
    assert answer_faults("ListModelsResponse", listed.http_response.json()) == []
    ends = {model.id: model.shutdown_date for model in listed.parse().data}
    assert (ends["gpt-6-luna"], ends["gpt-image-1.5"]) == (None, "2026-12-01")
    assert "dall-e-3" not in ends
    double.announce_end("gpt-6-luna", date(2027, 3, 1))
    assert (await client.models.retrieve("gpt-6-luna")).shutdown_date == "2027-03-01"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("gpt-image-1")
    double.script(Rule(behaviours=(Behaviour(error=Error.OVERLOADED_503),), endpoint=Endpoint.MODELS))
    with pytest.raises(openai.InternalServerError):
        await client.models.list()
    assert (double.charges, double.violations) == ([], [])


async def test_a_brain_of_ones_own() -> None:
    def brain(question: Question) -> str:
        return question.text("user").upper()

    with running_double(in_turn(Behaviour(error=Error.CONFLICT_409)), brain=brain) as double:
        async with client_of(double) as client:
            with pytest.raises(openai.ConflictError):
                await client.chat.completions.create(**HELLO)
            answer = await client.chat.completions.create(**HELLO)
    assert answer.choices[0].message.content == "HELLO"


async def test_an_answer_beyond_the_token_limit_is_cut_off(double: Double, client: AsyncOpenAI) -> None:
    double.script(always(Behaviour(content="word " * 100)))
    answer = await client.chat.completions.create(**HELLO, max_completion_tokens=20)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage
    assert answer.usage.completion_tokens <= 20


async def test_requests_are_remembered_but_not_in_the_ledger(double: Double, client: AsyncOpenAI) -> None:
    await client.chat.completions.create(**HELLO)
    [request] = double.requests
    assert (request["seq"], request["path"], request["body"]) == (1, "/v1/chat/completions", HELLO)
    assert request["headers"]["authorization"] == "Bearer sk-test-key"
    assert "Hello" not in double.ledger[0].model_dump_json()


async def test_held_answers_come_when_they_are_released(double: Double, client: AsyncOpenAI) -> None:
    double.script(always(Behaviour(hold="gate"), endpoint=Endpoint.IMAGES))
    calls = [asyncio.create_task(client.images.generate(**BOAT)) for _ in range(3)]
    await asyncio.to_thread(double.wait_until_held, "gate", 3)
    assert double.state.held == {"gate": 3}
    assert [entry.outcome for entry in double.charges] == ["held"] * 3
    assert await client.chat.completions.create(**HELLO)
    double.release("gate")
    pictures = {first_picture(answer) for answer in await asyncio.gather(*calls)}
    assert len(pictures) == 3
    assert await client.images.generate(**BOAT)
    assert double.state.held == {}
    assert sorted(entry.seq for entry in double.ledger) == list(range(1, 6))


CALLER = """
import sys
from openai import OpenAI
OpenAI(base_url=sys.argv[1], api_key="sk-test", max_retries=0).images.generate(
    model="gpt-image-2", prompt="a boat", size="1024x640"
)
"""


def test_a_client_killed_while_it_waits_was_charged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with running_double(Behaviour(hold="gate"), ledger=path) as double:
        caller = subprocess.Popen([sys.executable, "-c", CALLER, double.url])
        double.wait_until_held("gate")
        caller.send_signal(signal.SIGKILL)
        caller.wait(10)
        double.release("gate")
        assert [entry.charged for entry in double.ledger] == [True]
        assert read_ledger(path) == double.ledger


def assert_one_picture_each(entries: list[LedgerEntry], count: int) -> None:
    assert [(entry.seq, entry.charged, entry.valid) for entry in entries] == [
        (seq, True, True) for seq in range(1, count + 1)
    ]


async def test_as_a_process_of_its_own(tmp_path: Path) -> None:
    path, script = tmp_path / "ledger.jsonl", tmp_path / "script.json"
    rule = Rule(behaviours=(Behaviour(closes=Closes.BEFORE),), endpoint=Endpoint.IMAGES, after=1)
    script.write_text(f"[{rule.model_dump_json(exclude_defaults=True)}]")
    with double_process("--key", "sk-test-key", ledger=path, script=script) as double:
        async with client_of(double) as client:
            assert await client.images.generate(**BOAT)
            with pytest.raises(openai.APIConnectionError):
                await client.images.generate(**BOAT)
        port = int(double.root.rsplit(":", 1)[1])
        assert_one_picture_each(read_ledger(path), 2)
    with double_process(port=port, ledger=path) as again:
        assert_one_picture_each(again.ledger, 2)
        async with client_of(again) as client:
            assert await client.images.generate(**BOAT)
    assert_one_picture_each(read_ledger(path), 3)


def test_a_ledger_survives_its_doubles_death(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with double_process(ledger=path) as double, httpx.Client(trust_env=False, verify=False) as http:
        pid = double.pid
        headers = {"Authorization": "Bearer sk-test"}
        assert http.post(f"{double.url}/images/generations", json=BOAT, headers=headers).status_code == 200
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    assert_one_picture_each(read_ledger(path), 1)
