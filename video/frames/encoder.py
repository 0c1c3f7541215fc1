"""Frames into an H.264 file: raw planes through a pipe into ffmpeg.

All segments are encoded with the same settings, so that they may be joined by stream copy: x264's `stitchable`
keeps its headers from depending on the content, every group of frames is closed and the frame rate constant. The
same frames give the same bytes.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from domain.rendering import Quality
from video.frames.failures import EncoderFailed
from video.frames.planes import Frame
from video.orders import SegmentKind, SegmentOrder

TICKS_A_FRAME: Final = 512
"""Timestamps count in 1/(512 fps) s, so that a frame boundary is always a whole tick."""
CRF: Final = {Quality.FINAL: 19.5, Quality.DRAFT: 26}
PRESET: Final = {Quality.FINAL: "veryfast", Quality.DRAFT: "superfast"}
X264: Final = "stitchable=1:scenecut=0:open-gop=0:subme=1"
"""Coarser motion search than the preset's takes a third off its time and adds a tenth to the size, at the same PSNR."""
MOVING: Final = "aq-strength=0.5"
"""With x264's usual 1.0, files of moving pictures are a fifth larger at the same PSNR, and take a little longer."""
MIXED: Final = "subme=0:me=dia:partitions=none:b-adapt=0:no-mbtree=1:rc-lookahead=0:aq-mode=0"
"""For transitions: in mixed pictures hardly any block is found again, so hardly any time is spent on searching."""
MIXED_CRF: Final = {Quality.FINAL: 24, Quality.DRAFT: 27}
"""Without `mbtree` and adaptive quantisation the same number means better quality: 24 is about 1 dB below `CRF`."""
GROUP_SECONDS: Final = 5
"""How finely players can seek within a scene; every segment begins with a keyframe anyway."""
HELD_BETTER: Final = 7
"""Steps of CRF: what is seen for seconds is seen more closely, and costs its bits once."""
PIPE_BYTES: Final = 1 << 20
F_SETPIPE_SZ: Final = 1031
PR_SET_PDEATHSIG: Final = 1
WORDS_KEPT: Final = 4096

_COLOURS = ("-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")


def arguments(order: SegmentOrder, output: str, binary: str) -> list[str]:
    """The command that encodes the frames of an order, in motion, from its standard input into an MP4."""
    group, ticks = str(order.fps * GROUP_SECONDS), str(order.fps * TICKS_A_FRAME)
    moving = order.kind is SegmentKind.BODY
    crf, options = (CRF[order.quality], MOVING) if moving else (MIXED_CRF[order.quality], MIXED)
    return [
        *_start(order, binary, crf, f"{X264}:{options}"),
        *("-g", group, "-keyint_min", group),
        *("-video_track_timescale", ticks, "-movie_timescale", ticks, "-f", "mp4", output),
    ]


def held_arguments(order: SegmentOrder, keyframes: str, output: str, binary: str) -> list[str]:
    """The command that encodes frames to be held, better than those that pass, into a bare H.264 stream."""
    return [
        *_start(order, binary, CRF[order.quality] - HELD_BETTER, X264),
        *("-g", "9999", "-force_key_frames", keyframes, "-f", "h264", output),
    ]


def _start(order: SegmentOrder, binary: str, crf: float, options: str) -> list[str]:
    return [
        *(binary, "-hide_banner", "-loglevel", "error", "-y"),
        *("-f", "rawvideo", "-pix_fmt", "nv12", "-s", f"{order.width}x{order.height}", "-framerate", str(order.fps)),
        *_COLOURS,
        *("-chroma_sample_location", "left", "-i", "pipe:0"),
        *("-c:v", "libx264", "-preset", PRESET[order.quality], "-crf", str(crf), "-threads", str(order.threads)),
        *("-x264-params", options),
        *_COLOURS,
        *("-flags", "+bitexact+cgop", "-fps_mode", "passthrough", "-fflags", "+bitexact", "-map_metadata", "-1"),
    ]


class Encoder:
    """One running ffmpeg. As a context manager it is dead and reaped at the end, whatever happens in between."""

    def __init__(self, command: list[str], words: Path) -> None:
        """`words` is a file for what ffmpeg says; it is removed."""
        self._words = words.open("w+b")
        with suppress(OSError):
            words.unlink()
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._words, preexec_fn=_die_together
            )
        except OSError as error:
            self._words.close()
            raise EncoderFailed(127, str(error.strerror)) from None
        assert self._process.stdin is not None
        self._pipe = self._process.stdin.fileno()
        if sys.platform == "linux":
            with suppress(OSError):
                fcntl.fcntl(self._pipe, F_SETPIPE_SZ, PIPE_BYTES)

    def write(self, frame: Frame) -> None:
        """Raises `EncoderFailed` when it takes no more."""
        rest = memoryview(frame.block.data)
        try:
            while rest:
                rest = rest[os.write(self._pipe, rest) :]
        except BrokenPipeError:
            self.finish()
            raise EncoderFailed(self._process.returncode or 1, "it stopped reading") from None

    def finish(self) -> None:
        """Wait for it to have written its file. Raises `EncoderFailed`."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        if self._process.wait() != 0:
            self._words.seek(0)
            raise EncoderFailed(self._process.returncode, self._words.read()[-WORDS_KEPT:].decode("utf-8", "replace"))

    def __enter__(self) -> Encoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._words.close()


def _die_together() -> None:
    """Runs in the new process: on Linux it is killed when this one ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
