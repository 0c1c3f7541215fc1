"""The painter: exact sizes, pictures that differ where they should, and words that steer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFont

from domain.errors import JobErrorCode, WorkFailed
from domain.generation import ImageRequest, PromptRequest, SegmentationRequest
from domain.segmentation import scenes_from_cuts
from providers.offline import OfflineImages, OfflineText
from providers.offline.painter.fonts import INTER, NOTO, SERIF, covered_by, font_for
from providers.offline.painter.lettering import add_lettering
from providers.offline.painter.plan import Plan, plan_of
from providers.offline.terms import Biome, Daytime, Subject, Weather
from providers.pictures import normalise_picture
from tests.costs import assert_answer_is_cheap
from tests.providers.stories import STORY
from tests.providers.test_units import any_text

SCENE = ImageRequest("A lighthouse on the coast in daylight", 256, 144, attempt=1, order=1)
Thumbnail = npt.NDArray[np.float64]


async def painted(request: ImageRequest) -> Image.Image:
    picture = Image.open(BytesIO((await OfflineImages().make_image(request)).data))
    picture.load()
    return picture


def thumbnail(picture: Image.Image) -> Thumbnail:
    return np.asarray(picture.convert("RGB").resize((32, 32), Image.Resampling.BOX), np.float64)


def difference(first: Image.Image, second: Image.Image) -> float:
    """Mean absolute difference of small thumbnails, out of 255."""
    return float(np.abs(thumbnail(first) - thumbnail(second)).mean())


async def story_requests(width: int, height: int) -> list[ImageRequest]:
    text = OfflineText()
    scenes = scenes_from_cuts(STORY, (await text.segment(SegmentationRequest(STORY, 60))).cuts)
    requests = []
    for order, scene in enumerate(scenes, start=1):
        prompt = await text.write_prompt(PromptRequest(scene.text, scene.title, order, 1))
        requests.append(ImageRequest(prompt, width, height, 1, order, scene.title))
    return requests


@pytest.mark.parametrize(
    "size", [(64, 64), (16, 16), (333, 217), (640, 360), (360, 640), (512, 512), (900, 120), (120, 900), (3840, 2160)]
)
async def test_pictures_have_exactly_the_requested_size(size: tuple[int, int]) -> None:
    answer = await OfflineImages().make_image(replace(SCENE, width=size[0], height=size[1], title="The sea"))
    picture = normalise_picture(answer.data)
    assert (picture.width, picture.height) == size
    assert picture.png is answer.data  # already as clean as it gets


@pytest.mark.parametrize("size", [(15, 100), (100, 8193), (8000, 8000), (0, 10), (-5, 10)])
async def test_impossible_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(WorkFailed) as caught:
        await OfflineImages().make_image(replace(SCENE, width=size[0], height=size[1]))
    assert caught.value.code is JobErrorCode.PROVIDER_REFUSED
    assert not caught.value.retryable


async def test_the_same_request_gives_the_same_bytes() -> None:
    assert await OfflineImages().make_image(SCENE) == await OfflineImages().make_image(replace(SCENE))


@pytest.mark.parametrize("biome", list(Biome))
@pytest.mark.parametrize("daytime", [Daytime.DAY, Daytime.NIGHT])
async def test_every_place_is_painted_and_attempts_differ(biome: Biome, daytime: Daytime) -> None:
    request = replace(SCENE, prompt=f"{biome} at {'noon' if daytime is Daytime.DAY else 'night'}, a person")
    assert plan_of(request).biome is biome
    pictures = [await painted(replace(request, attempt=attempt)) for attempt in (1, 2, 3)]
    for first, second in combinations(pictures, 2):
        assert difference(first, second) > 4
    assert all(thumbnail(picture).std() > 8 for picture in pictures)  # something is on it


@pytest.mark.parametrize("subject", list(Subject))
@pytest.mark.parametrize("weather", [Weather.CLEAR, Weather.SNOW])
async def test_every_subject_changes_the_picture(subject: Subject, weather: Weather) -> None:
    place = {Subject.BOAT: "sea", Subject.ROCKET: "space"}.get(subject, "mountain")
    request = replace(SCENE, prompt=f"{place} at noon, {weather}, {subject}")
    assert subject in plan_of(request).subjects
    assert thumbnail(await painted(request)).std() > 8


async def test_the_scenes_of_a_story_are_clearly_different() -> None:
    requests = await story_requests(256, 144)
    pictures = [await painted(request) for request in requests]
    distances = [difference(first, second) for first, second in combinations(pictures, 2)]
    assert len(pictures) >= 12
    assert min(distances) > 8
    assert float(np.median(distances)) > 35
    assert len({plan_of(request).biome for request in requests}) >= 8


async def test_scenes_with_the_same_words_still_differ() -> None:
    pictures = [await painted(replace(SCENE, prompt="He spoke.", order=order)) for order in range(1, 9)]
    assert min(difference(first, second) for first, second in combinations(pictures, 2)) > 6


@pytest.mark.parametrize(
    "prompt", ["A lighthouse on the coast in daylight", "a village at noon", "a street at noon", "a kitchen at noon"]
)
async def test_night_is_darker(prompt: str) -> None:
    request = replace(SCENE, prompt=prompt, attempt=2)
    day, night = await painted(request), await painted(replace(request, feedback="make it night"))
    assert thumbnail(night).mean() < 0.7 * thumbnail(day).mean()


async def test_too_dark_is_brightened() -> None:
    request = replace(SCENE, prompt="a meadow at night", attempt=2)
    before, after = await painted(request), await painted(replace(request, feedback="too dark"))
    assert thumbnail(after).mean() > 1.6 * thumbnail(before).mean()


async def test_warmer_is_warmer() -> None:
    def warmth(picture: Image.Image) -> float:
        red, _, blue = (float(part) for part in thumbnail(picture).mean(axis=(0, 1)))
        return red / blue

    request = replace(SCENE, prompt="a lake at noon")
    assert warmth(await painted(replace(request, feedback="warmer"))) > warmth(await painted(request))


@pytest.mark.parametrize(
    ("feedback", "check"),
    [
        ("more snow", lambda plan: plan.weather is Weather.SNOW and plan.winter),
        ("a boat instead", lambda plan: Subject.BOAT in plan.subjects and plan.biome is Biome.LAKE),
        ("no castle please", lambda plan: Subject.CASTLE not in plan.subjects),
        ("show a forest", lambda plan: plan.biome is Biome.FOREST),
        ("move closer", lambda plan: plan.nearness > 1.2),
        ("add a dog and a child", lambda plan: {Subject.DOG, Subject.CHILD} <= set(plan.subjects)),
        ("not at night", lambda plan: plan.daytime is Daytime.DAY),
    ],
)  # fmt: skip
def test_feedback_steers_the_plan(feedback: str, check: Callable[[Plan], bool]) -> None:
    request = replace(SCENE, prompt="a castle in the mountains at night", feedback=feedback, attempt=2)
    assert check(plan_of(request))


@pytest.mark.parametrize(
    ("text", "font"),
    [
        ("The Keeper’s Watch — naïve façade", SERIF),
        ("Ночной поезд", NOTO),
        ("Το τρένο της νύχτας", NOTO),
        ("大海很平静", None),
        ("ذهب إلى البيت", None),
        ("यह एक वाक्य है", None),
        ("Fine 😀", None),
        ("\ue000", None),
    ],
)
def test_titles_are_set_only_in_fonts_that_have_every_letter(text: str, font: Path | None) -> None:
    assert font_for(text, SERIF, NOTO) == font


@pytest.mark.parametrize("font", [SERIF, INTER, NOTO])
def test_coverage_agrees_with_what_is_drawn(font: Path) -> None:
    """A character the font lacks is drawn as its box for missing ones; one that it has is not."""
    loaded = ImageFont.truetype(str(font), 40, layout_engine=ImageFont.Layout.BASIC)
    missing = bytes(loaded.getmask("\U0010fffe"))
    covered = covered_by(font)
    for char in "AgéßŁДяΩё漢あعहක€😀ﬁ":
        assert (bytes(loaded.getmask(char)) != missing) == (ord(char) in covered)


def _lettered_area(
    title: str | None, line: str | None, size: tuple[int, int] = (896, 504)
) -> tuple[Image.Image, Image.Image]:
    plain = Image.new("RGB", size, (240, 240, 240))
    return plain, add_lettering(plain, order=3, title=title, line=line)


def test_lettering_keeps_to_the_top_left_and_is_readable() -> None:
    plain, lettered = _lettered_area("The keeper climbed the stairs", "At dusk the keeper climbed the stairs.")
    assert ImageChops.difference(plain, lettered).getbbox() is not None
    assert lettered.crop((0, 330, 896, 504)).getextrema() == plain.crop((0, 330, 896, 504)).getextrema()
    behind = np.asarray(lettered.convert("L"), np.float64)[40:120, 30:300]
    assert np.percentile(behind, 99) > 220  # the letters
    assert np.percentile(behind, 40) < 130  # what they stand on


@pytest.mark.parametrize("title", ["Word " * 12, "Unbreakable" * 6, "A", "大海很平静", "Fine 😀"])
@pytest.mark.parametrize("size", [(896, 504), (504, 896), (210, 210), (1200, 300)])
def test_lettering_never_leaves_the_picture(title: str, size: tuple[int, int]) -> None:
    _, lettered = _lettered_area(title, "A line that goes on. " * 9, size)
    array = np.asarray(lettered.convert("L"), np.float64)
    assert lettered.size == size
    assert np.abs(np.diff(array[:, -12:], axis=1)).max() < 12  # no letter comes near the right edge


def test_small_pictures_have_no_lettering() -> None:
    plain, lettered = _lettered_area("Title", "Line", (160, 90))
    assert lettered is plain


async def test_a_large_picture_is_drawn_quickly() -> None:
    large = replace(SCENE, width=1792, height=1008, title="The sea")
    await assert_answer_is_cheap(lambda: OfflineImages().make_image(large), 2)


@given(any_text, any_text, any_text, st.integers(16, 240), st.integers(16, 240), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
async def test_any_words_give_a_picture(
    prompt: str, title: str, wish: str, width: int, height: int, attempt: int
) -> None:
    request = ImageRequest(prompt, width, height, attempt, attempt * 7, title or None, wish or None)
    assert (await painted(request)).size == (width, height)


async def test_pictures_drawn_at_once_do_not_disturb_one_another() -> None:
    requests = [replace(SCENE, order=order, title=f"Scene {order}", width=480, height=270) for order in range(1, 7)]
    alone = [await OfflineImages().make_image(request) for request in requests]
    together = await asyncio.gather(*(OfflineImages().make_image(request) for request in requests))
    assert together == alone
