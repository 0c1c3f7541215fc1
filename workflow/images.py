"""Commands on pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

from domain.actions import rejecting_starts_image
from domain.entities import Image, Job, Scene
from domain.errors import IllegalTransition, StateConflict
from domain.events import EventKind
from domain.lifecycle import WAITING_JOB_STATES, Entity, JobKind, Status, require_transition
from domain.protocols import Actor
from domain.text import accept_optional_text, sha256_of_text
from storage.decisions import insert_decision
from storage.idempotency import earlier_answer, remember_answer
from storage.images import chosen_of, images_of_scenes, write_image_decision
from storage.jobs import NewJob, active_jobs, job_by_id
from workflow.jobs import cancel_taken_job, is_served
from workflow.scripts import accept_key
from workflow.taking import require_version, taken_image, taken_scene
from workflow.unit import Unit, command


@dataclass(frozen=True, slots=True)
class ImageRejection:
    """A rejected picture and the job that makes another one; None where its scene is not approved."""

    image: Image
    job: Job | None


@command
async def generate_image(
    unit: Unit, *, scene_id: int, actor: Actor, prompt: str | None = None, idempotency_key: str | None = None
) -> Job:
    """Start one more picture of an approved scene, with a prompt of one's own or a written one.

    Raises:
        NotFound, InvalidInput, LimitExceeded, IdempotencyConflict.
        StateConflict: the scene is not approved.
    """
    prompt = accept_optional_text(prompt, name="prompt", most=unit.limits.max_prompt_chars)
    key = accept_key(idempotency_key, unit)
    _, scene = await taken_scene(scene_id)
    body_sha256 = sha256_of_text(f"{scene_id}:{prompt or ''}")
    if key is not None and (earlier := await earlier_answer("generate_image", key, body_sha256)) is not None:
        answered = await job_by_id(earlier)
        assert answered is not None, "jobs are never deleted"
        return answered
    if scene.status is not Status.APPROVED:
        raise StateConflict("This scene is not approved. Approve it first; that makes a picture of it.")
    job = await unit.start_job(
        NewJob(
            JobKind.GENERATE_IMAGE, Entity.SCENE, scene.id, scene.script_id, text_sha256=scene.text_sha256,
            prompt=prompt,
        ),
        actor=actor,
    )  # fmt: skip
    if key is not None:
        await remember_answer("generate_image", key, body_sha256, job.id, now=unit.now)
    return job


@command
async def approve_image(
    unit: Unit, *, image_id: int, actor: Actor, feedback: str | None = None, accept_stale: bool = False,
    expected_version: int | None = None, expected_scene_version: int | None = None,
) -> Image:  # fmt: skip
    """pending → approved: the picture becomes its scene's chosen one.

    A stale picture needs `accept_stale`, which makes it stand for the scene's present text and cancels the scene's
    picture jobs that no worker has begun. An approved picture that has become stale is accepted the same way; that is
    a decision, not a status change. `expected_scene_version` says which text of the scene was seen with it.

    Raises:
        NotFound, VersionConflict, IllegalTransition.
        StateConflict: the picture is stale and `accept_stale` is not set.
    """
    feedback = accept_optional_text(feedback, name="feedback", most=unit.limits.max_feedback_chars)
    scene, image = await taken_image(image_id)
    require_version("image", expected=expected_version, current=image.version)
    require_version("scene", expected=expected_scene_version, current=scene.version, field="expectedSceneVersion")
    if not (image.status is Status.APPROVED and image.stale):
        require_transition(Entity.IMAGE, image.status, Status.APPROVED)
    if image.stale and not accept_stale:
        raise StateConflict(
            "This image was made from an earlier text of its scene. Approve it with acceptStale to keep it for the "
            "present text, or reject it.",
            field=("acceptStale",),
        )
    decided = await _decide(unit, image, Status.APPROVED, actor=actor, feedback=feedback, text_sha256=scene.text_sha256)
    if image.stale:
        for job in await active_jobs(Entity.SCENE, scene.id):
            if job.prompt is None:
                await cancel_taken_job(unit, job, actor=actor, states=WAITING_JOB_STATES)
    return decided


@command
async def reject_image(
    unit: Unit, *, image_id: int, actor: Actor, feedback: str | None = None, expected_version: int | None = None
) -> ImageRejection:
    """pending → rejected, and start another picture if the scene is approved; the feedback steers it.

    Not for a stale picture, nor for a person's own, where one of the present text is there or being made already.

    Raises:
        NotFound, VersionConflict, IllegalTransition, InvalidInput, LimitExceeded.
    """
    feedback = accept_optional_text(feedback, name="feedback", most=unit.limits.max_feedback_chars)
    scene, image = await taken_image(image_id)
    require_version("image", expected=expected_version, current=image.version)
    require_transition(Entity.IMAGE, image.status, Status.REJECTED)
    rejected = await _decide(
        unit, image, Status.REJECTED, actor=actor, feedback=feedback, text_sha256=image.text_sha256
    )
    return ImageRejection(rejected, await _make_again(unit, scene, image, feedback, actor=actor))


@command
async def choose_image(unit: Unit, *, image_id: int, actor: Actor, expected_version: int | None = None) -> Image:
    """Go back to an earlier approved picture: a new decision on it, no status change. The chosen one stays as it is.

    Raises:
        NotFound, VersionConflict.
        StateConflict: it is not approved, or was made from an earlier text (approve it with acceptStale instead).
    """
    scene, image = await taken_image(image_id)
    require_version("image", expected=expected_version, current=image.version)
    if image.status is not Status.APPROVED:
        raise StateConflict("Only an approved image can be chosen. Approve this one; that chooses it.")
    if image.stale:
        raise StateConflict(
            "This image was made from an earlier text of its scene. Approve it again to keep it for the present text."
        )
    chosen = chosen_of((await images_of_scenes([scene.id]))[scene.id])
    if chosen is not None and chosen.id == image.id:
        return image
    return await _decide(unit, image, Status.APPROVED, actor=actor, feedback=None, text_sha256=image.text_sha256)


async def _make_again(unit: Unit, scene: Scene, image: Image, feedback: str | None, *, actor: Actor) -> Job | None:
    own = image.job_id is None
    served = (image.stale or own) and await is_served(scene)
    if not rejecting_starts_image(scene.status, stale=image.stale, own=own, served=served):
        return None
    new = NewJob(
        JobKind.GENERATE_IMAGE, Entity.SCENE, scene.id, scene.script_id, text_sha256=scene.text_sha256,
        feedback=feedback, replaces_id=image.id,
    )  # fmt: skip
    return await unit.start_job(new, actor=actor)


async def _decide(
    unit: Unit, image: Image, status: Status, *, actor: Actor, feedback: str | None, text_sha256: str
) -> Image:
    """Store the decision on exactly this file, and its event."""
    decision = await insert_decision(
        Entity.IMAGE, image.id, script_id=image.script_id, status=status, feedback=feedback, actor=actor.name,
        sha256=image.sha256, now=unit.now,
    )  # fmt: skip
    decided = replace(
        image, status=status, text_sha256=text_sha256, version=image.version + 1, updated_at=unit.now,
        approval_id=decision.id if status is Status.APPROVED else None,
    )  # fmt: skip
    if not await write_image_decision(
        decided, previous=image.status, approval_id=decided.approval_id, text_sha256=text_sha256, now=unit.now
    ):
        raise IllegalTransition("image", image.status, status)
    unit.record(
        EventKind.DECIDED if image.status is status else EventKind.STATUS_CHANGED, Entity.IMAGE, image.id,
        script_id=image.script_id, version=decided.version, previous=image.status.value, new=status.value,
        actor=actor, feedback=feedback,
    )  # fmt: skip
    return decided
