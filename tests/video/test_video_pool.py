"""Makers that die, hang, babble or complain, and how their work and time are shared out."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from domain.errors import JobErrorCode, WorkFailed
from domain.rendering import Fill, Motion, Quality
from video.orders import SegmentKind, SegmentOrder, Shot
from video.pool import Maker
from video.progress import Meter, Progress
from video.work import in_runs

AMaker = Callable[..., Maker]


@pytest.fixture
def a_maker(tmp_path: Path) -> AMaker:
    """One whose program is given: `order` is what it is asked for, `say` answers, `turn` counts its starts."""

    def build(program: str, *, stall_timeout: float = 60.0) -> Maker:
        start = f"""
            import json, os, sys, time
            from pathlib import Path

            starts = Path({str(tmp_path / "starts")!r})
            starts.write_text(starts.read_text() + "x" if starts.exists() else "x")
            turn = len(starts.read_text())

            def say(**values):
                print(json.dumps(values), flush=True)

            for line in sys.stdin:
                order = json.loads(line)
        """
        script = textwrap.dedent(start) + textwrap.indent(textwrap.dedent(program), "    ")
        return Maker("ffmpeg", tmp_path, stall_timeout, (sys.executable, "-I", "-S", "-c", script))

    return build


def an_order(frames: int = 30, **values: Any) -> SegmentOrder:
    shot = Shot(Path("x.png"), "0" * 64, Motion.HOLD, "", frames, 0)
    kept: dict[str, Any] = {"shots": (shot,), **values}
    return SegmentOrder(SegmentKind.BODY, 1920, 1080, 30, Quality.DRAFT, Fill.BLUR, frames, **kept)


async def made(maker: Maker, *, orders: int = 1, owners: dict[str, str] | None = None) -> list[int]:
    """The frames that were reported. Nothing may be left of the maker afterwards."""
    frames: list[int] = []

    async def on_frame(frame: int) -> None:
        frames.append(frame)

    before = set(psutil.Process().children(recursive=True))
    try:
        for _ in range(orders):
            await maker.make(an_order(), Path("out.mp4"), "Scene 3", on_frame, owners or {})
    finally:
        await maker.aclose()
    assert set(psutil.Process().children(recursive=True)) <= before
    return frames


async def test_one_process_makes_many_segments(a_maker: AMaker, tmp_path: Path) -> None:
    maker = a_maker("say(frame=1); say(frame=2); say(frame=2); say(done=True)")
    assert await made(maker, orders=3) == [1, 2] * 3
    assert (tmp_path / "starts").read_text() == "x"


async def test_one_that_dies_is_started_again(a_maker: AMaker) -> None:
    maker = a_maker("if turn == 1: os.kill(os.getpid(), 9)\nsay(frame=turn); say(done=True)")
    assert await made(maker) == [2]


async def test_one_that_dies_between_two_orders_is_started_again(a_maker: AMaker) -> None:
    assert await made(a_maker("say(frame=turn); say(done=True); os._exit(0)"), orders=3) == [1, 2, 3]


@pytest.mark.parametrize(
    ("program", "message", "retryable"),
    [
        ("os.kill(os.getpid(), 9)", "Scene 3 could not be rendered: .* SIGKILL.* short of memory", True),
        ("sys.exit('MemoryError: Unable to allocate 9 GiB')", "Scene 3 .* not enough memory", False),
        ("sys.exit('a secret')", "Scene 3 could not be rendered: the process that makes its frames ended", False),
        ("print('nonsense', flush=True)", "Scene 3 could not be rendered", False),
        ("print('x' * 1000000, flush=True)", "Scene 3 could not be rendered", False),
    ],
)
async def test_one_that_dies_again_fails_its_scene(
    program: str, message: str, retryable: bool, a_maker: AMaker
) -> None:
    with pytest.raises(WorkFailed, match=message) as failure:
        await made(a_maker(program))
    assert failure.value.retryable is retryable or "nonsense" in program or "1000000" in program
    assert "secret" not in failure.value.message


async def test_a_complaint_names_the_scene_of_the_picture(a_maker: AMaker) -> None:
    program = """
        if turn > 1: sys.exit("started twice")
        say(error={"kind": "bad_picture", "reason": "it is torn", "picture": "/b.png"})
    """
    with pytest.raises(WorkFailed, match="Scene 4: its picture cannot be used: it is torn") as failure:
        await made(a_maker(program), owners={"/a.png": "Scene 3", "/b.png": "Scene 4"})
    assert failure.value.code is JobErrorCode.BAD_OUTPUT


@pytest.mark.parametrize("program", ["time.sleep(60)", "while True: say(frame=1); time.sleep(0.01)"])
async def test_one_that_does_not_get_on_is_stopped(program: str, a_maker: AMaker) -> None:
    with pytest.raises(WorkFailed, match=r"Scene 3 .* no progress for 0\.5 seconds") as failure:
        await made(a_maker(program, stall_timeout=0.5))
    assert (failure.value.code, failure.value.retryable) == (JobErrorCode.TIMED_OUT, True)


@pytest.mark.skipif(sys.platform != "linux", reason="data is limited on Linux only")
async def test_its_memory_is_limited(a_maker: AMaker) -> None:
    with pytest.raises(WorkFailed, match=r"Scene 3 .* not enough memory"):
        await made(a_maker("hoard = bytearray(1 << 32)"))


def test_neighbours_are_made_by_one_process_and_none_waits_for_another() -> None:
    runs = in_runs(list(range(10)), 2)
    assert [runs.next(0) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert [runs.next(0), runs.next(0), runs.next(1), runs.next(1)] == [7, 8, 5, 6]
    assert [runs.next(1), runs.next(0), runs.next(1)] == [9, None, None]


async def test_the_time_left_follows_the_cost_of_what_is_left() -> None:
    seen: list[Progress] = []
    now = 0.0
    meter = Meter(3, seen.append, clock=lambda: now)
    still, moving = an_order(), an_order(shots=(Shot(Path("x"), "0", Motion.KEN_BURNS, "push_in", 30, 0),))
    meter.expect([(0, still), (2, moving), (4, moving)], total_frames=90)
    for seconds, index in ((1.0, 0), (4.0, 2), (7.0, 4)):
        now = seconds
        await meter.finished(index, scene=True)
    first, second, third = seen
    assert first.seconds_left is None
    assert second.seconds_left == pytest.approx(2.5, abs=0.8)
    assert third.seconds_left is not None
    assert third.seconds_left < 2
    assert [progress.completed for progress in seen] == [1, 2, 3]
    assert 0 < first.fraction < second.fraction < third.fraction < 1
