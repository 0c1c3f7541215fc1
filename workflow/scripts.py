"""Commands on scripts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from domain.entities import Job, Script
from domain.errors import IllegalTransition, InvalidInput, StateConflict
from domain.events import EventKind
from domain.lifecycle import INITIAL, Entity, JobKind, Status, require_transition
from domain.money import from_nano, to_nano
from domain.protocols import Actor
from domain.text import accept_optional_text, accept_text, sha256_of_text
from storage.decisions import insert_decision
from storage.idempotency import earlier_answer, remember_answer
from storage.jobs import NewJob, active_job_ids
from storage.scenes import scenes_of_script
from storage.scripts import insert_script, script_by_id, write_script
from workflow.context import Context
from workflow.jobs import resume_jobs_at_budget
from workflow.taking import require_version, taken_script
from workflow.unit import Unit, command

_LARGEST_BUDGET: Final = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True)
class ScriptApproval:
    """An approved script and the segmentation it started."""

    script: Script
    job: Job


@command
async def create_script(
    unit: Unit, *, title: str | None, content: str, actor: Actor, style: str | None = None,
    budget: Decimal | None = None, idempotency_key: str | None = None,
) -> Script:  # fmt: skip
    """Store a new draft. The same key with the same values answers with the script of the first call.

    `style` is what all pictures are to look like, `budget` in US dollars what its paid calls may cost in all.

    Raises:
        InvalidInput, LimitExceeded: the text or title cannot be taken.
        IdempotencyConflict: the key was used for something else.
    """
    title = accept_optional_text(title, name="title", most=unit.limits.max_title_chars)
    accept_text(content, name="content", most=unit.limits.max_script_chars)
    style = accept_optional_text(style, name="style", most=unit.limits.max_style_chars)
    budget = accept_budget(budget)
    more = [value for value in (style, None if budget is None else str(budget)) if value is not None]
    body_sha256 = hashlib.sha256(json.dumps([title, content, *more]).encode()).hexdigest()
    key = accept_key(idempotency_key, unit)
    if key is not None and (earlier := await earlier_answer("create_script", key, body_sha256)) is not None:
        answered = await script_by_id(earlier)
        assert answered is not None, "scripts are never deleted"
        return answered
    status = INITIAL[Entity.SCRIPT]
    script = await insert_script(
        title=title, content=content, content_sha256=sha256_of_text(content), style=style, budget=budget, status=status,
        now=unit.now,
    )  # fmt: skip
    if key is not None:
        await remember_answer("create_script", key, body_sha256, script.id, now=unit.now)
    unit.record_created(Entity.SCRIPT, script.id, script_id=script.id, status=status, actor=actor)
    return script


@command
async def update_script(
    unit: Unit, *, script_id: int, actor: Actor, title: str | None = None, content: str | None = None,
    style: str | None = None, budget: Decimal | None = None, no_budget: bool = False,
    expected_version: int | None = None,
) -> Script:  # fmt: skip
    """Change title, style and budget (always) or the text (of a draft).

    None leaves a value; a blank title or style and `no_budget` remove it. Jobs that wait for a higher budget go on.

    Raises:
        NotFound, VersionConflict, InvalidInput, LimitExceeded.
        StateConflict: new text for a script that is not a draft any more.
    """
    script = await taken_script(script_id)
    require_version("script", expected=expected_version, current=script.version)
    changed = script
    if title is not None:
        changed = replace(changed, title=accept_optional_text(title, name="title", most=unit.limits.max_title_chars))
    if content is not None:
        accept_text(content, name="content", most=unit.limits.max_script_chars)
        if content != script.content:
            if script.status is not Status.DRAFT:
                raise StateConflict(
                    "This script is approved; its text is fixed. Edit its scenes, or create a new script.",
                    field=("content",),
                )
            changed = replace(changed, content=content, content_sha256=sha256_of_text(content))
    if style is not None:
        changed = replace(changed, style=accept_optional_text(style, name="style", most=unit.limits.max_style_chars))
    if budget is not None or no_budget:
        changed = replace(changed, budget=_new_budget(budget, no_budget=no_budget))
    if changed == script:
        return script
    if not await write_script(changed, previous=script.status, now=unit.now):
        raise IllegalTransition("script", script.status, script.status)
    unit.record(
        EventKind.EDITED, Entity.SCRIPT, script.id, script_id=script.id, version=script.version + 1,
        previous=script.status.value, new=script.status.value, actor=actor,
    )  # fmt: skip
    if changed.budget != script.budget:
        await resume_jobs_at_budget(unit, script.id, actor=actor)
    return replace(changed, version=script.version + 1, updated_at=unit.now)


@command
async def approve_script(
    unit: Unit, *, script_id: int, actor: Actor, feedback: str | None = None, expected_version: int | None = None
) -> ScriptApproval:
    """draft → approved, and start its segmentation.

    Raises:
        NotFound, VersionConflict, IllegalTransition.
    """
    feedback = accept_optional_text(feedback, name="feedback", most=unit.limits.max_feedback_chars)
    script = await taken_script(script_id)
    require_version("script", expected=expected_version, current=script.version)
    require_transition(Entity.SCRIPT, script.status, Status.APPROVED)
    approved = replace(script, status=Status.APPROVED, version=script.version + 1, updated_at=unit.now)
    if not await write_script(approved, previous=script.status, now=unit.now):
        raise IllegalTransition("script", script.status, Status.APPROVED)
    await insert_decision(
        Entity.SCRIPT, script.id, script_id=script.id, status=Status.APPROVED, feedback=feedback, actor=actor.name,
        sha256=script.content_sha256, now=unit.now,
    )  # fmt: skip
    unit.record(
        EventKind.STATUS_CHANGED, Entity.SCRIPT, script.id, script_id=script.id, version=approved.version,
        previous=script.status.value, new=approved.status.value, actor=actor, feedback=feedback,
    )  # fmt: skip
    job = await unit.start_job(
        NewJob(JobKind.SEGMENT_SCRIPT, Entity.SCRIPT, script.id, script.id, text_sha256=script.content_sha256),
        actor=actor,
    )
    return ScriptApproval(approved, job)


@command
async def duplicate_script(
    unit: Unit, *, script_id: int, actor: Actor, title: str | None = None, idempotency_key: str | None = None
) -> Script:
    """A new draft with the words as they are now (of the scenes, once there are any), the style and the budget.

    Raises:
        NotFound, InvalidInput, LimitExceeded, IdempotencyConflict.
    """
    title = accept_optional_text(title, name="title", most=unit.limits.max_title_chars)
    key = accept_key(idempotency_key, unit)
    script = await taken_script(script_id)
    body_sha256 = sha256_of_text(f"{script_id}:{title or ''}")
    if key is not None and (earlier := await earlier_answer("duplicate_script", key, body_sha256)) is not None:
        answered = await script_by_id(earlier)
        assert answered is not None, "scripts are never deleted"
        return answered
    scenes = await scenes_of_script(script_id)
    content = "".join(scene.text + scene.gap for scene in scenes) or script.content
    accept_text(content, name="content", most=unit.limits.max_script_chars)
    copy = await insert_script(
        title=title or script.title, content=content, content_sha256=sha256_of_text(content), style=script.style,
        budget=script.budget, status=INITIAL[Entity.SCRIPT], now=unit.now,
    )  # fmt: skip
    if key is not None:
        await remember_answer("duplicate_script", key, body_sha256, copy.id, now=unit.now)
    unit.record_created(Entity.SCRIPT, copy.id, script_id=copy.id, status=copy.status, actor=actor)
    return copy


@command
async def archive_script(
    unit: Unit, *, script_id: int, actor: Actor, archived: bool = True, expected_version: int | None = None
) -> Script:
    """Take a script out of lists and of the review queue, or bring it back. Nothing of it is lost.

    Raises:
        NotFound, VersionConflict.
        StateConflict: work on it is going on.
    """
    script = await taken_script(script_id)
    require_version("script", expected=expected_version, current=script.version)
    if (script.archived_at is not None) == archived:
        return script
    if archived and (active := len(await active_job_ids(script_id))):
        raise StateConflict(
            f"{active} of its jobs {'is' if active == 1 else 'are'} not finished. Wait, or cancel, before archiving it."
        )
    changed = replace(script, archived_at=unit.now if archived else None)
    if not await write_script(changed, previous=script.status, now=unit.now):
        raise IllegalTransition("script", script.status, script.status)
    unit.record(
        EventKind.EDITED, Entity.SCRIPT, script.id, script_id=script.id, version=script.version + 1,
        previous=script.status.value, new=script.status.value, actor=actor,
    )  # fmt: skip
    return replace(changed, version=script.version + 1, updated_at=unit.now)


def _new_budget(budget: Decimal | None, *, no_budget: bool) -> Decimal | None:
    if budget is not None and no_budget:
        raise InvalidInput("Set a budget or remove it, not both.", field=("noBudget",))
    return accept_budget(budget)


def accept_budget(budget: Decimal | None) -> Decimal | None:
    """The budget in US dollars, if it can be kept to.

    Raises:
        InvalidInput: not a number, negative, finer than a billionth, or a billion and more.
    """
    if budget is None:
        return None
    if not budget.is_finite() or not 0 <= budget < _LARGEST_BUDGET or budget != from_nano(to_nano(budget)):
        raise InvalidInput(
            "A budget is an amount of US dollars from 0 to a billion, to the billionth at most.", field=("budget",)
        )
    return from_nano(to_nano(budget))


def accept_key(key: str | None, unit: Unit | Context) -> str | None:
    """The idempotency key, if it can be stored.

    Raises:
        InvalidInput: blank, too long, or with characters that cannot be stored.
    """
    if key is None:
        return None
    if not key.strip() or len(key) > unit.limits.max_key_chars or not key.isprintable():
        raise InvalidInput(
            f"An idempotency key has 1 to {unit.limits.max_key_chars} printable characters.", field=("idempotencyKey",)
        )
    return key
