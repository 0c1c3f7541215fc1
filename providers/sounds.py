"""What speech comes as, looked at before it is used: one known format, decoded to its end, and really a sound.

Nothing is trusted: not the declared type, not the length in a header, not that the file is whole. Decoding is slow
work: call it in a thread.
"""

from __future__ import annotations

import struct
import wave
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Final

import av
import numpy as np
from av.audio.resampler import AudioResampler

MOST_BYTES: Final = 64_000_000
LONGEST_SECONDS: Final = 1_800
_SHORTEST_SECONDS: Final = 0.05
_PAUSE_SECONDS: Final = 0.25
_STREAMED: Final = 0x7FFFF000
"""Sizes from here on stand in the header of a WAV whose writer did not know its length yet."""
_SILENCE: Final = 8
"""Of 32,768: nobody hears this."""


class Unusable(Exception):
    """This is no sound that can be used; the message ends a sentence that begins "The answer"."""


def format_of(data: bytes | bytearray) -> str | None:
    """FFmpeg's name of the format that the first bytes tell of, None for anything else."""
    head = bytes(data[:12])
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"OggS":
        return "ogg"
    if head[:4] == b"fLaC":
        return "flac"
    if head[4:8] == b"ftyp":
        return "mov"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    if head[:3] == b"ID3":
        return "mp3"
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0xF6 == 0xF0 else "mp3"
    return None


def milliseconds_of(data: bytes) -> int:
    """How long it sounds, once it has been decoded in full.

    Raises:
        Unusable: unknown, damaged, cut off, empty, silent or endless.
    """
    samples, rate, peak = 0, 1, 0
    for chunk, at in _decoded(data, None):
        rate = at
        samples += len(chunk)
        peak = max(peak, int(np.abs(chunk.astype(np.int32)).max(initial=0)))
    seconds = samples / rate
    if seconds < _SHORTEST_SECONDS:
        raise Unusable("holds no sound")
    if peak < _SILENCE:
        raise Unusable("is silent")
    return round(seconds * 1_000)


def joined(clips: Sequence[bytes]) -> bytes:
    """The clips one after the other, with a short pause between, as a mono WAV at the rate of the first.

    Raises:
        Unusable: one of them is.
    """
    rate: int | None = None
    spoken: list[bytes] = []
    for clip in clips:
        chunks = list(_decoded(clip, rate))
        if not chunks:
            raise Unusable("holds no sound")
        rate = chunks[0][1]
        spoken.append(b"".join(chunk.tobytes() for chunk, _ in chunks))
    assert rate is not None
    return wav(bytes(2 * int(rate * _PAUSE_SECONDS)).join(spoken), rate)


def wav(pcm: bytes, rate: int) -> bytes:
    """Mono samples of 16 bits as a WAV file."""
    encoded = BytesIO()
    with wave.open(encoded, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(pcm)
    return encoded.getvalue()


def _decoded(data: bytes, rate: int | None) -> Iterator[tuple[np.ndarray[tuple[int], np.dtype[np.int16]], int]]:
    """Mono samples of 16 bits at `rate`, or else at the sound's own, with that rate."""
    kind = format_of(data)
    if kind is None:
        raise Unusable("is no sound in a known format")
    if kind == "wav" and _is_cut(data):
        raise Unusable("is cut off")
    try:
        with av.open(BytesIO(data), "r", format=kind) as container:
            if not container.streams.audio:
                raise Unusable("holds no sound")
            stream = container.streams.audio[0]
            wanted = rate or stream.rate
            resampler = AudioResampler(format="s16", layout="mono", rate=wanted)
            left = LONGEST_SECONDS * wanted
            for frame in _frames(container, stream):
                for plain in resampler.resample(frame):
                    left -= plain.samples
                    if left < 0:
                        raise Unusable(f"is longer than {LONGEST_SECONDS // 60} minutes")
                    yield np.frombuffer(plain.to_ndarray().tobytes(), np.int16), wanted
    except (av.error.FFmpegError, ValueError, MemoryError):
        raise Unusable("is damaged") from None


def _frames(
    container: av.container.InputContainer, stream: av.audio.stream.AudioStream
) -> Iterator[av.audio.frame.AudioFrame | None]:
    """All frames, and None for the end."""
    yield from container.decode(stream)
    yield None


def _is_cut(data: bytes) -> bool:
    """Whether a WAV's header promises more samples than there are."""
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"data":
            return bool(0 < size < _STREAMED and at + 8 + size > len(data) + 1)
        at += 8 + size + size % 2
    return True
