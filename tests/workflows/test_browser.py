"""What a person meets in a browser: the pages to try the APIs in, and a video that plays and seeks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser import chromium, visiting
from tests.running import RunningSystem, running_system, until
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    if chromium() is None:
        pytest.skip("needs Chromium")
    with running_system(tmp_path_factory.mktemp("browser"), "embedded") as running:
        yield running


def test_graphiql_runs_a_query_and_shows_live_events(system: RunningSystem) -> None:
    with visiting(f"{system.url}/graphql") as visit:
        page = visit.page
        page.get_by_role("button", name="Execute query").wait_for()
        editor = page.locator(".graphiql-query-editor")

        def run(name: str, query: str) -> None:
            """The tab gets its name from what will be run: the editor passes its text on with a delay."""
            editor.click()
            page.keyboard.press("ControlOrMeta+A")
            page.keyboard.insert_text(query)
            page.get_by_role("tab", name=name).wait_for()
            page.get_by_role("button", name="Execute query").click()

        answer = page.locator(".result-window")
        run("HowMany", "query HowMany { scripts { totalCount } }")
        until(lambda: "totalCount" in answer.inner_text(), what="the answer")
        run("Follow", "subscription Follow { statusChanged { subjectId newStatus } }")
        page.get_by_role("button", name="Stop").wait_for()
        client = GraphQLClient(system)
        until(lambda: client.create_script() and "script_" in answer.inner_text(), what="a live event")
        assert visit.hosts <= {urlsplit(system.url).netloc, ""}
        assert visit.errors == []


def test_the_rest_documentation_needs_nothing_from_elsewhere(system: RunningSystem) -> None:
    with visiting(f"{system.url}/api/docs") as visit:
        visit.page.locator('[data-path="/scripts/{script_id}/approve"]').first.wait_for()
        assert visit.hosts <= {urlsplit(system.url).netloc, ""}
        assert visit.errors == []


def test_a_video_plays_and_seeks(system: RunningSystem, tmp_path: Path) -> None:
    client = GraphQLClient(system)
    script_id = client.create_script()
    scenes = client.approve_script(script_id)
    client.approve_scenes(script_id)
    client.approve_images(script_id)
    video = client.create_video(script_id)
    with visiting(system.url + video["url"]) as visit:
        player = visit.page.locator("video")
        player.wait_for()
        seconds = player.evaluate(
            "async video => { video.pause(); if (video.readyState < 1) await new Promise(done => "
            "video.addEventListener('loadedmetadata', done)); return video.duration }"
        )
        assert seconds == pytest.approx(len(scenes) * 0.5, abs=0.11)
        for place in (0.9, 0.2, 0.7):
            reached = player.evaluate(
                "async (video, place) => { const there = new Promise(done => video.addEventListener('seeked', done, "
                "{once: true})); video.currentTime = place; await there; return video.currentTime }",
                place,
            )
            assert reached == pytest.approx(place)
        ended = player.evaluate(
            "async video => { const end = new Promise(done => video.addEventListener('ended', () => done(true))); "
            "await video.play(); return await end }"
        )
        assert ended is True


LOOK = {"resolution": "P720", "fps": 24, "quality": "DRAFT", "motion": "KEN_BURNS", "transition": "CROSSFADE",
        "captions": "BOXED", "titleCard": True, "sceneSeconds": 5}  # fmt: skip
MADE = "query($id: ID!) { video(id: $id) { status error url durationSeconds captionsUrl } }"


def test_a_film_with_captions_plays_to_its_end_and_seeks_to_the_frame(system: RunningSystem) -> None:
    client = GraphQLClient(system)
    script_id = client.create_script()
    client.approve_script(script_id)
    client.approve_scenes(script_id)
    client.approve_images(script_id)
    video_id = client.mutate("createVideo", "video { id }", scriptId=script_id, render=LOOK)["video"]["id"]

    def finished() -> Any:
        video = system.graphql(MADE, id=video_id)["video"]
        return video if video["status"] != "PENDING" else None

    video = until(finished, 120, "the video")
    assert video["error"] is None
    with visiting(system.url + video["url"]) as visit:
        player = visit.page.locator("video")
        player.wait_for()
        assert player.evaluate("video => { video.pause(); return video.duration }") == pytest.approx(
            video["durationSeconds"], abs=0.001
        )
        cues = player.evaluate(WITH_TRACK, video["captionsUrl"])
        assert len(cues) >= 2
        assert all(0 <= cue["start"] < cue["end"] <= video["durationSeconds"] for cue in cues)
        for cue in (cues[-1], cues[0]):
            middle = (cue["start"] + cue["end"]) / 2
            there = player.evaluate(SEEK, middle)
            assert there["time"] == pytest.approx(middle, abs=0.001)
            assert there["frame"] == pytest.approx(middle, abs=1 / 24 + 0.001)
            assert there["shown"] == [cue["text"]]
        seen = player.evaluate(PLAY)
        assert seen["at"] == pytest.approx(video["durationSeconds"], abs=0.05)
        assert seen["texts"] == [cue["text"] for cue in cues]
        assert visit.errors == []


WITH_TRACK = """async (video, url) => {
  const track = document.createElement("track");
  Object.assign(track, {kind: "subtitles", srclang: "en", src: url, default: true});
  const loaded = new Promise((done, failed) => { track.onload = done; track.onerror = failed; });
  video.append(track);
  track.track.mode = "showing";
  await loaded;
  return [...track.track.cues].map(cue => ({start: cue.startTime, end: cue.endTime, text: cue.text}));
}"""
SEEK = """async (video, time) => {
  const frame = new Promise(done => video.requestVideoFrameCallback((now, facts) => done(facts.mediaTime)));
  const there = new Promise(done => video.addEventListener("seeked", done, {once: true}));
  video.currentTime = time;
  await there;
  const shown = [...video.textTracks[0].activeCues].map(cue => cue.text);
  return {time: video.currentTime, frame: await frame, shown};
}"""
PLAY = """async video => {
  const texts = [];
  video.currentTime = 0;
  video.textTracks[0].oncuechange = event => {
    for (const cue of event.target.activeCues) if (texts.at(-1) !== cue.text) texts.push(cue.text);
  };
  video.playbackRate = 3;
  video.muted = true;
  const end = new Promise((done, failed) => {
    video.onended = done;
    video.onerror = () => failed(video.error.message);
  });
  await video.play();
  await end;
  return {at: video.currentTime, texts};
}"""
"""Cues that are over before the browser looks again would be missed at a much higher rate."""
