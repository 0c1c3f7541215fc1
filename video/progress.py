"""How far a render is, and how long it will still take: by frame over all segments, each weighed by what it costs."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from domain.rendering import Motion
from video.orders import SegmentKind, SegmentOrder

# CPU milliseconds a megapixel, as measured; only their proportions matter.
PREPARING_A_PICTURE: Final = 40.0
HELD_FRAME, MOVING_FRAME, MIXED_FRAME = 5.5, 7.5, 8.5
STARTING_A_SEGMENT: Final = 60.0  # milliseconds, whatever its size
COPIED_FRAME: Final = 0.02  # milliseconds a frame, whatever its size
JOINED_FRAME: Final = 0.05
FIRST_GUESS_SECONDS: Final = 1.5
FIRST_GUESS_SHARE: Final = 0.02


class Step(StrEnum):
    PREPARING = "preparing"
    RENDERING = "rendering"
    JOINING = "joining"
    CHECKING = "checking"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a render is: `fraction` from 0 to 1 never goes back, `completed` of `total` scenes are rendered.

    `seconds_left` is None until there is something to tell it from. Scenes that were not rendered again count as
    completed, and as no work.
    """

    step: Step
    fraction: float
    completed: int
    total: int
    seconds_left: float | None = None


OnProgress = Callable[[Progress], Awaitable[None] | None]


def cost(order: SegmentOrder) -> float:
    """About how many CPU milliseconds a segment takes."""
    megapixels = order.width * order.height / 1e6
    still = all(shot.motion is Motion.HOLD for shot in order.shots)
    if still and order.kind is SegmentKind.BODY:
        frames = HELD_FRAME * min(order.frames, order.fps * (1 + len(order.overlays))) * megapixels
        return STARTING_A_SEGMENT + frames + PREPARING_A_PICTURE * megapixels + COPIED_FRAME * order.frames
    a_frame = MOVING_FRAME if order.kind is SegmentKind.BODY else MIXED_FRAME
    return STARTING_A_SEGMENT + (a_frame * order.frames + PREPARING_A_PICTURE * len(order.shots)) * megapixels


@dataclass
class Meter:
    """Adds up what was done. One report at a time: a slow receiver must not get them in another order."""

    scenes: int
    receiver: OnProgress | None
    parallel: int = 1
    clock: Callable[[], float] = time.monotonic
    step: Step = Step.PREPARING
    completed: int = 0
    _costs: dict[int, float] = field(default_factory=dict)
    _frames: dict[int, int] = field(default_factory=dict)
    _done: dict[int, float] = field(default_factory=dict)
    _ending: float = 0.0
    _ended: float = 0.0
    _started: float = 0.0
    _furthest: float = 0.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def expect(self, orders: Sequence[tuple[int, SegmentOrder]], *, total_frames: int) -> None:
        """What is to be made, by the segments' index, and how long the video is that they are joined to."""
        self._costs = {index: cost(order) / self.parallel for index, order in orders}
        self._frames = {index: order.frames for index, order in orders}
        self._ending = max(1.0, JOINED_FRAME * total_frames)
        self._started = self.clock()

    async def enter(self, step: Step) -> None:
        self.step = step
        await self.report()

    async def rendered(self, index: int, frame: int) -> None:
        """`frame` frames of a segment are made; it is not finished before `finished` says so."""
        share = min(1.0, frame / self._frames[index])
        self._done[index] = max(self._done.get(index, 0.0), 0.99 * share * self._costs[index])
        await self.report()

    async def finished(self, index: int, *, scene: bool) -> None:
        """A segment is whole; `scene`: it is the body of one."""
        self._done[index] = self._costs[index]
        self.completed += scene
        await self.report()

    async def joined(self, share: float) -> None:
        """`share` of what comes after the segments is done, from 0 to 1."""
        self._ended = max(self._ended, share * self._ending)
        await self.report()

    async def report(self) -> None:
        if self.receiver is None:
            return
        async with self._lock:
            answer = self.receiver(self._progress())
            if inspect.isawaitable(answer):
                await answer

    def _progress(self) -> Progress:
        done = sum(self._done.values()) + self._ended
        whole = sum(self._costs.values()) + self._ending
        share = min(1.0, done / whole) if whole else 0.0
        self._furthest = max(self._furthest, share)
        passed = self.clock() - self._started
        known = passed >= FIRST_GUESS_SECONDS and share >= FIRST_GUESS_SHARE and done < whole
        left = passed * (whole - done) / done if known else None
        return Progress(self.step, self._furthest, self.completed, self.scenes, left)
