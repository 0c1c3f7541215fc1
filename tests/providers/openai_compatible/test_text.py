"""Text over real HTTP: what is sent, what is taken for an answer, what a rerun costs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from domain.bounds import LONGEST_PROMPT
from domain.calls import ProviderError, ProviderErrorKind, Role, Usage
from domain.generation import PromptRequest, SegmentationRequest
from providers.openai_compatible.options import TextOptions
from providers.openai_compatible.prompting import clean_prompt, is_apology
from providers.openai_compatible.text import OpenAIText
from tests.providers.openai_compatible.loopback import (
    KEY,
    Asked,
    Loopback,
    MemoryBook,
    Reply,
    Respond,
    chat_reply,
    serving,
)
from tests.providers.openai_compatible.scripts import (
    INJECTIONS,
    answer_of,
    assert_lossless,
    good_cuts,
    shown_units,
    story,
)

SCRIPT = SegmentationRequest("The ship left. Nobody waved. The harbour was grey. Then it rained. It was night.", 10)
SCENE = PromptRequest(text="The ship left the harbour.", title="Leaving", order=2, attempt=1)


@asynccontextmanager
async def text_at(respond: Respond, **options: Any) -> AsyncIterator[tuple[OpenAIText, Loopback]]:
    async with serving(respond) as server:
        text = OpenAIText(TextOptions(base_url=server.base_url, api_key=KEY, timeout_seconds=5, **options))
        try:
            yield text, server
        finally:
            await text.aclose()


def cutting(asked: Asked) -> Reply:
    return chat_reply(answer_of(good_cuts(shown_units(asked.json["messages"][1]["content"]), every=2)))


def saying(content: object, **members: Any) -> Respond:
    return lambda _: chat_reply(content, **members)


async def test_segmentation_asks_for_a_strict_schema() -> None:
    async with text_at(cutting) as (text, server):
        book = MemoryBook()
        found = await text.segment(SCRIPT, book)
    assert_lossless(SCRIPT, found)
    assert [cut.title for cut in found.cuts] == ["Scene 1", "Scene 3", "Scene 4"]
    (asked,) = server.asked
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert sorted(asked.json) == ["max_completion_tokens", "messages", "model", "response_format", "stream"]
    assert asked.json["stream"] is False
    schema = asked.json["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["additionalProperties"] is False
    (planned,) = book.planned
    assert (planned.role, planned.model) == (Role.TEXT, "gpt-6-luna")
    assert planned.most.output_tokens == asked.json["max_completion_tokens"]
    assert planned.most.input_tokens > len(SCRIPT.content)
    (answer,) = book.answers.values()
    assert (answer.usage, answer.request_id) == (Usage(120, 20, 30), "req_chat")
    assert json.loads(answer.body)["scenes"]


@pytest.mark.parametrize(("structured", "sent"), [("json_object", {"type": "json_object"}), ("none", None)])
async def test_servers_that_know_less(structured: str, sent: object) -> None:
    async with text_at(cutting, structured=structured, token_parameter="max_tokens", reasoning_effort="low") as (
        text,
        server,
    ):
        assert len((await text.segment(SCRIPT, MemoryBook())).cuts) == 3
    asked = server.asked[0].json
    assert asked.get("response_format") == sent
    assert "max_tokens" in asked
    assert "max_completion_tokens" not in asked
    assert asked["reasoning_effort"] == "low"
    assert "JSON object of this form" in asked["messages"][0]["content"]


async def test_a_rerun_sends_nothing_and_finds_the_same() -> None:
    script = SegmentationRequest(story(3, 20_000), 500)
    async with text_at(cutting, window_units=40) as (text, server):
        book = MemoryBook()
        first = await text.segment(script, book)
        sent = len(server.asked)
        assert await text.segment(script, book) == first
    assert sent > 3
    assert len(server.asked) == sent
    assert len(book.answers) == sent


async def test_a_rerun_after_a_failure_goes_on_where_it_ended() -> None:
    script = SegmentationRequest(story(3, 20_000), 500)
    limit = 3

    def respond(asked: Asked) -> Reply:
        return cutting(asked) if len(server.asked) <= limit else Reply(503, b"")

    async with text_at(respond, window_units=40) as (text, server):
        book = MemoryBook()
        with pytest.raises(ProviderError):
            await text.segment(script, book)
        limit = 1_000
        assert_lossless(script, await text.segment(script, book))
        assert len({asked.body for asked in server.asked}) == len(server.asked) - 1


@pytest.mark.parametrize(
    "reply",
    [
        chat_reply("I am not in the mood."),
        chat_reply(None),
        chat_reply(""),
        chat_reply('{"title": "x", "scenes": [{"last_unit": 1, "last_wo', finish="length"),
        chat_reply(None, finish="length"),
        chat_reply([{"type": "text", "text": "no"}, 7, {}]),
    ],
)
async def test_garbage_costs_two_calls_and_no_word(reply: Reply) -> None:
    async with text_at(lambda _: reply) as (text, server):
        found = await text.segment(SCRIPT, MemoryBook())
    assert_lossless(SCRIPT, found)
    assert len(server.asked) == 2
    assert found.note is not None
    assert "unusable" in found.note


@pytest.mark.parametrize("reply", [chat_reply(None, refusal="I will not."), chat_reply("{}", finish="content_filter")])
async def test_a_refusal_is_not_asked_again(reply: Reply) -> None:
    async with text_at(lambda _: reply) as (text, server):
        found = await text.segment(SCRIPT, MemoryBook())
    assert len(server.asked) == 1
    assert found.note is not None
    assert "refused" in found.note


async def test_thinking_aloud_and_parts_are_understood() -> None:
    def respond(asked: Asked) -> Reply:
        units = shown_units(asked.json["messages"][1]["content"])
        spoken = f"<think>Hm {{}}.</think>\n```json\n{answer_of(good_cuts(units))}\n```"
        return chat_reply([{"type": "text", "text": spoken}])

    async with text_at(respond, structured="none") as (text, _):
        assert (await text.segment(SCRIPT, MemoryBook())).note is None


async def test_a_prompt_is_one_plain_line() -> None:
    async with text_at(saying('**Prompt:** "A grey harbour,\n  a leaving ship."')) as (text, server):
        book = MemoryBook()
        assert await text.write_prompt(SCENE, book) == "A grey harbour, a leaving ship."
        assert await text.write_prompt(SCENE, book) == "A grey harbour, a leaving ship."
    assert len(server.asked) == 1
    assert "response_format" not in server.asked[0].json


async def test_a_prompt_is_made_from_all_that_is_known() -> None:
    request = PromptRequest(
        text="The ship left.", title="Leaving", order=2, attempt=2, text_before="Morning came.",
        text_after="Nobody waved.", style="ink drawings", feedback="less grey", rejected_prompt="A grey ship.",
    )  # fmt: skip
    async with text_at(saying("A ship.")) as (text, server):
        await text.write_prompt(request, MemoryBook())
    material = json.loads(server.asked[0].json["messages"][1]["content"])
    assert material == {
        "title": "Leaving", "scene": "The ship left.", "before": "Morning came.", "after": "Nobody waved.",
        "style": "ink drawings", "feedback": "less grey", "rejected_prompt": "A grey ship.",
    }  # fmt: skip


@pytest.mark.parametrize("injection", INJECTIONS)
async def test_instructions_in_a_scene_stay_inside_a_value(injection: str) -> None:
    request = PromptRequest(text=injection, title=injection, order=1, attempt=1, text_before=injection)
    async with text_at(saying("A ship.")) as (text, server):
        await text.write_prompt(request, MemoryBook())
    system, user = (message["content"] for message in server.asked[0].json["messages"])
    assert json.loads(user)["scene"] == injection.strip()
    assert injection not in system


async def test_what_cannot_be_sent_is_replaced() -> None:
    odd = "A\x00b\x1bc\ud800d. Next one."
    async with text_at(cutting) as (text, _):
        found = await text.segment(SegmentationRequest(odd, 5), MemoryBook())
        assert_lossless(SegmentationRequest(odd, 5), found)
    async with text_at(saying("A ship.")) as (text, _):
        await text.write_prompt(PromptRequest(text=odd, title=odd, order=1, attempt=1), MemoryBook())


@pytest.mark.parametrize(
    "content", ["", None, "…", '{"prompt": "x"}', "<html><p>no</p></html>", "```\n```", "\x00\u200b"]
)
async def test_no_prompt_is_bad_output_and_not_kept(content: object) -> None:
    book = MemoryBook()
    async with text_at(saying(content)) as (text, server):
        for _ in range(2):
            with pytest.raises(ProviderError) as caught:
                await text.write_prompt(SCENE, book)
            assert (caught.value.kind, caught.value.charged) == (ProviderErrorKind.BAD_OUTPUT, False)
    assert (len(server.asked), book.rejected, book.answers) == (2, 2, {})


async def test_a_prompt_that_breaks_off_is_none() -> None:
    async with text_at(lambda asked: chat_reply("A lighthouse at du", finish="length")) as (text, _):
        with pytest.raises(ProviderError, match="wrote no prompt"):
            await text.write_prompt(SCENE, MemoryBook())
    long = "A lighthouse at dusk, seen from the sea. " * 40
    async with text_at(lambda asked: chat_reply(long, finish="length")) as (text, _):
        assert (await text.write_prompt(SCENE, MemoryBook())).endswith("from the sea.")


@pytest.mark.parametrize(
    "reply",
    [
        chat_reply("I’m sorry, but I can’t help with that."),
        chat_reply(None, refusal="No."),
        chat_reply("", finish="content_filter"),
    ],
)
async def test_a_declined_prompt_names_the_way_out(reply: Reply) -> None:
    async with text_at(lambda _: reply) as (text, _):
        with pytest.raises(ProviderError, match="Edit the scene's text") as caught:
            await text.write_prompt(SCENE, MemoryBook())
    assert (caught.value.kind, caught.value.retryable) == (ProviderErrorKind.PROMPT, False)


def test_prompts_are_bounded() -> None:
    for long in ("A ship leaves. " * 400, "word " * 900, "x" * 90_000, "漢" * 5_000):
        prompt = clean_prompt(long)
        assert prompt is not None
        assert LONGEST_PROMPT // 2 < len(prompt) <= LONGEST_PROMPT


def test_an_apology_is_told_from_a_prompt() -> None:
    assert is_apology("I'm sorry, but no.")
    assert is_apology("I cannot assist with this.")
    assert not is_apology("A sorry ship that cannot sail.")


async def test_an_attempt_is_a_call_of_its_own() -> None:
    book = MemoryBook()
    async with text_at(saying("A ship.")) as (text, server):
        for attempt in (1, 2, 2):
            await text.write_prompt(PromptRequest(text="x y z", title=None, order=1, attempt=attempt), book)
    assert len(server.asked) == 2


async def test_cancelling_leaves_no_connection_behind() -> None:
    async with text_at(lambda _: Reply(200, b"x", pause=3)) as (text, server):
        call = asyncio.ensure_future(text.write_prompt(SCENE, MemoryBook()))
        while not server.asked:
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
