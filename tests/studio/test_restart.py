"""The server goes away in the middle of a review and comes back: nothing is reloaded, and nothing is lost."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

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
    script_id = client.create_script(title="Interrupted")
    client.approve_script(script_id)
    client.approve_scenes(script_id)
    client.pending_images(script_id)
    return script_id


@pytest.fixture
def tab(browser: Browser, system: RunningSystem) -> Iterator[StudioPage]:
    """Its console may say that the server was not reached, and nothing else."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type in ("error", "warning") else None)
    yield StudioPage(page, system)
    expected = re.compile("ERR_CONNECTION_|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|WebSocket connection to")
    assert [error for error in errors if not expected.search(error)] == []


def statuses(client: GraphQLClient, script: str) -> list[list[str]]:
    return [[image["status"] for image in scene["images"]] for scene in client.scenes(script)]


def reviewing(tab: StudioPage, script: str) -> None:
    tab.open(f"/scripts/{script.split('_')[1]}/review")
    expect(tab.page.locator(".stage figure.is-there img")).to_be_visible()
    expect(tab.page.locator(".connection")).to_have_text("Live")
    tab.page.wait_for_load_state("networkidle")
    tab.page.evaluate("window.neverReloaded = true")


def seconds_until_live(tab: StudioPage, since: float) -> float:
    expect(tab.page.locator(".connection")).to_have_text("Live", timeout=PATIENCE_MS)
    return time.monotonic() - since


def test_the_api_is_killed_in_the_middle_of_a_review(
    tab: StudioPage, script: str, client: GraphQLClient, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tab.page
    reviewing(tab, script)
    assert tab.system.kill("api")
    killed = time.monotonic()
    page.keyboard.press("a")  # whether or not the page knows yet: it is shown, kept and sent
    expect(page.locator(".review-side h2 .place")).to_have_text("2")
    expect(page.locator(".connection")).to_have_text(re.compile("^Offline"))
    until(tab.system.healthy, 30, "the server")
    healthy = time.monotonic()
    seconds = seconds_until_live(tab, killed)
    expect(page.locator(".position")).to_contain_text("2 to decide")
    until(lambda: statuses(client, script)[0] == ["APPROVED"], 20, "what was decided meanwhile")
    page.keyboard.press("a")
    until(lambda: statuses(client, script)[1] == ["APPROVED"], 20, "what was decided afterwards")
    expect(page.locator(".position")).to_contain_text("1 to decide")
    # What others do is heard again.
    last = client.scenes(script)[2]["images"][0]
    client.mutate("approveImage", "image { id }", id=last["id"], expectedVersion=last["version"])
    expect(page.locator(".stage figcaption")).to_contain_text("Approved")
    assert page.evaluate("window.neverReloaded") is True
    with capsys.disabled():
        after = max(0.0, seconds - healthy + killed)
        print(f"\nlive again {seconds:.1f} s after the kill, {after:.1f} s after the server")


def test_the_whole_server_is_stopped_for_a_while(
    tab: StudioPage, script: str, client: GraphQLClient, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tab.page
    reviewing(tab, script)
    page.keyboard.press("r")
    page.get_by_label("What should be different?").fill("closer, at night")
    tab.system.stop()
    expect(page.locator(".connection")).to_have_text(re.compile("^Offline"))
    page.keyboard.press("Enter")  # held for a moment, then waiting for the server
    page.keyboard.press("a")
    expect(page.locator(".connection")).to_have_text("Offline, 1 to send")
    expect(page.locator(".review-side h2 .place")).to_have_text("3")
    page.wait_for_timeout(3_000)
    started = time.monotonic()
    tab.system.start()
    healthy = time.monotonic()
    seconds = seconds_until_live(tab, started)
    until(lambda: statuses(client, script)[1] == ["APPROVED"], 30, "the approval")
    until(lambda: statuses(client, script)[0][:1] == ["REJECTED"], 30, "the rejection")
    until(lambda: statuses(client, script)[0] == ["REJECTED", "PENDING"], 60, "the image made instead")
    expect(page.locator(".position")).to_contain_text("2 to decide", timeout=PATIENCE_MS)
    assert page.evaluate("window.neverReloaded") is True
    with capsys.disabled():
        print(f"\nlive again {max(0.0, seconds - healthy + started):.1f} s after the server")


def test_what_is_typed_survives_a_reload(tab: StudioPage, script: str, client: GraphQLClient) -> None:
    page = tab.page
    tab.open("/new")
    page.get_by_label("Text", exact=True).fill("A lamp, and nobody")
    page.get_by_label("Title").fill("Unfinished")
    page.reload()
    expect(page.get_by_label("Text", exact=True)).to_have_value("A lamp, and nobody")
    expect(page.get_by_label("Title")).to_have_value("Unfinished")

    reviewing(tab, script)
    page.keyboard.press("r")
    page.get_by_label("What should be different?").fill("closer, at")
    page.reload()
    expect(page.locator(".stage figure.is-there img")).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_label("What should be different?")).to_have_value("closer, at")
    page.keyboard.press("Escape")

    tab.open(f"/scripts/{script.split('_')[1]}/scenes")
    before = client.scenes(script)[0]["text"]
    tab.words(1).press("Control+End")
    tab.words(1).press_sequentially(" And a gull")
    page.reload()
    expect(tab.words(1)).to_have_value(re.compile("And a gull"))
    assert client.scenes(script)[0]["text"] in (before, tab.words(1).input_value())


def test_a_rejection_that_is_held_survives_a_reload_and_is_sent_once(
    tab: StudioPage, script: str, client: GraphQLClient
) -> None:
    page = tab.page
    reviewing(tab, script)
    page.keyboard.press("r")
    page.get_by_label("What should be different?").fill("closer")
    page.keyboard.press("Enter")
    expect(page.locator(".review-side h2 .place")).to_have_text("2")
    page.reload()
    until(lambda: statuses(client, script)[0] == ["REJECTED", "PENDING"], 60, "the image made instead")
    expect(page.locator(".stage figure.is-there img")).to_be_visible()
    expect(page.locator(".notice.is-bad")).to_have_count(0)
    assert len(statuses(client, script)[0]) == 2
