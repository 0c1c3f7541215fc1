"""States in which something is amiss, with a paid provider that fails: what the page says, what helps, how it looks.

One system and one story; each state is looked at as it comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium
from tests.providers.double import Behaviour, Double, Endpoint, Error, always, in_turn
from tests.running import SCRIPT, RunningSystem, until
from tests.studio.looks import DARK, DARK_PHONE, LIGHT, PHONE, Look, Looker, a_page, the_axe
from tests.studio.page import PATIENCE_MS, StudioPage
from tests.workflows.paid import SPOKEN, a_double, paid_system
from tests.workflows.story import GraphQLClient

pytestmark = [pytest.mark.stories, pytest.mark.timeout(600)]

LONG_TITLE = (
    "The Complete and Unabridged Chronicle of the Lighthouse Keeper, his Lamp, the Gulls, and Everyone Who Came by Sea "
    "in the Winter of the Great Storm "
    + "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
)
RIGHT_TO_LEFT = (
    "يصعد حارس المنارة الدرج عند الغسق كما يفعل منذ ثلاثين عاما. المصباح بارد، وقد ترك أحدهم النافذة مفتوحة للريح.\n\n"
    "בחצות עולה סערה מן הים ונשברת על הסלעים. הרחק במים מתנדנד פנס, נעלם, ומתנדנד שוב.\n\n"
    "في الصباح يكون الميناء هادئا وأبيض من الملح. يعود قارب صغير بشراع ممزق."
)


@dataclass
class Stage:
    """What each scene of the story plays with."""

    tab: StudioPage
    client: GraphQLClient
    double: Double
    looker: Looker

    @property
    def page(self) -> Page:
        return self.tab.page

    def look_at(self, name: str) -> None:
        self.looker.look_at(self.page, name)

    def open(self, path: str, name: str = "") -> None:
        self.tab.open(path)
        expect(self.page.locator(".loading")).to_have_count(0)
        self.page.wait_for_load_state("networkidle")
        if name:
            self.look_at(name)

    def a_script(self, title: str, content: str = SCRIPT, **arguments: object) -> str:
        """Cut into scenes; its number."""
        script = self.client.create_script(content, title=title, **arguments)
        self.client.approve_script(script)
        return script.split("_")[1]

    def approve_scene(self, number: str, place: int) -> None:
        scene = self.client.scenes(f"script_{number}")[place - 1]
        self.client.mutate("approveScene", "scene { id }", id=scene["id"], expectedVersion=scene["version"])

    def job_states(self, number: str) -> list[str]:
        return [scene["generation"]["state"] for scene in self.client.scenes(f"script_{number}")]

    def images(self, number: str, place: int) -> int:
        return len(self.client.scenes(f"script_{number}")[place - 1]["images"])


@pytest.fixture
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Double]:
    if chromium() is None:
        pytest.skip("needs Chromium")
    with a_double(tmp_path_factory.mktemp("double")) as running:
        yield running


@pytest.fixture
def system(tmp_path_factory: pytest.TempPathFactory, double: Double) -> Iterator[RunningSystem]:
    settings = {**SPOKEN, "REELGATE_TEXT": "offline"}
    with paid_system(tmp_path_factory.mktemp("states"), "embedded", double, **settings) as running:
        yield running


@pytest.mark.parametrize(
    "judged", [(LIGHT, DARK_PHONE), pytest.param((DARK, PHONE), marks=pytest.mark.slow)], ids=["usual", "other"]
)
def test_each_state_says_what_is_amiss_and_what_helps(
    browser: Browser, system: RunningSystem, double: Double, judged: tuple[Look, ...]
) -> None:
    stage = Stage(StudioPage(a_page(browser), system), GraphQLClient(system), double, Looker(the_axe(), judged))
    nothing_there(stage)
    server_away(stage, browser)
    long_titles_and_other_scripts(stage)
    number = a_refused_prompt(stage)
    a_paused_provider(stage, number)
    over_budget(stage)
    words_changed_after_the_image(stage, number)
    a_message_while_a_window_is_open(stage, number)
    a_video_that_is_not_made(stage, number)
    stage.page.context.close()
    assert stage.looker.wrong == []


def nothing_there(stage: Stage) -> None:
    stage.open("/", "empty: no scripts")
    expect(stage.page.get_by_role("heading", name="No script yet")).to_be_visible()
    stage.open("/review", "empty: nothing to review")
    expect(stage.page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    stage.open("/jobs", "empty: no jobs")
    expect(stage.page.get_by_role("heading", name="No jobs here")).to_be_visible()


def server_away(stage: Stage, browser: Browser) -> None:
    """From the first moment on; it heals by itself."""
    page = a_page(browser)
    stage = replace(stage, tab=StudioPage(page, stage.tab.system))
    page.route("**/graphql", lambda route: route.abort("connectionrefused"))
    page.route_web_socket("**/graphql", lambda socket: socket.close())
    stage.tab.open("/")
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    expect(page.locator(".connection")).to_have_text("Offline")
    stage.look_at("server away: scripts")
    stage.tab.open("/scripts/1")
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    stage.look_at("server away: a script")
    page.unroute_all()
    expect(page.get_by_role("heading", name="There is no such script")).to_be_visible(timeout=PATIENCE_MS)
    page.context.close()


def long_titles_and_other_scripts(stage: Stage) -> None:
    page = stage.page
    number = stage.a_script(LONG_TITLE)
    scene = stage.client.scenes(f"script_{number}")[0]
    stage.client.mutate("updateScene", "scene { id }", id=scene["id"], title=LONG_TITLE[:300])
    stage.open(f"/scripts/{number}/scenes", "long title: scenes")
    stage.open(f"/scripts/{number}/review", "long title: review")
    stage.open(f"/scripts/{number}/video", "long title: video")
    other = stage.a_script("حارس المنارة", RIGHT_TO_LEFT)
    stage.open(f"/scripts/{other}/script", "right to left: text")
    stage.open(f"/scripts/{other}/scenes", "right to left: scenes")
    expect(stage.tab.words(1)).to_have_css("direction", "rtl")
    stage.open("/", "long title: scripts")
    expect(page.get_by_role("link", name=re.compile("^The Complete and Unabridged"))).to_be_visible()


def a_refused_prompt(stage: Stage) -> str:
    """The first scene's is refused; another prompt brings the image."""
    page, double = stage.page, stage.double
    number = stage.a_script("A night at sea")
    double.script(in_turn(Behaviour(error=Error.CONTENT_POLICY), endpoint=Endpoint.IMAGES))
    stage.open(f"/scripts/{number}/scenes")
    stage.approve_scene(number, 1)
    trouble = page.get_by_role("group", name="Making an image")
    expect(trouble).to_contain_text("refuses this content", timeout=PATIENCE_MS)
    expect(trouble).to_contain_text("Edit the scene's text, or give a prompt of your own")
    stage.look_at("refused prompt: scenes")
    stage.open("/", "refused prompt: scripts")
    stage.open(f"/scripts/{number}/jobs", "refused prompt: jobs")
    stage.open(f"/scripts/{number}/images", "refused prompt: images")
    page.keyboard.press("j")
    page.keyboard.press("g")
    page.get_by_label("Prompt, used as it stands").fill("A quiet harbour in the morning light.")
    stage.look_at("refused prompt: another one")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".attempt.is-pending")).to_have_count(1, timeout=PATIENCE_MS)
    expect(trouble).to_have_count(0)
    return number


def a_paused_provider(stage: Stage, number: str) -> None:
    page, double = stage.page, stage.double
    double.script(always(Behaviour(error=Error.QUOTA), endpoint=Endpoint.IMAGES))
    stage.open(f"/scripts/{number}/scenes")
    stage.approve_scene(number, 2)
    stage.approve_scene(number, 3)
    pause = page.locator(".pause")
    expect(pause).to_contain_text("The image model is paused.", timeout=10_000)  # by what jobs say, not by the clock
    expect(pause).to_contain_text("Pay or raise the limit there.")
    expect(pause).to_contain_text(re.compile(r"next try in [01]:\d\d"))
    trouble = page.get_by_role("group", name="Making an image")
    expect(trouble).to_have_count(2)  # one of each job that waits for it
    until(lambda: stage.job_states(number)[1:] == ["RETRYING", "RETRYING"], 30, "both jobs to wait")
    asked = len(double.ledger)
    pause.get_by_role("button", name="Try now").click()
    expect(pause).to_contain_text(re.compile(r"next try in (2:00|1:[45]\d)"), timeout=PATIENCE_MS)  # in vain
    assert len(double.ledger) == asked + 1
    expect(page.locator(".notice.is-bad")).to_have_count(0)
    stage.look_at("paused provider: scenes")
    for name, path in {
        "scripts": "/", "jobs": "/jobs", "images": f"/scripts/{number}/images", "review": f"/scripts/{number}/review",
    }.items():  # fmt: skip
        stage.open(path)
        expect(pause).to_be_visible()
        stage.look_at(f"paused provider: {name}")
    double.forget()
    pause.get_by_role("button", name="Try now").click()
    expect(pause).to_have_count(0, timeout=PATIENCE_MS)
    until(lambda: stage.images(number, 2) == stage.images(number, 3) == 1, 60, "both images")
    assert double.violations == []


def over_budget(stage: Stage) -> None:
    """A job waits for money; it goes on when the budget is raised."""
    page = stage.page
    number = stage.a_script("Little money", budget="0.002")
    stage.open(f"/scripts/{number}/scenes")
    stage.approve_scene(number, 1)
    trouble = page.get_by_role("group", name="Making an image")
    expect(trouble).to_contain_text("Raise the budget, and the job goes on.", timeout=PATIENCE_MS)
    stage.look_at("over budget: scenes")
    stage.open(f"/scripts/{number}/jobs", "over budget: jobs")
    page.get_by_role("link", name="This script’s budget").click()
    page.get_by_label("Budget in US dollars").fill("5")
    page.get_by_label("Budget in US dollars").blur()
    until(lambda: stage.images(number, 1) == 1, 60, "the image")


def words_changed_after_the_image(stage: Stage, number: str) -> None:
    page = stage.page
    scene = stage.client.scenes(f"script_{number}")[1]
    stage.client.mutate("updateScene", "scene { id }", id=scene["id"], text=f"{scene['text'].strip()} A bell rings.")
    stage.open(f"/scripts/{number}/scenes")
    expect(page.get_by_text("Made from earlier words").first).to_be_visible()
    stage.look_at("stale image: scenes")
    stage.open(f"/scripts/{number}/images", "stale image: images")
    image = scene["images"][0]["id"]
    stage.open(f"/scripts/{number}/review?at={image}")
    expect(page.get_by_role("button", name="Approve for the new words")).to_be_visible()
    stage.look_at("stale image: review")


def a_message_while_a_window_is_open(stage: Stage, number: str) -> None:
    """It is said where one is, and covers nothing."""
    page = stage.page
    page.route(
        "**/graphql",
        lambda route: route.abort() if "generateImage" in (route.request.post_data or "") else route.continue_(),
    )
    stage.open(f"/scripts/{number}/review")
    page.keyboard.press("g")
    field = page.get_by_label("Prompt, used as it stands")
    field.fill("A bell in the fog. " * 60)
    page.keyboard.press("Control+Enter")
    said = page.get_by_role("dialog").locator(".notice.is-bad")
    expect(said).to_contain_text("The server cannot be reached")
    for button in page.get_by_role("dialog").get_by_role("button").all():
        button.click(trial=True)  # fails where something lies over it
    stage.look_at("message over a window")
    page.unroute_all()
    said.get_by_role("button", name="Dismiss").click()
    expect(said).to_have_count(0)
    expect(field).to_have_value(re.compile("^A bell in the fog"))
    page.keyboard.press("Escape")


def a_video_that_is_not_made(stage: Stage, number: str) -> None:
    """Of one a text is refused; another is cancelled while it is spoken; the third is made."""
    page, double, client = stage.page, stage.double, stage.client
    script = f"script_{number}"
    scene = client.scenes(script)[1]
    client.mutate("approveScene", "scene { id }", id=scene["id"], expectedVersion=scene["version"])
    for one in client.scenes(script):
        image = one["images"][-1]
        accept = {"acceptStale": True} if image["stale"] else {}
        client.mutate("approveImage", "image { id }", id=image["id"], expectedVersion=image["version"], **accept)
    make = page.get_by_role("button", name=re.compile("^Make (the video|a new version)"))
    stage.open(f"/scripts/{number}/video", "video: ready to be made")
    double.script(always(Behaviour(error=Error.CONTENT_POLICY), endpoint=Endpoint.SPEECH))
    make.click()
    expect(page.locator(".screen")).to_contain_text("refuses to speak this", timeout=PATIENCE_MS)
    stage.look_at("video: failed")
    double.forget()
    double.script(in_turn(Behaviour(hold="speech"), endpoint=Endpoint.SPEECH))
    make.click()
    expect(page.get_by_text("Making the video")).to_be_visible(timeout=PATIENCE_MS)
    double.wait_until_held("speech")
    stage.look_at("video: being made")
    page.locator(".screen").get_by_role("button", name="Cancel").click()
    expect(page.locator(".screen")).to_contain_text("It was cancelled", timeout=PATIENCE_MS)
    stage.look_at("video: cancelled")
    double.release()
    make.click()
    expect(stage.tab.player()).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".notice")).to_have_count(0)
    stage.look_at("video: made at last")
