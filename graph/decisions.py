"""Decisions on scenes and images, as single mutations and those on many make them."""

from __future__ import annotations

from domain.errors import DomainError
from domain.lifecycle import Entity
from graph import inputs
from graph.context import Info
from graph.ids import local_id
from graph.payloads import Outcome, declined
from workflow import images, scenes


async def approve_scene(info: Info, given: inputs.ApproveSceneInput) -> Outcome:
    try:
        approval = await scenes.approve_scene(
            info.context.commands, scene_id=local_id(Entity.SCENE, given.id), actor=info.context.actor,
            feedback=given.feedback, expected_version=given.expected_version,
        )  # fmt: skip
    except DomainError as error:
        return await declined(info, error, given.id)
    info.context.forget()
    return Outcome(scene=approval.scene, job=approval.job)


async def approve_image(info: Info, given: inputs.ApproveImageInput) -> Outcome:
    try:
        image = await images.approve_image(
            info.context.commands, image_id=local_id(Entity.IMAGE, given.id), actor=info.context.actor,
            feedback=given.feedback, accept_stale=bool(given.accept_stale),
            expected_version=given.expected_version, expected_scene_version=given.expected_scene_version,
        )  # fmt: skip
    except DomainError as error:
        return await declined(info, error, given.id)
    info.context.forget()
    return Outcome(image=image)


async def reject_image(info: Info, given: inputs.RejectImageInput) -> Outcome:
    try:
        rejection = await images.reject_image(
            info.context.commands, image_id=local_id(Entity.IMAGE, given.id), actor=info.context.actor,
            feedback=given.feedback, expected_version=given.expected_version,
        )  # fmt: skip
    except DomainError as error:
        return await declined(info, error, given.id)
    info.context.forget()
    return Outcome(image=rejection.image, job=rejection.job)
