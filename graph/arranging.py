"""Mutations for editing at a desk: scenes split, merged and moved, decisions in bulk, scripts copied and put away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Annotated, Final, Protocol, TypeVar

import strawberry

from domain.errors import DomainError, LimitExceeded
from domain.lifecycle import Entity
from graph import decisions, inputs
from graph.context import Info
from graph.errors import UserError
from graph.fields import argument, attribute, input_type, mutation, object_type, optional
from graph.ids import local_id
from graph.images import Image
from graph.jobs import Job
from graph.payloads import Outcome, declined
from graph.scenes import Scene
from graph.scripts import Script
from workflow import arranging, images, scripts

MOST_AT_ONCE: Final = 100


class _Item(Protocol):
    id: strawberry.ID


T = TypeVar("T", bound=_Item)

_INPUT = "What is asked for."
_ERRORS = "Why it was declined; empty if it was done. A declined mutation has changed nothing."
_NOW = "as it now is, also beside `userErrors`; null if there is none with this id."
_VERSION = "The version that was decided on; another one by now is declined with VERSION_CONFLICT."
_KEY = "Makes it safe to ask again: the same key with the same input answers with what the first call made."


@input_type("Where to cut a scene in two.")
class SplitSceneInput:
    id: strawberry.ID = attribute("The scene.")
    at: int = attribute(
        "How many characters of its text come before the cut, counted as Unicode code points; there must be words on "
        "both sides. White space around the cut is kept between the two."
    )
    expected_version: int | None = optional(_VERSION)


@input_type("Scenes to make one of.")
class MergeScenesInput:
    scene_ids: list[strawberry.ID] = attribute("Two or more neighbours, in their order. The first one stays.")
    expected_versions: list[int] | None = optional(f"One for each scene. {_VERSION}")


@input_type("A new order of scenes.")
class ReorderScenesInput:
    script_id: strawberry.ID = attribute("The script.")
    scene_ids: list[strawberry.ID] = attribute("Each of its scenes once, in the order they are to have.")
    expected_version: int | None = optional(f"Of the script. {_VERSION}")


@input_type("An earlier image to go back to.")
class ChooseImageInput:
    id: strawberry.ID = attribute("An approved image that is not stale.")
    expected_version: int | None = optional(_VERSION)


@input_type("A copy of a script.")
class DuplicateScriptInput:
    id: strawberry.ID = attribute("The script to copy.")
    title: str | None = optional("Its title; that of the other if not given. At most 300 characters.")
    idempotency_key: str | None = optional(_KEY)


@input_type("Where a script is to be kept.")
class ArchiveScriptInput:
    id: strawberry.ID = attribute("The script.")
    archived: bool | None = optional("False brings it back; true if not given.")
    expected_version: int | None = optional(_VERSION)


@input_type("The approval of many scenes.")
class ApproveScenesInput:
    scenes: list[inputs.ApproveSceneInput] = attribute("At most 100; each is decided by itself, in this order.")


@strawberry.input(one_of=True, description="A decision on one image of many.")
class ImageDecisionInput:
    approve: strawberry.Maybe[inputs.ApproveImageInput] = strawberry.field(description="Approve it.")
    reject: strawberry.Maybe[inputs.RejectImageInput] = strawberry.field(description="Reject it.")


@input_type("Decisions on many images.")
class ReviewImagesInput:
    decisions: list[ImageDecisionInput] = attribute("At most 100; each is decided by itself, in this order.")


@object_type("The answer of `splitScene`.")
class SplitScenePayload:
    scene: Scene | None = attribute(f"The scene that was split {_NOW}")
    new_scene: Scene | None = attribute("The scene behind it, with the second part of the text.")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `mergeScenes`.")
class MergeScenesPayload:
    scene: Scene | None = attribute(
        "The first of the scenes as it now is, also beside `userErrors`; merged, it has all the words. Null if there "
        "is none with this id."
    )
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `reorderScenes`.")
class ReorderScenesPayload:
    script: Script | None = attribute(f"The script {_NOW}")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `chooseImage`.")
class ChooseImagePayload:
    image: Image | None = attribute(f"The image {_NOW}")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `duplicateScript`.")
class DuplicateScriptPayload:
    script: Script | None = attribute("The copy, a draft.")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("The answer of `archiveScript`.")
class ArchiveScriptPayload:
    script: Script | None = attribute(f"The script {_NOW}")
    user_errors: list[UserError] = attribute(_ERRORS)


@object_type("What became of one scene of many.")
class ApproveSceneResult:
    id: strawberry.ID = attribute("The id that was given.")
    scene: Scene | None = attribute(f"The scene {_NOW}")
    job: Job | None = attribute("The job that makes an image of it, if one was started.")
    user_errors: list[UserError] = attribute("Why this one was declined; empty if it was done.")


@object_type("What became of one image of many.")
class ReviewImageResult:
    id: strawberry.ID = attribute("The id that was given.")
    image: Image | None = attribute(f"The image {_NOW}")
    job: Job | None = attribute("The job that makes another one, if one was started.")
    user_errors: list[UserError] = attribute("Why this one was declined; empty if it was done.")


@object_type("The answer of `approveScenes`.")
class ApproveScenesPayload:
    results: list[ApproveSceneResult] = attribute("One for each scene, in the order given.")
    user_errors: list[UserError] = attribute("Why none was looked at; empty if each has its result.")


@object_type("The answer of `reviewImages`.")
class ReviewImagesPayload:
    results: list[ReviewImageResult] = attribute("One for each image, in the order given.")
    user_errors: list[UserError] = attribute("Why none was looked at; empty if each has its result.")


@object_type("What editors do.")
class ArrangingMutation:
    @mutation(SplitScenePayload, "Cut a scene in two. No word is lost; both parts are `PENDING` then.")
    async def split_scene(self, info: Info, input: Annotated[SplitSceneInput, argument(_INPUT)]) -> Outcome:
        try:
            split = await arranging.split_scene(
                info.context.commands, scene_id=local_id(Entity.SCENE, input.id), at=input.at,
                actor=info.context.actor, expected_version=input.expected_version,
            )  # fmt: skip
        except DomainError as error:
            return await declined(info, error, input.id)
        info.context.forget()
        return Outcome(scene=split.scene, new_scene=split.new_scene)

    @mutation(
        MergeScenesPayload,
        "Make one scene of neighbours. The first has all the words then and is `PENDING`; the others are removed.",
    )
    async def merge_scenes(self, info: Info, input: Annotated[MergeScenesInput, argument(_INPUT)]) -> Outcome:
        try:
            scene = await arranging.merge_scenes(
                info.context.commands, scene_ids=_scene_ids(input.scene_ids), actor=info.context.actor,
                expected_versions=input.expected_versions,
            )  # fmt: skip
        except DomainError as error:
            return await declined(info, error, next(iter(input.scene_ids), None), id_field="sceneIds")
        info.context.forget()
        return Outcome(scene=scene)

    @mutation(ReorderScenesPayload, "Put the scenes of a script into another order.")
    async def reorder_scenes(self, info: Info, input: Annotated[ReorderScenesInput, argument(_INPUT)]) -> Outcome:
        try:
            script = await arranging.reorder_scenes(
                info.context.commands, script_id=local_id(Entity.SCRIPT, input.script_id, field="scriptId"),
                scene_ids=_scene_ids(input.scene_ids), actor=info.context.actor,
                expected_version=input.expected_version,
            )  # fmt: skip
        except DomainError as error:
            return await declined(info, error, input.script_id, id_field="scriptId")
        info.context.forget()
        return Outcome(script=script)

    @mutation(ChooseImagePayload, "Go back to an earlier approved image: a new decision, no status change.")
    async def choose_image(self, info: Info, input: Annotated[ChooseImageInput, argument(_INPUT)]) -> Outcome:
        try:
            image = await images.choose_image(
                info.context.commands, image_id=local_id(Entity.IMAGE, input.id), actor=info.context.actor,
                expected_version=input.expected_version,
            )  # fmt: skip
        except DomainError as error:
            return await declined(info, error, input.id)
        info.context.forget()
        return Outcome(image=image)

    @mutation(DuplicateScriptPayload, "Make a new draft with the words, style and budget of a script as they are now.")
    async def duplicate_script(self, info: Info, input: Annotated[DuplicateScriptInput, argument(_INPUT)]) -> Outcome:
        try:
            script = await scripts.duplicate_script(
                info.context.commands, script_id=local_id(Entity.SCRIPT, input.id), actor=info.context.actor,
                title=input.title, idempotency_key=input.idempotency_key,
            )  # fmt: skip
        except DomainError as error:
            return await declined(info, error)
        info.context.forget()
        return Outcome(script=script)

    @mutation(ArchiveScriptPayload, "Take a script out of lists and of the review queue, or bring it back.")
    async def archive_script(self, info: Info, input: Annotated[ArchiveScriptInput, argument(_INPUT)]) -> Outcome:
        try:
            script = await scripts.archive_script(
                info.context.commands, script_id=local_id(Entity.SCRIPT, input.id), actor=info.context.actor,
                archived=input.archived is not False, expected_version=input.expected_version,
            )  # fmt: skip
        except DomainError as error:
            return await declined(info, error, input.id)
        info.context.forget()
        return Outcome(script=script)

    @mutation(ApproveScenesPayload, "Approve many scenes. Each has its own result: one that is declined stops none.")
    async def approve_scenes(self, info: Info, input: Annotated[ApproveScenesInput, argument(_INPUT)]) -> Outcome:
        return await _each(info, input.scenes, decisions.approve_scene, field="scenes")

    @mutation(
        ReviewImagesPayload, "Approve or reject many images. Each has its own result: one that is declined stops none."
    )
    async def review_images(self, info: Info, input: Annotated[ReviewImagesInput, argument(_INPUT)]) -> Outcome:
        given = [decision.approve or decision.reject for decision in input.decisions]
        return await _each(info, [one.value for one in given if one is not None], _review_image, field="decisions")


async def _review_image(info: Info, given: inputs.ApproveImageInput | inputs.RejectImageInput) -> Outcome:
    if isinstance(given, inputs.ApproveImageInput):
        return await decisions.approve_image(info, given)
    return await decisions.reject_image(info, given)


async def _each(
    info: Info, items: Sequence[T], decide: Callable[[Info, T], Awaitable[Outcome]], *, field: str
) -> Outcome:
    """One command after another, each with its own transaction."""
    if len(items) > MOST_AT_ONCE:
        message = f"At most {MOST_AT_ONCE} decisions are taken at once, not {len(items)}."
        return await declined(info, LimitExceeded(message, field=(field,)))
    return Outcome(results=[replace(await decide(info, item), id=item.id) for item in items])


def _scene_ids(ids: Sequence[str]) -> list[int]:
    return [local_id(Entity.SCENE, each, field="sceneIds") for each in ids]
