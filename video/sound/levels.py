"""How loud things are. The sources of the numbers, where they have one, stand beside them."""

from __future__ import annotations

from typing import Final

VIDEO_LUFS: Final = -16.0  # the usual target of online video and podcasts (AES TD1008 asks for -18 to -16)
VIDEO_PEAK_DBTP: Final = -1.0  # EBU R 128: room for what lossy encoding adds
LOUDNESS_TOLERANCE: Final = 0.3
LIMITER_DBFS: Final = -1.8  # the limiter sees samples only, true peaks and the encoder's own lie above

SPEECH_LUFS: Final = -20.0  # of a normalised clip played on both channels
SPEECH_PEAK_DBFS: Final = -1.0
MUSIC_BELOW_SPEECH: Final = 5.0  # where nobody speaks
DUCKING_DB: Final = 13.0  # further down under words: 18 LU below them, near to the 20 dB that WCAG 1.4.7 asks for

MOST_GAIN_DB: Final = 50.0  # beyond that there is only noise to be made louder
NOTHING_HEARD_LUFS: Final = -69.0  # ebur128 says -70 when no block was above its absolute gate


def ratio(decibels: float) -> float:
    """What a level in dB is to multiply samples by."""
    return float(10 ** (decibels / 20))
