"""Finds the scenes of a script with a language model, window by window.

The model only names units; the words never pass through it. Whatever it answers, the cuts tile the script, and the
number of calls is bounded: a window is asked about twice at most, and each moves on by half of itself at least.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from domain.bounds import MOST_WINDOW_CALLS, most_window_tokens
from domain.calls import ProviderError, ProviderErrorKind
from domain.errors import JobErrorCode, WorkFailed
from domain.generation import SegmentationRequest
from domain.segmentation import Segmentation
from providers.offline.titles import script_title
from providers.openai_compatible.cuts import Reading, clean_title, read_cuts
from providers.openai_compatible.options import TextOptions
from providers.openai_compatible.scenes import (
    Scene,
    at_most,
    built_in,
    divide_long,
    keep_from_window,
    reaches_half,
    titled_cuts,
    words_a_scene,
)
from providers.openai_compatible.windows import (
    Window,
    next_window,
    unit_texts,
    window_messages,
)
from providers.units import Unit, units_of

_TRIES = 2

Ask = Callable[[tuple[str, str], int], Awaitable[str]]
"""Sends a system's and a user's message and room for so many tokens; answers with what the model wrote."""


@dataclass(slots=True)
class _Tally:
    """What happened on the way, for the note."""

    calls: int = 0
    windows: int = 0
    unusable: int = 0
    refused: int = 0
    beyond: int = 0
    divided: int = 0
    title: str | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    content: str
    units: tuple[Unit, ...]
    ideal_words: int
    options: TextOptions
    ask: Ask
    tally: _Tally = field(default_factory=_Tally)


async def find_scenes(request: SegmentationRequest, options: TextOptions, ask: Ask) -> Segmentation:
    """The scenes of a script, at most `max_scenes`.

    Raises:
        WorkFailed: the script has no visible text, or a call failed. An answer that makes no sense is no failure:
            the built-in rules cut that part instead, and the note says so.
    """
    content = request.content
    if not content.strip():
        raise WorkFailed(JobErrorCode.PROVIDER_REFUSED, "The script has no text to make scenes of.", retryable=False)
    units = await asyncio.to_thread(units_of, content)
    job = _Job(content, units, words_a_scene(units, request.max_scenes), options, ask)
    scenes: list[Scene] = []
    first = 0
    while first < len(units):
        window = next_window(units, first, most_units=options.window_units, most_characters=options.window_characters)
        found = await _ask_about(job, window) or built_in(units, window.first, window.stop)
        scenes += keep_from_window(found, window.first, window.stop, final=window.stop == len(units))
        first = scenes[-1].last + 1
    return await asyncio.to_thread(_finish, job, scenes, request.max_scenes)


async def _ask_about(job: _Job, window: Window) -> list[Scene] | None:
    """The scenes that the model sees in a window; None if it gives no usable answer."""
    tally = job.tally
    if window.stop - window.first == 1:
        return [Scene(window.first)]
    tally.windows += 1
    texts = unit_texts(job.content, job.units, window)
    for attempt in range(_TRIES):
        if tally.calls >= MOST_WINDOW_CALLS:
            tally.beyond += 1
            return None
        tally.calls += 1
        shape = job.options.structured != "json_schema"
        messages = window_messages(texts, words_a_scene=job.ideal_words, shape=shape, again=attempt > 0)
        try:
            answer = await job.ask(messages, most_window_tokens(len(texts)))
        except ProviderError as error:
            if error.kind is not ProviderErrorKind.PROMPT:
                raise
            tally.refused += 1
            return None
        reading = read_cuts(answer, texts)
        if reading is not None and reaches_half(reading.cuts[-1].last, 0, len(texts)):
            return _accept(job, window, reading)
    tally.unusable += 1
    return None


def _accept(job: _Job, window: Window, reading: Reading) -> list[Scene]:
    """An answer that stops early stands as far as it goes: the next window begins there."""
    if window.first == 0:
        job.tally.title = reading.title
    return [Scene(window.first + cut.last, cut.title) for cut in reading.cuts]


def _finish(job: _Job, scenes: list[Scene], max_scenes: int) -> Segmentation:
    divided, job.tally.divided = divide_long(job.units, scenes, job.ideal_words)
    cuts = titled_cuts(job.content, job.units, at_most(job.units, divided, max_scenes))
    return Segmentation(cuts, clean_title(script_title(job.content)) or job.tally.title, _note(job.tally))


def _note(tally: _Tally) -> str | None:
    said: list[str] = []
    parts = f"of {tally.windows} part{'s' if tally.windows > 1 else ''}"
    if tally.unusable:
        said.append(f"The text model's answer was unusable for {tally.unusable} {parts}; the built-in rules cut there.")
    if tally.refused:
        said.append(f"The text model refused {tally.refused} {parts}; the built-in rules cut there.")
    if tally.beyond:
        said.append(f"After {tally.calls} calls the built-in rules cut the other {tally.beyond} {parts}.")
    if tally.divided:
        said.append(f"Very long scenes divided by the built-in rules: {tally.divided}.")
    return " ".join(said) or None
