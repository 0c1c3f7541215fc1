"""Prompts name what a scene shows, change with every attempt, and heed the reviewer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.generation import PromptRequest
from providers.offline import OfflineText
from providers.offline.prompts import LONGEST_PROMPT
from providers.offline.terms import Daytime, Mood, Subject, Weather
from providers.offline.vocabulary import read_wishes, read_words
from tests.providers.test_units import any_text

SCENE = PromptRequest(
    text="At dusk the keeper climbed the stairs of the lighthouse. The sea below was calm, and a ship came home.",
    title="The keeper climbed",
    order=1,
    attempt=1,
)


async def prompt_for(request: PromptRequest) -> str:
    return await OfflineText().write_prompt(request)


async def test_a_prompt_names_subject_setting_light_and_style() -> None:
    prompt = await prompt_for(SCENE)
    for part in ("lighthouse", "coast", "at dusk", "Moment: “At dusk the keeper climbed", "Style: "):
        assert part in prompt


async def test_the_same_request_gives_the_same_prompt() -> None:
    assert await prompt_for(SCENE) == await prompt_for(replace(SCENE))


async def test_every_attempt_has_another_prompt() -> None:
    prompts = [await prompt_for(replace(SCENE, attempt=attempt)) for attempt in range(1, 9)]
    assert len(set(prompts)) == 8


async def test_feedback_is_kept_and_steers() -> None:
    first = await prompt_for(SCENE)
    second = await prompt_for(
        replace(SCENE, attempt=2, feedback="Make it night, without a lighthouse.", rejected_prompt=first)
    )
    assert second != first
    assert "Make it night, without a lighthouse." in second
    assert "at night" in second.split("Moment:")[0]
    assert "a lighthouse" not in second.split("Moment:")[0]


async def test_earlier_wishes_are_not_forgotten() -> None:
    first = await prompt_for(replace(SCENE, attempt=2, feedback="more snow"))
    second = await prompt_for(replace(SCENE, attempt=3, feedback="add a dog", rejected_prompt=first))
    assert "add a dog. more snow." in second
    assert "falling snow" in second
    assert "a dog" in second.split("Moment:")[0]


async def test_the_rejected_prompt_is_never_repeated() -> None:
    rejected = await prompt_for(replace(SCENE, attempt=2))
    assert await prompt_for(replace(SCENE, attempt=2, rejected_prompt=rejected)) != rejected


async def test_a_scene_without_a_place_plays_where_its_neighbours_do() -> None:
    prompt = await prompt_for(PromptRequest("“Come,” she said.", None, 2, 1, text_before="They stood in the desert."))
    assert "among desert dunes" in prompt


async def test_headings_are_not_the_moment() -> None:
    prompt = await prompt_for(PromptRequest("INT. HOUSE - NIGHT\n\nA fire burns low. Anna reads.", None, 1, 1))
    assert "Moment: “A fire burns low. Anna reads.”" in prompt


@given(any_text, any_text, any_text, st.integers(1, 5))
@settings(max_examples=150, deadline=None)
async def test_prompts_are_bounded_for_any_words(text: str, feedback: str, rejected: str, attempt: int) -> None:
    request = PromptRequest(text * 4, text or None, 1, attempt, text, text, feedback * 3, rejected)
    prompt = await prompt_for(request)
    assert 0 < len(prompt) <= LONGEST_PROMPT
    assert prompt == await prompt_for(request)
    assert "\n" not in prompt


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("make it night", {Daytime.NIGHT}, set()),
        ("no boat, more snow", {Weather.SNOW}, {Subject.BOAT}),
        ("too dark", set(), {Daytime.NIGHT}),
        ("less rain and a dog", {Subject.DOG}, {Weather.RAIN}),
        ("less rain, add a dog", {Subject.DOG}, {Weather.RAIN}),
        ("no people", set(), {Subject.PERSON, Subject.COUPLE, Subject.CHILD, Subject.CROWD}),
        ("warmer colours", {Mood.WARM, Mood.COLOURFUL}, set()),
        ("ohne Schnee", set(), {Weather.SNOW}),
        ("夜の船", {Daytime.NIGHT, Subject.BOAT}, set()),
        ("поезд ночью", {Subject.TRAIN, Daytime.NIGHT}, set()),
    ],
)
def test_wishes_are_read(text: str, wanted: set[object], unwanted: set[object]) -> None:
    reading = read_words(text, negations=True)
    assert set(reading.wanted) == wanted
    assert reading.unwanted == unwanted


def test_the_latest_wish_holds() -> None:
    reading = read_wishes("Brighter. No boat.", "Make it night, more snow, add a boat.")
    assert reading.daytimes() == [Daytime.DAY, Daytime.NIGHT]
    assert reading.weathers() == [Weather.SNOW]
    assert reading.subjects() == []
    assert Subject.BOAT in reading.unwanted
