"""Captions that change when the voice pauses. Pure but for `pauses_of`, which reads a sound file.

How long words take to speak is only guessed from their letters; over some sentences the guess is off by a second. Where
the voice pauses is known. So the ends of captions that end a sentence or a clause are put to the pauses that fit the
guess best, and the others between them by the guess.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import inf, isfinite, log, sqrt
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from video.captions.cues import Cue
from video.captions.pacing import CLAUSE_ENDS, SENTENCE_ENDS, plain_seconds

STEP_SECONDS: Final = 0.01
QUIET_DB: Final = -38.0
"""Below the loudest tenth of a second, so much is silence."""
LEAST_PAUSE_SECONDS: Final = 0.09
BEFORE_WORDS_SECONDS: Final = 0.06
"""A caption comes so much before the words that it shows."""
_USUAL_PAUSE_SECONDS: Final = 0.25
_ODD_TEMPO: Final = 6.0
_LEAST_SPOKEN_SECONDS: Final = 0.4
_LONGEST_STRETCH: Final = 24
"""Captions between two pauses that they are put to: no voice speaks on for longer."""
_GAINS: Final = (1.0, 0.6, 0.05)
"""What it is worth that a sentence, a clause or neither ends at a usual pause."""
_CLOSERS: Final = "\"'”’»)]"


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence between words, in seconds from the start of the sound."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


def pauses_of(path: Path) -> tuple[Pause, ...]:
    """The pauses within a 16-bit WAV file of speech, without the silence around it. Raises `OSError`, `wave.Error`."""
    with wave.open(str(path), "rb") as sound:
        rate, channels = sound.getframerate(), sound.getnchannels()
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.float32)
    step = round(rate * STEP_SECONDS) * channels
    count = len(samples) // step
    if not count:
        return ()
    levels = np.sqrt(np.square(samples[: count * step].reshape(count, step)).mean(axis=1))
    smooth = np.convolve(levels, np.ones(3) / 3, "same")
    quiet = smooth < max(1.0, float(np.percentile(smooth, 95)) * 10 ** (QUIET_DB / 20))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet.astype(np.int8), [0]))))
    found = [
        Pause(begin * STEP_SECONDS, end * STEP_SECONDS)
        for begin, end in edges.reshape(-1, 2).tolist()
        if begin > 0 and end < count
    ]
    return tuple(pause for pause in found if pause.seconds >= LEAST_PAUSE_SECONDS)


def heard(cues: Sequence[Cue], pauses: Sequence[Pause], *, fps: int) -> tuple[Cue, ...]:
    """The same captions over the same frames, which are those of the speech, changed at its pauses."""
    if len(cues) < 2 or not pauses:
        return tuple(cues)
    first, frames = cues[0].first_frame, sum(cue.frames for cue in cues)
    ends = _ends(cues, pauses, frames / fps)
    starts = [first, *(first + min(frames, max(0, round(end * fps))) for end in ends[:-1]), first + frames]
    if any(after <= before for before, after in pairwise(starts)):
        return tuple(cues)
    return tuple(
        replace(cue, first_frame=begin, frames=end - begin)
        for cue, begin, end in zip(cues, starts[:-1], starts[1:], strict=True)
    )


def _ends(cues: Sequence[Cue], pauses: Sequence[Pause], seconds: float) -> list[float]:
    """When each caption ends, in seconds of the speech."""
    guesses = [float(max(plain_seconds("\n".join(cue.lines)), Fraction(1, 10))) for cue in cues]
    tempo = seconds / sum(guesses)
    spans = [guess * tempo for guess in guesses]
    moments = np.array([0.0, *(max(pause.start, pause.end - BEFORE_WORDS_SECONDS) for pause in pauses), seconds])
    rows = _best_stretches(cues, pauses, spans, moments)
    ends = [0.0] * len(cues)
    count, moment = len(cues), len(moments) - 1
    while count and isfinite(rows[count].costs[moment]):
        begun, since = int(rows[count].begun[moment]), int(rows[count].since[moment])
        stretch, guess = float(moments[moment] - moments[since]), sum(spans[begun:count])
        for index in range(begun, count):
            ends[index] = float(moments[since]) + stretch * sum(spans[begun : index + 1]) / guess
        count, moment = begun, since
    return ends


@dataclass(frozen=True, slots=True)
class _Row:
    """For captions that end at each moment: the least cost, and the caption and moment where the last stretch began."""

    costs: npt.NDArray[np.float64]
    begun: npt.NDArray[np.int64]
    since: npt.NDArray[np.int64]


def _best_stretches(
    cues: Sequence[Cue], pauses: Sequence[Pause], spans: Sequence[float], moments: npt.NDArray[np.float64]
) -> list[_Row]:
    """One row for each number of captions. A stretch has at most `_LONGEST_STRETCH` of them, or is all there are."""
    lengths = moments[None, :] - moments[:, None]
    logs = np.log(np.where(lengths > 0, lengths, 1.0))
    rows = [_row(len(moments))]
    rows[0].costs[0] = 0.0
    for count, cue in enumerate(cues, 1):
        row, last = _row(len(moments)), count == len(cues)
        begins = range(max(0, count - _LONGEST_STRETCH), count)
        for begun in (0, *begins) if last and begins[0] else begins:
            captions = count - begun
            odd = _ODD_TEMPO * sqrt(captions) * np.square(logs - log(sum(spans[begun:count])))
            whole = np.where(lengths < _LEAST_SPOKEN_SECONDS * captions, inf, rows[begun].costs[:, None] + odd)
            since = whole.argmin(axis=0)
            costs = whole[since, np.arange(len(moments))]
            better = costs < row.costs
            row.costs[better], row.begun[better], row.since[better] = costs[better], begun, since[better]
        if not last:
            row.costs[1:-1] -= [_gain(cue, pause) for pause in pauses]
            row.costs[-1] = inf
        rows.append(row)
    return rows


def _row(moments: int) -> _Row:
    return _Row(np.full(moments, inf), np.zeros(moments, np.int64), np.zeros(moments, np.int64))


def _gain(cue: Cue, pause: Pause) -> float:
    last = cue.lines[-1].rstrip(_CLOSERS)[-1:]
    kind = 0 if last in SENTENCE_ENDS else 1 if last in CLAUSE_ENDS else 2
    return _GAINS[kind] * min(1.5, pause.seconds / _USUAL_PAUSE_SECONDS)
