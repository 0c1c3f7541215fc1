"""Speech that is a quiet tone, as long as its words would take, in the asked format."""

from __future__ import annotations

import wave
from io import BytesIO

import av
import numpy as np

MEDIA_TYPES = {
    "mp3": "audio/mpeg", "opus": "audio/opus", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav",
    "pcm": "audio/pcm",
}  # fmt: skip
_CODECS = {"mp3": ("mp3", "libmp3lame"), "opus": ("ogg", "libopus"), "aac": ("adts", "aac"), "flac": ("flac", "flac")}
_RATE = 24_000
_WORDS_A_SECOND = 2.5
_LONGEST_SECONDS = 120.0


def made_speech(text: str, output: str, speed: float = 1.0) -> bytes:
    """The bytes of a tone in one of the formats of `MEDIA_TYPES`; mono, 24 kHz."""
    seconds = min(_LONGEST_SECONDS, max(0.3, len(text.split()) / _WORDS_A_SECOND / speed))
    pitch = 180 + sum(text.encode("utf-8", "surrogatepass")) % 120
    times = np.arange(int(seconds * _RATE)) / _RATE
    samples = (np.sin(2 * np.pi * pitch * times) * 6000).astype("<i2")
    if output == "pcm":
        return samples.tobytes()
    return _wav(samples.tobytes()) if output == "wav" else _compressed(samples, output)


def _wav(data: bytes) -> bytes:
    encoded = BytesIO()
    with wave.open(encoded, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(data)
    return encoded.getvalue()


def _compressed(samples: np.ndarray[tuple[int], np.dtype[np.int16]], output: str) -> bytes:
    container_format, codec = _CODECS[output]
    encoded = BytesIO()
    with av.open(encoded, "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=_RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = _RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return encoded.getvalue()
