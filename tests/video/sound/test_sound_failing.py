"""A mix that fails or is stopped says why, and leaves nothing: no file, no process."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from domain.errors import JobErrorCode, WorkFailed
from tests.video.sound.conftest import Floats, speech_like, tone
from video.sound.mixing import SoundFacts
from video.sound.plan import Music, Narration, SoundPlan

Mixed = Callable[..., Coroutine[Any, Any, SoundFacts]]


@pytest.fixture
def plan(a_narration: Callable[..., Narration], some_music: Callable[[Floats], Music]) -> SoundPlan:
    clips = tuple(a_narration(speech_like(0.5), frame=10 * scene, scene=scene) for scene in (1, 2))
    return SoundPlan(60, 30, clips, some_music(tone(3.0)))


@pytest.mark.parametrize("what", ["gone", "other", "short"])
async def test_a_lost_narration_names_its_scene(
    mixed: Mixed, plan: SoundPlan, assert_nothing_left: Callable[[], None], what: str
) -> None:
    path = plan.narrations[1].path
    match what:
        case "gone":
            path.unlink()
        case "other":
            path.write_bytes(path.read_bytes()[:-2] + b"ab")
        case _:
            path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(WorkFailed, match="Scene 2: the file of its narration is missing or was changed") as failure:
        await mixed(plan)
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.STORAGE, False)
    assert_nothing_left()


async def test_lost_music_is_said(mixed: Mixed, plan: SoundPlan, assert_nothing_left: Callable[[], None]) -> None:
    assert plan.music is not None
    for music in (replace(plan.music, path=Path("/nowhere.flac")), replace(plan.music, sha256="0" * 64)):
        with pytest.raises(WorkFailed, match="The file of the music is missing or was changed"):
            await mixed(replace(plan, music=music))
    assert_nothing_left()


@pytest.mark.parametrize(
    ("script", "options", "reason"),
    [
        ("echo 'No space left on device' >&2; exit 1", {}, "the disk is full"),
        ("kill -9 $$", {}, "ended from outside by SIGKILL"),
        ("exit 3", {}, "exit code 3"),
        ("sleep 30", {"timeout": 0.6}, "not rendered within 0.6 seconds"),
        ("sleep 30", {"stall_timeout": 0.3}, "no progress for 0.3 seconds"),
        ("echo 'Invalid data found when processing input' >&2; exit 1", {}, "cannot read what was made"),
        ("exit 0", {}, "could not be read or written|cannot be read back"),
    ],
)
async def test_ffmpeg_in_trouble(
    mixed: Mixed,
    plan: SoundPlan,
    a_program: Callable[[str], str],
    assert_nothing_left: Callable[[], None],
    script: str,
    options: dict[str, Any],
    reason: str,
) -> None:
    for failing in (plan, SoundPlan(60, 30)):
        with pytest.raises(WorkFailed, match=reason) as failure:
            await mixed(failing, ffmpeg=a_program(script), **options)
        assert "picture" not in failure.value.message
    assert_nothing_left()


async def test_too_little_space_is_seen_first(
    mixed: Mixed, plan: SoundPlan, assert_nothing_left: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10_000}))
    with pytest.raises(WorkFailed, match="MB of disk space"):
        await mixed(plan)
    assert_nothing_left()


@pytest.mark.parametrize("share", [0.0, 0.06, 0.3, 0.42])
async def test_cancelled_at_any_moment(
    mixed: Mixed, plan: SoundPlan, assert_nothing_left: Callable[[], None], share: float
) -> None:
    """Within a second, with the processes gone."""
    reached = asyncio.Event()

    def note(fraction: float) -> None:
        if fraction >= share:
            reached.set()

    task = asyncio.create_task(mixed(replace(plan, total_frames=900), on_progress=note))
    await reached.wait()
    task.cancel()
    async with asyncio.timeout(1):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert_nothing_left()


async def test_what_was_there_before_stays_when_a_mix_fails(mixed: Mixed, plan: SoundPlan, output: Path) -> None:
    output.write_bytes(b"before")
    plan.narrations[0].path.unlink()
    with pytest.raises(WorkFailed):
        await mixed(plan)
    assert output.read_bytes() == b"before"
    assert not [child for child in psutil.Process().children(recursive=True) if child.name().startswith("ffmpeg")]
