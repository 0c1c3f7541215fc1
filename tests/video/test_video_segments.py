"""Segments as the maker makes them: exact frames, one kind of stream, stillness, overlays, errors and clean ends."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest
from PIL import Image

from domain.rendering import Fill, Motion, Quality
from video.frames.failures import SegmentFailed, failure_of
from video.frames.overlays import _Ink
from video.frames.segment import Studio
from video.frames.stills import place_card
from video.orders import Overlay, SegmentKind, SegmentOrder, Shot, from_json, to_json

SIZE = (160, 90)


def textured(path: Path, size: tuple[int, int] = (320, 180), seed: int = 1) -> Path:
    noise = np.random.default_rng(seed).integers(0, 255, (size[1] // 8 + 1, size[0] // 8 + 1, 3), np.uint8)
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(path)
    return path


def a_shot(picture: Path, *, motion: Motion = Motion.KEN_BURNS, frames: int = 50, first: int = 0) -> Shot:
    return Shot(picture, hashlib.sha256(picture.read_bytes()).hexdigest(), motion, "push_in", frames, first)


def an_order(*shots: Shot, kind: SegmentKind = SegmentKind.BODY, frames: int = 50, **values: Any) -> SegmentOrder:
    return SegmentOrder(kind, *SIZE, 25, Quality.FINAL, Fill.BLUR, frames, shots, **values)


def pictures_of(path: Path) -> list[np.ndarray[Any, Any]]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray()[: SIZE[1]].astype(int) for frame in container.decode(video=0)]


@pytest.fixture
def make(tmp_path: Path, ffmpeg_binary: str) -> Callable[..., Path]:
    studio = Studio()

    def run(order: SegmentOrder, name: str = "segment.mp4") -> Path:
        studio.make(from_json(json.loads(json.dumps(to_json(order)))), tmp_path / name, ffmpeg_binary)
        return tmp_path / name

    return run


def test_segments_of_every_kind_join_without_encoding(
    make: Callable[..., Path], tmp_path: Path, ffmpeg_binary: str
) -> None:
    one, two = textured(tmp_path / "1.png"), textured(tmp_path / "2.png", (90, 160), 2)
    held = a_shot(two, motion=Motion.HOLD)
    orders = [
        an_order(a_shot(one), frames=38),
        an_order(a_shot(one, first=38), held, kind=SegmentKind.CROSSFADE, frames=12),
        an_order(held, frames=200),
        an_order(held, a_shot(one), kind=SegmentKind.FADE_BLACK, frames=13),
    ]
    files = [make(order, f"{number}.mp4") for number, order in enumerate(orders)]
    headers = set()
    for file, order in zip(files, orders, strict=True):
        with av.open(str(file)) as container:
            stream = container.streams.video[0]
            headers.add(stream.codec_context.extradata)
            assert (stream.frames, stream.duration) == (order.frames, order.frames * 512)
    assert len(headers) == 1
    (tmp_path / "list").write_text("".join(f"file '{file.name}'\n" for file in files))
    joined = tmp_path / "joined.mp4"
    command = [ffmpeg_binary, "-v", "error", "-f", "concat", "-safe", "0", "-i", "list", "-c", "copy"]
    subprocess.run([*command, "-video_track_timescale", "12800", joined.name], cwd=tmp_path, check=True)
    check = subprocess.run(
        [ffmpeg_binary, "-v", "warning", "-xerror", "-i", str(joined), "-f", "null", "-"],
        capture_output=True,
        text=True,
    )
    assert (check.returncode, check.stderr) == (0, "")
    with av.open(str(joined)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
    shown = sorted(packet.pts or 0 for packet in packets)
    assert shown == list(range(0, sum(order.frames for order in orders) * 512, 512))
    frames = pictures_of(joined)
    alone = [frame for file in files for frame in pictures_of(file)]
    assert all(np.array_equal(*pair) for pair in zip(frames, alone, strict=True))


def test_a_held_picture_does_not_change_at_all(make: Callable[..., Path], tmp_path: Path) -> None:
    first, *others = pictures_of(make(an_order(a_shot(textured(tmp_path / "1.png"), motion=Motion.HOLD), frames=300)))
    assert len(others) == 299
    assert all(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("motion", list(Motion))
def test_overlays_come_and_go_in_their_frames_and_touch_nothing_else(
    motion: Motion, make: Callable[..., Path], tmp_path: Path
) -> None:
    Image.new("RGBA", (40, 20), (255, 255, 255, 255)).save(tmp_path / "o.png")
    overlay = Overlay(tmp_path / "o.png", "o", 61, 35, 10, 20, 3)
    shot = a_shot(textured(tmp_path / "1.png"), motion=motion)
    with_it = pictures_of(make(an_order(shot, overlays=(overlay,))))
    without = pictures_of(make(an_order(shot)))
    assert len(with_it) == 50
    assert [bool(frame[36:54, 63:100].mean() > 225) for frame in with_it] == [13 <= n < 27 for n in range(50)]
    for number in (0, 5, 9, 30, 49):
        assert np.abs(with_it[number] - without[number]).mean() < 4
    for number in range(50):
        assert np.abs(with_it[number][:, :50] - without[number][:, :50]).mean() < 5


@pytest.mark.parametrize("motion", list(Motion))
def test_of_a_scenes_many_captions_only_those_that_show_are_in_memory(
    motion: Motion, make: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGBA", (40, 20), (255, 255, 255, 255)).save(tmp_path / "o.png")
    present: weakref.WeakSet[Any] = weakref.WeakSet()
    most = 0

    def mixed(ink: Any, strength: float) -> list[tuple[Any, Any]]:
        nonlocal most
        present.add(ink)
        most = max(most, len(present))
        return real(ink, strength)

    real = _Ink.mixed
    monkeypatch.setattr(_Ink, "mixed", mixed)
    overlays = tuple(Overlay(tmp_path / "o.png", f"{n}", 60, 36, n * 5, 5, 1) for n in range(10))
    frames = pictures_of(make(an_order(a_shot(textured(tmp_path / "1.png"), motion=motion), overlays=overlays)))
    assert [bool(frame[38:54, 62:98].mean() > 225) for frame in frames] == [0 < n % 5 < 4 for n in range(50)]
    assert 1 <= most <= 2


def test_the_same_order_gives_the_same_bytes(make: Callable[..., Path], tmp_path: Path) -> None:
    picture = textured(tmp_path / "1.png")
    for motion in Motion:
        order = an_order(a_shot(picture, motion=motion))
        assert make(order, "a.mp4").read_bytes() == make(order, "b.mp4").read_bytes()


def test_a_fade_through_black_is_black_in_the_middle(make: Callable[..., Path], tmp_path: Path) -> None:
    shots = [a_shot(textured(tmp_path / f"{seed}.png", seed=seed)) for seed in (1, 2)]
    light = [frame.mean() for frame in pictures_of(make(an_order(*shots, kind=SegmentKind.FADE_BLACK, frames=25)))]
    assert light[12] == pytest.approx(16, abs=1)
    assert light[:13] == sorted(light[:13], reverse=True)
    assert light[12:] == sorted(light[12:])


@pytest.mark.parametrize("picture", [(1, 1), (16, 4000), (4000, 16), (90, 160), (320, 180)])
@pytest.mark.parametrize("fill", list(Fill))
def test_cards_are_even_and_inside(picture: tuple[int, int], fill: Fill) -> None:
    card = place_card(picture, SIZE, fill)
    assert not any(number % 2 for number in (card.x, card.y, card.width, card.height))
    assert card.x + card.width <= SIZE[0]
    assert card.y + card.height <= SIZE[1]
    assert min(card.width, card.height) > 0


@pytest.mark.parametrize("size", [(1, 1), (16, 3000), (3000, 16), (90, 160), (33, 47)])
@pytest.mark.parametrize("fill", list(Fill))
def test_pictures_of_any_shape_move(
    size: tuple[int, int], fill: Fill, make: Callable[..., Path], tmp_path: Path
) -> None:
    Image.new("RGB", size, (90, 90, 90)).save(tmp_path / "1.png")
    shot = Shot(tmp_path / "1.png", "", Motion.KEN_BURNS, "pan_up", 4, 0)
    order = SegmentOrder(SegmentKind.BODY, *SIZE, 25, Quality.DRAFT, fill, 4, (shot,))
    frames = pictures_of(make(order))
    assert len(frames) == 4
    assert frames[0][44, 79] == pytest.approx(16 + 90 * 219 / 255, abs=3)


def test_what_is_no_picture_is_said_with_its_file(make: Callable[..., Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(textured(tmp_path / "1.png").read_bytes()[:900])
    for motion in Motion:
        with pytest.raises(SegmentFailed) as failure:
            make(an_order(a_shot(bad, motion=motion)))
        answer = failure.value.to_json()
        assert answer["picture"] == str(bad)
        assert failure_of(answer, "Scene 4").message.startswith("Scene 4: its picture cannot be used: it is a damaged")


def test_a_killed_maker_takes_its_ffmpeg_along(tmp_path: Path, ffmpeg_binary: str) -> None:
    order = an_order(a_shot(textured(tmp_path / "1.png"), frames=100_000), frames=100_000)
    request = {"order": to_json(order), "output": str(tmp_path / "x.mp4"), "ffmpeg": ffmpeg_binary}
    command = [sys.executable, "-m", "video.frames.maker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as maker:
        assert maker.stdin is not None
        assert maker.stdout is not None
        maker.stdin.write(json.dumps(request).encode() + b"\n")
        maker.stdin.flush()
        assert json.loads(maker.stdout.readline())["frame"] > 0
        [encoder] = psutil.Process(maker.pid).children()
        os.kill(maker.pid, signal.SIGKILL)
        until = time.monotonic() + 10
        while encoder.is_running() and encoder.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
            time.sleep(0.01)
        assert not encoder.is_running() or encoder.status() == psutil.STATUS_ZOMBIE
