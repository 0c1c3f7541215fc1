"""What a change costs, and what long videos take in memory, by the engine's own API:

    python -m benchmarks.video.changes [--quick]

CPU is user and system time of the process that renders and all its children; memory is the largest resident set of any
one process. Each figure is of a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from domain.rendering import Motion, RenderSpec, Transition
from video.cache import SegmentCache
from video.render import render_video
from video.runner import find_ffmpeg
from video.timeline import Timeline, TimelineScene

SCENE_COUNTS = (10, 50, 200, 1000)


def a_picture(path: Path, number: int, size: tuple[int, int]) -> Path:
    """Soft shapes with a little grain, as a drawn picture has."""
    random = np.random.default_rng(number)
    small = Image.fromarray(random.integers(0, 255, (9, 16, 3), dtype=np.uint8))
    pixels = np.asarray(small.resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
    grain = random.normal(0, 1, (size[1], size[0], 1)).round().astype(np.int16)
    Image.fromarray((pixels + grain).clip(0, 255).astype(np.uint8)).save(path)
    return path


def a_timeline(folder: Path, scenes: int, size: tuple[int, int], seconds: float, motion: Motion) -> Timeline:
    transition = Transition.CROSSFADE
    spec = RenderSpec(*size, scene_seconds=seconds, motion=motion, transition=transition, transition_seconds=0.8)
    pictures = [folder / f"{number}.png" for number in range(min(scenes, 20))]
    for number, picture in enumerate(pictures):
        if not picture.exists():
            a_picture(picture, number, size)
    return Timeline(
        spec, tuple(TimelineScene(number + 1, pictures[number % len(pictures)]) for number in range(scenes))
    )


def render(
    folder: Path, scenes: int, size: tuple[int, int], seconds: float, motion: Motion, change: int | None
) -> None:
    """One render in this process; prints what it took."""
    timeline = a_timeline(folder, scenes, size, seconds, motion)
    if change is not None:
        other = a_picture(folder / "other.png", 1000, size)
        changed = tuple(
            replace(scene, picture=other) if index == change else scene for index, scene in enumerate(timeline.scenes)
        )
        timeline = replace(timeline, scenes=changed)
    peaks = Peaks()
    before = cpu_seconds()
    with tempfile.TemporaryDirectory(dir=folder) as work, peaks:
        rendered = asyncio.run(
            render_video(
                timeline,
                output=folder / "video.mp4",
                work_dir=Path(work),
                ffmpeg=find_ffmpeg(),
                cache=SegmentCache(folder / "cache"),
                parallel=2,
            )
        )
    answer = {"cpu": cpu_seconds() - before, "made": rendered.made, "reused": rendered.reused, **peaks.megabytes()}
    print(json.dumps(answer))


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


class Peaks:
    """The largest resident set of this process, of its makers and of their encoders, looked at ten times a second."""

    def __init__(self) -> None:
        self._largest: dict[str, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Peaks:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def megabytes(self) -> dict[str, int]:
        return {name: size // 1_000_000 for name, size in sorted(self._largest.items())}

    def _watch(self) -> None:
        this = psutil.Process()
        while not self._over.wait(0.1):
            for process in [this, *this.children(recursive=True)]:
                try:
                    name = "engine" if process == this else "ffmpeg" if "ffmpeg" in process.name() else "maker"
                    self._largest[name] = max(self._largest.get(name, 0), process.memory_info().rss)
                except psutil.Error:
                    continue


def measured(folder: Path, *arguments: object) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.video.changes", "--render", str(folder), *map(str, arguments)]
    answer: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return answer


def show_changes(seconds: float) -> None:
    print(f"Ten scenes of {seconds:g} s, 1920x1080 at 30, crossfades; one picture changed\n")
    print("| motion | full render, CPU s | one changed, CPU s | share | segments made | nothing changed, CPU s |")
    print("|---|---|---|---|---|---|")
    for motion in Motion:
        with tempfile.TemporaryDirectory() as name:
            common = (Path(name), 10, 1920, 1080, seconds, motion)
            full, same, changed = measured(*common), measured(*common), measured(*common, 4)
            share = changed["cpu"] / full["cpu"]
            print(
                f"| {motion} | {full['cpu']:.1f} | {changed['cpu']:.1f} | {share:.1%} | {changed['made']} of "
                f"{changed['made'] + changed['reused']} | {same['cpu']:.2f} |",
                flush=True,
            )


def show_memory(counts: tuple[int, ...]) -> None:
    print("\nMemory of each process in MB; scenes of 2 s, 640x360 at 30, in motion with crossfades\n")
    print("| scenes | engine | maker | ffmpeg | CPU s |\n|---|---|---|---|---|")
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            took = measured(Path(name), count, 640, 360, 2.0, Motion.KEN_BURNS)
            print(
                f"| {count} | {took['engine']} | {took['maker']} | {took['ffmpeg']} | {took['cpu']:.1f} |", flush=True
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter scenes, no more than 50 of them")
    parser.add_argument("--only", choices=["changes", "memory"])
    parser.add_argument("--render", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.render:
        folder, scenes, width, height, seconds, motion, *change = asked.render
        size = int(width), int(height)
        render(
            Path(folder), int(scenes), size, float(seconds), Motion(motion), int(change[0]) if change else None
        )  # fmt: skip
        return
    if asked.only != "memory":
        show_changes(3.0 if asked.quick else 8.0)
    if asked.only != "changes":
        show_memory(SCENE_COUNTS[:2] if asked.quick else SCENE_COUNTS)


if __name__ == "__main__":
    main()
