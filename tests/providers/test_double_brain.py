"""What the double's text models say: cut points over units however numbered, prompts, and mistakes to order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from openai import AsyncOpenAI
from pydantic import BaseModel, Field

from tests.providers.double import Behaviour, Cuts, Double, Endpoint, Question, at_random, running_double, think
from tests.providers.double.numbered import numbered_units

TEXTS = [f"Unit {number} tells of a keeper, a lamp and a {word} sea." for number, word in enumerate("abcdefghij", 1)]
SHAPES = {
    "brackets": "\n".join(f"[{number}] {text}" for number, text in enumerate(TEXTS, 1)),
    "colons and JSON": "\n".join(f"{number}: {json.dumps(text)}" for number, text in enumerate(TEXTS, 1)),
    "dots": "\n".join(f"{number}. {text}" for number, text in enumerate(TEXTS, 1)),
    "bars": "\n".join(f"{number}| {text}" for number, text in enumerate(TEXTS, 1)),
    "tags": "\n".join(f'<u n="{number}">{text}</u>' for number, text in enumerate(TEXTS, 1)),
    "JSON": json.dumps({"units": [{"n": number, "text": text} for number, text in enumerate(TEXTS, 1)]}),
    "after an example": "Like so: \n[1] x\n[2] y\n\n" + "\n".join(f"[{n}] {text}" for n, text in enumerate(TEXTS, 1)),
}


class Cut(BaseModel):
    last_unit: int
    last_words: str = Field(description="The last three words of that unit, copied exactly.")
    title: str


class CutsAnswer(BaseModel):
    title: str
    scenes: list[Cut]


@pytest.fixture(scope="module")
def running() -> Iterator[Double]:
    with running_double() as double:
        yield double


@pytest_asyncio.fixture
async def client(running: Double) -> AsyncIterator[AsyncOpenAI]:
    running.reset()
    async with AsyncOpenAI(base_url=running.url, api_key="sk-test", max_retries=0) as opened:
        yield opened


async def cuts_of(client: AsyncOpenAI, told: str, user: str) -> CutsAnswer:
    answer = await client.chat.completions.parse(
        model="gpt-6-luna",
        messages=[{"role": "system", "content": told}, {"role": "user", "content": user}],
        response_format=CutsAnswer,
    )
    assert answer.choices[0].message.parsed
    return answer.choices[0].message.parsed


@pytest.mark.parametrize("shape", SHAPES)
def test_units_are_found_however_they_are_numbered(shape: str) -> None:
    units = numbered_units(SHAPES[shape])
    assert [unit.number for unit in units] == list(range(1, 11))
    assert [unit.text for unit in units] == TEXTS


@pytest.mark.parametrize("message", ["", "No numbers here.", "1. Only one.", "[7] x\n[9] y", "{", '{"a": 1}', "[[1]]"])
def test_a_message_without_units(message: str) -> None:
    assert numbered_units(message) == []


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_segmentation_covers_all_units(running: Double, client: AsyncOpenAI, shape: str) -> None:
    answer = await cuts_of(client, "A scene has about 20 words.", SHAPES[shape])
    lasts = [cut.last_unit for cut in answer.scenes]
    assert lasts == sorted(set(lasts))
    assert (len(lasts) > 2, lasts[-1]) == (True, 10)
    for cut in answer.scenes:
        assert cut.title
        assert cut.last_words == " ".join(TEXTS[cut.last_unit - 1].split()[-3:])


async def test_a_segmentation_keeps_to_a_limit(client: AsyncOpenAI) -> None:
    assert len((await cuts_of(client, "Make at most 2 scenes.", SHAPES["dots"])).scenes) <= 2


@pytest.mark.parametrize("told", [{"response_format": {"type": "json_object"}}, {}])
async def test_a_segmentation_without_a_schema_follows_the_example(client: AsyncOpenAI, told: dict[str, Any]) -> None:
    shape = '{"scenes": [{"last_unit": 3, "title": "…"}]}'
    answer = await client.chat.completions.create(
        model="local-text-object",
        messages=[
            {"role": "system", "content": f"Answer with JSON of this form: {shape}"},
            {"role": "user", "content": SHAPES["brackets"]},
        ],
        **told,
    )
    scenes = json.loads(answer.choices[0].message.content or "")["scenes"]
    assert scenes[-1]["last_unit"] == 10
    assert set(scenes[0]) == {"last_unit", "title"}


async def test_a_prompt_tells_of_the_scene(client: AsyncOpenAI) -> None:
    scene = json.dumps({"scene": "The keeper lights the lamp.", "after": "A storm of many more words comes up."})
    for user in (scene, "Scene:\nThe keeper lights the lamp."):
        answer = await client.chat.completions.create(
            model="gpt-6-luna",
            messages=[{"role": "system", "content": "A JSON object follows."}, {"role": "user", "content": user}],
        )
        content = answer.choices[0].message.content or ""
        assert "The keeper lights the lamp." in content
        assert "{" not in content


@pytest.mark.parametrize("cuts", Cuts)
async def test_mistakes_to_order(running: Double, client: AsyncOpenAI, cuts: Cuts) -> None:
    told = "A scene has about 20 words."
    right = [cut.last_unit for cut in (await cuts_of(client, told, SHAPES["dots"])).scenes]
    wrong: list[list[int]] = []
    for _ in range(6):
        running.script(Behaviour(cuts=cuts))
        wrong.append([cut.last_unit for cut in (await cuts_of(client, told, SHAPES["dots"])).scenes])
    assert any(lasts != right for lasts in wrong)
    match cuts:
        case Cuts.OFF_BY_ONE:
            assert all(abs(a - b) <= 1 for lasts in wrong for a, b in zip(lasts, right, strict=True))
        case Cuts.EARLY_STOP:
            assert all(lasts == right[: len(lasts)] and lasts != right for lasts in wrong)
        case Cuts.DUPLICATED:
            assert all(sorted(set(lasts)) == right for lasts in wrong)
        case Cuts.GARBAGE:
            assert len({tuple(lasts) for lasts in wrong}) > 3


async def test_a_random_mix_is_the_same_for_the_same_seed(running: Double, client: AsyncOpenAI) -> None:
    mix = {Behaviour(): 2.0, **{Behaviour(cuts=cuts): 1.0 for cuts in Cuts}}
    runs: list[tuple[list[CutsAnswer], list[str]]] = []
    for order in (1, -1):
        running.reset()
        running.script(at_random(7, mix, endpoint=Endpoint.CHAT))
        answers = [await cuts_of(client, f"Text {number}.", SHAPES["bars"]) for number in list(range(30))[::order]]
        runs.append((answers[::order], [entry.outcome for entry in running.ledger][::order]))
    assert runs[0] == runs[1]
    assert set(Counter(runs[0][1])) == {"answered", *Cuts}


def test_any_strict_schema_is_filled() -> None:
    schema = {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "enum": ["a", "b"]},
            "count": {"type": "integer", "minimum": 3},
            "share": {"type": "number", "maximum": 0.5},
            "maybe": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Inner"}]},
            "either": {"type": ["string", "null"], "maxLength": 5},
            "list": {"type": "array", "items": {"$ref": "#/$defs/Inner"}, "minItems": 2},
            "fixed": {"const": 4},
        },
        "$defs": {"Inner": {"type": "object", "properties": {"yes": {"type": "boolean"}}}},
    }
    told = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    asked = {"messages": [{"role": "user", "content": "Hello there"}], "response_format": told}
    answer = json.loads(think(Question(asked, None, Random(1))))
    inner = {"yes": False}
    assert answer | {"either": ""} == {
        "kind": "a", "count": 3, "share": 0.5, "maybe": inner, "either": "", "list": [inner, inner], "fixed": 4,
    }  # fmt: skip
    assert len(answer["either"]) == 5
