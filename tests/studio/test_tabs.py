"""Decisions that are not sent yet outlive their tab: exactly one other tab of the browser takes them over."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Request, expect

from tests.running import Json, RunningSystem, until
from tests.studio.page import StudioPage
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories

WITHOUT_LOCKS = "Object.defineProperty(navigator, 'locks', {value: undefined})"
"""As over plain HTTP from another machine."""

MONTH_BACK = """(createdAt) => {
  const key = Object.keys(localStorage).find(one => one.startsWith("reelgate:outbox:"));
  const commands = JSON.parse(localStorage[key]).map(one => ({...one, at: one.at - 30 * 86400000}));
  if (createdAt) commands.at(-1).createdAt = createdAt;
  localStorage[key] = JSON.stringify(commands);
}"""


@pytest.fixture
def client(system: RunningSystem) -> GraphQLClient:
    return GraphQLClient(system)


@pytest.fixture
def script(client: GraphQLClient) -> str:
    """With an image of each of its three scenes, waiting."""
    script_id = client.create_script(title="Left behind")
    client.approve_script(script_id)
    client.approve_scenes(script_id)
    client.pending_images(script_id)
    return script_id


class Person:
    """One browser with any number of tabs. What arrives of what it sends is counted."""

    def __init__(self, context: BrowserContext, system: RunningSystem) -> None:
        self.context = context
        self.system = system
        self.errors: list[str] = []
        self.sent: list[str] = []
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("requestfinished", self._note)

    def _note(self, request: Request) -> None:
        if request.method == "POST" and (found := re.match(r'{"query":"mutation (\w+)', request.post_data or "")):
            self.sent.append(found[1])

    def reviewing(self, script: str) -> StudioPage:
        tab = StudioPage(self.context.new_page(), self.system)
        tab.open(f"/scripts/{script.split('_')[1]}/review")
        expect(tab.page.locator(".stage figure.is-there img")).to_be_visible()
        expect(tab.page.locator(".connection")).to_have_text("Live")
        tab.page.wait_for_load_state("networkidle")
        return tab

    def opening(self, script: str) -> StudioPage:
        """The images of a script."""
        tab = StudioPage(self.context.new_page(), self.system)
        tab.open(f"/scripts/{script.split('_')[1]}/images")
        expect(tab.page.locator(".attempt.is-pending")).to_have_count(3)
        expect(tab.page.locator(".connection")).to_have_text("Live")
        return tab

    def leave(self, tab: StudioPage) -> list[str]:
        """Closes the tab as a person does, whatever it asks; answers what it asked."""
        asked: list[str] = []

        def accept(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.accept()

        tab.page.on("dialog", accept)
        with tab.page.expect_event("close"):
            tab.page.close(run_before_unload=True)
        return asked


@pytest.fixture
def person(browser: Browser, system: RunningSystem) -> Iterator[Person]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    someone = Person(context, system)
    yield someone
    context.close()
    assert someone.errors == []


def statuses(client: GraphQLClient, script: str) -> list[list[str]]:
    return [[image["status"] for image in scene["images"]] for scene in client.scenes(script)]


def unsent(tab: StudioPage) -> list[str]:
    """Of all tabs of this browser."""
    kept: list[str] = tab.page.evaluate("Object.keys(localStorage).filter(one => one.includes('outbox'))")
    return kept


def approve(tab: StudioPage, place: int) -> None:
    tab.page.locator("[data-scene]").nth(place - 1).get_by_role("button", name="Approve").click()


def go_offline(person: Person, tab: StudioPage) -> None:
    """All tabs of the browser, and this one until its end: what is emulated ends a moment before that."""
    person.context.set_offline(True)
    tab.page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('offline')); }")
    expect(tab.page.locator(".connection")).to_have_text(re.compile("^Offline"))


def test_a_tab_closed_within_the_moment_of_a_rejection_and_opened_again(
    person: Person, script: str, client: GraphQLClient
) -> None:
    tab = person.reviewing(script)
    tab.page.keyboard.press("r")
    tab.page.get_by_label("What should be different?").press("Enter")
    expect(tab.page.locator(".review-side h2 .place")).to_have_text("2")
    assert person.leave(tab) == []  # nothing is in the way of sending it
    again = person.reviewing(script)
    until(lambda: statuses(client, script)[0] == ["REJECTED", "PENDING"], 60, "the image made instead")
    expect(again.page.locator(".connection")).to_have_text("Live")
    expect(again.page.locator(".notice.is-bad")).to_have_count(0)
    assert len(statuses(client, script)[0]) == 2
    until(lambda: not unsent(again), what="the end of the outbox")


def test_a_tab_closed_without_a_network_and_opened_again(person: Person, script: str, client: GraphQLClient) -> None:
    tab = person.reviewing(script)
    go_offline(person, tab)
    tab.page.keyboard.press("a")
    tab.page.keyboard.press("a")
    expect(tab.page.locator(".connection")).to_have_text("Offline, 2 to send")
    assert person.leave(tab) == ["beforeunload"]
    assert statuses(client, script) == [["PENDING"]] * 3

    person.context.set_offline(False)
    person.sent.clear()
    again = person.reviewing(script)
    until(lambda: statuses(client, script) == [["APPROVED"], ["APPROVED"], ["PENDING"]], what="the approvals")
    expect(again.page.locator(".notice")).to_have_count(0)
    assert person.sent == ["approveImage", "approveImage"]

    # What this browser did is known to be its own; what anyone else did is not.
    last = client.scenes(script)[2]["images"][0]
    client.mutate("approveImage", "image { id }", id=last["id"], expectedVersion=last["version"])
    again.open(f"/scripts/{script.split('_')[1]}/history")
    for line in ("You approved the image of scene 1", "You approved the image of scene 2"):
        expect(again.page.get_by_text(line)).to_be_visible()
    expect(again.page.get_by_text("A reviewer approved the image of scene 3")).to_be_visible()
    expect(again.page.get_by_text("Reelgate made the image of scene 3")).to_be_visible()


def test_of_two_tabs_each_sends_its_own_and_one_takes_over_what_the_other_leaves(
    person: Person, script: str, client: GraphQLClient
) -> None:
    first, second, third = (person.reviewing(script) for _ in range(3))
    go_offline(person, first)
    first.page.keyboard.press("a")
    expect(first.page.locator(".connection")).to_have_text("Offline, 1 to send")
    expect(second.page.locator(".connection")).to_have_text("Offline")
    second.page.keyboard.press("a")  # the same again, in a tab that does not know of it
    second.page.keyboard.press("a")
    expect(second.page.locator(".connection")).to_have_text("Offline, 2 to send")
    person.leave(first)
    heirs = second.page.locator(".connection"), third.page.locator(".connection")
    until(lambda: sorted(one.inner_text() for one in heirs) in HEIRS, what="an heir")
    assert statuses(client, script) == [["PENDING"]] * 3

    person.sent.clear()
    person.context.set_offline(False)
    for tab in (second, third):
        expect(tab.page.locator(".connection")).to_have_text("Live")
        expect(tab.page.locator(".position")).to_contain_text("1 to decide")
        expect(tab.page.locator(".notice.is-bad")).to_have_count(0)
    until(lambda: not unsent(second), what="the end of the outbox")
    assert statuses(client, script) == [["APPROVED"], ["APPROVED"], ["PENDING"]]
    assert person.sent == ["approveImage"] * 3


HEIRS = (["Offline", "Offline, 3 to send"], ["Offline, 1 to send", "Offline, 2 to send"])
"""Whichever of the two it was."""


def test_old_decisions_about_what_has_moved_on_are_dropped_and_told_of(
    person: Person, script: str, client: GraphQLClient
) -> None:
    person.context.add_init_script(WITHOUT_LOCKS)
    scenes = client.scenes(script)

    def others_edit(scene: Json) -> None:
        text = f"{scene['text']} And a gull."
        client.mutate("updateScene", "scene { id }", id=scene["id"], text=text, expectedVersion=scene["version"])

    tab = person.opening(script)
    go_offline(person, tab)
    approve(tab, 1)
    tab.page.evaluate(MONTH_BACK, None)
    person.leave(tab)
    others_edit(scenes[0])
    person.context.set_offline(False)
    again = person.opening(script)
    expect(again.page.locator(".notice.is-bad")).to_contain_text("Dropped: “Image of scene 1 approved”, decided ")

    # Two more: one that has moved on, and one of another installation at the same address, whose version would fit.
    go_offline(person, again)
    approve(again, 2)
    approve(again, 3)
    expect(again.page.locator(".connection")).to_have_text("Offline, 2 to send")
    again.page.evaluate(MONTH_BACK, "2020-01-01T00:00:00+00:00")
    person.leave(again)
    others_edit(scenes[1])
    person.context.set_offline(False)
    last = person.opening(script)
    expect(last.page.locator(".notice.is-bad")).to_contain_text("2 decisions that could not be sent for long")
    assert statuses(client, script) == [["PENDING"]] * 3
