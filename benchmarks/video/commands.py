"""The commands that are measured: MoviePy, the tutorial's, this engine, and x264 alone on frames that lie in memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.video.by_engine import timeline_of
from benchmarks.video.settings import ZOOM, Task
from domain.rendering import Quality
from video.frames.encoder import CRF, GROUP_SECONDS, MOVING, PRESET, X264
from video.frames.planes import Frame
from video.frames.segment import Studio

HERE: Final = Path(__file__).resolve().parent
MOVIEPY: Final = HERE / ".venv/bin/python"


def moviepy(task: Task) -> list[str]:
    return [str(MOVIEPY), str(HERE / "by_moviepy.py"), task.text()]


def engine(task: Task) -> list[str]:
    return [sys.executable, "-m", "benchmarks.video.by_engine", task.text()]


def tutorial(task: Task, ffmpeg: str) -> list[str]:
    """One filter graph: each picture looped or zoomed, joined by `xfade` or `concat`."""
    frames, size = round(task.seconds * task.fps), f"{task.width}x{task.height}"
    inputs: list[str] = []
    graph = []
    for index, picture in enumerate(task.pictures):
        cover = f"scale={size.replace('x', ':')}:force_original_aspect_ratio=increase,crop={size.replace('x', ':')}"
        if task.motion:
            inputs += ["-i", picture]
            zoom = f"zoompan=z='1+{ZOOM}*on/{frames}':x='iw/2-(iw/zoom/2)':y='ih/2-(ih/zoom/2)':d={frames}"
            graph.append(f"[{index}]scale=8000:-1,{zoom}:s={size}:fps={task.fps},setsar=1[v{index}]")
        else:
            inputs += ["-loop", "1", "-framerate", str(task.fps), "-t", str(task.seconds), "-i", picture]
            graph.append(f"[{index}]{cover},setsar=1,format=yuv420p[v{index}]")
    last = "v0"
    if task.overlap:
        for index in range(1, len(task.pictures)):
            offset = index * (task.seconds - task.overlap)
            graph.append(
                f"[{last}][v{index}]xfade=transition=fade:duration={task.overlap}:offset={offset:.3f}[x{index}]"
            )
            last = f"x{index}"
    else:
        graph.append("".join(f"[v{i}]" for i in range(len(task.pictures))) + f"concat=n={len(task.pictures)}[all]")
        last = "all"
    encoding = ["-c:v", "libx264", "-preset", task.preset, "-crf", "23", "-pix_fmt", "yuv420p", "-threads", "1"]
    graph_threads = ["-filter_complex_threads", "1", "-filter_complex", ";".join(graph)]
    return [ffmpeg, "-v", "error", "-y", *inputs, *graph_threads, "-map", f"[{last}]", *encoding, task.output]


def raw(task: Task, frames: Path) -> list[str]:
    size = f"{task.width}x{task.height}"
    return ["-f", "rawvideo", "-pix_fmt", "nv12", "-s", size, "-framerate", str(task.fps), "-i", str(frames)]


def x264(task: Task, frames: Path, ffmpeg: str, preset: str, crf: float, *options: str) -> list[str]:
    """x264 and nothing else, on the engine's own frames."""
    encoding = ["-c:v", "libx264", "-preset", preset, "-crf", str(crf), "-threads", "1", *options]
    return [ffmpeg, "-v", "error", "-y", *raw(task, frames), *encoding, task.output]


def limit(task: Task, frames: Path, ffmpeg: str) -> list[str]:
    """With this engine's settings."""
    options = ["-x264-params", f"{X264}:{MOVING}", "-g", str(GROUP_SECONDS * task.fps)]
    return x264(task, frames, ffmpeg, PRESET[Quality.FINAL], CRF[Quality.FINAL], *options)


def frames_of(task: Task) -> Iterator[Frame]:
    """All frames as this engine hands them to x264."""
    studio = Studio()
    for order in timeline_of(task).orders(threads=1, ffmpeg="", overlays=None):
        yield from studio.frames(order)
