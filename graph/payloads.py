"""What mutations answer: the object as it now is, the work that was started, and why it was declined if it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain import entities
from domain.errors import DomainError
from domain.lifecycle import Entity
from graph.context import Info
from graph.errors import UserError, user_error
from graph.fields import attribute, object_type
from graph.ids import split_id
from graph.images import Image
from graph.jobs import Job
from graph.scenes import Scene
from graph.scripts import Script
from graph.videos import Video

_ERRORS = "Why it was declined; empty if it was done. A declined mutation has changed nothing."
_NOW = "as it now is, also beside `userErrors`; null if there is none with this id."


@dataclass(frozen=True, slots=True)
class Outcome:
    """The row behind every payload; each type of the schema shows the part that is its own.

    Of many decisions each has one of its own among the `results`, with the global `id` that was given.
    """

    script: entities.Script | None = None
    scene: entities.Scene | None = None
    image: entities.Image | None = None
    video: entities.Video | None = None
    job: entities.Job | None = None
    new_scene: entities.Scene | None = None
    id: str | None = None
    results: Sequence[Outcome] = ()
    user_errors: Sequence[UserError] = ()


async def declined(info: Info, error: DomainError, shown: str | None = None, *, id_field: str = "id") -> Outcome:
    """What a declined command answers. `shown` is the global id of the object that the payload has."""
    info.context.forget()
    outcome = Outcome(user_errors=[user_error(error, id_field=id_field)])
    try:
        kind, number = split_id(shown or "")
        entity = Entity(kind)
    except (DomainError, ValueError):
        return outcome
    row = await info.context.loaders.entity(entity, number)
    match row:
        case entities.Script():
            return replace(outcome, script=row)
        case entities.Scene():
            return replace(outcome, scene=row)
        case entities.Image():
            return replace(outcome, image=row)
        case entities.Job():
            return replace(outcome, job=row)
    return outcome


@object_type("The answer of `createScript`.")
class CreateScriptPayload:
    script: Script | None = attribute("The new draft, or the one that an earlier call with this key made.")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `updateScript`.")
class UpdateScriptPayload:
    script: Script | None = attribute(f"The script {_NOW}")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `approveScript`.")
class ApproveScriptPayload:
    script: Script | None = attribute(f"The script {_NOW}")
    job: Job | None = attribute("The segmentation that was started.")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `updateScene`.")
class UpdateScenePayload:
    scene: Scene | None = attribute(f"The scene {_NOW}")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `approveScene`.")
class ApproveScenePayload:
    scene: Scene | None = attribute(f"The scene {_NOW}")
    job: Job | None = attribute(
        "The job that makes an image of it; null where an image of this text is there already or on its way."
    )
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `generateImage`.")
class GenerateImagePayload:
    job: Job | None = attribute("The job that makes the image, or the one that an earlier call with this key started.")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `removeMusic`.")
class RemoveMusicPayload:
    script: Script | None = attribute("The script that it was sent for, as it now is.")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `approveImage`.")
class ApproveImagePayload:
    image: Image | None = attribute(f"The image {_NOW}")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `rejectImage`.")
class RejectImagePayload:
    image: Image | None = attribute(f"The image {_NOW}")
    job: Job | None = attribute("The job that makes another image; null where the scene is not approved.")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `createVideo`.")
class CreateVideoPayload:
    video: Video | None = attribute(
        "The video; one that is still pending, of the same and made the same way, is answered again."
    )
    job: Job | None = attribute("The job that makes it.")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `retryJob`.")
class RetryJobPayload:
    job: Job | None = attribute(f"The job {_NOW}")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `cancelJob`.")
class CancelJobPayload:
    job: Job | None = attribute(f"The job {_NOW}")
    user_errors: list[UserError] = attribute(_ERRORS)
