"""What a person meets in a browser: the pages to try the APIs in, and a video that plays and seeks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
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
