"""What is in the file: exact frames, exact colours, exact bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from video.checks import VideoFacts, inspect_video
from video.render import Progress, Step, render_video
from video.timeline import Timeline

COLOURS = [(230, 20, 30), (20, 200, 40), (30, 40, 220), (255, 255, 255), (0, 0, 0), (128, 128, 128)]
Render = Callable[..., Awaitable[Path]]
Decoded = Callable[[Path], list[np.ndarray[Any, Any]]]


def bt709(red: float, green: float, blue: float) -> np.ndarray[Any, Any]:
    """Rec. ITU-R BT.709-6, section 3, 8 bits in limited range."""
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return np.array(
        [16 + 219 * luma / 255, 128 + 224 * (blue - luma) / 1.8556 / 255, 128 + 224 * (red - luma) / 1.5748 / 255]
    )


@pytest.mark.parametrize("seconds", [0.5, 1.0, 1.04, 5])
@pytest.mark.parametrize("fps", [24, 25, 30, 60])
async def test_scenes_change_at_their_frames_and_in_their_colours(
    fps: int,
    seconds: float,
    a_picture: Callable[..., Path],
    a_timeline: Callable[..., Timeline],
    render: Render,
    decoded: Decoded,
) -> None:
    timeline = a_timeline(*(a_picture(colour) for colour in COLOURS[:3]), fps=fps, seconds=seconds)
    frames = decoded(await render(timeline))
    assert len(frames) == timeline.total_frames
    for segment, colour in zip(timeline.segments, COLOURS, strict=False):
        for frame in frames[segment.first_frame : segment.first_frame + segment.frames]:
            assert np.abs(frame - bt709(*colour)).max() < 1.5


@pytest.mark.parametrize("colour", COLOURS)
async def test_colours_are_bt709_in_limited_range(
    colour: tuple[int, int, int],
    a_picture: Callable[..., Path],
    a_timeline: Callable[..., Timeline],
    render: Render,
    decoded: Decoded,
) -> None:
    frames = decoded(await render(a_timeline(a_picture(colour))))
    assert all(np.abs(frame - bt709(*colour)).max() < 1.01 for frame in frames)


async def test_a_held_picture_does_not_change_by_one_bit(
    a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline], render: Render
) -> None:
    timeline = a_timeline(a_picture(size=(320, 180), noise=True), size=(320, 180), seconds=2.5)
    with av.open(str(await render(timeline))) as container:
        frames = {frame.to_ndarray().tobytes() for frame in container.decode(video=0)}
    assert len(frames) == 1


async def test_the_facts_and_the_layout_of_the_file(
    a_picture: Callable[..., Path],
    a_timeline: Callable[..., Timeline],
    output: Path,
    work_dir: Path,
    ffmpeg_binary: str,
) -> None:
    timeline = a_timeline(a_picture(), a_picture(), fps=30, seconds=1.5, size=(320, 180))
    facts = (await render_video(timeline, output=output, work_dir=work_dir, ffmpeg=ffmpeg_binary)).facts
    assert facts == inspect_video(output)
    assert facts == VideoFacts(
        width=320,
        height=180,
        fps=timeline.spec.fps,  # type: ignore[arg-type]
        frames=90,
        duration=timeline.duration,
        byte_size=output.stat().st_size,
        codec="h264",
        pixel_format="yuv420p",
        colours=(1, 1, 1, 1),
        even_frames=True,
        closed_groups=True,
        index_first=True,
    )
    assert facts.duration_seconds == 3.0
    content = output.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")
    assert b"Lavf" not in content
    assert b"Lavc" not in content
    assert [path.name for path in output.parent.iterdir()] == ["video_2.mp4"]
    assert list(work_dir.iterdir()) == []
    with av.open(str(output)) as container:
        keys = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe and packet.size]
    assert {0, 45 * 512} <= set(keys)


async def test_the_same_scenes_give_the_same_bytes(
    a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline], render: Render, tmp_path: Path
) -> None:
    timeline = a_timeline(a_picture(noise=True, size=(90, 50)), a_picture(), seconds=1.2)
    first = await render(timeline)
    second = await render(timeline, output=tmp_path / "again.mp4", parallel=3)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    "name", ['it\'s "so"', "a:b c;d,[e]", "100%d %{x} #?", "é 日本 🎬", "back\\slash", "-dash", "$(x) `y`"]
)
async def test_any_folder_name_will_do(
    name: str, a_timeline: Callable[..., Timeline], a_picture: Callable[..., Path], tmp_path: Path, render: Render
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / name).mkdir()
    picture = a_picture().rename(folder / f"{name}.png")
    video = await render(
        a_timeline(picture, picture, seconds=1.2), output=folder / f"{name}.mp4", work_dir=folder / name
    )
    assert inspect_video(video).frames == 60
    assert {path.name for path in folder.iterdir()} == {name, f"{name}.png", f"{name}.mp4"}


async def test_progress_only_goes_forward_and_says_what_is_being_done(
    a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline], render: Render
) -> None:
    seen: list[Progress] = []

    async def receive(progress: Progress) -> None:
        seen.append(progress)

    await render(a_timeline(*(a_picture(colour) for colour in COLOURS), seconds=1.2), on_progress=receive, parallel=2)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert [step for step, _ in groupby(progress.step for progress in seen)] == list(Step)
    assert {progress.completed for progress in seen} == set(range(7))
    assert {progress.total for progress in seen} == {6}


async def test_what_a_receiver_of_progress_raises_ends_the_render(
    a_picture: Callable[..., Path],
    a_timeline: Callable[..., Timeline],
    render: Render,
    assert_nothing_left: Callable[[], None],
) -> None:
    def receive(progress: Progress) -> None:
        if progress.completed == 1:
            raise ConnectionResetError("the lease is lost")

    with pytest.raises(ConnectionResetError, match="the lease is lost"):
        await render(a_timeline(*(a_picture() for _ in range(3))), on_progress=receive)
    assert_nothing_left()


async def test_a_finished_video_is_replaced_only_by_a_finished_one(
    a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline], render: Render, output: Path
) -> None:
    output.write_bytes(b"the former one")
    with pytest.raises(Exception, match="missing"):
        await render(a_timeline(a_picture(), Path("/nowhere.png")))
    assert output.read_bytes() == b"the former one"
    await render(a_timeline(a_picture()))
    assert inspect_video(output).frames == 5
