"""`make bench-video`: every contestant on the same pictures in turn, some rounds of it; then quality, and a table."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.video import commands
from benchmarks.video.settings import Task
from domain.generation import ImageRequest
from providers.offline.painter import paint
from video.runner import find_ffmpeg

ROOT: Final = Path(__file__).resolve().parents[2]
MODES: Final = {
    "hold": (False, 0.0),
    "hold, crossfade": (False, 1.0),
    "Ken Burns": (True, 0.0),
    "Ken Burns, crossfade": (True, 1.0),
}
PROMPTS: Final = (
    "A lighthouse keeper walks along a rocky shore at dusk",
    "A village market in morning light",
    "A train crosses a snowy mountain pass under a pale moon",
    "A reading room with a lamp, books and a sleeping cat",
    "A ship in a storm on a dark green sea",
    "A city street in the rain at night with lit windows",
    "A forest path in autumn with a fox",
    "An airship over fields of wheat at noon",
    "A desert caravan under stars",
    "A garden with a fountain and a child in a red coat",
)


@dataclass(frozen=True, slots=True)
class Used:
    """What a command and all its processes used: seconds of CPU and of time, the largest process in MB, bytes made."""

    cpu: float
    wall: float
    peak: float
    size: int


def run(command: list[str], output: Path) -> Used:
    """Raises `CalledProcessError`."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command[:3])
    wall = time.monotonic() - began
    return Used(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, output.stat().st_size)


def quality(task: Task, made: Path, frames: Path, ffmpeg: str) -> dict[str, float]:
    """PSNR of luma and VMAF of a video against the frames that it was made of."""
    # Without equal tags ffmpeg would convert one of them.
    same = "format=yuv420p,setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709,split"
    compare = f"[0:v]{same}[a][c];[1:v]{same}[b][d];"
    compare += "[a][b]psnr;[c][d]libvmaf=n_threads=2:n_subsample=3"
    command = [ffmpeg, "-y", "-i", str(made), *commands.raw(task, frames), "-lavfi", compare, "-f", "null", "-"]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    psnr, vmaf = re.search(r"PSNR y:([\d.]+|inf)", words), re.search(r"VMAF score: ([\d.]+)", words)
    assert psnr is not None
    assert vmaf is not None
    return {"psnr": float(psnr[1]), "vmaf": float(vmaf[1])}


def measure(task: Task, folder: Path, memory: Path, rounds: int, only: list[str]) -> dict[str, Any]:
    """One mode: all contestants in turn, `rounds` times, another one first each time."""
    ffmpeg, frames = find_ffmpeg(), memory / "frames.nv12"
    with frames.open("wb") as file:
        for frame in commands.frames_of(task):
            file.write(frame.block.data)
    contestants: dict[str, Callable[[Task], list[str]]] = {
        "engine": commands.engine,
        "x264, engine's settings": lambda of: commands.limit(of, frames, ffmpeg),
        "x264 veryfast": lambda of: commands.x264(of, frames, ffmpeg, "veryfast", 20),
        "moviepy": commands.moviepy,
        "moviepy medium": lambda of: commands.moviepy(replace(of, preset="medium")),
        "tutorial": lambda of: commands.tutorial(of, ffmpeg),
    }
    contestants = {name: made for name, made in contestants.items() if not only or name in only}
    used: dict[str, list[Used]] = {name: [] for name in contestants}
    for number in range(rounds):
        names = list(contestants)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            output = folder / f"{re.sub(r'[^a-z0-9]+', '-', name)}.mp4"
            used[name].append(run(contestants[name](replace(task, output=str(output))), output))
            print(f"    {name}: {used[name][-1].cpu:.2f} s CPU", file=sys.stderr, flush=True)
    result: dict[str, Any] = {
        name: {field: median(getattr(each, field) for each in several) for field in ("cpu", "wall", "peak", "size")}
        for name, several in used.items()
    }
    result["engine"] |= quality(task, folder / "engine.mp4", frames, ffmpeg)
    for name, preset in (("moviepy", "veryfast"), ("moviepy medium", "medium")):
        if name not in result:
            continue
        output = folder / "same-frames.mp4"
        run(commands.x264(replace(task, output=str(output)), frames, ffmpeg, preset, 23), output)
        result[name] |= quality(task, output, frames, ffmpeg)
    frames.unlink()
    return result


def table(results: dict[str, dict[str, Any]]) -> str:
    lines = [
        "| mode | contestant | CPU, s | ÷ engine | wall, s | peak, MB | size, MB | PSNR Y, dB | VMAF |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for mode, result in results.items():
        for name, each in result.items():
            marks = [f"{each[key]:.2f}" if key in each else "" for key in ("psnr", "vmaf")]
            cells = [f"{each['cpu']:.2f}", f"{each['cpu'] / result['engine']['cpu']:.2f}", f"{each['wall']:.1f}"]
            cells += [f"{each['peak']:.0f}", f"{each['size'] / 1e6:.2f}", *marks]
            lines.append(f"| {mode} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.video", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scenes", type=int, default=10, help="up to 10")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each scene")
    parser.add_argument("--modes", nargs="+", choices=list(MODES), default=list(MODES))
    parser.add_argument("--only", nargs="+", default=[], help="contestants; the engine has to be among them")
    parser.add_argument("--json", type=Path, default=ROOT / "out/bench-video.json")
    wanted = parser.parse_args()
    if not commands.MOVIEPY.exists():
        sys.exit("MoviePy is not installed for this; run it with: make bench-video")
    memory = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    results = {}
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory(dir=memory) as in_memory:
        folder = Path(name)
        pictures = []
        for number, prompt in enumerate(PROMPTS[: wanted.scenes], start=1):
            pictures.append(str(folder / f"{number:02}.png"))
            paint(ImageRequest(prompt, 1792, 1024, 1, number)).save(pictures[-1], compress_level=1)
        for mode in wanted.modes:
            print(mode, file=sys.stderr, flush=True)
            motion, overlap = MODES[mode]
            task = Task(tuple(pictures), motion, overlap, "", wanted.seconds)
            results[mode] = measure(task, folder, Path(in_memory), wanted.rounds, wanted.only)
    wanted.json.parent.mkdir(parents=True, exist_ok=True)
    wanted.json.write_text(json.dumps(results, indent=2), encoding="utf-8")
    print(table(results))


if __name__ == "__main__":
    main()
