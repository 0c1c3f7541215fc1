"""Builders for tests of rendering: small pictures, timelines of them, real renders, and what is left afterwards."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest
from PIL import Image

from domain.rendering import Motion, RenderSpec, Transition
from video.render import render_video
from video.runner import find_ffmpeg
from video.timeline import Timeline, TimelineScene


@pytest.fixture(scope="session")
def ffmpeg_binary() -> str:
    return find_ffmpeg()


@pytest.fixture
def a_picture(tmp_path: Path) -> Callable[..., Path]:
    def build(
        colour: Any = (200, 40, 60), *, size: tuple[int, int] = (64, 36), mode: str = "RGB", noise: bool = False
    ) -> Path:
        folder = tmp_path / "pictures"
        folder.mkdir(exist_ok=True)
        path = folder / f"{len(list(folder.iterdir()))}.png"
        image = Image.new(mode, size, colour)
        if noise:
            image = Image.frombytes("RGB", size, random.Random(1).randbytes(size[0] * size[1] * 3))
        image.save(path)
        return path

    return build


@pytest.fixture
def a_timeline() -> Callable[..., Timeline]:
    def build(*pictures: Path, size: tuple[int, int] = (64, 36), fps: int = 25, seconds: float = 0.2) -> Timeline:
        spec = RenderSpec(
            width=size[0], height=size[1], fps=fps, scene_seconds=seconds, motion=Motion.HOLD, transition=Transition.CUT
        )
        return Timeline(spec, tuple(TimelineScene(number, path) for number, path in enumerate(pictures, start=1)))

    return build


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "finished"
    folder.mkdir()
    return folder / "video_2.mp4"


@pytest.fixture
def render(output: Path, work_dir: Path, ffmpeg_binary: str) -> Callable[..., Awaitable[Path]]:
    async def run(timeline: Timeline, **options: Any) -> Path:
        places: dict[str, Any] = {"output": output, "work_dir": work_dir, "ffmpeg": ffmpeg_binary}
        await render_video(timeline, **{**places, **options})
        return Path({**places, **options}["output"])

    return run


@pytest.fixture
def assert_nothing_left(output: Path, work_dir: Path) -> Callable[[], None]:
    """No output, no partial file, no segment, no process but those that were there before."""
    before = set(psutil.Process().children(recursive=True))

    def check() -> None:
        assert list(output.parent.iterdir()) == []
        assert list(work_dir.iterdir()) == []
        assert set(psutil.Process().children(recursive=True)) <= before

    return check


@pytest.fixture
def running_ffmpeg(ffmpeg_binary: str) -> Callable[..., Awaitable[psutil.Process]]:
    """Wait for an ffmpeg process below `parent` (this process unless told) that encodes, and is not just asked for its
    version."""

    async def find(parent: int | None = None) -> psutil.Process:
        async with asyncio.timeout(60):
            while True:
                for process in psutil.Process(parent).children(recursive=True):
                    try:
                        if process.exe() == ffmpeg_binary and "-i" in process.cmdline() and process.environ():
                            return process  # without an environment, exec is under way
                    except psutil.Error:
                        continue
                await asyncio.sleep(0.01)

    return find


@pytest.fixture
def decoded() -> Callable[[Path], list[np.ndarray[Any, Any]]]:
    """Every frame of a video as its mean Y, U and V, after asserting that each timestamp is its frame's own."""

    def decode(path: Path) -> list[np.ndarray[Any, Any]]:
        means = []
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            for index, frame in enumerate(container.decode(stream)):
                assert frame.pts is not None
                assert stream.average_rate is not None
                assert stream.time_base is not None
                assert frame.pts * stream.time_base * stream.average_rate == index
                rows = frame.to_ndarray()
                luma, chroma = rows[: frame.height], rows[frame.height :].reshape(2, -1)
                means.append(np.array([luma.mean(), chroma[0].mean(), chroma[1].mean()]))
        return means

    return decode


@pytest.fixture
def a_program(tmp_path: Path) -> Callable[[str], str]:
    """A shell script in the place of ffmpeg."""

    def build(script: str) -> str:
        path = tmp_path / "ffmpeg.sh"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return build


@pytest.fixture
def long_timeline(a_picture: Callable[..., Path], a_timeline: Callable[..., Timeline]) -> Timeline:
    """Some seconds of work."""
    picture = a_picture(size=(640, 360), noise=True)
    return a_timeline(*[picture] * 30, size=(1280, 720), fps=60, seconds=2)
