"""What is accepted as text, and what machines propose as titles."""

from __future__ import annotations

import pytest

from domain.protocols import LOCAL
from domain.segmentation import CutPoint, Segmentation
from domain.text import as_one_line
from tests.world import World
from workflow import reading, scripts, work


@pytest.mark.parametrize(
    ("proposed", "title"),
    [
        ("The storm", "The storm"),
        ("  The\n\tstorm ", "The storm"),
        ("The \x07\u202estorm\x00", "The storm"),
        ("\u200b\n", None),
        ("", None),
        ("x" * 400, "x" * 300),
    ],
)
def test_a_proposed_title_is_made_fit_to_be_one(proposed: str, title: str | None) -> None:
    assert as_one_line(proposed, most=300) == title


async def test_proposed_titles_are_cleaned_before_they_are_stored(world: World) -> None:
    script = await scripts.create_script(world.context, title=None, content="One. Two.", actor=LOCAL)
    approval = await scripts.approve_script(world.context, script_id=script.id, actor=LOCAL)
    cuts = (CutPoint(9, "A\nB\x07"),)
    job = await world.claim(approval.job)
    await work.record_segmentation(world.context, job, segmentation=Segmentation(cuts, "Two\u2028lines"))
    assert (await reading.read_script(script.id)).title == "Two lines"
    (scene,) = (await reading.scenes_of_scripts([script.id]))[script.id]
    assert scene.title == "A B"
