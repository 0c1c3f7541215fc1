"""Commands on scenes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from domain.entities import Job, Scene
from domain.errors import IllegalTransition
from domain.events import EventKind
from domain.lifecycle import WAITING_JOB_STATES, Entity, JobKind, Status, require_transition
from domain.protocols import Actor
from domain.text import accept_optional_text, accept_text, sha256_of_text
from storage.decisions import insert_decision
from storage.jobs import NewJob, active_jobs
from storage.scenes import write_scene
from workflow.jobs import cancel_taken_job, is_served
from workflow.taking import require_version, taken_scene
from workflow.unit import Unit, command


@dataclass(frozen=True, slots=True)
class SceneApproval:
    """An approved scene and the picture it started; None where a picture of this text is there or on its way."""

    scene: Scene
    job: Job | None


@command
async def update_scene(
    unit: Unit, *, scene_id: int, actor: Actor, text: str | None = None, title: str | None = None,
    expected_version: int | None = None,
) -> Scene:  # fmt: skip
    """Change text or title; None leaves a value, a blank title removes it.

    New text takes an approved scene back to pending and cancels its picture jobs that no worker has begun.

    Raises:
        NotFound, VersionConflict, InvalidInput, LimitExceeded.
    """
    _, scene = await taken_scene(scene_id)
    require_version("scene", expected=expected_version, current=scene.version)
    changed = scene
    if title is not None:
        changed = replace(changed, title=accept_optional_text(title, name="title", most=unit.limits.max_title_chars))
    if text is not None:
        accept_text(text, name="text", most=unit.limits.max_scene_chars)
        if text != scene.text:
            changed = replace(changed, text=text, text_sha256=sha256_of_text(text), status=Status.PENDING)
    if changed == scene:
        return scene
    if not await write_scene(changed, previous=scene.status, now=unit.now):
        raise IllegalTransition("scene", scene.status, changed.status)
    kind = EventKind.EDITED if changed.status is scene.status else EventKind.STATUS_CHANGED
    unit.record(
        kind, Entity.SCENE, scene.id, script_id=scene.script_id, version=scene.version + 1,
        previous=scene.status.value, new=changed.status.value, actor=actor,
    )  # fmt: skip
    if changed.text_sha256 != scene.text_sha256:
        for job in await active_jobs(Entity.SCENE, scene.id):
            await cancel_taken_job(unit, job, actor=actor, states=WAITING_JOB_STATES)
    return replace(changed, version=scene.version + 1, updated_at=unit.now)


@command
async def approve_scene(
    unit: Unit, *, scene_id: int, actor: Actor, feedback: str | None = None, expected_version: int | None = None
) -> SceneApproval:
    """pending → approved, and start a picture unless one of the present text is there or being made.

    Raises:
        NotFound, VersionConflict, IllegalTransition.
    """
    feedback = accept_optional_text(feedback, name="feedback", most=unit.limits.max_feedback_chars)
    _, scene = await taken_scene(scene_id)
    require_version("scene", expected=expected_version, current=scene.version)
    require_transition(Entity.SCENE, scene.status, Status.APPROVED)
    approved = replace(scene, status=Status.APPROVED, version=scene.version + 1, updated_at=unit.now)
    if not await write_scene(approved, previous=scene.status, now=unit.now):
        raise IllegalTransition("scene", scene.status, Status.APPROVED)
    await insert_decision(
        Entity.SCENE, scene.id, script_id=scene.script_id, status=Status.APPROVED, feedback=feedback,
        actor=actor.name, sha256=scene.text_sha256, now=unit.now,
    )  # fmt: skip
    unit.record(
        EventKind.STATUS_CHANGED, Entity.SCENE, scene.id, script_id=scene.script_id, version=approved.version,
        previous=scene.status.value, new=approved.status.value, actor=actor, feedback=feedback,
    )  # fmt: skip
    job = None
    if not await is_served(scene):
        job = await unit.start_job(
            NewJob(JobKind.GENERATE_IMAGE, Entity.SCENE, scene.id, scene.script_id, text_sha256=scene.text_sha256),
            actor=actor,
        )
    return SceneApproval(approved, job)
