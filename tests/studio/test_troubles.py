"""axe on the page when something is amiss or under way; and that the page speaks to nobody but its own server."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.running import RunningSystem
from tests.studio.looks import DARK, DARK_PHONE, LIGHT, PHONE, Look, Looker, a_page, the_axe
from tests.studio.page import StudioPage
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories

Arrange = Callable[[StudioPage, GraphQLClient, str], None]


@pytest.fixture(scope="module")
def script(system: RunningSystem) -> str:
    """With an image of each of its three scenes, waiting."""
    client = GraphQLClient(system)
    script_id = client.create_script(title="In trouble")
    client.approve_script(script_id)
    client.approve_scenes(script_id)
    client.pending_images(script_id)
    return script_id


def _number(script: str) -> str:
    return script.split("_")[1]


def _answer_only(page: Page, wanted: Callable[[str], bool], answer: Callable[[Route], None]) -> None:
    """What is asked of GraphQL and is not wanted goes on to the server."""

    def handle(route: Route) -> None:
        text = route.request.post_data or ""
        if route.request.method == "POST" and wanted(text):
            answer(route)
        else:
            route.continue_()

    page.route("**/graphql", handle)


def _refuse(route: Route) -> None:
    route.fulfill(status=500, json={"errors": [{"message": "The disk is full.", "extensions": {"code": "INTERNAL"}}]})


def loading(tab: StudioPage, client: GraphQLClient, script: str) -> None:
    _answer_only(tab.page, lambda text: True, lambda _route: None)  # it never comes
    tab.open("/")
    expect(tab.page.locator(".loading").first).to_be_visible()


def failed(tab: StudioPage, client: GraphQLClient, script: str) -> None:
    _answer_only(tab.page, lambda text: "scripts(" in text, _refuse)
    tab.open("/")
    expect(tab.page.get_by_role("button", name="Try again")).to_be_visible()


def offline(tab: StudioPage, client: GraphQLClient, script: str) -> None:
    tab.open(f"/scripts/{_number(script)}/review")
    expect(tab.page.locator(".stage figure.is-there img")).to_be_visible()
    tab.page.context.set_offline(True)
    expect(tab.page.locator(".connection")).to_have_text(re.compile("^Offline"))
    tab.page.keyboard.press("a")
    expect(tab.page.locator(".connection")).to_have_text("Offline, 1 to send")


def held(tab: StudioPage, client: GraphQLClient, script: str) -> None:
    tab.open(f"/scripts/{_number(script)}/review")
    expect(tab.page.locator(".stage figure.is-there img")).to_be_visible()
    tab.page.clock.install()  # the moment in which it can be undone does not end
    tab.page.keyboard.press("r")
    tab.page.get_by_label("What should be different?").press("Enter")
    expect(tab.notice().get_by_role("button", name="Undo")).to_be_visible()


def declined(tab: StudioPage, client: GraphQLClient, script: str) -> None:
    _answer_only(tab.page, lambda text: "approveImage" in text, _refuse)
    tab.open(f"/scripts/{_number(script)}/review")
    expect(tab.page.locator(".stage figure.is-there img")).to_be_visible()
    tab.page.keyboard.press("a")
    expect(tab.page.locator(".notice.is-bad")).to_contain_text("Not done")


def contested(tab: StudioPage, client: GraphQLClient, script: str) -> None:
    tab.open(f"/scripts/{_number(script)}/scenes")
    tab.words(3).press("End")
    tab.words(3).press_sequentially(" Mine.")
    scene = client.scenes(script)[2]
    text = f"{scene['text'].strip()} Theirs."
    client.mutate("updateScene", "scene { id }", id=scene["id"], text=text, expectedVersion=scene["version"])
    expect(tab.page.get_by_role("alert")).to_contain_text("Theirs.")


def wordless(tab: StudioPage, client: GraphQLClient, script: str) -> None:
    tab.open("/new")
    tab.page.get_by_role("button", name="Save as draft").click()
    expect(tab.page.get_by_role("alert")).to_be_visible()


def pictureless(tab: StudioPage, client: GraphQLClient, script: str) -> None:
    tab.page.route("**/media/**", lambda route: route.fulfill(status=404))
    tab.open(f"/scripts/{_number(script)}/images")
    expect(tab.page.locator(".photo-missing").first).to_be_visible()


TROUBLES: tuple[Arrange, ...] = (loading, failed, offline, held, declined, contested, wordless, pictureless)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "judged", [(LIGHT, DARK_PHONE), pytest.param((DARK, PHONE), marks=pytest.mark.slow)], ids=["usual", "other"]
)
def test_no_trouble_has_a_violation(
    browser: Browser, system: RunningSystem, script: str, judged: tuple[Look, ...]
) -> None:
    looker = Looker(the_axe(), judged)
    for arrange in TROUBLES:
        page = a_page(browser)
        arrange(StudioPage(page, system), GraphQLClient(system), script)
        looker.look_at(page, arrange.__name__)
        page.context.close()
    assert looker.wrong == []


def test_it_asks_only_its_own_server_and_breaks_no_rule_of_its_own(
    browser: Browser, system: RunningSystem, script: str
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    hosts: set[str] = set()
    said: list[str] = []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("websocket", lambda socket: hosts.add(urlsplit(socket.url).netloc))
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.add_init_script(
        "addEventListener('securitypolicyviolation', event => console.error(`CSP ${event.violatedDirective}`))"
    )
    tab = StudioPage(page, system)
    number = _number(script)
    paths = [f"/scripts/{number}/{stage}" for stage in ("script", "scenes", "images", "video", "history", "jobs")]
    for path in ("/", "/new", "/review", "/jobs", *paths, f"/scripts/{number}/review", "/scripts/999999"):
        tab.open(path)
        expect(page.locator(".loading")).to_have_count(0)
        expect(page.locator(".connection")).to_have_text("Live")
        page.keyboard.press("?")
        page.keyboard.press("Escape")
    assert said == []
    assert hosts <= {urlsplit(system.url).netloc, ""}  # blob: and data: name no host
    page.close()
