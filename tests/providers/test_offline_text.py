"""Scenes of the offline provider: nothing lost, a pleasant length, sensible ends and titles."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import JobErrorCode, WorkFailed
from domain.generation import SegmentationRequest
from domain.segmentation import SceneDraft, Segmentation, join_scenes, scenes_from_cuts
from providers.offline import OfflineText
from providers.offline.titles import LONGEST_TITLE
from providers.words import word_count
from tests.costs import assert_answer_is_cheap
from tests.providers.stories import STORY
from tests.providers.test_units import any_text


async def segmented(content: str, max_scenes: int = 60) -> Segmentation:
    return await OfflineText().segment(SegmentationRequest(content, max_scenes))


async def scenes_of(content: str, max_scenes: int = 60) -> tuple[SceneDraft, ...]:
    return scenes_from_cuts(content, (await segmented(content, max_scenes)).cuts)


@given(any_text.filter(str.strip), st.integers(1, 30))
@settings(max_examples=300, deadline=None)
async def test_any_text_is_kept_whole(content: str, max_scenes: int) -> None:
    scenes = await scenes_of(content, max_scenes)
    assert join_scenes(scenes) == content
    assert 1 <= len(scenes) <= max_scenes
    assert all(scene.text.strip() for scene in scenes)
    for scene in scenes:
        assert scene.title is None or (0 < len(scene.title) <= LONGEST_TITLE and scene.title == scene.title.strip())


@given(
    st.lists(st.sampled_from(["# A", "Scene 2", "TOM", "***", "He ran off.", "No.", "", "by A. Writer"]), max_size=40)
)
@settings(max_examples=150, deadline=None)
async def test_headings_never_end_a_scene(lines: list[str]) -> None:
    content = "\n".join([*lines, "The end came quietly that day."])
    for scene in (await scenes_of(content))[:-1]:
        last = scene.text.splitlines()[-1]
        assert last not in ("# A", "Scene 2") or len(scene.text.splitlines()) > 4  # a long list of headings is a list


async def test_a_story_becomes_scenes_of_a_pleasant_length() -> None:
    scenes = await scenes_of(STORY)
    lengths = [word_count(scene.text) for scene in scenes]
    assert 16 <= len(scenes) <= 26
    assert all(16 <= length <= 56 for length in lengths)
    assert 28 <= sum(lengths) / len(lengths) <= 42


async def test_the_same_text_gives_the_same_scenes() -> None:
    assert await segmented(STORY) == await segmented(STORY)


async def test_a_long_paragraph_is_cut_evenly() -> None:
    paragraph = "The keeper went down to the shore and looked for the small boat again. " * 12
    lengths = [word_count(scene.text) for scene in await scenes_of(paragraph)]
    assert len(lengths) == 4
    assert min(lengths) > 0.6 * max(lengths)


async def test_dialogue_lines_share_a_scene() -> None:
    content = "\n\n".join(['"Where are you going?" she asked.', '"Home," he said.', '"And then?"', '"Nowhere."'])
    assert len(await scenes_of(content)) == 1


@pytest.mark.parametrize("max_scenes", [1, 2, 3, 5, 7])
async def test_too_many_scenes_are_merged_evenly(max_scenes: int) -> None:
    scenes = await scenes_of(STORY, max_scenes)
    lengths = [word_count(scene.text) for scene in scenes]
    assert len(scenes) == max_scenes
    assert min(lengths) > 0.5 * max(lengths)
    assert all(scene.text[-1] in '."?' for scene in scenes)


async def test_a_screenplay_is_cut_at_its_headings() -> None:
    content = (
        "THE LONG NIGHT\n\nby A. Writer\n\nFADE IN:\n\nINT. HOUSE - NIGHT\n\nA fire burns. ANNA sits at the table.\n\n"
        "ANNA\nI can't read this. What does it say?\n\nTOM\nIt says... come home.\n\nCUT TO:\n\n"
        "EXT. STREET - DAY\n\nRain. Cars pass. Anna waits by the lamp.\n\n# Chapter Two\n\n## The sea\n\n"
        "The boat left at dawn. Nobody waved.\n"
    )
    result = await segmented(content)
    scenes = scenes_from_cuts(content, result.cuts)
    assert [scene.text.splitlines()[0] for scene in scenes] == ["THE LONG NIGHT", "EXT. STREET - DAY", "# Chapter Two"]
    assert [scene.title for scene in scenes] == ["INT. HOUSE - NIGHT", "EXT. STREET - DAY", "The sea"]
    assert scenes[0].text.endswith("CUT TO:")
    assert result.title == "THE LONG NIGHT"


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("# The Storm\n\nIt came at night and nobody was ready for it.", "The Storm"),
        ("Title: The Storm\n\nIt came.", "The Storm"),
        (
            "The Keeper's Letters\n\nAt dusk the keeper climbed the spiral stairs of the lighthouse.",
            "The Keeper's Letters",
        ),
        ("It came at night. Nobody was ready.", None),
    ],
)
async def test_the_script_takes_its_title_from_its_first_line(content: str, title: str | None) -> None:
    assert (await segmented(content)).title == title


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("He gave the key to Mrs. Dunmore, and left.", "He gave the key to Mrs. Dunmore"),
        ("“And the old lighthouse stood alone,” she said.", "The old lighthouse stood alone"),
        ("Scene 3: The harbour\nThe boats were gone.", "Scene 3: The harbour"),
        ("大海很平静，船走了。", "大海很平静"),
        ("...!!!", None),
        ("x" * 500, None),
    ],
)
async def test_scene_titles_are_taken_from_the_words(content: str, title: str | None) -> None:
    assert (await scenes_of(content))[0].title == title


async def test_titles_of_a_story_are_short_and_whole_words() -> None:
    words = set(STORY.lower().replace(",", " ").replace(".", " ").replace('"', " ").replace(":", " ").split())
    for scene in await scenes_of(STORY):
        assert scene.title is not None
        assert 2 <= len(scene.title.split()) <= 10
        assert scene.title[0].isupper()
        assert scene.title[-1].isalnum()
        assert {word.lower().rstrip(".") for word in scene.title.split()} <= words


@pytest.mark.parametrize("content", ["", " \n\t "])
async def test_a_text_without_words_is_refused(content: str) -> None:
    with pytest.raises(WorkFailed) as caught:
        await segmented(content)
    assert caught.value.code is JobErrorCode.PROVIDER_REFUSED
    assert not caught.value.retryable


async def test_a_very_long_script_is_quick() -> None:
    content = STORY * (300_000 // len(STORY))
    scenes = await assert_answer_is_cheap(lambda: scenes_of(content, 500), 1.5)
    assert len(scenes) == 500
