"""On a slow line the page is there soon, loses no keystroke, shows each decision at once and sends it once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.running import RunningSystem, until
from tests.studio.page import PATIENCE_MS, StudioPage
from tests.workflows.story import GraphQLClient

pytestmark = [pytest.mark.stories, pytest.mark.timeout(240)]

LATENCY_MS = 400
BYTES_PER_SECOND = 400_000 // 8
FIRST_PAINT_S = 4.0
"""With nothing kept from an earlier visit: a page, its styles, and what stands there before the scripts are."""
USABLE_S = 12.0
"""All of the page's 200 kB are there, and the first answer."""
AT_ONCE_S = 1.0
"""Far less than a decision takes to be confirmed: that is said beside it."""

SCENES = "query($id: ID!) { script(id: $id) { progress { scenesIllustrated } } }"
_SHIFTED = """() => new Promise(done => {
  const add = (list) => done(list.getEntries().reduce((sum, one) => sum + one.value, 0));
  new PerformanceObserver(add).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(0), 500);
})"""


def _slow(page: Page) -> None:
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    speed = {"downloadThroughput": BYTES_PER_SECOND, "uploadThroughput": BYTES_PER_SECOND}
    network.send("Network.emulateNetworkConditions", {"offline": False, "latency": LATENCY_MS, **speed})


@pytest.fixture
def tab(browser: Browser, system: RunningSystem) -> Iterator[StudioPage]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    yield StudioPage(page, system)
    context.close()
    assert [error for error in errors if "ERR_TIMED_OUT" not in error] == []  # what a test loses itself


@pytest.fixture
def sent(tab: StudioPage) -> Counter[str]:
    """How often each mutation was sent, by its name."""
    counted: Counter[str] = Counter()

    def count(request: Request) -> None:
        text = request.post_data_json if request.method == "POST" and request.url.endswith("/graphql") else None
        if text and text["query"].startswith("mutation "):
            counted[text["query"].split("(")[0].split()[1]] += 1

    tab.page.on("request", count)
    return counted


@pytest.fixture
def client(system: RunningSystem) -> GraphQLClient:
    return GraphQLClient(system)


@pytest.fixture
def script(client: GraphQLClient) -> str:
    """With an image of each of its three scenes, waiting."""
    script_id = client.create_script(title="Far away")
    client.approve_script(script_id)
    client.approve_scenes(script_id)
    client.pending_images(script_id)
    return script_id


def _number(script: str) -> str:
    return script.split("_")[1]


def test_something_is_seen_soon_and_the_connection_is_told(tab: StudioPage, capsys: pytest.CaptureFixture[str]) -> None:
    page = tab.page
    _slow(page)
    began = time.monotonic()
    page.goto(tab.system.url, wait_until="commit")
    expect(page.locator("main.opening, h1").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("heading", name="Scripts", level=1)).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".connection")).to_have_text("Connecting")
    expect(page.locator(".loading")).to_have_count(0, timeout=PATIENCE_MS)
    usable = time.monotonic() - began
    expect(page.locator(".connection")).to_have_text("Live", timeout=PATIENCE_MS)
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
    shifted = page.evaluate(_SHIFTED)
    with capsys.disabled():
        print(f"\nfirst paint after {painted:.1f} s, the list after {usable:.1f} s, layout shift {shifted:.3f}")
    assert painted < FIRST_PAINT_S
    assert usable < USABLE_S
    assert shifted < 0.1


def test_no_keystroke_is_lost_while_the_answers_are_late(
    tab: StudioPage, sent: Counter[str], script: str, client: GraphQLClient
) -> None:
    page = tab.page
    tab.open(f"/scripts/{_number(script)}/scenes")
    words = tab.words(1)
    expect(words).to_be_visible(timeout=PATIENCE_MS)
    _slow(page)
    words.press("Control+End")
    words.press_sequentially(" One")
    words.press("Control+s")
    words.press_sequentially(" two")  # while the first are on their way
    words.press("Control+s")
    words.press_sequentially(" three.")
    page.get_by_role("button", name="More for scene 1", exact=True).focus()  # leaving the field saves, too
    written = words.input_value()
    assert written.endswith(" One two three.")
    until(lambda: client.scenes(script)[0]["text"].endswith(" One two three."), 60, "what was typed")
    expect(page.locator(".scene-text.is-draft")).to_have_count(0, timeout=PATIENCE_MS)
    expect(words).to_have_value(written)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".notice.is-bad")).to_have_count(0)
    assert 1 <= sent["updateScene"] <= 3

    tab.open("/new")
    text = page.get_by_label("Text", exact=True)
    text.press_sequentially("A lamp, and nobody near it.")
    page.reload(wait_until="commit")
    expect(text).to_have_value("A lamp, and nobody near it.", timeout=PATIENCE_MS)
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")  # impatient
    expect(page.get_by_role("navigation", name="Steps")).to_be_visible(timeout=PATIENCE_MS)
    assert sent["createScript"] == 1


def test_a_decision_is_shown_at_once_confirmed_and_sent_once(
    tab: StudioPage, sent: Counter[str], script: str, client: GraphQLClient, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tab.page
    tab.open(f"/scripts/{_number(script)}/review")
    expect(page.locator(".stage figure.is-there img")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".connection")).to_have_text("Live", timeout=PATIENCE_MS)
    page.wait_for_load_state("networkidle")
    _slow(page)
    began = time.monotonic()
    with page.expect_response(lambda answer: "approveImage(" in (answer.request.post_data or "")):
        page.keyboard.press("a")
        page.keyboard.press("k")
        expect(page.locator(".stage figcaption")).to_contain_text("Approved")
        shown = time.monotonic() - began
        page.keyboard.press("a")  # it is decided: pressed again, that does nothing
    confirmed = time.monotonic() - began
    with capsys.disabled():
        print(f"\nshown after {shown:.2f} s, answered after {confirmed:.2f} s")
    assert shown < AT_ONCE_S
    assert shown < confirmed
    assert client.scenes(script)[0]["images"][0]["status"] == "APPROVED"
    page.keyboard.press("j")
    expect(page.locator(".review-side h2 .place")).to_have_text("2")
    page.keyboard.press("r")
    page.get_by_label("What should be different?").press("Enter")
    page.keyboard.press("a")
    until(lambda: client.scenes(script)[2]["images"][0]["status"] == "APPROVED", 30, "the second approval")
    until(lambda: len(client.scenes(script)[1]["images"]) == 2, 60, "what is made instead")
    expect(page.locator(".notice.is-bad")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    assert sent["approveImage"] == 2
    assert sent["rejectImage"] == 1


def test_an_answer_that_gets_lost_is_asked_for_again_and_changes_nothing_twice(
    tab: StudioPage, sent: Counter[str], script: str, client: GraphQLClient
) -> None:
    page = tab.page
    lost: list[str] = []

    def lose_first(route: Route) -> None:
        if not lost and "approveImage" in (route.request.post_data or ""):
            lost.append(str(route.fetch().status))
            route.abort("timedout")
        else:
            route.continue_()

    page.route("**/graphql", lose_first)
    tab.open(f"/scripts/{_number(script)}/review")
    expect(page.locator(".stage figure.is-there img")).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("a")
    for _ in range(200):
        if sent["approveImage"] == 2:
            break
        page.wait_for_timeout(100)
    assert sent["approveImage"] == 2
    expect(page.locator(".position")).to_contain_text("2 to decide")
    page.wait_for_load_state("networkidle")
    expect(page.locator(".notice.is-bad")).to_have_count(0)
    approvals = [change for change in client.history(script) if change["subjectId"].startswith("image")]
    assert [change["newStatus"] for change in approvals].count("APPROVED") == 1
    assert lost == ["200"]


def test_an_answer_from_before_a_decision_does_not_undo_it(tab: StudioPage, script: str) -> None:
    """A scene is read while its image is shown; the answer, older than the approval, comes after it."""
    page, late = tab.page, []

    def read_early_answer_late(route: Route) -> None:
        asked = route.request.post_data_json
        if asked and asked["query"].startswith("query Scene("):
            late.append((route, route.fetch()))
        else:
            route.continue_()

    page.route("**/graphql", read_early_answer_late)
    tab.open(f"/scripts/{script.rsplit('_', 1)[1]}/review")
    for number in range(1, 4):
        expect(page.locator(".review-side h2 .place")).to_have_text(str(number))
        while len(late) < number:
            page.wait_for_timeout(20)
        tab.approve()
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    until(lambda: tab.system.graphql(SCENES, id=script)["script"]["progress"]["scenesIllustrated"] == 3)
    page.wait_for_timeout(500)  # what the page hears of it
    for route, answer in late:
        route.fulfill(response=answer)
    page.unroute("**/graphql")
    page.get_by_role("link", name="Back to the script").click()
    tab.go_to_step("Video")
    expect(page.get_by_role("button", name="Make the video")).to_be_enabled()
