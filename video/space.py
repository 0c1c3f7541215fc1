"""Whether the disk has room for a render, before it is begun."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from domain.rendering import Motion
from video.cache import SegmentCache
from video.failures import too_little_space
from video.orders import SegmentKind, SegmentOrder

ALL_BUT_NOTHING: Final = 500_000
FRAME_BYTES, KEYFRAME_BYTES_A_PIXEL, MOVING_BYTES_A_PIXEL = 100, 0.25, 0.03


def is_full(folder: Path) -> bool:
    """Whether there is hardly any room left."""
    try:
        return shutil.disk_usage(folder).free < ALL_BUT_NOTHING
    except OSError:
        return False


def expected_bytes(order: SegmentOrder) -> int:
    """Of one segment; an estimate on the safe side for usual pictures."""
    pixels = order.width * order.height
    keyframes = -(-order.frames // order.fps)
    size = keyframes * pixels * KEYFRAME_BYTES_A_PIXEL + order.frames * FRAME_BYTES
    if order.kind is not SegmentKind.BODY or any(shot.motion is not Motion.HOLD for shot in order.shots):
        size += order.frames * pixels * MOVING_BYTES_A_PIXEL
    return int(size)


def check_space(
    orders: Sequence[SegmentOrder], *, known: int, work: Path, output: Path, cache: SegmentCache | None
) -> None:
    """Raise `WorkFailed` unless there is room for the segments of `orders` in `work`, and for them and `known` bytes
    more in `output`. The cache gives up entries before it comes to that. Raises `OSError`."""
    made = sum(expected_bytes(order) for order in orders)
    needs: dict[int, tuple[Path, int]] = {}
    for folder, size in ((work, made), (output, made + known)):
        device = folder.stat().st_dev
        needs[device] = (folder, needs.get(device, (folder, 0))[1] + size)
    for folder, needed in needs.values():
        free = shutil.disk_usage(folder).free
        if free < needed and cache is not None and cache.folder.exists():
            cache.shrink(max(0, cache.byte_size() - (needed - free)))
            free = shutil.disk_usage(folder).free
        if free < needed:
            raise too_little_space(needed, free)
