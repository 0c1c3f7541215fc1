"""Several images decided about at once, by mouse and by keyboard; scenes approved all together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.running import RunningSystem, until
from tests.studio.page import PATIENCE_MS, StudioPage
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories


@pytest.fixture
def client(system: RunningSystem) -> GraphQLClient:
    return GraphQLClient(system)


@pytest.fixture
def script(client: GraphQLClient) -> str:
    """With an image of each of its three scenes, waiting."""
    script_id = client.create_script(title="Several at once")
    client.approve_script(script_id)
    client.approve_scenes(script_id)
    client.pending_images(script_id)
    return script_id


@pytest.fixture
def other(browser: Browser, system: RunningSystem) -> Iterator[StudioPage]:
    """A second person, with a browser state of their own."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield StudioPage(context.new_page(), system)
    context.close()


def statuses(client: GraphQLClient, script: str) -> list[list[str]]:
    return [[image["status"] for image in scene["images"]] for scene in client.scenes(script)]


def open_images(tab: StudioPage, script: str) -> None:
    tab.open(f"/scripts/{script.split('_')[1]}/images")
    expect(tab.page.locator(".attempt.is-pending")).to_have_count(3)
    expect(tab.page.locator(".connection.is-live")).to_be_visible()


def box(page: Page, place: int) -> Locator:
    return page.get_by_label(f"Select attempt 1 of scene {place}", exact=True)


def bar(page: Page) -> Locator:
    return page.get_by_role("group", name="Selected images")


def faults(page: Page) -> Locator:
    return page.locator(".attempt .fault")


def failing_once() -> Callable[[Route], None]:
    failed: list[Route] = []

    def handle(route: Route) -> None:
        if failed or "mutation reviewImages" not in (route.request.post_data or ""):
            return route.continue_()
        failed.append(route)
        error = {"message": "The disk is full.", "extensions": {"code": "INTERNAL"}}
        return route.fulfill(json={"data": None, "errors": [error]})

    return handle


def asked_for(page: Page, name: str) -> list[Any]:
    """What the page sends with this mutation, from now on."""
    inputs: list[Any] = []

    def note(request: Any) -> None:
        if request.method == "POST" and f"mutation {name}(" in (request.post_data or ""):
            inputs.append(request.post_data_json["variables"]["input"])

    page.on("request", note)
    return inputs


def test_all_that_wait_are_approved_with_the_mouse_and_others_see_it(
    studio: StudioPage, other: StudioPage, script: str, client: GraphQLClient
) -> None:
    page = studio.page
    for tab in (studio, other):
        open_images(tab, script)
    sent = asked_for(page, "reviewImages")

    # A range with Shift, backwards; one of it is left out again.
    box(page, 3).click()
    box(page, 1).click(modifiers=["Shift"])
    expect(bar(page)).to_contain_text("3 images selected")
    box(page, 2).click()
    expect(bar(page)).to_contain_text("2 images selected")
    bar(page).get_by_role("button", name="Clear").click()
    expect(bar(page)).to_have_count(0)
    expect(page.locator("[data-scene]").nth(0)).to_be_focused()

    # The server fails at it once: all stay selected.
    page.route("**/graphql", failing_once())
    page.get_by_role("button", name="Select all 3").click()
    bar(page).get_by_role("button", name="Approve 3").click()
    expect(page.locator(".notice.is-bad")).to_contain_text("Not done: “3 images approved”. The disk is full.")
    expect(bar(page)).to_contain_text("3 images selected")
    expect(faults(page)).to_have_count(3)
    studio.notice().get_by_role("button", name="Try again").click()
    expect(faults(page)).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="3 of 3 scenes have their image")).to_be_visible()
    expect(studio.notice()).to_contain_text("3 images approved")
    assert statuses(client, script) == [["APPROVED"]] * 3  # at once, without the moment in which it can be undone
    assert [len(one["decisions"]) for one in sent] == [3, 3]
    expect(other.page.get_by_role("status").filter(has_text="3 of 3 scenes have their image")).to_be_visible()


def test_the_same_by_keyboard_and_rejections_can_be_undone(
    studio: StudioPage, script: str, client: GraphQLClient
) -> None:
    page = studio.page
    key = page.keyboard
    open_images(studio, script)
    sent = asked_for(page, "reviewImages")
    rows = page.locator("[data-scene]")

    # X selects what waits in the row with the focus; Shift+X all from there to here.
    key.press("j")
    expect(rows.nth(0)).to_be_focused()
    key.press("x")
    expect(box(page, 1)).to_be_checked()
    key.press("j")
    key.press("Shift+X")
    expect(bar(page)).to_contain_text("2 images selected")
    expect(box(page, 3)).not_to_be_checked()

    key.press("r")
    why = bar(page).get_by_label("What should be different?")
    expect(why).to_be_focused()
    key.type("closer, at night")
    key.press("Enter")
    expect(studio.notice()).to_contain_text("2 images rejected")
    expect(page.locator(".attempt.is-rejected")).to_have_count(2)
    expect(bar(page)).to_have_count(0)
    expect(rows.nth(0)).to_be_focused()
    key.press("u")
    expect(studio.notice()).to_contain_text("Undone")
    expect(bar(page)).to_contain_text("2 images selected")  # as it was before

    key.press("r")
    expect(why).to_be_focused()
    key.type("with a gull")
    key.press("Enter")
    expect(page.locator(".attempt.is-rejected")).to_have_count(2)
    assert statuses(client, script) == [["PENDING"]] * 3
    assert sent == []
    until(lambda: statuses(client, script)[:2] == [["REJECTED", "PENDING"]] * 2, 60, "the images made instead")
    expect(page.locator(".attempts .said footer").first).to_have_text(re.compile("^You, "))
    assert [[one["reject"]["feedback"] for one in part["decisions"]] for part in sent] == [["with a gull"] * 2]
    expect(page.locator(".attempt.is-pending")).to_have_count(3, timeout=PATIENCE_MS)

    key.press("Control+a")
    expect(bar(page)).to_contain_text("3 images selected")
    key.press("Escape")
    expect(bar(page)).to_have_count(0)
    key.press("Control+a")
    key.press("a")
    expect(page.get_by_role("status").filter(has_text="3 of 3 scenes have their image")).to_be_visible()


def test_those_that_fail_stay_selected_with_their_message(
    studio: StudioPage, other: StudioPage, script: str, client: GraphQLClient
) -> None:
    # This page does not hear of what others do: its stream is cut off, while its commands still arrive.
    page = other.page
    page.route_web_socket("**/graphql", lambda _socket: None)
    other.open(f"/scripts/{script.split('_')[1]}/images")
    expect(page.locator(".attempt.is-pending")).to_have_count(3)
    scenes = client.scenes(script)
    theirs = scenes[0]["images"][0]
    client.mutate("rejectImage", "image { id }", id=theirs["id"], expectedVersion=theirs["version"], feedback="darker")
    changed = scenes[1]
    text = f"{changed['text']} And a gull."
    client.mutate("updateScene", "scene { id }", id=changed["id"], text=text, expectedVersion=changed["version"])

    page.get_by_role("button", name="Select all 3").click()
    page.keyboard.press("a")
    expect(page.locator(".notice.is-bad")).to_contain_text("2 of 3 images could not be decided on")
    cards = page.locator(".attempt")
    expect(cards.nth(0).locator(".fault")).to_contain_text("Not decided: ")
    expect(cards.nth(0)).to_contain_text("Rejected")
    expect(cards.nth(0)).to_contain_text("A reviewer")  # not this one
    expect(cards.nth(1).locator(".fault")).to_contain_text("Not decided: ")
    expect(cards.nth(2)).to_contain_text("Chosen")
    expect(cards.nth(2).locator(".fault")).to_have_count(0)
    assert [one[0] for one in statuses(client, script)] == ["REJECTED", "PENDING", "APPROVED"]

    # The one that still waits is selected, and approved for its new words as soon as these are seen.
    expect(box(page, 2)).to_be_checked()
    expect(bar(page)).to_contain_text("1 image selected")
    expect(bar(page)).to_contain_text("One was made from earlier words")
    bar(page).get_by_role("button", name="Approve 1").click()
    expect(faults(page)).to_have_count(1)
    until(lambda: statuses(client, script)[1] == ["APPROVED"], what="the second approval")


def test_all_scenes_are_approved_after_a_moment_in_which_that_can_be_undone_and_without_a_network(
    other: StudioPage, client: GraphQLClient
) -> None:
    page = other.page
    script = client.create_script(title="All its scenes")
    client.approve_script(script)
    other.open(f"/scripts/{script.split('_')[1]}/scenes")
    sent = asked_for(page, "approveScenes")
    said = page.get_by_role("status")

    other.approve_all_scenes()
    expect(said.filter(has_text="3 of 3 scenes approved")).to_be_visible()
    expect(other.notice()).to_contain_text("3 scenes approved")
    page.keyboard.press("u")
    expect(said.filter(has_text="0 of 3 scenes approved")).to_be_visible()

    page.context.set_offline(True)
    expect(page.locator(".connection")).to_have_text(re.compile("^Offline"))
    other.approve_all_scenes()
    expect(said.filter(has_text="3 of 3 scenes approved")).to_be_visible()
    assert sent == []
    expect(page.locator(".connection")).to_have_text("Offline, 3 to send", timeout=PATIENCE_MS)
    assert [scene["status"] for scene in client.scenes(script)] == ["PENDING"] * 3
    page.context.set_offline(False)
    expect(other.notice()).to_contain_text("Their images are being made", timeout=PATIENCE_MS)
    assert {len(one["scenes"]) for one in sent} == {3}
    assert [scene["status"] for scene in client.scenes(script)] == ["APPROVED"] * 3
