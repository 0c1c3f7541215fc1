"""Scenes moved by hand and by key, where the focus goes, and machine work that a person stops."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.running import RunningSystem, until
from tests.studio.page import PATIENCE_MS, StudioPage
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories


@pytest.fixture(scope="module")
def cut(system: RunningSystem) -> str:
    client = GraphQLClient(system)
    script = client.create_script(title="By hand")
    client.approve_script(script)
    return script


def drag(page: Page, place: int, to: int) -> None:
    """By its handle, to the far end of another row."""
    handle = page.get_by_role("button", name=f"Move scene {place}.").bounding_box()
    row = page.locator(".storyboard > li").nth(to - 1).bounding_box()
    assert handle is not None
    assert row is not None
    page.mouse.move(handle["x"] + 10, handle["y"] + 10)
    page.mouse.down()
    page.mouse.move(handle["x"] + 10, handle["y"] + 60, steps=4)
    page.mouse.move(handle["x"] + 10, row["y"] + row["height"] - 8, steps=8)
    page.mouse.up()


def test_scenes_are_moved_by_mouse_and_by_key(studio: StudioPage, system: RunningSystem, cut: str) -> None:
    page = studio.page
    client = GraphQLClient(system)
    first, second, third = [scene["id"] for scene in client.scenes(cut)]

    def saved(*order: str) -> None:
        until(lambda: [scene["id"] for scene in client.scenes(cut)] == list(order), what="the order")

    studio.open(f"/scripts/{cut.split('_')[1]}/scenes")
    expect(studio.scenes()).to_have_count(3)
    drag(page, 1, to=3)
    saved(second, third, first)
    page.get_by_role("button", name="Move scene 3.").press("ArrowUp")
    expect(page.get_by_role("button", name="Move scene 2.")).to_be_focused()
    saved(second, first, third)
    page.locator(f"[data-scene={first}]").press("Alt+ArrowUp")
    saved(first, second, third)
    expect(page.locator(f"[data-scene={first}]")).to_be_focused()


def test_the_focus_goes_back_to_where_it_came_from(studio: StudioPage, cut: str) -> None:
    page = studio.page
    studio.open(f"/scripts/{cut.split('_')[1]}/scenes")
    for name in ("Approve all", "More for scene 1", "Rename"):
        opener = page.get_by_role("button", name=name).first
        opener.press("Enter")
        expect(opener.and_(page.locator(":focus"))).to_have_count(0)
        page.keyboard.press("Escape")
        expect(opener).to_be_focused()
    page.get_by_role("button", name="Approve all").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Approve all")).to_be_focused()

    # What is pressed and goes leaves the focus in its row, or in the view; a held decision shows its seconds.
    page.get_by_role("button", name="Approve scene 2", exact=True).click()
    expect(studio.scenes().nth(1)).to_be_focused()
    expect(page.locator(".countdown")).to_have_text(re.compile("^[1-5]$"))
    studio.notice().get_by_role("button", name="Undo").click()
    expect(page.get_by_role("main")).to_be_focused()

    # It can be taken back from wherever one has gone meanwhile.
    page.get_by_role("button", name="Approve scene 1", exact=True).click()
    page.keyboard.press("h")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    page.keyboard.press("u")
    expect(studio.notice()).to_contain_text("Undone")


def test_cutting_that_was_stopped_is_started_again(studio: StudioPage, system: RunningSystem) -> None:
    page = studio.page
    script = GraphQLClient(system).create_script(title="Stopped")
    studio.open(f"/scripts/{script.split('_')[1]}")
    (worker,) = system.family()["worker"]
    worker.suspend()
    try:
        page.get_by_role("button", name="Approve the text").click()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("Cancelled")).to_be_visible()
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("waits its turn")).to_be_visible()
    finally:
        worker.resume()
    expect(studio.scenes().first).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="History").click()
    for deed in ("stopped the cutting into scenes", "sent the cutting into scenes back to work"):
        expect(page.get_by_text(f"A reviewer {deed}")).to_be_visible()
