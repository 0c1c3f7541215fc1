"""Every look at every rate: the frames, their times and their groups are right, by PyAV and by another ffmpeg if there
is one on the PATH."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from domain.rendering import Motion, Quality, Transition
from video.deliverables import make_poster, make_preview
from video.orders import SegmentKind
from video.render import Rendered, render_video
from video.timeline import Timeline

FEW = [
    (Motion.HOLD, Transition.FADE_BLACK, 24, (180, 320)),
    (Motion.KEN_BURNS, Transition.CROSSFADE, 30, (320, 180)),
]
ALL = list(product(Motion, Transition, (24, 25, 30, 50, 60), ((320, 180), (180, 320), (182, 182))))
ATimeline = Callable[..., Timeline]


@pytest.fixture
def a_look(a_picture: Callable[..., Path], a_timeline: ATimeline) -> ATimeline:
    def build(motion: Motion, transition: Transition, fps: int, size: tuple[int, int]) -> Timeline:
        pictures = [a_picture(colour, size=(320, 180)) for colour in ((220, 30, 30), (30, 200, 40), (40, 40, 230))]
        still = a_timeline(*pictures, size=size, fps=fps, seconds=2.3)
        spec = replace(
            still.spec, motion=motion, transition=transition, transition_seconds=0.5, quality=Quality.DRAFT
        )  # fmt: skip
        return replace(still, spec=spec)

    return build


@pytest.mark.parametrize(
    ("motion", "transition", "fps", "size"),
    [pytest.param(*look, marks=() if look in FEW else pytest.mark.slow) for look in [*FEW, *ALL]],
)
async def test_frames_times_and_groups(
    motion: Motion,
    transition: Transition,
    fps: int,
    size: tuple[int, int],
    a_look: ATimeline,
    output: Path,
    work_dir: Path,
    ffmpeg_binary: str,
) -> None:
    timeline = a_look(motion, transition, fps, size)
    rendered = await render_video(timeline, output=output, work_dir=work_dir, ffmpeg=ffmpeg_binary, parallel=2)
    facts = rendered.facts
    assert (facts.frames, facts.duration) == (timeline.total_frames, timeline.duration)
    assert facts.even_frames
    assert facts.closed_groups
    assert_every_group_stands_alone(output, timeline)
    if shutil.which("ffprobe"):
        assert_another_ffmpeg_agrees(output, timeline)


def assert_every_group_stands_alone(path: Path, timeline: Timeline) -> None:
    """Decoded from any key frame on, frames are what they are when decoded from the start; segments begin with one."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        whole = [(frame.pts, frame.to_ndarray().tobytes()) for frame in container.decode(stream)]
    with av.open(str(path)) as container:
        keys = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe and packet.size]
    assert [pts for pts, _ in whole] == [512 * number for number in range(timeline.total_frames)]
    assert {512 * segment.first_frame for segment in timeline.segments} <= set(keys)
    for key in keys[1:]:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            container.seek(key or 0, stream=stream)
            frame = next(container.decode(stream))
            assert (frame.pts, frame.to_ndarray().tobytes()) == whole[(key or 0) // 512]


def assert_another_ffmpeg_agrees(path: Path, timeline: Timeline) -> None:
    asked = ["-show_entries", "frame=pts,pict_type,key_frame:stream=duration,nb_frames,avg_frame_rate"]
    command = ["ffprobe", "-v", "error", "-select_streams", "v", *asked, "-of", "json", str(path)]
    answer = subprocess.run(command, capture_output=True, check=True, text=True)
    assert answer.stderr == ""
    said: dict[str, Any] = json.loads(answer.stdout)
    stream, frames = said["streams"][0], said["frames"]
    assert int(stream["nb_frames"]) == len(frames) == timeline.total_frames
    assert Fraction(stream["avg_frame_rate"]) == timeline.spec.fps
    assert float(stream["duration"]) == pytest.approx(float(timeline.duration), abs=1e-5)
    assert [frame["pts"] for frame in frames] == [512 * number for number in range(len(frames))]


async def test_the_looks_are_what_they_are_called(
    a_look: ATimeline, output: Path, work_dir: Path, ffmpeg_binary: str
) -> None:
    """Brightness dips to black in the middle of a fade, and not in a crossfade."""
    for transition in (Transition.CROSSFADE, Transition.FADE_BLACK):
        timeline = a_look(Motion.KEN_BURNS, transition, 25, (64, 36))
        await render_video(timeline, output=output, work_dir=work_dir, ffmpeg=ffmpeg_binary)
        with av.open(str(output)) as container:
            luma = [float(frame.to_ndarray()[:36].mean()) for frame in container.decode(video=0)]
        for segment in timeline.segments:
            if segment.kind is not SegmentKind.BODY:
                middle = luma[segment.first_frame + segment.frames // 2]
                assert (middle < 30) == (transition is Transition.FADE_BLACK)


async def test_a_poster_and_a_preview(
    a_look: ATimeline, a_picture: Callable[..., Path], output: Path, work_dir: Path, ffmpeg_binary: str, tmp_path: Path
) -> None:
    timeline = a_look(Motion.HOLD, Transition.CROSSFADE, 25, (640, 360))
    dull = tuple(replace(scene, picture=a_picture((90, 90, 90))) for scene in timeline.scenes[:1])
    timeline = replace(timeline, scenes=dull + timeline.scenes[1:])
    rendered: Rendered = await render_video(timeline, output=output, work_dir=work_dir, ffmpeg=ffmpeg_binary)
    poster = await make_poster(output, rendered, tmp_path / "poster.jpg")
    preview = await make_preview(output, rendered, tmp_path / "preview.webp")
    assert (poster.width, poster.height, poster.frames) == (640, 360, 1)
    assert (preview.width, preview.height, preview.frames) == (320, 180, 3)  # held frames are one
    assert preview.byte_size == preview.path.stat().st_size < 1_000_000
    shown = pixels(poster.path)
    assert np.ptp(shown.mean(axis=(0, 1))) > 100  # not the dull one
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["poster.jpg", "preview.webp"]


def pixels(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(float)
