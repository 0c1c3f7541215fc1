"""The whole way from a pasted text to a video that plays, by mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.studio.page import PATIENCE_MS, StudioPage

pytestmark = pytest.mark.stories

TEXT = """A lighthouse stands on a cliff at dusk. The keeper climbs the stairs with a lantern in his hand.

Far out, a small boat turns towards the coast. The sea is calm and the last light lies on the water like a road.

By midnight a storm comes down from the hills. Rain beats on the roofs of the village, and the windows go dark."""


def test_from_a_pasted_text_to_a_playing_video_by_mouse(studio: StudioPage) -> None:
    page = studio.page
    studio.open()
    studio.write_script("The Lamp", TEXT)
    studio.approve_text()

    # The words of a scene are edited where they stand, and it is split and merged again.
    expect(studio.scenes()).not_to_have_count(0)
    count = studio.scenes().count()
    first = studio.words(1)
    first.click()
    first.evaluate(
        "field => field.setSelectionRange(field.value.indexOf('The keeper'), field.value.indexOf('The keeper'))"
    )
    page.get_by_role("button", name="Split at the caret").click()
    expect(studio.scenes()).to_have_count(count + 1)
    expect(studio.words(2)).to_have_value(re.compile("^The keeper"))
    page.get_by_role("button", name="More for scene 1", exact=True).click()
    page.get_by_role("button", name="Merge with the next").click()
    expect(studio.scenes()).to_have_count(count)
    expect(first).to_have_value(re.compile("dusk. The keeper climbs"))

    # Approving one scene is held for a moment; all the others go together.
    page.get_by_role("button", name="Approve scene 1", exact=True).click()
    expect(studio.notice()).to_contain_text("Scene 1 approved")
    studio.notice().get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Approve scene 1", exact=True)).to_be_visible()
    studio.approve_all_scenes()
    expect(page.get_by_role("status").filter(has_text=f"{count} of {count} scenes approved")).to_be_visible()

    # Images: the first is rejected with a reason, what comes instead is approved, and so are the others.
    studio.go_to_step("Images")
    expect(page.locator(".attempt.is-pending")).to_have_count(count, timeout=PATIENCE_MS)
    studio.start_review()
    studio.reject("closer, at night")
    for _ in range(count - 1):
        studio.approve()
    expect(page.get_by_text("closer, at night").first).to_be_visible(timeout=PATIENCE_MS)
    expect(studio.decisions().get_by_role("button", name="Approve")).to_be_enabled(timeout=PATIENCE_MS)
    studio.approve()
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()

    page.get_by_role("link", name="Back to the script").click()
    studio.go_to_step("Video")
    studio.make_video()
    seconds = studio.player().evaluate(
        "async video => { video.muted = true; await video.play(); "
        "await new Promise(done => video.ontimeupdate = done); return video.duration }"
    )
    assert seconds == pytest.approx(count * 0.5, abs=0.2)
    expect(page.get_by_role("link", name="Download", exact=True)).to_have_attribute("download", "The Lamp.mp4")
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("closer, at night")).to_be_visible()
    for line in ("You wrote the script", "You approved the text", f"You approved scene {count}"):
        expect(page.get_by_text(line, exact=True)).to_be_visible()
