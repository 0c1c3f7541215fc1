"""A script of 500 scenes with 1,500 images: how long it takes to be there, how it scrolls, what it needs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from domain.protocols import LOCAL
from tests.browser import chromium
from tests.running import RunningSystem, running_system
from tests.world import World, open_world
from workflow import images, reading, scenes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SCENES = 500
ATTEMPTS = 3

_SCROLL = """async ([selector, seconds]) => {
  const box = [...document.querySelectorAll(selector), document.scrollingElement]
    .find(one => one.scrollHeight > one.clientHeight + 10);
  const deltas = [];
  const longest = box.scrollHeight - box.clientHeight;
  const began = performance.now();
  let before = began;
  await new Promise(done => {
    const step = (now) => {
      deltas.push(now - before);
      before = now;
      const part = (performance.now() - began) / (seconds * 1000);
      box.scrollTop = longest * Math.min(1, part);
      if (part < 1) requestAnimationFrame(step); else done();
    };
    requestAnimationFrame(step);
  });
  deltas.splice(0, 2);
  deltas.sort((a, b) => a - b);
  const at = (part) => deltas[Math.min(deltas.length - 1, Math.floor(deltas.length * part))];
  const longestFrame = deltas.at(-1);
  return {frames: deltas.length, median: at(0.5), p95: at(0.95), p99: at(0.99), longest: longestFrame, height: longest};
}"""


_LONGEST_ANSWER = """() => Math.max(...performance.getEntriesByType("resource")
  .filter(one => one.name.endsWith("/graphql")).map(one => one.duration))"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningSystem, int]]:
    if chromium() is None:
        pytest.skip("needs Chromium")
    with running_system(tmp_path_factory.mktemp("large"), "embedded") as running:
        running.stop()
        script = asyncio.run(_filled(running.data_dir))
        running.start()
        yield running, script


async def _filled(data_dir: Path) -> int:
    """Two attempts of each scene are rejected, the third waits."""
    async with open_world(f"sqlite:///{data_dir}/reelgate.sqlite3", data_dir / "storage", migrated=True) as world:
        texts = tuple(
            f"In scene {number} of the long tale the keeper climbs the stairs, looks out over the sea and counts the "
            f"lanterns. There are {number} of them tonight, and none of them is the one that he is waiting for."
            for number in range(1, SCENES + 1)
        )
        script = await world.a_script(scene_texts=texts)
        for scene in (await reading.scenes_of_scripts([script.id]))[script.id]:
            await _drawn(world, scene.id)
        return script.id


async def _drawn(world: World, scene_id: int) -> None:
    await scenes.approve_scene(world.context, scene_id=scene_id, actor=LOCAL)
    for attempt in range(ATTEMPTS):
        image = await world.picture_of(scene_id)
        if attempt < ATTEMPTS - 1:
            await images.reject_image(world.context, image_id=image.id, actor=LOCAL, feedback="closer, at night")


class Traffic:
    """What goes over the wire, as the browser counts it."""

    def __init__(self, page: Page) -> None:
        self.requests = 0
        self.bytes = 0
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("Network.enable")
        self._session.send("Performance.enable")
        self._session.on("Network.requestWillBeSent", self._asked)
        self._session.on("Network.loadingFinished", self._answered)

    def _asked(self, event: dict[str, Any]) -> None:
        self.requests += 1

    def _answered(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])

    def heap_mib(self) -> float:
        self._session.send("HeapProfiler.collectGarbage")
        return float(self._session.send("Runtime.getHeapUsage")["usedSize"]) / 2**20

    def nodes(self) -> int:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return int(next(one["value"] for one in metrics if one["name"] == "Nodes"))


@pytest.mark.parametrize(
    ("stage", "row", "picture"),
    [("scenes", ".storyboard > li.scene-row", ".storyboard img"), ("images", ".image-rows > li", ".image-rows img")],
)
def test_a_large_script(
    browser: Browser, large: tuple[RunningSystem, int], stage: str, row: str, picture: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    system, script = large
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    traffic = Traffic(page)
    began = time.monotonic()
    page.goto(f"{system.url}/scripts/{script}/{stage}")
    expect(page.locator(row).first).to_be_visible(timeout=20_000)
    rows = time.monotonic() - began
    page.wait_for_function("selector => document.querySelector(selector)?.naturalWidth", arg=picture, timeout=20_000)
    pictures = time.monotonic() - began
    page.wait_for_load_state("networkidle")
    first = (traffic.requests, traffic.bytes)
    expect(page.locator(row)).to_have_count(SCENES, timeout=20_000)
    whole = time.monotonic() - began
    answer = page.evaluate(_LONGEST_ANSWER)
    page.wait_for_timeout(1_000)
    frames = page.evaluate(_SCROLL, ["main", 6])
    page.wait_for_load_state("networkidle")
    heap, nodes = traffic.heap_mib(), traffic.nodes()
    with capsys.disabled():
        print(
            f"\n{stage} of {SCENES} scenes with {SCENES * ATTEMPTS} images: first rows {rows:.2f} s, first picture "
            f"{pictures:.2f} s, all rows {whole:.2f} s; longest answer of the API {answer / 1000:.2f} s\n"
            f"  first load {first[0]} requests, {first[1] / 1000:.0f} kB; after "
            f"scrolling to the end {traffic.requests} requests, {traffic.bytes / 1000:.0f} kB, JS heap {heap:.1f} MiB, "
            f"{nodes} nodes\n"
            f"  scrolling {frames['height']:.0f} px in 6 s: {frames['frames']} frames, "
            f"median {frames['median']:.1f} ms, p95 {frames['p95']:.1f}, "
            f"p99 {frames['p99']:.1f}, longest {frames['longest']:.0f} ms"
        )
    assert rows < 20
    assert heap < 300
    assert frames["median"] < 200
    page.close()


def test_a_review_of_a_large_script(
    browser: Browser, large: tuple[RunningSystem, int], capsys: pytest.CaptureFixture[str]
) -> None:
    system, script = large
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    traffic = Traffic(page)
    began = time.monotonic()
    page.goto(f"{system.url}/scripts/{script}/review")
    expect(page.locator(".stage figure.is-there img")).to_be_visible(timeout=20_000)
    seconds = time.monotonic() - began
    expect(page.locator(".position")).to_contain_text(f"{SCENES} to decide", timeout=20_000)
    whole = time.monotonic() - began
    page.wait_for_load_state("networkidle")
    times: list[float] = []
    for done in range(1, 11):
        times.append(
            page.evaluate(
                """() => new Promise(done => {
                  const before = document.querySelector(".review-side h2 .place").textContent;
                  const began = performance.now();
                  const look = () => document.querySelector(".review-side h2 .place").textContent === before
                    ? requestAnimationFrame(look) : done(performance.now() - began);
                  const pressed = new KeyboardEvent("keydown", {key: "a", bubbles: true, cancelable: true});
                  document.body.dispatchEvent(pressed);
                  requestAnimationFrame(look);
                })"""
            )
        )
        expect(page.locator(".position")).to_contain_text(f"{SCENES - done} to decide")
        page.wait_for_timeout(300)
    with capsys.disabled():
        print(
            f"\nreview of {SCENES} images: first picture {seconds:.2f} s, whole queue {whole:.2f} s; ten times A "
            f"to the next: median {sorted(times)[5]:.0f} ms, longest {max(times):.0f} ms; {traffic.requests} requests, "
            f"{traffic.bytes / 1000:.0f} kB, JS heap {traffic.heap_mib():.1f} MiB"
        )
    assert seconds < 20
    page.close()
