"""What a sound's loudness is, as ffmpeg's `ebur128` measures it (ITU-R BS.1770, EBU R 128)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TAIL: Final = 4096
_NOTHING: Final = -70.0


@dataclass(frozen=True, slots=True)
class Loudness:
    """`integrated` in LUFS, -70 where nothing was loud enough to count; `peak` in dBTP, or dBFS if true peaks were not
    asked for."""

    integrated: float
    peak: float


def metering(report: str, *, peaks: str = "true") -> str:
    """Filters that pass sound on and write what they measure to `report`, a plain name in ffmpeg's folder.

    `peaks` is `true` or `sample`.
    """
    return f"ebur128=metadata=1:peak={peaks}:framelog=quiet,ametadata=mode=print:file={report}"


def read_report(report: Path) -> Loudness:
    """The last figures of a report, which are of the whole. Raises OSError."""
    with report.open("rb") as file:
        file.seek(max(0, report.stat().st_size - _TAIL))
        lines = file.read().decode("ascii", "replace").splitlines()
    found = dict(line.partition("=")[::2] for line in lines if line.startswith("lavfi.r128."))
    integrated = float(found.get("lavfi.r128.I", _NOTHING))
    peaks = [float(value) for name, value in found.items() if "_peaks_ch" in name]
    highest = max(peaks, default=0.0)
    return Loudness(
        integrated if math.isfinite(integrated) else _NOTHING, 20 * math.log10(highest) if highest > 0 else -math.inf
    )
