"""Scenes and prompts without a model. The rules live beside this file; here they meet the protocol."""

from __future__ import annotations

import asyncio

from domain.calls import CallBook
from domain.errors import JobErrorCode, WorkFailed
from domain.generation import PromptRequest, SegmentationRequest
from domain.segmentation import Segmentation
from providers.offline.prompts import compose_prompt
from providers.offline.scenes import group_units
from providers.offline.titles import scene_title, script_title
from providers.units import cut_points, units_of


class OfflineText:
    """Fills `domain.generation.TextProvider`."""

    async def segment(self, request: SegmentationRequest, book: CallBook | None = None) -> Segmentation:
        """Scenes of a few sentences each, at paragraph and sentence boundaries.

        Raises:
            WorkFailed: the script has no visible text.
        """
        return await asyncio.to_thread(_segment, request)

    async def write_prompt(self, request: PromptRequest, book: CallBook | None = None) -> str:
        """A prompt of at most 600 characters that names subject, setting and style."""
        return compose_prompt(request)

    async def aclose(self) -> None:
        """Nothing is open."""


def _segment(request: SegmentationRequest) -> Segmentation:
    content = request.content
    if not content.strip():
        raise WorkFailed(JobErrorCode.PROVIDER_REFUSED, "The script has no text to make scenes of.", retryable=False)
    units = units_of(content)
    lasts = group_units(units, max(1, request.max_scenes))
    titled: list[tuple[int, str | None]] = []
    start = 0
    for last in lasts:
        titled.append((last, scene_title(content[start : units[last].end].strip())))
        start = units[last].end
    return Segmentation(cut_points(units, titled), script_title(content))
