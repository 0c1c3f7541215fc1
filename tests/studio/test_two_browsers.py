"""Two people on the same script: what one decides, the other sees by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.running import RunningSystem, until
from tests.studio.page import PATIENCE_MS, StudioPage
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories

_WATCH = """(name) => {
  // The wall clock is common to both pages; it is read when the next frame is drawn.
  const times = (window[name] = []);
  const note = (what) =>
    requestAnimationFrame(() => {
      const picture = document.querySelector(".stage img");
      if (what === "picture" && !(picture?.complete && picture.naturalWidth)) return note(what);
      times.push([what, performance.timeOrigin + performance.now()]);
    });
  const press = (event) => times.push(["key " + event.key, performance.timeOrigin + event.timeStamp]);
  document.addEventListener("keydown", press, true);
  let shown = document.querySelector(".stage img")?.src;
  let open = document.querySelector(".position .meta")?.textContent;
  new MutationObserver(() => {
    const picture = document.querySelector(".stage img")?.src;
    if (picture !== shown) { shown = picture; note("picture"); }
    const left = document.querySelector(".position .meta")?.textContent;
    if (left !== open) { open = left; note("count"); }
  }).observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
}"""


@pytest.fixture
def client(system: RunningSystem) -> GraphQLClient:
    return GraphQLClient(system)


@pytest.fixture
def script(client: GraphQLClient) -> str:
    """With an image of each of its three scenes, waiting."""
    script_id = client.create_script(title="Two people")
    client.approve_script(script_id)
    client.approve_scenes(script_id)
    client.pending_images(script_id)
    return script_id.split("_")[1]


@pytest.fixture
def other(browser: Browser, system: RunningSystem) -> Iterator[StudioPage]:
    """A second person, with a browser state of their own."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield StudioPage(context.new_page(), system)
    context.close()


def reviewing(tab: StudioPage, script: str) -> None:
    tab.open(f"/scripts/{script}/review")
    expect(tab.page.locator(".stage figure.is-there img")).to_be_visible()
    expect(tab.page.locator(".connection.is-live")).to_be_visible()
    expect(tab.page.locator(".position")).to_contain_text("3 to decide")
    tab.page.wait_for_load_state("networkidle")


def first_after(page: Page, what: str, since: float) -> float:
    """Milliseconds until then."""
    times: list[tuple[str, float]] = page.evaluate("watched")
    return min(at for name, at in times if name == what and at >= since) - since


def test_what_one_approves_the_other_sees_without_a_reload(
    studio: StudioPage, other: StudioPage, script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for tab in (studio, other):
        reviewing(tab, script)
        tab.page.evaluate(f"({_WATCH})('watched')")
    here: list[float] = []
    there: list[float] = []
    for left in ("2 to decide", "1 to decide"):
        studio.page.keyboard.press("a")
        expect(other.page.locator(".position")).to_contain_text(left)
        pressed = [at for name, at in studio.page.evaluate("watched") if name == "key a"][-1]
        here.append(first_after(studio.page, "picture", pressed))
        there.append(first_after(other.page, "count", pressed))
    # The other one still looks at the first image, which says what was decided about it and can be decided no more.
    expect(other.page.locator(".stage figcaption")).to_contain_text("Approved")
    expect(other.decisions().get_by_role("button", name="Approve")).to_be_disabled()
    expect(other.decisions().get_by_role("button", name="Reject")).to_be_disabled()
    with capsys.disabled():
        print(
            f"\nfrom pressing A to the next picture: {', '.join(f'{ms:.0f}' for ms in here)} ms; "
            f"to the other browser: {', '.join(f'{ms:.0f}' for ms in there)} ms"
        )
    assert min(here) < 2_000
    assert min(there) < 10_000
    assert other.page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_a_decision_about_what_has_changed_meanwhile_is_declined_in_words_and_set_right(
    studio: StudioPage, other: StudioPage, script: str, client: GraphQLClient
) -> None:
    reviewing(studio, script)
    # This page does not hear of it: its stream is cut off, while its commands still arrive.
    page = other.page
    page.route_web_socket("**/graphql", lambda _socket: None)
    other.open(f"/scripts/{script}/review")
    expect(page.locator(".stage figure.is-there img")).to_be_visible()
    page.wait_for_load_state("networkidle")
    studio.page.keyboard.press("r")
    studio.page.get_by_label("What should be different?").fill("darker")
    studio.page.keyboard.press("Enter")
    studio.page.keyboard.press("a")  # decisions go in their order: the held one is not in the way of this one
    until(lambda: client.scenes(f"script_{script}")[0]["images"][0]["status"] == "REJECTED", what="the rejection")
    page.keyboard.press("a")
    expect(page.locator(".notice.is-bad")).to_contain_text("Not done: “Image of scene 1 approved”", timeout=PATIENCE_MS)
    page.keyboard.press("k")
    expect(page.locator(".stage figcaption")).to_contain_text("Rejected")
    expect(page.locator(".stage figcaption")).to_contain_text("darker")
    expect(other.decisions().get_by_role("button", name="Approve")).to_be_disabled()


def test_words_that_someone_else_has_changed_are_not_overwritten_unseen(
    studio: StudioPage, script: str, client: GraphQLClient
) -> None:
    studio.open(f"/scripts/{script}/scenes")
    words = studio.words(1)
    words.press("End")
    words.press_sequentially(" Mine.")
    scene = client.scenes(f"script_{script}")[0]
    client.mutate("updateScene", "scene { id }", id=scene["id"], text="Theirs.", expectedVersion=scene["version"])
    contest = studio.page.get_by_role("alert")
    expect(contest).to_contain_text("Someone else has changed these words meanwhile")
    expect(contest).to_contain_text("Theirs.")
    mine = re.compile(r"Mine\.")
    expect(words).to_have_value(mine)
    studio.page.get_by_role("button", name="Keep mine").click()
    expect(contest).to_have_count(0)
    expect(words).to_have_value(mine)
    assert "Mine." in client.scenes(f"script_{script}")[0]["text"]
