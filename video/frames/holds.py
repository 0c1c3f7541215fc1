"""A body whose picture stands still: each different frame is coded once, and repeated by skipped frames.

With overlays it falls into runs: equal frames, of which x264 codes the first, and short stretches in which an overlay
comes or goes, which it codes whole. Each run is a closed group of frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Final

import av

from video.frames.encoder import GROUP_SECONDS, TICKS_A_FRAME
from video.frames.overlays import Layer
from video.frames.skips import IDR, PPS, SPS, Bits, Parameters, skipping, unescaped, units
from video.orders import SegmentOrder

LEAST_HELD: Final = 3
REORDERED: Final = 2
"""Frames by which x264 delays the others to have B-frames: the same in all segments, so that they join evenly."""
SLICES: Final = (1, IDR)


@dataclass(frozen=True, slots=True)
class Run:
    """Frames `first` to before `first + frames` of a segment, all equal if `held`."""

    first: int
    frames: int
    held: bool

    @property
    def coded(self) -> int:
        return 1 if self.held else self.frames


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded frame in decoding order: a NAL unit, and when it is shown, in frames of the segment."""

    unit: bytes
    shown: int
    key: bool


def runs_of(order: SegmentOrder, layers: Sequence[Layer]) -> list[Run]:
    """A held segment's frames in runs, in order."""
    runs: list[Run] = []
    states = groupby(range(order.frames), lambda number: tuple(layer.strength(number) for layer in layers))
    for _, numbers in states:
        first, *rest = numbers
        run = Run(first, 1 + len(rest), len(rest) + 1 >= LEAST_HELD)
        if runs and not run.held and not runs[-1].held:
            run = Run(runs[-1].first, runs.pop().frames + run.frames, False)
        runs.append(run)
    return runs


def keyframes(runs: Sequence[Run]) -> str:
    """ffmpeg's `-force_key_frames` for the coded frames of the runs: each begins with one."""
    starts, number = [], 0
    for run in runs:
        starts.append(f"eq(n,{number})")
        number += run.coded
    return "expr:" + "+".join(starts)


def write_held(stream: bytes, runs: Sequence[Run], order: SegmentOrder, output: Path) -> None:
    """Write the MP4 of the runs, of which `stream` (Annex B) has the coded frames.

    Raises `skips.Unsupported` for a stream of another kind, `OSError`.
    """
    found = units(stream)
    headers = [next(unit for unit in found if unit[0] & 31 == kind) for kind in (SPS, PPS)]
    parameters = Parameters.read(*headers)
    slices = [unit for unit in found if unit[0] & 31 in SLICES]
    samples = list(_samples(slices, runs, parameters, GROUP_SECONDS * order.fps))
    with (
        av.open(BytesIO(stream), format="h264") as source,
        av.open(f"file:{output.absolute()}", "w", format="mp4", options=_options(order)) as container,
    ):
        video = container.add_stream_from_template(source.streams.video[0])
        video.codec_context.extradata = b"".join(b"\0\0\0\1" + unit for unit in headers)
        video.time_base = Fraction(1, order.fps * TICKS_A_FRAME)
        for number, sample in enumerate(samples):
            packet = av.Packet(b"\0\0\0\1" + sample.unit)
            packet.stream, packet.time_base = video, video.time_base
            packet.pts, packet.dts = sample.shown * TICKS_A_FRAME, (number - REORDERED) * TICKS_A_FRAME
            packet.duration, packet.is_keyframe = TICKS_A_FRAME, sample.key
            container.mux_one(packet)


def _options(order: SegmentOrder) -> dict[str, str]:
    ticks = str(order.fps * TICKS_A_FRAME)
    return {"video_track_timescale": ticks, "movie_timescale": ticks, "fflags": "+bitexact"}


def _samples(slices: list[bytes], runs: Sequence[Run], parameters: Parameters, group: int) -> Iterator[Sample]:
    coded = iter(slices)
    for run in runs:
        if run.held:
            unit = next(coded)
            for number in range(run.frames):
                since = number % group
                yield Sample(skipping(parameters, since) if since else unit, run.first + number, since == 0)
            continue
        place, half = 0, 1 << (parameters.order_bits - 1)
        for _ in range(run.frames):
            unit = next(coded)
            key = unit[0] & 31 == IDR
            turned = (_order(unit, parameters) - place + half) % (2 * half) - half
            place = 0 if key else place + turned
            yield Sample(unit, run.first + place // 2, key)


def _order(unit: bytes, parameters: Parameters) -> int:
    """The lowest bits of a slice's place in the order of showing, which counts in halves of frames."""
    bits = Bits(unescaped(unit[:32])[1:])
    bits.golomb(), bits.golomb(), bits.golomb()
    bits.skip(parameters.frame_number_bits)
    if unit[0] & 31 == IDR:
        bits.golomb()
    return bits.fixed(parameters.order_bits)
