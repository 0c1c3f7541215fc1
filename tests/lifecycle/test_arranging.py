"""Splitting, merging and reordering scenes: no word is ever lost, and every image keeps its place in history."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.entities import Scene
from domain.errors import DomainError, InvalidInput, LimitExceeded, StateConflict, VersionConflict
from domain.events import EventKind
from domain.lifecycle import JobState, Status
from domain.protocols import LOCAL
from tests.world import World
from workflow import reading
from workflow.arranging import cut_text, merge_scenes, reorder_scenes, split_scene
from workflow.scenes import approve_scene, update_scene

TEXTS = ("One fox  woke.", "Two foxes ran.", "Three foxes slept.", "Four.")


async def scenes_of(world: World, script_id: int) -> list[Scene]:
    return (await reading.scenes_of_scripts([script_id]))[script_id]


def words(scenes: Sequence[Scene]) -> str:
    return "".join(scene.text + scene.gap for scene in scenes)


@given(st.text(alphabet=" \n\tab\u00e9\u0301\u05d0\U0001f98a\u3000\u200b", max_size=40), st.integers(-2, 42))
def test_cuts_lose_nothing(text: str, at: int) -> None:
    try:
        first, gap, second = cut_text(text, at)
    except InvalidInput:
        return
    assert first + gap + second == text
    assert first.strip()
    assert second.strip()
    assert not gap.strip()
    assert len(first) <= at <= len(first + gap)


async def test_split_then_merge_gives_the_same_words(world: World) -> None:
    script = await world.a_script(scene_texts=TEXTS)
    before = await scenes_of(world, script.id)
    split = await split_scene(world.context, scene_id=before[0].id, at=8, actor=LOCAL)
    assert (split.scene.text, split.scene.gap) == ("One fox", "  ")
    assert (split.new_scene.text, split.new_scene.gap) == ("woke.", "\n\n")
    now = await scenes_of(world, script.id)
    assert now[:2] == [split.scene, split.new_scene]
    assert [scene.order for scene in now] == [1, 2, 3, 4, 5]
    assert [scene.version for scene in now] == [2, 1, 1, 1, 1]
    assert words(now) == words(before)
    merged = await merge_scenes(world.context, scene_ids=[now[0].id, now[1].id], actor=LOCAL)
    assert merged.text == TEXTS[0]
    after = await scenes_of(world, script.id)
    assert [scene.id for scene in after] == [scene.id for scene in before]
    assert [scene.order for scene in after] == [1, 2, 3, 4]
    assert words(after) == words(before)
    assert (await reading.progress_of_scripts([script.id]))[script.id].scenes == 4


async def test_merging_cancels_what_is_not_wanted_any_more(world: World) -> None:
    script = await world.a_script(scene_texts=TEXTS)
    first, second, third, _ = await scenes_of(world, script.id)
    jobs = [
        (await approve_scene(world.context, scene_id=scene.id, actor=LOCAL)).job for scene in (first, second, third)
    ]
    merged = await merge_scenes(world.context, scene_ids=[first.id, second.id], expected_versions=[2, 2], actor=LOCAL)
    assert merged.status is Status.PENDING
    states = [(await reading.read_job(job.id)).state for job in jobs if job]
    assert states == [JobState.CANCELLED, JobState.CANCELLED, JobState.QUEUED]
    removed = await reading.read_scene(second.id)
    assert removed.removed_at is not None
    assert removed.text == TEXTS[1]
    for refused in (
        update_scene(world.context, scene_id=second.id, actor=LOCAL, text="No."),
        approve_scene(world.context, scene_id=second.id, actor=LOCAL),
        split_scene(world.context, scene_id=second.id, at=4, actor=LOCAL),
        merge_scenes(world.context, scene_ids=[second.id, third.id], actor=LOCAL),
    ):
        with pytest.raises(StateConflict, match="merged"):
            await refused
    kinds = [(event.kind, event.subject_id) for event in await reading.events_after(0, limit=500, script_id=script.id)]
    assert (EventKind.REMOVED, second.id) in kinds


async def test_a_split_takes_the_approval_back(world: World) -> None:
    scene = await world.a_scene(approved=True)
    split = await split_scene(world.context, scene_id=scene.id, at=6, expected_version=scene.version, actor=LOCAL)
    assert (split.scene.status, split.new_scene.status) == (Status.PENDING, Status.PENDING)
    with pytest.raises(VersionConflict):
        await split_scene(world.context, scene_id=scene.id, at=2, expected_version=scene.version, actor=LOCAL)


@pytest.mark.parametrize("at", [-1, 0, 14, 99])
async def test_splits_that_are_refused_change_nothing(world: World, at: int) -> None:
    script = await world.a_script(scene_texts=TEXTS)
    before = await scenes_of(world, script.id)
    with pytest.raises(InvalidInput):
        await split_scene(world.context, scene_id=before[0].id, at=at, actor=LOCAL)
    assert await scenes_of(world, script.id) == before


async def test_merges_that_are_refused_change_nothing(world: World) -> None:
    script = await world.a_script(scene_texts=TEXTS)
    other = await world.a_scene()
    before = await scenes_of(world, script.id)
    ids = [scene.id for scene in before]
    wrong: list[tuple[list[int], list[int] | None, type[DomainError]]] = [
        ([ids[0]], None, InvalidInput),
        ([ids[0], ids[0]], None, InvalidInput),
        ([ids[0], ids[2]], None, InvalidInput),
        ([ids[1], ids[0]], None, InvalidInput),
        ([ids[0], other.id], None, InvalidInput),
        ([ids[0], ids[1]], [1], InvalidInput),
        ([ids[0], ids[1]], [1, 2], VersionConflict),
    ]
    for scene_ids, versions, error in wrong:
        with pytest.raises(error):
            await merge_scenes(world.context, scene_ids=scene_ids, expected_versions=versions, actor=LOCAL)
    assert await scenes_of(world, script.id) == before


async def test_reordering(world: World) -> None:
    script = await world.a_script(scene_texts=TEXTS)
    before = await scenes_of(world, script.id)
    ids = [scene.id for scene in reversed(before)]
    moved = await reorder_scenes(
        world.context, script_id=script.id, scene_ids=ids, expected_version=script.version, actor=LOCAL
    )
    assert moved.version == script.version + 1
    after = await scenes_of(world, script.id)
    assert [scene.id for scene in after] == ids
    assert [scene.order for scene in after] == [1, 2, 3, 4]
    assert {scene.version for scene in after} == {1}
    for wrong in (ids[:3], [*ids, ids[0]], [*ids[:3], 9999], []):
        with pytest.raises(InvalidInput):
            await reorder_scenes(world.context, script_id=script.id, scene_ids=wrong, actor=LOCAL)
    assert await scenes_of(world, script.id) == after


async def test_no_more_scenes_than_the_limit(world: World) -> None:
    script = await world.a_script(scene_texts=TEXTS)
    scene = (await scenes_of(world, script.id))[0]
    few = world.limited(max_scenes=4)
    with pytest.raises(LimitExceeded):
        await split_scene(few, scene_id=scene.id, at=4, actor=LOCAL)
    short = world.limited(max_scene_chars=20)
    second = (await scenes_of(world, script.id))[1]
    with pytest.raises(LimitExceeded):
        await merge_scenes(short, scene_ids=[scene.id, second.id], actor=LOCAL)
