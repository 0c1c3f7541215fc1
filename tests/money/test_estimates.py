"""Estimates against what the provider reserves for real requests: never less, and not much more."""

from __future__ import annotations

import textwrap
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from domain.calls import CallAnswer, PlannedCall, Usage
from domain.estimates import (
    TASK_BYTES,
    Estimate,
    PictureWork,
    estimate_of_pictures,
    estimate_of_segmentation,
    image_bound,
    prompt_bound,
    segmentation_bound,
)
from domain.generation import ImageRequest, PromptRequest, SegmentationRequest
from domain.machines import ImageMachine, Machines, TextMachine
from domain.money import Price, amount_of, amount_text
from providers.openai_compatible.images import OpenAIImages
from providers.openai_compatible.options import ImageOptions, TextOptions
from providers.openai_compatible.prompting import prompt_messages
from providers.openai_compatible.text import OpenAIText
from providers.openai_compatible.windows import window_messages
from tests.costs import assert_cheap
from tests.providers.openai_compatible.loopback import Asked, MemoryBook, Reply, chat_reply, serving
from tests.providers.openai_compatible.scripts import answer_of, good_cuts, shown_units, story
from tests.providers.stories import STORY
from tests.world import a_png

WRITER = Price(input=Decimal("1.25"), output=Decimal(10))
PAINTER = Price(input=Decimal(5), output=Decimal(40))
MACHINES = Machines(
    TextMachine(provider="openai", model="gpt-6-luna", price=WRITER),
    ImageMachine(provider="openai", model="gpt-image-2.5-flare", price=PAINTER, quality="medium"),
)
ROOT = Path(__file__).parents[2]
WRAPPED = "\n\n".join(textwrap.fill(paragraph, 70) for paragraph in STORY.split("\n\n"))
TEXTS = {
    "demo": (ROOT / "app/data/demo.txt").read_text(encoding="utf-8"),
    "match seller": (ROOT / "tests/data/little_match_seller.txt").read_text(encoding="utf-8"),
    "one line": "A fox sleeps.",
    "novella": STORY * 12,
    "wrapped": WRAPPED * 12,
    "languages": story(7, 60_000),
    "japanese": "海は静かだった。船が一つ帰ってきた。「だれ？」と彼女は言った。\n\n" * 600,
    "no full stops": "the rain fell on the road and on the roofs " * 1_500,
}


@dataclass
class Planning:
    """A book that sends nothing: it keeps what was planned, and has an answer to everything."""

    answer: bytes
    planned: list[PlannedCall] = field(default_factory=list)

    async def make(self, planned: PlannedCall, send: Callable[[], Awaitable[CallAnswer]]) -> bytes:
        self.planned.append(planned)
        return self.answer

    async def reject_answer(self) -> None:
        raise AssertionError


def cutting(asked: Asked) -> Reply:
    """A model that does as it is told: a scene every four sentences."""
    return chat_reply(answer_of(good_cuts(shown_units(asked.json["messages"][1]["content"]), every=4)))


async def reserved_for(content: str) -> list[Usage]:
    """What segmenting the text reserves, call by call."""
    book = MemoryBook()
    async with serving(cutting) as server:
        text = OpenAIText(TextOptions(base_url=server.base_url, api_key="k", timeout_seconds=20))
        try:
            await text.segment(SegmentationRequest(content, 10_000), book)
        finally:
            await text.aclose()
    return [planned.most for planned in book.planned]


@pytest.mark.parametrize("name", TEXTS)
async def test_a_segmentation_takes_what_was_estimated(name: str) -> None:
    calls, most = segmentation_bound(MACHINES.text, TEXTS[name])
    reserved = await reserved_for(TEXTS[name])
    assert len(reserved) <= calls <= max(1, 2 * len(reserved))
    assert sum(usage.input_tokens for usage in reserved) <= most.input_tokens
    assert sum(usage.output_tokens for usage in reserved) <= most.output_tokens
    spent = sum((WRITER.of(usage) for usage in reserved), Decimal(0))
    estimate = estimate_of_segmentation(MACHINES, TEXTS[name])
    assert estimate == Estimate(WRITER.of(most), calls)
    assert estimate.amount is not None
    assert not spent or spent <= estimate.amount <= 2 * spent


SCENES = {
    "short": PromptRequest("A fox sleeps.", "The fox", 1, 1, text_after="It woke."),
    "long": PromptRequest(
        "The keeper climbed the long stairs.\n" * 300, "The “keeper”", 2, 1, text_before='"Go," she said. ' * 90,
        text_after="Only the sea went on with its work. " * 60, style="Ink on paper. " * 30,
    ),
    "japanese": PromptRequest(
        "海は静かだった。" * 40, "海", 2, 1, text_before="船が一つ帰ってきた。" * 90, text_after="夜だった。" * 200
    ),
    "rejected": PromptRequest(
        "A fox sleeps under the old oak.", None, 1, 2, feedback="Darker, and from further away. " * 10,
        rejected_prompt="A fox asleep under an oak, at dawn. " * 20,
    ),
}  # fmt: skip


@pytest.mark.parametrize("quality", ["low", "medium", "high", None])
@pytest.mark.parametrize("name", SCENES)
async def test_a_picture_takes_what_was_estimated(name: str, quality: str | None) -> None:
    scene = SCENES[name]
    written = Planning(b"A small fox asleep beneath an old oak at dawn, in mist; wide shot, soft light. " * 6)
    text = OpenAIText(TextOptions(api_key="k"))
    prompt = await text.write_prompt(scene, written)
    await text.aclose()
    drawn = Planning(a_png(1))
    images = OpenAIImages(ImageOptions(api_key="k", quality=quality))
    await images.make_image(ImageRequest(prompt, 1792, 1008, 1, 1), drawn)
    await images.aclose()

    machines = Machines(MACHINES.text, ImageMachine(provider="openai", model="m", price=PAINTER, quality=quality))
    work = PictureWork(scene.text, scene.title, scene.style, scene.rejected_prompt)
    reserved = WRITER.of(written.planned[0].most) + PAINTER.of(drawn.planned[0].most)
    estimate = estimate_of_pictures(machines, [work])
    assert estimate.amount is not None
    assert estimate.calls == len(written.planned) + len(drawn.planned) == 2
    assert written.planned[0].most.input_tokens <= prompt_bound(work).input_tokens
    assert drawn.planned[0].most.output_tokens == image_bound(machines.images).output_tokens
    assert reserved <= estimate.amount <= 2 * reserved


@pytest.mark.parametrize(
    ("machine", "asked"),
    [
        (ImageMachine(model="gpt-image-2.5-flare", width=160, height=90), (160, 90, None)),
        (ImageMachine(model="gpt-image-1", width=1792, height=1008), (1792, 1008, None)),
        (ImageMachine(model="other", width=1792, height=1008, size="512x512"), (1792, 1008, "512x512")),
        (ImageMachine(model="other", width=1792, height=1008, size="auto"), (1792, 1008, "auto")),
    ],
)
async def test_the_size_is_the_one_that_is_asked_for(machine: ImageMachine, asked: tuple[int, int, str | None]) -> None:
    width, height, size = asked
    book = Planning(a_png(1))
    images = OpenAIImages(ImageOptions(api_key="k", model=machine.model or "", size=size))
    await images.make_image(ImageRequest("A fox.", width, height, 1, 1), book)
    await images.aclose()
    assert image_bound(machine).output_tokens == book.planned[0].most.output_tokens


def test_the_words_of_a_task_fit() -> None:
    for shape in (True, False):
        task, _ = window_messages([], words_a_scene=1_000, shape=shape, again=False)
        assert len(task.encode()) <= TASK_BYTES
    task, material = prompt_messages(SCENES["short"])
    assert len(task.encode()) <= TASK_BYTES
    assert "A fox sleeps." in material


def test_machines_that_cost_nothing() -> None:
    free, work = Machines(), [PictureWork("A fox.")]
    assert estimate_of_segmentation(free, STORY) == Estimate(Decimal(0), 0)
    assert estimate_of_pictures(free, work) == Estimate(Decimal(0), 0)
    assert estimate_of_pictures(MACHINES, []) == Estimate(Decimal(0), 0)
    assert estimate_of_pictures(Machines(images=MACHINES.images), work).calls == 1
    assert estimate_of_pictures(Machines(text=MACHINES.text), work).amount == WRITER.of(prompt_bound(work[0]))


def test_an_unknown_price_is_not_taken_for_nothing() -> None:
    unknown = Machines(TextMachine(provider="openai", model="new"), MACHINES.images)
    assert estimate_of_segmentation(unknown, STORY) == Estimate(None, 1)
    assert estimate_of_pictures(unknown, [PictureWork("A fox.")]) == Estimate(None, 2)


def test_the_longest_script_is_estimated_at_once() -> None:
    def estimate() -> None:
        segmentation_bound(MACHINES.text, "A. " * 100_000)
        segmentation_bound(MACHINES.text, "\n" * 300_000)
        segmentation_bound(MACHINES.text, "." * 300_000)
        segmentation_bound(MACHINES.text, '."' * 150_000)

    assert_cheap(estimate, 0.5)


@pytest.mark.parametrize(
    ("given", "amount"),
    [("12.50", "12.5"), ("0.000000001", "0.000000001"), (0.1, "0.1"), (12, "12"), (1e3, "1000"), ("1E+2", "100"),
     (5e-7, "0.0000005"), ("0.00", "0"), (".5", "0.5"), (Decimal("7.10"), "7.1")],
)  # fmt: skip
def test_amounts_are_exact(given: object, amount: str) -> None:
    assert amount_text(amount_of(given)) == amount


@pytest.mark.parametrize(
    "given", ["", " 1", "1,5", "1_000", "٣", "ten", "0x10", True, None, [], 0.1 + 0.2, "1e9999999999"]
)
def test_what_is_no_amount(given: object) -> None:
    with pytest.raises(ValueError, match=r"amount such as|15 digits"):
        amount_of(given)
