"""The size to ask of a model for a picture of a wanted size: what a picture costs depends on it.

gpt-image-2 and later: any width and height divisible by 16, from 1:3 to 3:1, no edge above 3,840, 655,360 to 8,294,400
pixels. Older ones, and `chatgpt-image-latest`, have three sizes.
"""

from __future__ import annotations

import math
import re

_STEP = 16
_LONGEST_EDGE = 3840
_MOST_PIXELS = 3840 * 2160
_LEAST_PIXELS = 655_360
_WIDEST = 3.0
_THREE_SIZES = ((1024, 1024), (1536, 1024), (1024, 1536))
_FIXED = re.compile(r"(?:^|/)(?:gpt-image-1(?:$|[.-])|chatgpt-image)")


def size_for_model(model: str, width: int, height: int) -> tuple[int, int]:
    """The size that a model of the gpt-image family takes and that comes nearest."""
    if _FIXED.search(model.lower()):
        wanted = math.log(max(1, width) / max(1, height))
        return min(_THREE_SIZES, key=lambda size: abs(math.log(size[0] / size[1]) - wanted))
    return nearest_size(width, height)


def size_in_pixels(size: str, width: int, height: int) -> tuple[int, int]:
    """A size as it is asked for, such as `1024x1024`; the one that is wanted where it is left to the server."""
    across, _, down = size.partition("x")
    return (int(across), int(down)) if across.isdigit() and down.isdigit() else (width, height)


def nearest_size(width: int, height: int) -> tuple[int, int]:
    """The nearest valid size; of two as near, the larger one, which can be cropped."""
    wide, high = float(max(1, width)), float(max(1, height))
    wide, high = min(wide, _WIDEST * high), min(high, _WIDEST * wide)
    scale = min(1.0, _LONGEST_EDGE / max(wide, high), math.sqrt(_MOST_PIXELS / (wide * high)))
    scale = max(scale, math.sqrt(_LEAST_PIXELS / (wide * high))) if wide * high < _LEAST_PIXELS else scale
    wide, high = wide * scale, high * scale
    choices = [(across, down) for across in _steps_near(wide) for down in _steps_near(high) if _is_valid(across, down)]
    return min(choices, key=lambda size: ((size[0] - wide) ** 2 + (size[1] - high) ** 2, -size[0] * size[1]))


def _steps_near(length: float) -> list[int]:
    middle = round(length / _STEP)
    return [_STEP * step for step in range(max(1, middle - 4), middle + 5)]


def _is_valid(width: int, height: int) -> bool:
    return (
        max(width, height) <= _LONGEST_EDGE
        and _LEAST_PIXELS <= width * height <= _MOST_PIXELS
        and max(width, height) <= _WIDEST * min(width, height)
    )
