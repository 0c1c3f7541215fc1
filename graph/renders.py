"""How a video is to be made: what is asked for, and what it came to."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

import strawberry

from domain import rendering
from domain.lifecycle import Entity
from domain.render_requests import NO_REQUEST, RenderRequest, SceneRequest
from graph import render_enums as enums
from graph.fields import attribute, field, input_type, object_type, optional
from graph.ids import MUSIC, global_id, local_id, music_number

E = TypeVar("E", bound=Enum)

_SECONDS = "How long it is shown, from 0.5 to 600 s"


@input_type("What one scene is to have otherwise than the rest.")
class SceneRenderInput:
    scene_id: strawberry.ID = attribute("The scene; one of the script's.")
    seconds: float | None = optional(f"{_SECONDS}. A longer narration wins.")
    motion: enums.Motion | None = optional("What the camera does over its picture.")
    transition: enums.Transition | None = optional("How the scene before it gives way to it.")


@input_type("How a video is to be made. What is left out is as this installation has it.")
class RenderInput:
    aspect: enums.Aspect | None = optional("Its shape. Without `resolution` its shorter side is the installation's.")
    resolution: enums.Resolution | None = optional("Its size. Without `aspect` its shape is the installation's.")
    fps: int | None = optional("Frames a second, from 24 to 60.")
    quality: enums.Quality | None = optional("How carefully it is encoded.")
    motion: enums.Motion | None = optional("What the camera does over the pictures.")
    transition: enums.Transition | None = optional("How one scene gives way to the next.")
    transition_seconds: float | None = optional("How long that takes, from 0 to 5 s.")
    fill: enums.Fill | None = optional("What a picture of another shape than the video does.")
    captions: enums.Captions | None = optional("How the words are shown in the picture.")
    title_card: bool | None = optional("Whether it begins with the script's title.")
    narration: enums.Narration | None = optional("Whether the words are spoken.")
    voice: str | None = optional("The name of a voice that the speech provider knows; up to 200 characters.")
    music_id: strawberry.ID | None = optional("Music beneath it; one of the script's.")
    scene_seconds: float | None = optional(
        f"{_SECONDS}, each scene. Else as long as its narration, or as long as it takes to read."
    )
    scenes: list[SceneRenderInput] | None = optional("What single scenes have otherwise; each at most once.")


def render_request(given: RenderInput | None) -> RenderRequest:
    """Raises `InvalidInput` for ids that are none."""
    if given is None:
        return NO_REQUEST
    music = None if given.music_id is None else music_number(given.music_id, field=("render", "musicId"))
    return RenderRequest(
        aspect=_as(rendering.Aspect, given.aspect),
        resolution=_as(rendering.Resolution, given.resolution),
        fps=given.fps,
        quality=_as(rendering.Quality, given.quality),
        motion=_as(rendering.Motion, given.motion),
        transition=_as(rendering.Transition, given.transition),
        transition_seconds=given.transition_seconds,
        fill=_as(rendering.Fill, given.fill),
        captions=_as(rendering.Captions, given.captions),
        title_card=given.title_card,
        narration=_as(rendering.Narration, given.narration),
        voice=given.voice,
        music_id=music,
        scene_seconds=given.scene_seconds,
        scenes=tuple(_scene_request(place, scene) for place, scene in enumerate(given.scenes or ())),
    )


def _scene_request(place: int, given: SceneRenderInput) -> SceneRequest:
    return SceneRequest(
        local_id(Entity.SCENE, given.scene_id, field=("render", "scenes", str(place), "sceneId")),
        given.seconds,
        _as(rendering.Motion, given.motion),
        _as(rendering.Transition, given.transition),
    )


def _as(of: type[E], value: Enum | None) -> E | None:
    """The domain's word."""
    return None if value is None else of(value.value)


LookParent = strawberry.Parent[rendering.SceneLook]
Parent = strawberry.Parent[rendering.RenderSpec]


@object_type("What one scene has otherwise than the rest; null where it does not.")
class SceneRender:
    seconds: float | None = attribute("How long it is shown, in seconds.")
    motion: enums.Motion | None = attribute("What the camera does over its picture.")
    transition: enums.Transition | None = attribute("How the scene before it gives way to it.")

    @field(strawberry.ID, "Which scene.")
    def scene_id(self, parent: LookParent) -> str:
        return global_id(Entity.SCENE.value, parent.scene_id)


@object_type("How a video is made: what was asked for, and for the rest what this installation had then.")
class Render:
    width: int = attribute("In pixels.")
    height: int = attribute("In pixels.")
    fps: int = attribute("Frames a second.")
    quality: enums.Quality = attribute("How carefully it is encoded.")
    motion: enums.Motion = attribute("What the camera does over the pictures.")
    transition: enums.Transition = attribute("How one scene gives way to the next.")
    transition_seconds: float = attribute("How long that takes, in seconds.")
    fill: enums.Fill = attribute("What a picture of another shape than the video does.")
    captions: enums.Captions = attribute("How the words are shown in the picture.")
    title_card: bool = attribute("Whether it begins with the script's title.")
    narration: enums.Narration = attribute("Whether the words are spoken.")
    voice: str | None = attribute("The voice that was asked for; null: the speech provider's own.")
    scene_seconds: float | None = attribute(
        "How long each scene is shown, in seconds; null: as long as its narration, or as it takes to read."
    )
    scenes: list[SceneRender] = attribute("What single scenes have otherwise.")

    @field(enums.Aspect | None, "Its shape; null if it is none of those that have a name.")
    def aspect(self, parent: Parent) -> rendering.Aspect | None:
        return rendering.aspect_of(parent.width, parent.height)

    @field(strawberry.ID | None, "The music beneath it.")
    def music_id(self, parent: Parent) -> str | None:
        return None if parent.music_id is None else global_id(MUSIC, parent.music_id)
