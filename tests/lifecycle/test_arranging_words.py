"""However scenes are cut, merged, moved and edited, no word is lost and the places stay 1 to n."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.entities import Scene
from domain.errors import InvalidInput
from domain.protocols import LOCAL
from tests.world import World, open_world
from workflow import arranging, reading, scenes
from workflow.arranging import cut_text

TEXTS = st.text("aé🦊.\u0301 \n\t\u00a0\u2003", min_size=1, max_size=12).filter(str.strip)
STEPS = st.lists(
    st.tuples(st.sampled_from(["split", "merge", "reorder", "edit"]), st.integers(0, 9), st.integers(0, 11), TEXTS),
    max_size=8,
)


@dataclass
class Desk:
    """A world that several examples share, each with a script of its own."""

    runner: asyncio.Runner
    world: World


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with asyncio.Runner() as runner:
        opened = open_world(database_url, tmp_path / "storage")
        world = runner.run(opened.__aenter__())
        try:
            yield Desk(runner, world)
        finally:
            runner.run(opened.__aexit__(None, None, None))


def joined(found: list[Scene]) -> str:
    return "".join(scene.text + scene.gap for scene in found)


async def read(script_id: int) -> list[Scene]:
    return (await reading.scenes_of_scripts([script_id]))[script_id]


async def step(world: World, script_id: int, kind: str, place: int, at: int, text: str) -> None:
    """One command; afterwards what it promises is looked at."""
    before = await read(script_id)
    scene = before[place % len(before)]
    ids = [each.id for each in before]
    match kind:
        case "split":
            try:
                await arranging.split_scene(world.context, scene_id=scene.id, at=at, actor=LOCAL)
            except InvalidInput:
                assert await read(script_id) == before
            assert joined(await read(script_id)) == joined(before)
        case "merge":
            some = ids[place % len(ids) :][: 2 + at % 2]
            if len(some) > 1:
                await arranging.merge_scenes(world.context, scene_ids=some, actor=LOCAL)
                assert [each.id for each in await read(script_id)] == [id for id in ids if id not in some[1:]]
            assert joined(await read(script_id)) == joined(before)
        case "reorder":
            order = [*ids[at % len(ids) :], *ids[: at % len(ids)]]
            await arranging.reorder_scenes(world.context, script_id=script_id, scene_ids=order, actor=LOCAL)
            after = await read(script_id)
            assert [each.id for each in after] == order
            assert sorted((each.id, each.text, each.gap) for each in after) == sorted(
                (each.id, each.text, each.gap) for each in before
            )
        case _:
            await scenes.update_scene(world.context, scene_id=scene.id, text=text, actor=LOCAL)
            replaced = [text if each.id == scene.id else each.text for each in before]
            assert [each.text for each in await read(script_id)] == replaced


async def run(world: World, texts: tuple[str, ...], steps: list[tuple[str, int, int, str]]) -> None:
    script = await world.a_script(scene_texts=texts)
    assert joined(await read(script.id)) == script.content
    for one in steps:
        await step(world, script.id, *one)
        after = await read(script.id)
        assert [scene.order for scene in after] == list(range(1, len(after) + 1))
        assert all(scene.text.strip() and not scene.gap.strip() for scene in after)


@given(texts=st.lists(TEXTS, min_size=1, max_size=4), steps=STEPS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_word_is_lost(desk: Desk, texts: list[str], steps: list[tuple[str, int, int, str]]) -> None:
    desk.runner.run(run(desk.world, tuple(texts), steps))


@given(text=st.text(max_size=30), at=st.integers(-2, 32))
def test_a_cut_keeps_every_character(text: str, at: int) -> None:
    try:
        first, gap, second = cut_text(text, at)
    except InvalidInput:
        return
    assert first + gap + second == text
    assert gap.strip() == ""
    assert first.strip()
    assert second.strip()
