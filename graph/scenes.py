"""The schema's scenes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from domain import entities, estimates
from domain.lifecycle import Entity
from graph import enums
from graph.context import Info
from graph.fields import argument, attribute, field, object_type
from graph.forward import IMAGE, JOB, SCRIPT
from graph.money import Estimate
from graph.nodes import Reviewable, is_row
from workflow import reading
from workflow.estimating import estimate_of

Parent = strawberry.Parent[entities.Scene]


@object_type("A piece of a script that is shown as one image.")
class Scene(Reviewable):
    order: int = attribute("Its place in the script, from 1.")
    title: str | None = attribute("A short name, if it has one.")
    text: str = attribute("Its text. A scene is cut out of the script word for word, and can be edited afterwards.")
    removed_at: datetime | None = attribute(
        "When it was merged into the one before it; null if it was not. A removed scene is kept for its images and its "
        "history; it is in no list and takes no changes."
    )
    is_type_of = is_row(entities.Scene)

    @field(SCRIPT, "The script it belongs to.")
    async def script(self, parent: Parent, info: Info) -> entities.Script | None:
        return await info.context.loaders.script.load(parent.script_id)

    @field(list[IMAGE], "All its finished images in the order they were made, never cut short.")
    async def images(
        self,
        parent: Parent,
        info: Info,
        status: Annotated[enums.Status | None, argument("Only images with this status.")] = None,
    ) -> Sequence[entities.Image]:
        found = await info.context.loaders.images_of_scene.load(parent.id)
        return found if status is None else [image for image in found if image.status == status.value]

    @field(IMAGE | None, "The image that a video would show: the one approved last. Null if none was.")
    async def chosen_image(self, parent: Parent, info: Info) -> entities.Image | None:
        return reading.chosen_of(await info.context.loaders.images_of_scene.load(parent.id))

    @field(JOB | None, "The job started last to make an image of it; null if none was.")
    async def generation(self, parent: Parent, info: Info) -> entities.Job | None:
        return await info.context.loaders.latest_job.load((Entity.SCENE, parent.id))

    @field(
        Estimate | None,
        """What approving it would start: a prompt and an image, or nothing where an image of its present text is there
        or on its way.

        An upper estimate: what a budget reserves for the calls. Null if it cannot be approved.
        """,
    )
    async def estimate(self, parent: Parent, info: Info) -> estimates.Estimate | None:
        return estimate_of(info.context.commands, await info.context.loaders.started_by_approving.load(parent))
