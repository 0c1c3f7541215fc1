"""How a video is made, as it is chosen on the page: kept, used, and taken up again for the next version."""

from __future__ import annotations

import io
import re
import wave
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.running import RunningSystem
from tests.studio.page import PATIENCE_MS, StudioPage
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories

VIDEOS = """query($id: ID!) { script(id: $id) { videos {
  render { aspect quality fill titleCard captions narration voice transition transitionSeconds sceneSeconds musicId
    scenes { sceneId seconds motion transition } } } } }"""


def illustrated(system: RunningSystem) -> str:
    """A script whose scenes all have an image."""
    client = GraphQLClient(system)
    script = client.create_script(title="The Lamp: at sea")
    client.approve_script(script)
    client.approve_scenes(script)
    client.approve_images(script)
    return script


@pytest.fixture(scope="module")
def script(system: RunningSystem) -> str:
    """With a video made as usual."""
    script = illustrated(system)
    GraphQLClient(system).create_video(script)
    return script


def tune() -> bytes:
    """A WAV file of one second that rises and falls."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(b"".join((at * 37 % 8_000).to_bytes(2, "little") for at in range(8_000)))
    return file.getvalue()


def open_options(page: Page) -> None:
    page.locator("summary", has_text="How it is made").click()


def choice(page: Page, name: str) -> Locator:
    return page.get_by_role("combobox", name=name, exact=True)


def renders(system: RunningSystem, script: str) -> list[dict[str, Any]]:
    """Of all its videos, the newest first."""
    return [video["render"] for video in system.graphql(VIDEOS, id=script)["script"]["videos"]]


def test_what_is_chosen_is_kept_used_and_where_the_next_version_begins(
    studio: StudioPage, browser: Browser, system: RunningSystem
) -> None:
    page = studio.page
    script = illustrated(system)
    path = f"/scripts/{script.split('_')[1]}"
    scenes = [scene["id"] for scene in GraphQLClient(system).scenes(script)]
    studio.open(f"{path}/video")
    expect(page.get_by_text("Costs nothing.")).to_be_visible()
    expect(page.get_by_text("About 0:", exact=False)).to_be_visible()

    open_options(page)
    expect(page.get_by_text("as usual here", exact=True)).to_be_visible()
    for name, value in {
        "Shape": "SQUARE", "Picture fit": "CROP", "Quality": "DRAFT", "Title card": "true", "Transitions": "CROSSFADE",
        "Narration": "AUTO",
    }.items():  # fmt: skip
        choice(page, name).select_option(value)
    page.get_by_label("Their seconds").fill("0.2")
    page.get_by_label("Voice", exact=True).fill("coral")

    # One scene by the table, another one from the storyboard.
    opener = page.get_by_role("button", name="Single scenes")
    opener.click()
    page.get_by_label("Seconds of scene 2").fill("1.5")
    page.get_by_label("Camera of scene 2").select_option("KEN_BURNS")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(opener).to_be_focused()
    expect(opener).to_have_text("1 scene otherwise")
    studio.go_to_step("Scenes")
    expect(page.get_by_text("In the video: 1.5 s, Slow pan and zoom")).to_be_visible()
    menu = page.get_by_role("button", name="More for scene 3", exact=True)
    menu.click()
    page.get_by_role("button", name="In the video").click()
    choice(page, "Transition into it").select_option("FADE_BLACK")
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()

    # A tune of one's own, chosen as soon as it is there. A reload loses none of it.
    studio.go_to_step("Video")
    open_options(page)
    page.get_by_label("Add music").set_input_files({"name": "tune.wav", "mimeType": "audio/wav", "buffer": tune()})
    expect(choice(page, "Music")).to_have_value(re.compile("^music_"))
    music = choice(page, "Music").input_value()
    page.reload()
    open_options(page)
    expect(page.get_by_text("changed", exact=True)).to_be_visible()
    expect(choice(page, "Picture fit")).to_have_value("CROP")
    studio.make_video()
    wanted = {
        "aspect": "SQUARE", "quality": "DRAFT", "fill": "CROP", "titleCard": True, "captions": "NONE",
        "narration": "AUTO", "voice": "coral", "transition": "CROSSFADE", "transitionSeconds": 0.2, "sceneSeconds": 0.5,
        "musicId": music,
        "scenes": [
            {"sceneId": scenes[1], "seconds": 1.5, "motion": "KEN_BURNS", "transition": None},
            {"sceneId": scenes[2], "seconds": None, "motion": None, "transition": "FADE_BLACK"},
        ],
    }  # fmt: skip
    assert renders(system, script) == [wanted]

    # Another browser, which has none of these drafts, begins where the newest version is; music is removed there.
    other = browser.new_page()
    other.goto(page.url)
    open_options(other)
    expect(other.get_by_text("as version 1", exact=True)).to_be_visible()
    expect(other.get_by_role("button", name="Single scenes")).to_have_text("2 scenes otherwise")
    expect(other.get_by_label("Their seconds")).to_have_value("0.2")
    choice(other, "Music").select_option("")
    other.get_by_role("button", name="Make a new version").click()
    expect(other.get_by_role("button", name="Version 2")).to_contain_text("Ready", timeout=PATIENCE_MS)
    assert renders(system, script)[0] == {**wanted, "musicId": None}
    other.close()


def test_all_that_comes_with_a_video_is_a_link_with_a_plain_name(
    studio: StudioPage, system: RunningSystem, script: str
) -> None:
    page = studio.page
    studio.open(f"/scripts/{script.split('_')[1]}/video")
    expect(studio.player()).to_be_visible()
    for name, file, kind in (
        ("Download", "The Lamp at sea.mp4", "video/mp4"),
        ("Captions (VTT)", "The Lamp at sea.vtt", "text/vtt"),
        ("Subtitles (SRT)", "The Lamp at sea.srt", "application/x-subrip"),
        ("Still (JPEG)", "The Lamp at sea.jpg", "image/jpeg"),
        ("Moving preview (WebP)", "The Lamp at sea.webp", "image/webp"),
        ("Record (JSON)", "The Lamp at sea.json", "application/json"),
    ):
        link = page.get_by_role("link", name=name, exact=True)
        expect(link).to_have_attribute("download", file)
        answer = page.request.get(system.url + (link.get_attribute("href") or ""))
        assert answer.ok
        assert answer.headers["content-type"].split(";")[0] == kind
    cues = page.locator("track").evaluate(
        "track => new Promise((done, fail) => { track.onload = () => done(track.track.cues.length); "
        "track.onerror = fail; track.track.mode = 'showing'; })"
    )
    assert cues > 0


def test_what_cannot_be_made_is_said_before_the_button_is_pressed(studio: StudioPage, script: str) -> None:
    page = studio.page
    studio.open(f"/scripts/{script.split('_')[1]}/video")
    open_options(page)
    page.get_by_label("Seconds each").fill("1000")
    expect(page.get_by_role("alert")).to_contain_text("it can be from 0.5 to 600")
    choice(page, "Narration").select_option("OFF")
    expect(page.get_by_label("Voice", exact=True)).to_have_count(0)


def test_keys_are_named_as_this_machine_has_them(browser: Browser, system: RunningSystem, script: str) -> None:
    path = f"{system.url}/scripts/{script.split('_')[1]}/scenes"
    for platform, split, move in (("MacIntel", "⌘↵", "⌥↑"), ("Linux x86_64", "Ctrl ↵", "Alt ↑")):
        context = browser.new_context()
        context.add_init_script(
            f"Object.defineProperty(navigator, 'platform', {{get: () => '{platform}'}});"
            "Object.defineProperty(navigator, 'userAgentData', {get: () => undefined});"
        )
        page = context.new_page()
        page.goto(path)
        expect(page.get_by_text(f"{split} in the words splits")).to_be_visible()
        page.keyboard.press("?")
        keys = page.get_by_role("dialog").locator("kbd")
        expect(keys.filter(has_text=split)).to_have_count(1)
        expect(keys.filter(has_text=move)).to_have_count(1)
        page.keyboard.press("Escape")
        # Both are heard, whatever the label says.
        for modifier in ("Meta", "Control"):
            page.goto(f"{system.url}/new")
            field = page.get_by_label("Text", exact=True)
            expect(field).to_be_focused()
            field.press(f"{modifier}+Enter")
            expect(page.get_by_role("alert")).to_have_text("The script has no words yet.")
        context.close()
