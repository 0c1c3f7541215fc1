"""Commands that arrange a script's scenes: split one, merge neighbours, put them into another order.

No word is ever lost: white space around a cut becomes a gap, and a gap becomes text again where scenes are merged. A
scene's place is the script's matter: renumbering changes the script's version, and of the scenes only those whose text
changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.entities import Scene, Script
from domain.errors import IllegalTransition, InvalidInput, LimitExceeded, NotFound, StateConflict
from domain.events import EventKind
from domain.lifecycle import WAITING_JOB_STATES, Entity, Status
from domain.protocols import Actor
from domain.text import accept_text, sha256_of_text
from storage.jobs import active_jobs
from storage.scenes import insert_scene, number_scenes, remove_scenes, scenes_by_id, scenes_of_script, write_scene
from storage.scripts import script_by_id, write_script
from workflow.jobs import cancel_taken_job
from workflow.taking import require_version, taken_scene, taken_script
from workflow.unit import Unit, command


@dataclass(frozen=True, slots=True)
class SceneSplit:
    """The scene that was split, with the first part of its text, and the new one behind it."""

    scene: Scene
    new_scene: Scene


@command
async def split_scene(
    unit: Unit, *, scene_id: int, at: int, actor: Actor, expected_version: int | None = None
) -> SceneSplit:
    """Cut a scene's text in two at an offset in Unicode code points; white space around the cut becomes a gap.

    The first part stays with the scene and its images, which are stale then; both parts are pending.

    Raises:
        NotFound, VersionConflict, StateConflict.
        InvalidInput: nothing to read would be left on one side.
        LimitExceeded: the script has as many scenes as it may have.
    """
    script, scene = await taken_scene(scene_id)
    require_version("scene", expected=expected_version, current=scene.version)
    first, gap, second = cut_text(scene.text, at)
    scenes = await scenes_of_script(script.id)
    if len(scenes) >= unit.limits.max_scenes:
        raise LimitExceeded(f"This script has {len(scenes)} scenes; no more are accepted. Merge some first.")
    changed = await _rewrite(unit, scene, text=first, gap=gap, actor=actor)
    added = await insert_scene(
        script.id, order=scene.order + 1, title=None, text=second, gap=scene.gap, status=Status.PENDING, now=unit.now
    )
    unit.record_created(Entity.SCENE, added.id, script_id=script.id, status=added.status, actor=actor)
    ids = [each.id for each in scenes]
    ids.insert(ids.index(scene.id) + 1, added.id)
    await _arrange(unit, script, ids, [*scenes, added], actor=actor)
    order = ids.index(scene.id) + 1
    return SceneSplit(replace(changed, order=order), replace(added, order=order + 1))


@command
async def merge_scenes(
    unit: Unit, *, scene_ids: Sequence[int], actor: Actor, expected_versions: Sequence[int] | None = None,
    script_id: int | None = None,
) -> Scene:  # fmt: skip
    """Make one scene of neighbours: the first gets all the words, the others are removed and their jobs cancelled.

    `expected_versions` are of the scenes in the same order; `script_id`, if given, must be their script.

    Raises:
        NotFound, VersionConflict, StateConflict.
        InvalidInput: fewer than two scenes, or not neighbours in their order.
        LimitExceeded: the text would be too long for a scene.
    """
    if len(scene_ids) > unit.limits.max_scenes:
        raise InvalidInput(f"A script has at most {unit.limits.max_scenes} scenes.", field=("sceneIds",))
    if script_id is not None and await script_by_id(script_id) is None:
        raise NotFound("script", script_id)
    script, merged = await _neighbours(scene_ids, expected_versions)
    if script_id not in (None, script.id):
        raise InvalidInput("These are scenes of another script.", field=("sceneIds",))
    first, others = merged[0], merged[1:]
    text = "".join(scene.text + scene.gap for scene in merged[:-1]) + merged[-1].text
    accept_text(text, name="text", most=unit.limits.max_scene_chars)
    changed = await _rewrite(unit, first, text=text, gap=merged[-1].gap, actor=actor)
    await remove_scenes([scene.id for scene in others], now=unit.now)
    for job in await active_jobs(Entity.SCENE, *(scene.id for scene in others)):
        await cancel_taken_job(unit, job, actor=actor)
    for scene in others:
        unit.record(
            EventKind.REMOVED, Entity.SCENE, scene.id, script_id=script.id, version=scene.version + 1,
            previous=scene.status.value, new=scene.status.value, actor=actor,
        )  # fmt: skip
    scenes = await scenes_of_script(script.id)
    ids = [scene.id for scene in scenes]
    await _arrange(unit, script, ids, scenes, actor=actor)
    return replace(changed, order=ids.index(first.id) + 1)


@command
async def reorder_scenes(
    unit: Unit, *, script_id: int, scene_ids: Sequence[int], actor: Actor, expected_version: int | None = None
) -> Script:
    """Put a script's scenes into this order; each must be named once.

    Raises:
        NotFound, VersionConflict, StateConflict.
        InvalidInput: the scenes named are not exactly those of the script.
    """
    script = await taken_script(script_id)
    require_version("script", expected=expected_version, current=script.version)
    scenes = await scenes_of_script(script_id)
    present = [scene.id for scene in scenes]
    if not present:
        raise StateConflict("This script has no scenes yet. Wait for its segmentation.")
    if sorted(scene_ids) != sorted(present):
        raise InvalidInput(
            f"Name each of the script's {len(present)} scenes once, in the order they are to have.", field=("sceneIds",)
        )
    if list(scene_ids) == present:
        return script
    return await _arrange(unit, script, scene_ids, scenes, actor=actor)


def cut_text(text: str, at: int) -> tuple[str, str, str]:
    """The text before the cut, the white space around it, and the text behind it: joined they are the text.

    Raises:
        InvalidInput: nothing to read would be left on one side.
    """
    if not 0 < at < len(text):
        raise InvalidInput(f"Split between two of the scene's {len(text)} characters.", field=("at",))
    before, after = text[:at], text[at:]
    first, second = before.rstrip(), after.lstrip()
    for part in (first, second):
        try:
            accept_text(part, name="at", most=len(text))
        except InvalidInput:
            raise InvalidInput("Split where there are words on both sides.", field=("at",)) from None
    return first, text[len(first) : len(text) - len(second)], second


async def _neighbours(scene_ids: Sequence[int], versions: Sequence[int] | None) -> tuple[Script, list[Scene]]:
    """Those scenes, with their script taken."""
    if len(scene_ids) < 2 or len(set(scene_ids)) < len(scene_ids):
        raise InvalidInput("Name two or more different scenes.", field=("sceneIds",))
    if versions is not None and len(versions) != len(scene_ids):
        raise InvalidInput("Give one version for each scene, or none.", field=("expectedVersions",))
    script, _ = await taken_scene(scene_ids[0])
    found = await scenes_by_id(scene_ids)
    for place, scene_id in enumerate(scene_ids):
        scene = found.get(scene_id)
        if scene is None:
            raise NotFound("scene", scene_id, field="sceneIds")
        if versions is not None:
            require_version("scene", expected=versions[place], current=scene.version, field="expectedVersions")
    present = await scenes_of_script(script.id)
    ids = [scene.id for scene in present]
    start = ids.index(scene_ids[0])
    if ids[start : start + len(scene_ids)] != list(scene_ids):
        raise InvalidInput("Only neighbours can be merged. Name them in their order.", field=("sceneIds",))
    return script, present[start : start + len(scene_ids)]


async def _rewrite(unit: Unit, scene: Scene, *, text: str, gap: str, actor: Actor) -> Scene:
    """New words: the scene is pending, and picture jobs for the old ones that no worker has begun are cancelled."""
    changed = replace(
        scene, text=text, gap=gap, text_sha256=sha256_of_text(text), status=Status.PENDING, version=scene.version + 1,
        updated_at=unit.now,
    )  # fmt: skip
    if not await write_scene(changed, previous=scene.status, now=unit.now):
        raise IllegalTransition("scene", scene.status, changed.status)
    unit.record(
        EventKind.EDITED if scene.status is changed.status else EventKind.STATUS_CHANGED, Entity.SCENE, scene.id,
        script_id=scene.script_id, version=changed.version, previous=scene.status.value, new=changed.status.value,
        actor=actor,
    )  # fmt: skip
    for job in await active_jobs(Entity.SCENE, scene.id):
        await cancel_taken_job(unit, job, actor=actor, states=WAITING_JOB_STATES)
    return changed


async def _arrange(
    unit: Unit, script: Script, scene_ids: Sequence[int], scenes: Sequence[Scene], *, actor: Actor
) -> Script:
    """Number all the scenes there are; the script gets a new version, so that everyone reads their order again."""
    await number_scenes(scene_ids, scenes)
    if not await write_script(script, previous=script.status, now=unit.now):
        raise IllegalTransition("script", script.status, script.status)
    unit.record(
        EventKind.EDITED, Entity.SCRIPT, script.id, script_id=script.id, version=script.version + 1,
        previous=script.status.value, new=script.status.value, actor=actor,
    )  # fmt: skip
    return replace(script, version=script.version + 1, updated_at=unit.now)
