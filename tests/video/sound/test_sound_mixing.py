"""A mix as a decoder plays it: places to the sample, ends, loudness, peaks, and the same bytes every time."""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from tests.video.sound.conftest import Floats, sha256_of, speech_like, tone
from video.sound.mixing import SoundFacts, count_samples, movie_timescale
from video.sound.plan import SAMPLE_RATE, Music, Narration, SoundPlan

Mixed = Callable[..., Awaitable[SoundFacts]]
ANarration = Callable[..., Narration]


async def test_words_are_where_they_were_put(
    mixed: Mixed, heard: Callable[[Path], Floats], a_narration: ANarration, output: Path
) -> None:
    """Clicks are the highest samples after decoding; words as a whole match best without any shift."""
    clips, clicks = [], []
    for scene, frame in enumerate((13, 61, 127), start=1):
        sound = speech_like(1.2, level=0.003, seed=scene)
        sound[20_011 * scene % 40_000] = 0.95
        clips.append(a_narration(sound, frame=frame, scene=scene))
        clicks.append(frame * SAMPLE_RATE // 24 + 20_011 * scene % 40_000)
    facts = await mixed(SoundPlan(181, 24, tuple(clips)))
    played = heard(output)
    assert len(played) == facts.samples == 181 * 2000
    for click in clicks:
        around = np.abs(played[click - 12_000 : click + 12_000, 0])
        assert abs(int(around.argmax()) - 12_000) <= 1
    sound, start = speech_like(1.2, level=0.003, seed=2), 61 * 2000
    shifts = range(-40, 41)
    fits = [float(played[start + by : start + by + 20_000, 0] @ sound[:20_000]) for by in shifts]
    assert shifts[int(np.argmax(fits))] == 0


@pytest.mark.parametrize(("fps", "frames"), [(24, 101), (25, 57), (30, 101), (60, 523), (7, 23), (30, 1)])
async def test_sound_and_pictures_end_together_to_the_sample(
    mixed: Mixed,
    heard: Callable[[Path], Floats],
    run_tool: Callable[..., bytes],
    a_narration: ANarration,
    output: Path,
    tmp_path: Path,
    fps: int,
    frames: int,
) -> None:
    """Muxed by copy: in the boxes, by PyAV, and by a decoder that honours edit lists."""
    plan = SoundPlan(frames, fps, (a_narration(speech_like(0.5)),) if frames > 30 else ())
    assert (await mixed(plan)).samples == plan.samples
    pictures, video = tmp_path / "pictures.mp4", tmp_path / "video.mp4"
    ticks = ("-video_track_timescale", fps * 512)
    run_tool("-f", "lavfi", "-i", f"color=s=32x32:r={fps}", "-frames:v", frames, "-c:v", "libx264", *ticks, pictures)
    copied = ("-map", "0:v", "-map", "1:a", "-c", "copy", "-movflags", "+faststart")
    run_tool("-i", pictures, "-i", output, *copied, *ticks, "-movie_timescale", movie_timescale(fps), video)

    assert len(heard(video)) == plan.samples
    with av.open(str(video)) as container:
        assert container.streams.audio[0].start_time == 0
        assert container.streams.video[0].duration == frames * 512
    assert count_samples(video) == count_samples(output) == plan.samples
    for path, scale in ((output, SAMPLE_RATE), (video, movie_timescale(fps))):
        (segment, media_time) = edit_of_sound(path)
        assert media_time == 1024
        assert segment * SAMPLE_RATE == plan.samples * scale or fps == 7
        assert sum_of_durations(path) == plan.samples + 1024


def edit_of_sound(path: Path) -> tuple[int, int]:
    """Duration and start of the last track's edit, as its `elst` box says."""
    found = path.read_bytes().rpartition(b"elst")[2]
    assert struct.unpack(">I", found[4:8]) == (1,)
    duration, start = struct.unpack(">Ii", found[8:16])
    return int(duration), int(start)


def sum_of_durations(path: Path) -> int:
    """Of the last track's packets, as its `stts` box says."""
    found = path.read_bytes().rpartition(b"stts")[2]
    (entries,) = struct.unpack(">I", found[4:8])
    pairs = struct.unpack(f">{2 * entries}I", found[8 : 8 + 8 * entries])
    return sum(count * delta for count, delta in zip(pairs[::2], pairs[1::2], strict=True))


def pauses(sound: Floats) -> Floats:
    return np.concatenate([sound, np.zeros(6 * SAMPLE_RATE), sound, np.zeros(4 * SAMPLE_RATE)])


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(speech_like(4, level=0.001), id="very quiet"),
        pytest.param(np.clip(speech_like(4, level=0.8), -1, 1), id="clipped"),
        pytest.param(pauses(speech_like(3, level=0.1)), id="long silences"),
        pytest.param(speech_like(1.1, level=0.05), id="a second"),
        pytest.param(tone(0.3, level=0.05), id="a third of a second"),
        pytest.param(speech_like(5) + 0.9 * (np.arange(5 * SAMPLE_RATE) % 12_000 == 0), id="with clicks"),
    ],
)
async def test_every_video_is_as_loud(
    mixed: Mixed, measured: Callable[..., tuple[float, float]], a_narration: ANarration, output: Path, sound: Floats
) -> None:
    frames = max(1, len(sound) * 30 // SAMPLE_RATE)
    facts = await mixed(SoundPlan(frames, 30, (a_narration(sound),)))
    loudness, peak = measured(output, again=3 if frames < 15 else 0)
    assert loudness == pytest.approx(-16, abs=0.5)
    assert peak <= -1.0
    assert facts.loudness == pytest.approx(loudness, abs=0.15)
    assert facts.peak == pytest.approx(peak, abs=0.1)


@pytest.fixture
def measured(run_ebur128: Callable[..., str]) -> Callable[..., tuple[float, float]]:
    def measure(path: Path, *, again: int = 0) -> tuple[float, float]:
        """LUFS and dBTP from the summary that ffmpeg prints for people."""
        summary = run_ebur128(path, again).rpartition("Summary:")[2]
        integrated = re.search(r"I:\s+(-?[\d.]+) LUFS", summary)
        peak = re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary)
        assert integrated is not None
        assert peak is not None
        return float(integrated[1]), float(peak[1])

    return measure


async def test_music_under_words(
    mixed: Mixed,
    heard: Callable[[Path], Floats],
    measured: Callable[..., tuple[float, float]],
    a_narration: ANarration,
    some_music: Callable[[Floats], Music],
    output: Path,
) -> None:
    """The music, a high tone that speech has nothing of, is 12 to 15 dB lower under words."""
    music = some_music(tone(20.0, hertz=9000))
    plan = SoundPlan(450, 30, (a_narration(speech_like(4.0), frame=150),), music)
    facts = await mixed(plan)
    assert measured(output)[0] == pytest.approx(-16, abs=0.5)
    assert facts.peak is not None
    assert facts.peak <= -1
    played = heard(output)[:, 0]

    def level(at: float) -> float:
        part = played[int(at * SAMPLE_RATE) :][:SAMPLE_RATE] * np.hanning(SAMPLE_RATE)
        return float(20 * np.log10(np.abs(np.fft.rfft(part))[8990:9011].max()))

    assert 12 < level(3.0) - level(6.5) < 15
    assert level(11.0) == pytest.approx(level(3.0), abs=1)


async def test_the_same_plan_gives_the_same_bytes(
    mixed: Mixed, a_narration: ANarration, some_music: Callable[[Floats], Music], output: Path, tmp_path: Path
) -> None:
    plan = SoundPlan(90, 30, (a_narration(speech_like(1.0), frame=20),), some_music(speech_like(2.0, seed=5)))
    first = await mixed(plan)
    second = await mixed(plan, output=tmp_path / "again.m4a")
    assert first == second
    assert sha256_of(output) == sha256_of(tmp_path / "again.m4a") == first.sha256


async def test_nothing_to_hear_is_a_silent_track(
    mixed: Mixed, heard: Callable[[Path], Floats], a_narration: ANarration, output: Path
) -> None:
    facts = await mixed(SoundPlan(1800, 60))
    assert facts.loudness is facts.peak is None
    assert np.abs(heard(output)).max() == 0
    assert facts.byte_size < 15_000
    assert (await mixed(SoundPlan(60, 60, (a_narration(np.zeros(9000)),)))).loudness is None


async def test_progress_never_goes_back(mixed: Mixed, a_narration: ANarration) -> None:
    seen: list[float] = []
    await mixed(SoundPlan(150, 30, (a_narration(speech_like(4.0)),)), on_progress=seen.append)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)
    assert len(seen) > 4


async def test_a_timescale_in_which_frames_and_samples_are_whole() -> None:
    for fps in range(1, 121):
        scale = movie_timescale(fps)
        assert scale % fps == scale % SAMPLE_RATE == 0
        assert scale < 2**31


async def test_two_mixes_at_once_do_not_meet(mixed: Mixed, a_narration: ANarration, tmp_path: Path) -> None:
    plan = SoundPlan(30, 30, (a_narration(speech_like(0.8)),))
    first, second = await asyncio.gather(mixed(plan), mixed(replace(plan), output=tmp_path / "other.m4a"))
    assert first == second
