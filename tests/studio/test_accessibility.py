"""axe on every view and state of the page, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.running import RunningSystem, until
from tests.studio.looks import DARK, DARK_PHONE, LIGHT, PHONE, Look, Looker, a_page, the_axe
from tests.studio.page import StudioPage
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories

State = tuple[str, str, Callable[[Page], object]]


@pytest.fixture(scope="module")
def scripts(system: RunningSystem) -> dict[str, str]:
    """Numbers of scripts in four states: a draft, cut, with images to decide about, with a video."""
    client = GraphQLClient(system)
    draft = client.create_script(title="A draft", content="A harbour in the fog. Nobody on the quay.")
    cut = client.create_script(title="Cut")
    client.approve_script(cut)
    drawn = client.create_script(title="Drawn")
    client.approve_script(drawn)
    client.approve_scenes(drawn)
    first = client.pending_images(drawn)[0]
    client.mutate("rejectImage", "image { id }", id=first["id"], feedback="closer, at night")
    until(lambda: len(client.scenes(drawn)[0]["images"]) == 2, 60, "the second attempt")
    done = client.create_script(title="Done")
    client.approve_script(done)
    client.approve_scenes(done)
    client.approve_images(done)
    client.create_video(done)
    return {
        name: each.split("_")[1] for name, each in {"draft": draft, "cut": cut, "drawn": drawn, "done": done}.items()
    }


def reject_selected(page: Page) -> None:
    page.locator("body").press("Control+a")
    page.get_by_role("button", name="Reject 3").click()


def states(scripts: dict[str, str]) -> Iterator[State]:
    def stay(page: Page) -> None:
        """As it opens."""

    def press(key: str) -> Callable[[Page], object]:
        return lambda page: page.locator("body").press(key)

    yield "list", "/", stay
    yield "list with a menu", "/", lambda page: page.get_by_role("button", name="More for").first.click()
    yield "nothing found", "/?search=zzzz", stay
    yield "new", "/new", stay
    yield "new with words", "/new", lambda page: page.get_by_label("Text", exact=True).fill("A lamp. " * 40)
    yield "draft", f"/scripts/{scripts['draft']}/script", stay
    yield "approved text", f"/scripts/{scripts['cut']}/script", stay
    yield "scenes before they are", f"/scripts/{scripts['draft']}/scenes", stay
    yield "scenes", f"/scripts/{scripts['cut']}/scenes", stay
    yield (
        "words edited",
        f"/scripts/{scripts['cut']}/scenes",
        lambda page: page.get_by_label("Words of scene 1", exact=True).press("x"),
    )
    yield (
        "all approved?",
        f"/scripts/{scripts['cut']}/scenes",
        lambda page: page.get_by_role("button", name="Approve all").click(),
    )
    yield "images before they are", f"/scripts/{scripts['draft']}/images", stay
    yield "images", f"/scripts/{scripts['drawn']}/images", stay
    yield (
        "image rejected",
        f"/scripts/{scripts['drawn']}/images",
        lambda page: page.get_by_role("button", name="Reject").first.click(),
    )
    yield "images selected", f"/scripts/{scripts['drawn']}/images", press("Control+a")
    yield "images rejected together", f"/scripts/{scripts['drawn']}/images", reject_selected
    yield "review of an image", f"/scripts/{scripts['drawn']}/review", stay
    yield "review compares", f"/scripts/{scripts['drawn']}/review", press("c")
    yield "review zooms", f"/scripts/{scripts['drawn']}/review", press("z")
    yield "review rejects", f"/scripts/{scripts['drawn']}/review", press("r")
    yield "review with a prompt", f"/scripts/{scripts['drawn']}/review", press("g")
    yield "review of words", f"/scripts/{scripts['cut']}/review", stay
    yield "nothing waits", f"/scripts/{scripts['done']}/review", stay
    yield "help", "/review", press("?")
    yield "no video", f"/scripts/{scripts['drawn']}/video", stay
    yield "video", f"/scripts/{scripts['done']}/video", stay
    yield (
        "options of a video",
        f"/scripts/{scripts['done']}/video",
        lambda page: page.locator("summary").click(),
    )
    yield "history", f"/scripts/{scripts['drawn']}/history", stay
    yield "jobs of a script", f"/scripts/{scripts['drawn']}/jobs", stay
    yield "jobs", "/jobs", stay
    yield "missing script", "/scripts/9999999", stay


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "judged", [(LIGHT, DARK_PHONE), pytest.param((DARK, PHONE), marks=pytest.mark.slow)], ids=["usual", "other"]
)
def test_no_state_has_a_violation(
    browser: Browser, system: RunningSystem, scripts: dict[str, str], judged: tuple[Look, ...]
) -> None:
    looker = Looker(the_axe(), judged)
    for name, path, act in states(scripts):
        page = a_page(browser)
        StudioPage(page, system).open(path)
        expect(page.locator(".loading")).to_have_count(0)
        page.wait_for_load_state("networkidle")
        act(page)
        looker.look_at(page, name)
        page.context.close()
    assert looker.wrong == []
