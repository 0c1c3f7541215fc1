"""How a video is to be made, as JSON: what is asked for, and what it came to."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict

from domain.render_requests import NO_REQUEST, RenderRequest, SceneRequest
from domain.rendering import (
    Aspect,
    Captions,
    Fill,
    Motion,
    Narration,
    Quality,
    RenderSpec,
    Resolution,
    Transition,
    aspect_of,
)


def _number(value: object) -> object:
    """Numbers come as they were written; here the nearest binary one will do."""
    return float(value) if isinstance(value, Decimal) else value


Seconds = Annotated[float, BeforeValidator(_number)]
_OF_DOMAIN = Strict(False)
_LENGTH = "How long it is shown, from 0.5 to 600 s"


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SceneRenderBody(_Asked):
    """What one scene is to have otherwise than the rest."""

    scene_id: int
    seconds: Annotated[Seconds | None, Field(description=f"{_LENGTH}. A longer narration wins.")] = None
    motion: Annotated[Motion | None, _OF_DOMAIN] = None
    transition: Annotated[Transition | None, _OF_DOMAIN, Field(description="That which leads into it.")] = None


class RenderBody(_Asked):
    """How a video is to be made. What is left out, or null, is as this installation has it."""

    aspect: Annotated[Aspect | None, _OF_DOMAIN] = None
    resolution: Annotated[Resolution | None, _OF_DOMAIN, Field(description="The shorter side.")] = None
    fps: Annotated[int | None, Field(description="From 24 to 60.")] = None
    quality: Annotated[Quality | None, _OF_DOMAIN] = None
    motion: Annotated[Motion | None, _OF_DOMAIN] = None
    transition: Annotated[Transition | None, _OF_DOMAIN] = None
    transition_seconds: Annotated[Seconds | None, Field(description="From 0 to 5.")] = None
    fill: Annotated[
        Fill | None, _OF_DOMAIN, Field(description="What a picture of another shape than the video does.")
    ] = None
    captions: Annotated[Captions | None, _OF_DOMAIN] = None
    title_card: Annotated[bool | None, Field(description="Whether it begins with the script's title.")] = None
    narration: Annotated[Narration | None, _OF_DOMAIN] = None
    voice: Annotated[str | None, Field(description="A name that the speech provider knows.")] = None
    music_id: Annotated[int | None, Field(description="One of the script's pieces of music.")] = None
    scene_seconds: Annotated[
        Seconds | None, Field(description=f"{_LENGTH}, each scene; else as long as its narration or reading takes.")
    ] = None
    scenes: Annotated[list[SceneRenderBody] | None, Field(description="Each scene at most once.")] = None


def render_request(body: RenderBody | None) -> RenderRequest:
    if body is None:
        return NO_REQUEST
    scenes = tuple(SceneRequest(**dict(scene)) for scene in body.scenes or ())
    return RenderRequest(**{**dict(body), "scenes": scenes})


class SceneRender(BaseModel):
    """What one scene has otherwise than the rest; null where it does not."""

    model_config = ConfigDict(frozen=True)

    scene_id: int
    seconds: float | None
    motion: Motion | None
    transition: Transition | None


class Render(BaseModel):
    """How a video is made: what was asked for, and for the rest what this installation had then."""

    model_config = ConfigDict(frozen=True)

    width: int
    height: int
    aspect: Annotated[Aspect | None, Field(description="Null if it is none of those that have a name.")]
    fps: int
    quality: Quality
    motion: Motion
    transition: Transition
    transition_seconds: float
    fill: Fill
    captions: Captions
    title_card: bool
    narration: Narration
    voice: str | None
    music_id: int | None
    scene_seconds: Annotated[
        float | None, Field(description="Null: each scene as long as its narration, or as it takes to read.")
    ]
    scenes: list[SceneRender]


def render_object(spec: RenderSpec) -> Render:
    values = dataclasses.asdict(spec)
    scenes = [SceneRender(**look) for look in values.pop("scenes")]
    return Render(**values, aspect=aspect_of(spec.width, spec.height), scenes=scenes)
