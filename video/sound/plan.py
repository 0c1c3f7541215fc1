"""What a video is to sound like: which words begin where, and which music is under them. Pure values.

Time is counted in frames of the video; `SAMPLE_RATE` and the rounding here say which sample a frame begins with.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

SAMPLE_RATE: Final = 48_000
SOUND_VERSION: Final = 1
"""To be raised when the same plan gives another sound than before."""


def samples_at(frame: int, fps: int) -> int:
    """The sample with which a frame begins: round(frame * 48000 / fps), halves to the even one."""
    return round(Fraction(frame * SAMPLE_RATE, fps))


@dataclass(frozen=True, slots=True)
class Narration:
    """One scene's spoken words, as `normalise_speech` makes them, from the start of frame `start_frame` on.

    `sha256` is of the file, `scene` the number that messages name. Words that last beyond the video are cut there.
    """

    path: Path
    sha256: str
    start_frame: int
    seconds: float
    scene: int = 0


@dataclass(frozen=True, slots=True)
class Music:
    """A piece as `check_music` makes it; `sha256` is of the file. It is repeated for as long as the video lasts."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class SoundPlan:
    """The sound of a video of `total_frames` frames. `ffmpeg` identifies the build that encodes it.

    Without narrations and music the video gets a silent track (see `mix`).

    Raises:
        ValueError: the video has no frames, or words begin outside of it.
    """

    total_frames: int
    fps: int
    narrations: tuple[Narration, ...] = ()
    music: Music | None = None
    ffmpeg: str = ""

    def __post_init__(self) -> None:
        if self.total_frames < 1 or self.fps < 1:
            raise ValueError(f"a video of {self.total_frames} frames at {self.fps} a second has no sound")
        for narration in self.narrations:
            if not 0 <= narration.start_frame < self.total_frames:
                raise ValueError(f"words cannot begin at frame {narration.start_frame} of {self.total_frames}")

    @property
    def samples(self) -> int:
        """How many samples a channel has."""
        return samples_at(self.total_frames, self.fps)

    @property
    def starts(self) -> tuple[int, ...]:
        """The sample with which each narration begins."""
        return tuple(samples_at(words.start_frame, self.fps) for words in self.narrations)

    @property
    def silent(self) -> bool:
        return not self.narrations and self.music is None

    @property
    def key(self) -> str:
        """The SHA-256 of everything that changes a sample, and of nothing else: where files lie does not."""
        spoken = sorted(zip(self.starts, (words.sha256 for words in self.narrations), strict=True))
        values = {
            "sound": SOUND_VERSION,
            "samples": self.samples,
            "narrations": spoken,
            "music": self.music.sha256 if self.music else None,
            "ffmpeg": self.ffmpeg,
        }
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
