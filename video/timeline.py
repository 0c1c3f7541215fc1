"""What a video consists of, in whole frames: the spec, the scenes, and the segments that they become.

Pure values: no files are opened, no process is started. Motion, captions and sound will become fields of
`TimelineScene`, transitions segments of their own; every length stays a whole number of frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import floor
from pathlib import Path

SMALLEST_SIDE = 16
LARGEST_SIDE = 7680
LARGEST_FPS = 120
LONGEST_SCENE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class RenderSpec:
    """Size in pixels, frames a second, and how long each scene is shown in seconds (1.04 means exactly 26/25).

    Raises `ValueError` when no H.264 yuv420p video can be made of it: sides must be even.
    """

    width: int
    height: int
    fps: int
    scene_seconds: float

    def __post_init__(self) -> None:
        for name, side in (("width", self.width), ("height", self.height)):
            if side % 2 or not SMALLEST_SIDE <= side <= LARGEST_SIDE:
                raise ValueError(f"{name} must be an even number from {SMALLEST_SIDE} to {LARGEST_SIDE}, not {side}")
        if not 1 <= self.fps <= LARGEST_FPS:
            raise ValueError(f"fps must be from 1 to {LARGEST_FPS}, not {self.fps}")
        if not 0 < self.scene_seconds <= LONGEST_SCENE_SECONDS:  # also refuses NaN
            raise ValueError(f"scene_seconds must be from 0 to {LONGEST_SCENE_SECONDS}, not {self.scene_seconds}")
        if self.exact_scene_seconds * self.fps < 1:
            raise ValueError(f"scene_seconds must be at least one frame, 1/{self.fps} s, not {self.scene_seconds}")

    @property
    def exact_scene_seconds(self) -> Fraction:
        """The decimal number that was written, not the binary one next to it."""
        return Fraction(str(self.scene_seconds))


@dataclass(frozen=True, slots=True)
class TimelineScene:
    """One scene: the number that people know it by, its picture, and the hash of the picture that was approved."""

    number: int
    picture: Path
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of whole frames, made by one process into one file. `index` counts from 0 in playing order."""

    index: int
    scene: TimelineScene
    first_frame: int
    frames: int


@dataclass(frozen=True)
class Timeline:
    """Scenes in playing order. Raises `ValueError` without any."""

    spec: RenderSpec
    scenes: tuple[TimelineScene, ...]

    def __post_init__(self) -> None:
        if not self.scenes:
            raise ValueError("a video needs at least one scene")

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """One a scene. Cumulative boundaries are rounded, so that errors do not add up over many scenes."""
        boundaries = [self._boundary(index) for index in range(len(self.scenes) + 1)]
        return tuple(
            Segment(index=index, scene=scene, first_frame=first, frames=following - first)
            for index, (scene, (first, following)) in enumerate(zip(self.scenes, pairwise(boundaries), strict=True))
        )

    @property
    def total_frames(self) -> int:
        return self._boundary(len(self.scenes))

    @property
    def duration(self) -> Fraction:
        """In seconds, exactly as many as the frames last."""
        return Fraction(self.total_frames, self.spec.fps)

    def _boundary(self, scenes: int) -> int:
        return floor(scenes * self.spec.exact_scene_seconds * self.spec.fps + Fraction(1, 2))
