"""The schema's images."""

from __future__ import annotations

import strawberry

from domain import entities
from graph.context import Info
from graph.fields import attribute, field, object_type
from graph.forward import IMAGE, SCENE
from graph.nodes import Reviewable, is_row
from graph.scalars import Url, media_url

Parent = strawberry.Parent[entities.Image]


@object_type("A finished picture of a scene. Work in progress, and attempts that failed, are jobs.")
class Image(Reviewable):
    attempt: int = attribute("Counts the scene's images, from 1.")
    prompt: str = attribute("What it was made from.")
    stale: bool = attribute(
        "Whether it was made from another text than its scene has now. Approving it then needs `acceptStale`."
    )
    file_path: str = attribute("The key of its file, such as `images/scene_7/image_12.png`.")
    width: int = attribute("In pixels.")
    height: int = attribute("In pixels.")
    byte_size: int = attribute("The size of its file in bytes.")
    sha256: str = attribute("The SHA-256 of its file, in lower-case hexadecimal: what a decision is about.")
    is_type_of = is_row(entities.Image)

    @field(SCENE, "The scene it shows.")
    async def scene(self, parent: Parent, info: Info) -> entities.Scene | None:
        return await info.context.loaders.scene.load(parent.scene_id)

    @field(Url, "Where its PNG file is served.")
    def url(self, parent: Parent) -> Url:
        return media_url(parent.file_path)

    @field(IMAGE | None, "The rejected image that it was made in place of; null if there is none.")
    async def replaces(self, parent: Parent, info: Info) -> entities.Image | None:
        return None if parent.replaces_id is None else await info.context.loaders.image.load(parent.replaces_id)
