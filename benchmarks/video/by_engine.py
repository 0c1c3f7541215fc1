"""This engine, whole: `video.render.render_video` with nothing cached, one maker at a time."""

from __future__ import annotations

import asyncio
import hashlib
import sys
import tempfile
from pathlib import Path

from benchmarks.video.settings import Task
from domain.rendering import Motion, RenderSpec, Transition
from video.render import render_video
from video.runner import find_ffmpeg
from video.timeline import Timeline, TimelineScene


def timeline_of(task: Task) -> Timeline:
    spec = RenderSpec(
        width=task.width,
        height=task.height,
        fps=task.fps,
        scene_seconds=task.seconds,
        motion=Motion.KEN_BURNS if task.motion else Motion.HOLD,
        transition=Transition.CROSSFADE if task.overlap else Transition.CUT,
        transition_seconds=task.overlap,
    )
    paths = ("push_in", "drift_up_left", "pull_out", "pan_right")
    scenes = (
        TimelineScene(
            index + 1,
            Path(picture),
            hashlib.sha256(Path(picture).read_bytes()).hexdigest(),
            path=paths[index % len(paths)] if task.motion else "",
        )
        for index, picture in enumerate(task.pictures)
    )
    return Timeline(spec, tuple(scenes))


def main() -> None:
    task = Task.read(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        work = render_video(
            timeline_of(task), output=Path(task.output), work_dir=Path(folder), ffmpeg=find_ffmpeg(), parallel=1
        )
        asyncio.run(work)


if __name__ == "__main__":
    main()
