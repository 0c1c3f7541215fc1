"""How far a video is over all its steps, each of which tells only of itself."""

from __future__ import annotations

from enum import StrEnum

from jobs.progress import Reporter


class Stage(StrEnum):
    """What is done before the pictures, and where it ends on the way from 0 to 1."""

    CHECKING = "checking the images"
    SPEAKING = "speaking"
    MIXING = "mixing the sound"
    CAPTIONING = "writing the captions"
    RENDERING = "rendering"
    FINISHING = "finishing"


_ENDS = {
    Stage.CHECKING: 0.01,
    Stage.SPEAKING: 0.15,
    Stage.MIXING: 0.18,
    Stage.CAPTIONING: 0.2,
    Stage.RENDERING: 0.97,
    Stage.FINISHING: 1.0,
}


class Pacing:
    """Of one attempt. Stages that are left out are jumped over; the fraction never goes back."""

    def __init__(self, reporter: Reporter, scenes: int) -> None:
        self._reporter = reporter
        self._scenes = scenes
        self._completed = 0
        self._stage = Stage.CHECKING
        self._began = 0.0
        self._reached = 0.0

    async def enter(self, stage: Stage) -> None:
        """Raises `JobLost`, as all of these do."""
        self._stage, self._began = stage, self._reached
        await self.advance(0.0)

    async def advance(
        self, share: float, *, step: str | None = None, completed: int | None = None, seconds_left: float | None = None
    ) -> None:
        """`share` of the present stage, from 0 to 1, is done."""
        self._completed = self._completed if completed is None else completed
        there = self._began + (_ENDS[self._stage] - self._began) * min(1.0, max(0.0, share))
        self._reached = max(self._reached, there)
        await self._reporter.report(
            self._reached, self._completed, self._scenes, step or self._stage.value, seconds_left=seconds_left
        )
