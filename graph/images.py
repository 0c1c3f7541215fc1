"""The schema's images."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain import entities, estimates, money
from domain.errors import InvalidInput
from domain.pictures import thumbnail_width
from graph.context import Info
from graph.fields import argument, attribute, field, object_type
from graph.forward import IMAGE, SCENE
from graph.money import Cost, Estimate
from graph.nodes import Reviewable, is_row
from graph.scalars import Url, media_url, thumbnail_url
from workflow.estimating import estimate_of

Parent = strawberry.Parent[entities.Image]


@object_type("A finished picture of a scene. Work in progress, and attempts that failed, are jobs.")
class Image(Reviewable):
    attempt: int = attribute("Counts the scene's images, from 1.")
    prompt: str = attribute("What it was made from; empty for a person's own picture.")
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

    @field(
        Url,
        """Where its PNG file is served, or a smaller WebP of it.

        The address of a WebP names what the picture holds, so browsers keep it for good.
        """,
    )
    def url(
        self,
        parent: Parent,
        width: Annotated[
            int | None,
            argument(
                "How wide it is to be, in pixels: 160, 320, 640 or 1280; others get the next larger one, and beyond "
                "that the file itself, as without it. A picture is never made larger than it is."
            ),
        ] = None,
    ) -> Url:
        if width is None:
            return media_url(parent.file_path)
        if width < 1:
            raise InvalidInput("Ask for a width of at least 1 pixel.", field=("width",))
        return thumbnail_url(parent.file_path, parent.sha256, thumbnail_width(width))

    @field(IMAGE | None, "The rejected image that it was made in place of; null if there is none.")
    async def replaces(self, parent: Parent, info: Info) -> entities.Image | None:
        return None if parent.replaces_id is None else await info.context.loaders.image.load(parent.replaces_id)

    @field(Cost, "What the job that made it has cost; nothing for an image that no job made.")
    async def cost(self, parent: Parent, info: Info) -> money.Cost:
        return await info.context.loaders.cost_of_image.load(parent)

    @field(
        Estimate | None,
        """What rejecting it would start: another prompt and image, or nothing.

        An upper estimate: what a budget reserves for the calls. Null if it cannot be rejected.
        """,
    )
    async def estimate(self, parent: Parent, info: Info) -> estimates.Estimate | None:
        return estimate_of(info.context.commands, await info.context.loaders.started_by_rejecting.load(parent))
