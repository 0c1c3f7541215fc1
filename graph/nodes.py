"""What several types of the schema have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import strawberry

from domain import actions, entities
from domain.events import Event
from domain.lifecycle import Entity, Status
from domain.lifecycle import ReviewAction as Action
from graph import enums
from graph.context import Info
from graph.fields import attribute, field, interface_type, object_type
from graph.ids import CHANGE, global_id
from workflow import reading

Row = entities.Script | entities.Scene | entities.Image | entities.Video

KIND_OF: Final[dict[type[Any], str]] = {
    entities.Script: Entity.SCRIPT.value,
    entities.Scene: Entity.SCENE.value,
    entities.Image: Entity.IMAGE.value,
    entities.Video: Entity.VIDEO.value,
    entities.Job: Entity.JOB.value,
    Event: CHANGE,
}


@object_type("What a person decided about a script, scene or image.")
class Decision:
    status: enums.Status = attribute("What it became, or stayed.")
    feedback: str | None = attribute("What was said with it.")
    actor: str = attribute("Who decided: `local` until there are users.")
    decided_at: datetime = attribute("When.")


@interface_type("Anything that has an id of its own.")
class Node:
    @field(strawberry.ID, "The global id: kind and number, such as `scene_7`. It never changes.")
    def id(self, parent: strawberry.Parent[Any]) -> str:
        return global_id(KIND_OF[type(parent)], parent.id)


@interface_type("What has a status: a script, scene, image or video.")
class Reviewable(Node):
    status: enums.Status = attribute("What has been decided about it.")
    version: int = attribute(
        "Counts the changes of its own stored fields, from 1. Send it back as `expectedVersion` to have a decision "
        "declined if it has changed meanwhile."
    )
    created_at: datetime = attribute("When it came to be.")
    updated_at: datetime = attribute("When its own stored fields last changed.")

    @field(list[enums.ReviewAction], "What the lifecycle accepts right now.")
    async def allowed_actions(self, parent: strawberry.Parent[Any], info: Info) -> tuple[Action, ...]:
        return await allowed_actions(parent, info)

    @field(Decision | None, "The last decision of a person on it; null if there was none. Videos have none.")
    async def last_decision(self, parent: strawberry.Parent[Any], info: Info) -> entities.Decision | None:
        return await info.context.loaders.last_decision.load((Entity(KIND_OF[type(parent)]), parent.id))


async def allowed_actions(row: Row, info: Info) -> tuple[Action, ...]:
    """Reads what the derivation needs besides the row itself."""
    loaders = info.context.loaders
    match row:
        case entities.Script():
            job = await loaders.latest_job.load((Entity.SCRIPT, row.id))
            progress = await loaders.progress.load(row.id)
            return actions.script_actions(
                row.status,
                segmentation=job.state if job else None,
                scenes=progress.scenes,
                scenes_approved=progress.scenes_approved,
                scenes_illustrated=progress.scenes_illustrated,
            )
        case entities.Scene():
            job = await loaders.latest_job.load((Entity.SCENE, row.id))
            same_text = job is not None and job.text_sha256 == row.text_sha256
            return actions.scene_actions(
                row.status,
                generation=job.state if job else None,
                of_present_text=same_text,
                removed=row.removed_at is not None,
            )
        case entities.Image():
            scene = await loaders.scene.load(row.scene_id)
            chosen = None
            if row.status is Status.APPROVED:
                chosen = reading.chosen_of(await loaders.images_of_scene.load(row.scene_id))
            return actions.image_actions(
                row.status,
                stale=row.stale,
                chosen=chosen is not None and chosen.id == row.id,
                removed=scene is not None and scene.removed_at is not None,
            )
        case entities.Video():
            job = await loaders.latest_job.load((Entity.VIDEO, row.id))
            return actions.video_actions(row.status, compilation=job.state if job else None)


def is_row(row_type: type[Any]) -> classmethod[Any, [object, Any], bool]:
    """How a type of the schema knows its rows, where a field may answer several types."""

    def is_type_of(_: type[Any], value: object, info: Any) -> bool:
        return isinstance(value, row_type)

    return classmethod(is_type_of)
