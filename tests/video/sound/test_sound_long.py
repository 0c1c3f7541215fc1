"""An hour of a thousand scenes, in bounded memory; and a video with sound to its last sample in a browser.

`REELGATE_CAMPAIGN=0.1` makes the hour a tenth as long.
"""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.browser import chromium, visiting
from tests.video.sound.conftest import Floats, speech_like, tone
from video.sound.mixing import SoundFacts, movie_timescale
from video.sound.plan import Music, Narration, SoundPlan

Mixed = Callable[..., Awaitable[SoundFacts]]
MOST_MEMORY = 160 * 1024 * 1024
SCENES = round(1_000 * float(os.environ.get("REELGATE_CAMPAIGN", "1")))


async def highest_memory(work: Awaitable[SoundFacts]) -> int:
    """Bytes that the largest process below this one had of its own while `work` was done."""
    task, highest = asyncio.ensure_future(work), 0
    while not task.done():
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                highest = max(highest, process.memory_info().rss - process.memory_info().shared)
        await asyncio.sleep(0.05)
    task.result()
    return highest


@pytest.mark.slow
@pytest.mark.timeout(2400)
async def test_an_hour_of_a_thousand_scenes(
    mixed: Mixed, a_narration: Callable[..., Narration], some_music: Callable[[Floats], Music]
) -> None:
    words = a_narration(speech_like(3.0))
    clips = tuple(replace(words, start_frame=108 * scene + 5, scene=scene + 1) for scene in range(SCENES))
    plan = SoundPlan(108 * SCENES, 30, clips, some_music(tone(60.0, level=0.1)))
    facts: list[SoundFacts] = []

    async def work() -> SoundFacts:
        facts.append(await mixed(plan, timeout=2400.0))
        return facts[0]

    assert await highest_memory(work()) < MOST_MEMORY
    assert facts[0].samples == SCENES * 108 * 1_600
    assert facts[0].loudness == pytest.approx(-16, abs=0.5)


async def test_memory_does_not_grow_with_the_length(
    mixed: Mixed, a_narration: Callable[..., Narration], some_music: Callable[[Floats], Music]
) -> None:
    words = a_narration(speech_like(0.5))
    clips = tuple(replace(words, start_frame=scene) for scene in range(100))
    assert await highest_memory(mixed(SoundPlan(300, 30, clips, some_music(tone(5.0))))) < MOST_MEMORY


PLAYED = """async () => {
    const video = document.querySelector('video');
    video.muted = true;
    video.playbackRate = 4;
    await new Promise((done, failed) => {
        video.onended = done;
        video.onerror = () => failed(video.error.message);
        video.play().catch(failed);
    });
    const sound = await (await fetch('video.mp4')).arrayBuffer();
    const decoded = await new OfflineAudioContext(2, 48000, 48000).decodeAudioData(sound);
    return {duration: video.duration, end: video.currentTime, samples: decoded.length};
}"""


@pytest.fixture
def served(tmp_path: Path) -> Any:
    """`tmp_path` over HTTP, with a page that shows `video.mp4`."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    (tmp_path / "page.html").write_text("<video src=video.mp4></video><link rel=icon href=data:,>")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/page.html"
        server.shutdown()


@pytest.mark.thorough
@pytest.mark.skipif(chromium() is None, reason="needs Chromium")
@pytest.mark.parametrize(("fps", "frames"), [(24, 73), (30, 101)])
async def test_a_browser_plays_it_to_the_end(
    mixed: Mixed,
    run_tool: Callable[..., bytes],
    a_narration: Callable[..., Narration],
    output: Path,
    tmp_path: Path,
    served: str,
    fps: int,
    frames: int,
) -> None:
    plan = SoundPlan(frames, fps, (a_narration(speech_like(2.0), frame=5),))
    await mixed(plan)
    pictures = tmp_path / "pictures.mp4"
    ticks = ("-video_track_timescale", fps * 512)
    run_tool(
        "-f", "lavfi", "-i", f"testsrc=s=64x36:r={fps}", "-frames:v", frames, "-pix_fmt", "yuv420p", *ticks, pictures
    )
    copied = ("-map", "0:v", "-map", "1:a", "-c", "copy", "-movflags", "+faststart", *ticks)
    run_tool("-i", pictures, "-i", output, *copied, "-movie_timescale", movie_timescale(fps), tmp_path / "video.mp4")

    def watch() -> dict[str, float]:
        with visiting(served) as visit:
            seen: dict[str, float] = visit.page.evaluate(PLAYED)
            return seen

    seen = await asyncio.to_thread(watch)
    assert seen["duration"] == pytest.approx(frames / fps, abs=1e-5)
    assert seen["end"] == pytest.approx(frames / fps, abs=1e-5)
    assert seen["samples"] == plan.samples
