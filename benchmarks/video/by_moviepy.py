"""The peer: MoviePy 2 as its documentation has it. Run by the interpreter of its own environment; see README.md."""

import sys
from pathlib import Path

from moviepy import CompositeVideoClip, ImageClip, concatenate_videoclips, vfx  # type: ignore[import-not-found]

sys.path.insert(0, str(Path(__file__).resolve().parent))
from settings import ZOOM, Task  # type: ignore[import-not-found]


def main() -> None:
    task = Task.read(sys.argv[1])
    size = (task.width, task.height)
    clips = []
    for picture in task.pictures:
        clip = ImageClip(picture).with_duration(task.seconds)
        clip = clip.resized(max(task.width / clip.w, task.height / clip.h))
        if task.motion:
            clip = clip.resized(lambda time: 1 + ZOOM * time / task.seconds)
        clips.append(CompositeVideoClip([clip.with_position("center")], size=size).with_duration(task.seconds))
    if task.overlap:
        step = task.seconds - task.overlap
        faded = [
            clip.with_effects([vfx.CrossFadeIn(task.overlap)]) if index else clip for index, clip in enumerate(clips)
        ]
        video = CompositeVideoClip([clip.with_start(index * step) for index, clip in enumerate(faded)], size=size)
    else:
        video = concatenate_videoclips(clips)
    video.write_videofile(task.output, fps=task.fps, preset=task.preset, audio=False, threads=1, logger=None)


if __name__ == "__main__":
    main()
