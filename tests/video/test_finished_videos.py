"""Finished videos with words, sound and motion, over shapes, sizes, looks and rates: what PyAV, a decoder and an older
ffmpeg (that on the PATH, if there is one) find in them is what was asked for, to the frame and to the sample."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import wave
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from domain.rendering import Captions, Fill, Motion, Quality, RenderSpec, Transition
from video.captions.fonts import installed_fonts
from video.captions.overlays import caption_lettering, render_overlays
from video.checks import COLOURS, inspect_video
from video.orders import Overlay
from video.render import render_video
from video.runner import identify
from video.sound.mixing import mix
from video.sound.plan import SAMPLE_RATE, Narration, SoundPlan
from video.timeline import Timeline, TimelineScene

SECONDS = 3.2
WORDS_SECONDS = 2.0
AAC_PACKET = 1024
WIDE, TALL, SQUARE = (320, 180), (180, 320), (240, 240)
K, H = Motion.KEN_BURNS, Motion.HOLD
X, F, C = Transition.CROSSFADE, Transition.FADE_BLACK, Transition.CUT
FEW = [
    ((320, 180), 30, K, X, Fill.BLUR, Captions.PLAIN, Quality.FINAL),
    ((180, 320), 24, H, F, Fill.BLUR, Captions.BOLD, Quality.DRAFT),
    ((240, 240), 50, K, C, Fill.CROP, Captions.BOXED, Quality.DRAFT),
]
MANY = [
    *((size, fps, motion, transition, fill, Captions.BOXED, Quality.DRAFT)
      for number, size in enumerate((WIDE, TALL, SQUARE))
      for fps in (24, 25, 30, 48, 50, 60)
      for motion, transition in ((H, C), (H, X), (H, F), (K, C), (K, X), (K, F))
      for fill in (list(Fill)[(number + fps + len(transition)) % 3],)),
    ((1280, 720), 30, K, X, Fill.BLUR, Captions.PLAIN, Quality.FINAL),
    ((720, 1280), 60, K, X, Fill.BLUR, Captions.BOLD, Quality.DRAFT),
    ((1920, 1080), 30, K, X, Fill.BLUR, Captions.PLAIN, Quality.FINAL),
    ((1080, 1080), 25, H, X, Fill.FIT, Captions.BOXED, Quality.FINAL),
    ((2560, 1440), 24, H, F, Fill.BLUR, Captions.PLAIN, Quality.DRAFT),
    ((3840, 2160), 24, K, X, Fill.BLUR, Captions.PLAIN, Quality.DRAFT),
    ((2160, 3840), 60, H, C, Fill.BLUR, Captions.BOLD, Quality.FINAL),
]  # fmt: skip
Look = tuple[tuple[int, int], int, Motion, Transition, Fill, Captions, Quality]


def named(look: Look) -> str:
    (width, height), fps, *rest = look
    return "-".join([f"{width}x{height}", f"{fps}", *rest])


def some_words(path: Path, *, seed: int) -> Narration:
    """A voice-like sound of `WORDS_SECONDS`, without a place yet."""
    t = np.arange(round(WORDS_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 2 * np.pi * np.cumsum(120 + 10 * seed + 20 * np.sin(2 * np.pi * 0.7 * t)) / SAMPLE_RATE
    voiced = np.sum([np.sin(k * pitch) / k for k in range(1, 20)], axis=0)
    sound = voiced * np.clip(np.sin(2 * np.pi * 3.1 * t), 0, 1)
    samples = (sound / np.abs(sound).max() * 12_000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
    return Narration(path, hashlib.sha256(path.read_bytes()).hexdigest(), 0, WORDS_SECONDS, seed)


@pytest.fixture
def a_film(tmp_path: Path, output: Path, work_dir: Path, ffmpeg_binary: str) -> Callable[..., Any]:
    """Three scenes of pictures of other shapes, spoken and captioned, rendered to `output`."""

    async def build(look: Look) -> Timeline:
        (width, height), fps, motion, transition, fill, captions, quality = look
        spec = RenderSpec(
            width=width, height=height, fps=fps, motion=motion, transition=transition, transition_seconds=0.5,
            fill=fill, captions=captions, quality=quality, scene_seconds=SECONDS,
        )  # fmt: skip
        scenes = []
        for number, (size, colour) in enumerate(
            (((320, 180), (220, 60, 40)), ((200, 200), (40, 180, 60)), ((120, 240), (50, 60, 220))), 1
        ):
            picture = tmp_path / f"picture_{number}.png"
            Image.linear_gradient("L").resize(size).convert("RGB").point(
                [value * part // 255 for part in colour for value in range(256)]
            ).save(picture)
            scenes.append(TimelineScene(number, picture, narration_seconds=Fraction(WORDS_SECONDS)))
        timeline = Timeline(spec, tuple(scenes))
        identity = await identify(ffmpeg_binary)
        words = [
            replace(
                some_words(tmp_path / f"{number}.wav", seed=number),
                start_frame=place.body_first_frame + place.window_first_frame,
            )
            for number, place in enumerate(timeline.places, 1)
        ]
        sound = work_dir / "sound.m4a"
        plan = SoundPlan(timeline.total_frames, fps, tuple(words), None, identity)
        await mix(plan, output=sound, work_dir=work_dir, ffmpeg=ffmpeg_binary)
        lettering = caption_lettering(
            ("It was terribly cold",), style=captions, width=width, height=height, library=installed_fonts(),
            ffmpeg=identity,
        )  # fmt: skip
        assert lettering is not None
        (drawn,) = (await render_overlays([lettering], folder=tmp_path / "drawn", ffmpeg=ffmpeg_binary)).values()
        overlays = {
            index: [Overlay(drawn.picture, drawn.sha256, drawn.x, drawn.y, place.window_first_frame, fps, fps // 8)]
            for index, place in enumerate(timeline.places)
        }
        await render_video(
            timeline, output=output, work_dir=work_dir, ffmpeg=ffmpeg_binary, overlays=overlays, audio=sound, parallel=2
        )
        return timeline

    return build


@pytest.mark.parametrize(
    "look",
    [pytest.param(look, id=named(look), marks=() if look in FEW else pytest.mark.slow) for look in [*FEW, *MANY]],
)
@pytest.mark.timeout(600)
async def test_a_finished_video(look: Look, a_film: Callable[..., Any], output: Path, ffmpeg_binary: str) -> None:
    timeline = await a_film(look)
    check_by_packets(output, timeline)
    check_by_decoding(output, timeline)
    samples = round(timeline.duration * SAMPLE_RATE)
    assert heard_samples(ffmpeg_binary, output) == samples  # with the last frame, without the encoder's priming
    for binary in {ffmpeg_binary, shutil.which("ffmpeg") or ffmpeg_binary}:
        # Versions before 6 play the last packet of sound to its end, whatever the file says of its length.
        assert 0 <= heard_samples(binary, output) - samples < AAC_PACKET
        assert loudness(binary, output) == pytest.approx(-16, abs=0.5)
    if shutil.which("ffprobe"):
        check_by_another(output, timeline)


def check_by_packets(path: Path, timeline: Timeline) -> None:
    facts, spec = inspect_video(path), timeline.spec
    assert (facts.width, facts.height, facts.fps) == (spec.width, spec.height, Fraction(spec.fps))
    assert (facts.frames, facts.duration) == (timeline.total_frames, timeline.duration)
    assert facts.even_frames
    assert facts.closed_groups
    assert facts.index_first
    assert facts.colours == COLOURS
    with av.open(str(path)) as container:
        times = [packet.pts for packet in container.demux(video=0) if packet.size]
    assert sorted(time for time in times if time is not None) == [512 * number for number in range(facts.frames)]


def check_by_decoding(path: Path, timeline: Timeline) -> None:
    """Every group of frames by itself."""
    with av.open(str(path)) as container:
        whole = [hashlib.md5(frame.to_ndarray().tobytes()).digest() for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        keys = [int(packet.pts or 0) for packet in container.demux(video=0) if packet.is_keyframe and packet.size]
    assert {512 * segment.first_frame for segment in timeline.segments} <= set(keys)
    for key, after in zip(keys, [*keys[1:], 512 * timeline.total_frames], strict=True):
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            container.seek(key, stream=stream)
            frames = container.decode(stream)
            for number in range(key // 512, after // 512):
                frame = next(frames)
                assert (frame.pts, hashlib.md5(frame.to_ndarray().tobytes()).digest()) == (512 * number, whole[number])


def heard_samples(binary: str, path: Path) -> int:
    command = [binary, "-v", "error", "-nostdin", "-i", str(path), "-map", "0:a", "-f", "s16le", "-ac", "1", "-"]
    return len(subprocess.run(command, capture_output=True, check=True).stdout) // 2


def loudness(binary: str, path: Path) -> float:
    command = [binary, "-hide_banner", "-nostdin", "-i", str(path), "-vn", "-af", "ebur128", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stderr
    found = re.search(r"I:\s+(-?[\d.]+) LUFS", said[said.rindex("Summary") :])
    assert found
    return float(found[1])


def check_by_another(path: Path, timeline: Timeline) -> None:
    entries = "stream=codec_name,duration,nb_frames,avg_frame_rate,width,height,pix_fmt,color_range,color_space,"
    entries += "color_transfer,color_primaries:frame=pts"
    command = ["ffprobe", "-v", "error", "-show_entries", entries, "-select_streams", "v", "-of", "json", str(path)]
    answer = subprocess.run(command, capture_output=True, check=True, text=True)
    assert answer.stderr == ""
    said: dict[str, Any] = json.loads(answer.stdout)
    (stream,), spec = said["streams"], timeline.spec
    assert (stream["codec_name"], stream["pix_fmt"], stream["color_range"]) == ("h264", "yuv420p", "tv")
    assert {stream[f"color_{name}"] for name in ("space", "transfer", "primaries")} == {"bt709"}
    assert (stream["width"], stream["height"], int(stream["nb_frames"])) == (
        spec.width, spec.height, timeline.total_frames,
    )  # fmt: skip
    assert [frame["pts"] for frame in said["frames"]] == [512 * number for number in range(timeline.total_frames)]
    command = [
        "ffprobe",
        "-v",
        "error",
        "-show_entries",
        "stream=duration_ts",
        "-select_streams",
        "a",
        "-of",
        "csv=p=0",
    ]
    ticks = subprocess.run([*command, str(path)], capture_output=True, check=True, text=True).stdout
    assert int(ticks) == round(timeline.duration * SAMPLE_RATE)
    strict = ["ffmpeg", "-v", "error", "-nostdin", "-xerror", "-err_detect", "explode", "-i", str(path)]
    assert subprocess.run([*strict, "-f", "null", "-"], capture_output=True, check=True).stderr == b""
