"""Which calls of earlier attempts stand for the one that a job is about to make.

The same request does. But between two attempts of an image job its request may change: the scenes around it, the
style and the settings go into it. One job buys one picture all the same, so there the purpose counts, not the words.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.calls import PlannedCall, Role
from domain.lifecycle import JobKind
from storage.calls import UNSETTLED, Call


def standing_for(planned: PlannedCall, kind: JobKind, earlier: Sequence[Call]) -> list[Call]:
    """Those of `earlier`, which are the job's calls, newest first."""
    same = [call for call in earlier if call.role is planned.role and call.request_sha256 == planned.request_sha256]
    if kind is not JobKind.GENERATE_IMAGE:
        return same
    pictures = [call for call in earlier if call.role is Role.IMAGES]
    if planned.role is Role.IMAGES:
        return pictures
    if any(call.kept or call.state in UNSETTLED for call in pictures):  # then their prompt is the one that counts
        return [call for call in earlier if call.role is planned.role and call.kept] or same
    return same
