"""The whole way from a pasted text to a video that plays, by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.running import SCRIPT, until
from tests.studio.page import PATIENCE_MS, StudioPage
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories

_FOCUSED = """() => {
  const at = document.activeElement;
  const label = at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent;
  return `${at.tagName.toLowerCase()} ${label.trim()}`;
}"""
_SEEN = """() => {
  const at = document.activeElement.getBoundingClientRect();
  return at.width > 0 && at.bottom > 0 && at.top < innerHeight && at.right > 0 && at.left < innerWidth;
}"""
MOST_TABS = 60


def tab_to(page: Page, tag: str, name: str) -> None:
    """Presses Tab until that has the focus, which must be seen wherever it goes."""
    wanted = re.compile(f"{tag} {name}")
    passed: list[str] = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(_FOCUSED))
        if wanted.match(passed[-1]):
            assert page.evaluate(_SEEN), f"{passed[-1]} has the focus, but is not seen"
            return
    raise AssertionError(f"{wanted.pattern} was not reached by Tab, but: {passed}")


def paste(page: Page, text: str) -> None:
    """Into what has the focus, as a clipboard does: in one piece."""
    page.keyboard.insert_text(text)


def waiting(studio: StudioPage) -> int:
    """How many images of the script under review wait, as the server has it."""
    script = f"script_{studio.page.url.split('/scripts/')[1].split('/')[0]}"
    found = [image for scene in GraphQLClient(studio.system).scenes(script) for image in scene["images"]]
    return sum(image["status"] == "PENDING" for image in found)


def test_from_a_pasted_text_to_a_playing_video_by_keyboard(studio: StudioPage) -> None:
    page = studio.page
    key = page.keyboard
    studio.open()

    # N opens the form with the text field ready; Ctrl+Enter saves the draft, and approves it on the next page.
    key.press("n")
    expect(page.get_by_label("Text", exact=True)).to_be_focused()
    paste(page, SCRIPT)
    key.press("Shift+Tab")
    paste(page, "The Lamp by keyboard")
    key.press("Control+Enter")
    expect(studio.heading("The Lamp by keyboard")).to_be_visible()
    expect(page.get_by_role("button", name="Approve the text")).to_be_visible()
    key.press("Control+Enter")
    expect(studio.scenes().first).to_be_visible(timeout=PATIENCE_MS)
    expect(studio.scenes()).to_have_count(3)

    # Scenes: J to the first, E to its words, Ctrl+Enter splits at the caret and goes on to the new one, M merges.
    row = studio.scenes().nth(0)
    key.press("j")
    expect(row).to_be_focused()
    key.press("e")
    expect(studio.words(1)).to_be_focused()
    key.press("Control+Home")
    for _ in range(SCRIPT.index("The lamp")):
        key.press("ArrowRight")
    key.press("Control+Enter")
    expect(studio.scenes()).to_have_count(4)
    expect(studio.words(2)).to_have_value(re.compile("^The lamp"))
    expect(studio.scenes().nth(1)).to_be_focused()
    key.press("k")
    expect(row).to_be_focused()
    key.press("m")
    expect(studio.scenes()).to_have_count(3)
    expect(studio.words(1)).to_have_value(re.compile("years. The lamp is cold"))

    # A approves and goes on; U takes it back.
    key.press("a")
    expect(studio.notice()).to_contain_text("Scene 1 approved")
    expect(studio.scenes().nth(1)).to_be_focused()
    key.press("u")
    expect(studio.notice()).to_contain_text("Undone")
    expect(row).to_be_focused()
    for _ in range(3):
        key.press("a")
    expect(page.get_by_role("status").filter(has_text="3 of 3 scenes approved")).to_be_visible()

    # Images, one by one.
    key.press("3")
    expect(page.locator(".attempt.is-pending")).to_have_count(3, timeout=PATIENCE_MS)
    key.press("v")
    expect(studio.decisions()).to_be_visible()
    place = page.locator(".review-side h2 .place")
    expect(place).to_have_text("1")
    key.press("j")
    expect(place).to_have_text("2")
    key.press("k")
    expect(place).to_have_text("1")
    key.press("z")
    expect(page.locator(".stage.is-zoomed")).to_be_visible()
    key.press("Escape")
    expect(page.locator(".stage.is-zoomed")).to_have_count(0)

    # Rejecting with a reason is held for a moment: U takes it back and shows the image again.
    key.press("r")
    expect(page.get_by_label("What should be different?")).to_be_focused()
    key.type("too bright")
    key.press("Enter")
    expect(place).to_have_text("2")
    key.press("u")
    expect(place).to_have_text("1")
    expect(studio.decisions().get_by_role("button", name="Reject")).to_be_enabled()
    key.press("r")
    expect(page.get_by_label("What should be different?")).to_be_focused()
    key.type("closer, at night")
    key.press("Enter")
    expect(place).to_have_text("2")
    key.press("a")
    expect(place).to_have_text("3")

    # G: another candidate from a prompt of one's own; it comes to the end of the review.
    key.press("g")
    expect(page.get_by_label("Prompt, used as it stands")).to_be_focused()
    key.press("Control+a")
    key.type("rain on a roof")
    key.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(studio.notice()).to_contain_text("Another image of scene 3")
    key.press("a")
    until(lambda: waiting(studio) == 2, PATIENCE_MS / 1000, "what is made again of scene 1, and the candidate")
    for left in ("2 to decide", "1 to decide"):
        expect(page.locator(".position")).to_contain_text(left, timeout=PATIENCE_MS)
        key.press("a")
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()

    # Video: one thing about it chosen in the form, made and played.
    tab_to(page, "a", "Back to the script")
    key.press("Enter")
    expect(studio.heading("The Lamp by keyboard")).to_be_visible()
    key.press("4")
    expect(page.get_by_role("button", name="Make the video")).to_be_enabled()
    tab_to(page, "summary", "How it is made")
    key.press("Enter")
    tab_to(page, "select", "Quality")
    key.type("Draft")
    tab_to(page, "button", "Make the video")
    key.press("Enter")
    expect(studio.player()).to_be_visible(timeout=PATIENCE_MS)
    studio.player().evaluate("video => { video.muted = true; video.onended = () => video.dataset.ended = 'yes' }")
    page.locator("main").evaluate("main => main.focus()")
    key.press(" ")
    expect(studio.player()).to_have_attribute("data-ended", "yes")
    seconds = studio.player().evaluate("video => video.duration")
    assert seconds == pytest.approx(1.5, abs=0.2)
    key.press("h")
    expect(page.get_by_text("closer, at night")).to_be_visible()
    expect(page.get_by_text("too bright")).to_have_count(0)
