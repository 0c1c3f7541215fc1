"""What a person asks of a video, and what it comes to with this installation's defaults. Pure values."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from domain.errors import InvalidInput, LimitExceeded
from domain.rendering import (
    LONGEST_SCENE_SECONDS,
    LONGEST_TRANSITION_SECONDS,
    SMALLEST_SIDE,
    Aspect,
    Captions,
    Fill,
    Motion,
    Narration,
    Quality,
    RenderSpec,
    Resolution,
    SceneLook,
    Transition,
    size_of,
)
from domain.text import accept_optional_text

LEAST_FPS: Final = 24
MOST_FPS: Final = 60
SHORTEST_SCENE_SECONDS: Final = 0.5
LONGEST_VIDEO_SECONDS: Final = 12 * 3600
_LONGEST_VOICE: Final = 200


@dataclass(frozen=True, slots=True)
class SceneRequest:
    """What is asked of one scene, checked by `resolved`."""

    scene_id: int
    seconds: float | None = None
    motion: Motion | None = None
    transition: Transition | None = None


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """What is None is as the installation has it. See `RenderSpec`."""

    aspect: Aspect | None = None
    resolution: Resolution | None = None
    fps: int | None = None
    quality: Quality | None = None
    motion: Motion | None = None
    transition: Transition | None = None
    transition_seconds: float | None = None
    fill: Fill | None = None
    captions: Captions | None = None
    title_card: bool | None = None
    narration: Narration | None = None
    voice: str | None = None
    music_id: int | None = None
    scene_seconds: float | None = None
    scenes: tuple[SceneRequest, ...] = ()

    @property
    def identity(self) -> str:
        """Equal for equal requests; empty if nothing is asked for."""
        given = {name: value for name, value in dataclasses.asdict(self).items() if value not in (None, ())}
        return json.dumps(given, sort_keys=True) if given else ""


NO_REQUEST: Final = RenderRequest()


def resolved(request: RenderRequest, defaults: RenderSpec, *, scene_ids: Collection[int]) -> RenderSpec:
    """The whole spec of a video of these scenes.

    Raises:
        InvalidInput: names the field that no video can be made with.
        LimitExceeded: longer than videos may be.
    """
    _require_range("fps", request.fps, LEAST_FPS, MOST_FPS)
    _require_range("transitionSeconds", request.transition_seconds, 0, LONGEST_TRANSITION_SECONDS)
    _require_range("sceneSeconds", request.scene_seconds, SHORTEST_SCENE_SECONDS, LONGEST_SCENE_SECONDS)
    voice = _voice(request.voice)
    width, height = _size(request, defaults)
    plain = ("fps", "quality", "motion", "transition", "transition_seconds", "fill", "captions", "title_card",
             "narration", "music_id", "scene_seconds")  # fmt: skip
    given: dict[str, Any] = {name: value for name in plain if (value := getattr(request, name)) is not None}
    spec = dataclasses.replace(
        defaults, width=width, height=height, voice=voice or defaults.voice, scenes=_looks(request, scene_ids), **given
    )
    _require_length(spec, scene_ids)
    return spec


def _size(request: RenderRequest, defaults: RenderSpec) -> tuple[int, int]:
    """A shape alone keeps the installation's shorter side, a resolution alone its shape."""
    if request.aspect is not None and request.resolution is not None:
        return size_of(request.aspect, request.resolution)
    shorter, longer = sorted((defaults.width, defaults.height))
    if request.resolution is not None:
        wanted = int(request.resolution.value[:-1])
        shorter, longer = wanted, _even(longer * wanted / shorter)
        return (shorter, longer) if defaults.width < defaults.height else (longer, shorter)
    match request.aspect:
        case None:
            return defaults.width, defaults.height
        case Aspect.SQUARE:
            return shorter, shorter
        case Aspect.WIDE:
            return _even(shorter * 16 / 9), shorter
        case Aspect.TALL:
            return shorter, _even(shorter * 16 / 9)


def _even(side: float) -> int:
    return max(SMALLEST_SIDE, 2 * round(side / 2))


def _looks(request: RenderRequest, scene_ids: Collection[int]) -> tuple[SceneLook, ...]:
    known = frozenset(scene_ids)
    seen: set[int] = set()
    for place, scene in enumerate(request.scenes):
        name = ("render", "scenes", str(place))
        if scene.scene_id not in known:
            raise InvalidInput(f"Scene {scene.scene_id} is not one of this script.", field=(*name, "sceneId"))
        if scene.scene_id in seen:
            raise InvalidInput(f"Scene {scene.scene_id} is named twice.", field=(*name, "sceneId"))
        seen.add(scene.scene_id)
        _require_range("seconds", scene.seconds, SHORTEST_SCENE_SECONDS, LONGEST_SCENE_SECONDS, under=name)
    return tuple(SceneLook(scene.scene_id, scene.seconds, scene.motion, scene.transition) for scene in request.scenes)


def _voice(voice: str | None) -> str | None:
    try:
        found = accept_optional_text(voice, name="voice", most=_LONGEST_VOICE)
    except (InvalidInput, LimitExceeded) as error:
        raise type(error)(error.message, field=("render", "voice")) from None
    return None if found is None else found.strip()


def _require_range(
    name: str, value: float | None, least: float, most: float, *, under: tuple[str, ...] = ("render",)
) -> None:
    if value is not None and not (isfinite(value) and least <= value <= most):
        raise InvalidInput(f"`{name}` is {value:g}; it can be from {least:g} to {most:g}.", field=(*under, name))


def _require_length(spec: RenderSpec, scene_ids: Collection[int]) -> None:
    own = {look.scene_id: look.seconds for look in spec.scenes}
    seconds = sum(own.get(scene_id) or spec.scene_seconds or 0 for scene_id in scene_ids)
    if seconds > LONGEST_VIDEO_SECONDS:
        message = (
            f"The video would be {seconds / 3600:.1f} hours long; {LONGEST_VIDEO_SECONDS // 3600} are the most. "
            "Show its scenes for less time."
        )
        raise LimitExceeded(message, field=("render", "sceneSeconds"))
