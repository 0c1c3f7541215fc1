"""What one process is asked to make: a run of frames in one file. Pure values, and the key that names their result.

Bodies and transitions are segments of their own: a body is a scene without its overlaps, a transition is of two scenes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from domain.rendering import Fill, Motion, Quality

ENGINE_VERSION: Final = 2
"""To be raised when the same order gives other pixels than before."""


class SegmentKind(StrEnum):
    BODY = "body"
    CROSSFADE = "crossfade"
    FADE_BLACK = "fade_black"


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture as one scene shows it. `path` names how the camera moves, over all `frames` of the scene.

    `first_frame` is the frame of the scene, from 0, with which the segment begins; `sha256` is of the file.
    """

    picture: Path
    sha256: str
    motion: Motion
    path: str
    frames: int
    first_frame: int


@dataclass(frozen=True, slots=True)
class Overlay:
    """A picture with transparency (RGBA PNG) laid over the frames `first_frame` to `first_frame + frames` of a segment.

    Its upper left corner is at `x`, `y` in pixels of the video. It appears and goes over `fade_frames`. `sha256` is of
    what it was made of, so that it is known before the file is made.
    """

    picture: Path
    sha256: str
    x: int
    y: int
    first_frame: int
    frames: int
    fade_frames: int = 0


@dataclass(frozen=True, slots=True)
class SegmentOrder:
    """One shot for a body, two for a transition. `ffmpeg` identifies the build that encodes it."""

    kind: SegmentKind
    width: int
    height: int
    fps: int
    quality: Quality
    fill: Fill
    frames: int
    shots: tuple[Shot, ...]
    overlays: tuple[Overlay, ...] = ()
    threads: int = 1
    ffmpeg: str = ""

    @property
    def key(self) -> str:
        """The SHA-256 of everything that changes a pixel, and of nothing else: where files lie does not."""
        values = _without_paths(dataclasses.asdict(self)) | {"engine": ENGINE_VERSION}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def to_json(order: SegmentOrder) -> dict[str, Any]:
    """Everything of an order, in values that JSON has. Files are named by absolute paths."""
    values: dict[str, Any] = _with_text_paths(dataclasses.asdict(order))
    return values


def from_json(values: dict[str, Any]) -> SegmentOrder:
    """The order that `to_json` was given. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
    shots = tuple(
        Shot(**shot | {"picture": Path(shot["picture"]), "motion": Motion(shot["motion"])}) for shot in values["shots"]
    )
    overlays = tuple(Overlay(**overlay | {"picture": Path(overlay["picture"])}) for overlay in values["overlays"])
    return SegmentOrder(
        **values
        | {
            "kind": SegmentKind(values["kind"]),
            "quality": Quality(values["quality"]),
            "fill": Fill(values["fill"]),
            "shots": shots,
            "overlays": overlays,
        }
    )


def _with_text_paths(values: Any) -> Any:
    match values:
        case dict():
            return {name: _with_text_paths(value) for name, value in values.items()}
        case list() | tuple():
            return [_with_text_paths(value) for value in values]
        case Path():
            return str(values.absolute())
        case _:
            return values


def _without_paths(values: Any) -> Any:
    match values:
        case dict():
            return {name: _without_paths(value) for name, value in values.items() if not isinstance(value, Path)}
        case list() | tuple():
            return [_without_paths(value) for value in values]
        case _:
            return values
