"""By how much a mix is made louder, and where its peaks are held: decided step by step from measurements. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from video.sound.levels import (
    LIMITER_DBFS,
    LOUDNESS_TOLERANCE,
    MOST_GAIN_DB,
    NOTHING_HEARD_LUFS,
    VIDEO_LUFS,
    VIDEO_PEAK_DBTP,
    ratio,
)
from video.sound.loudness import Loudness

BOTH_SIDES: Final = "pan=stereo|c0=c0|c1=c0"
MOST_LIMITED_DB: Final = 12.0  # what is all peaks cannot be made loud without sounding broken
WORTH_IT_DB: Final = 0.1


@dataclass(frozen=True, slots=True)
class Mastering:
    """`gain` in dB, then a limiter at `ceiling` in dBFS; None for neither. One channel is heard on both sides."""

    channels: int
    gain: float = 0.0
    ceiling: float | None = None
    most_gain: float = MOST_GAIN_DB

    def filters(self) -> str:
        """As ffmpeg is to be told; nothing moves by a sample."""
        sides = BOTH_SIDES if self.channels == 1 else "anull"
        if self.ceiling is None:
            return sides
        return f"{sides},volume={self.gain:.4f}dB:precision=double,{limiter(self.ceiling)}"

    def first(self, raw: Loudness) -> Mastering:
        """What a mix that measures so needs, if limiting it takes no loudness away."""
        if raw.integrated <= NOTHING_HEARD_LUFS:
            return replace(self, gain=0.0, ceiling=LIMITER_DBFS)
        most = min(MOST_GAIN_DB, LIMITER_DBFS - raw.peak + MOST_LIMITED_DB)
        return replace(self, gain=min(VIDEO_LUFS - raw.integrated, most), ceiling=LIMITER_DBFS, most_gain=most)

    def limits(self, raw: Loudness) -> bool:
        """Whether the limiter has anything to do."""
        return self.ceiling is not None and raw.peak + self.gain > self.ceiling

    def louder(self, heard: Loudness) -> Mastering:
        """With what is missing in loudness, or the same when it is right or cannot become so."""
        if heard.integrated <= NOTHING_HEARD_LUFS:
            return self
        gain = min(self.gain + VIDEO_LUFS - heard.integrated, self.most_gain)
        return replace(self, gain=gain) if abs(gain - self.gain) > WORTH_IT_DB else self

    def after_encoding(self, heard: Loudness) -> Mastering:
        """With a lower ceiling where the encoder's peaks are too high; the same when all is well."""
        better = self
        if abs(heard.integrated - VIDEO_LUFS) > LOUDNESS_TOLERANCE:
            better = self.louder(heard)
        if heard.peak > VIDEO_PEAK_DBTP and self.ceiling is not None:
            better = replace(better, ceiling=self.ceiling - (heard.peak - VIDEO_PEAK_DBTP) - WORTH_IT_DB)
        return better


def limiter(ceiling: float) -> str:
    """A filter that lets no sample be above `ceiling` in dBFS; it looks ahead, and moves nothing by a sample."""
    return f"alimiter=level=disabled:limit={ratio(ceiling):.6f}:attack=5:release=80:latency=1"
