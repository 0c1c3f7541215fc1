"""What decisions would start, for the estimates that the faces show beside them.

The rules are those of the commands: whoever decides starts exactly this, unless somebody else acts in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from domain.actions import may_become, rejecting_starts_image
from domain.entities import Image, Scene, Script
from domain.estimates import (
    Estimate,
    PictureWork,
    estimate_of_pictures,
    estimate_of_segmentation,
    estimate_of_speech,
)
from domain.lifecycle import Entity, Status
from domain.machines import voice_sha256
from domain.render_requests import RenderRequest, resolved
from domain.rendering import Narration, RenderSpec
from domain.text import sha256_of_text
from domain.titles import card_title, texts_behind_card
from storage.scenes import scenes_by_id, scenes_of_script
from storage.scripts import script_by_id, styles_of_scripts
from storage.speeches import spoken_texts
from workflow.context import Context
from workflow.jobs import scenes_with_image_coming, served_scenes, usable_images
from workflow.speeches import words_of

Started: TypeAlias = tuple[PictureWork, ...] | None
"""The pictures that a decision would start; None where it cannot be made."""


def estimate_of_script(context: Context, script: Script) -> Estimate | None:
    """Of approving it; None where that is not possible."""
    if not may_become(Entity.SCRIPT, script.status, Status.APPROVED):
        return None
    return estimate_of_segmentation(context.machines, script.content)


def estimate_of(context: Context, started: Started) -> Estimate | None:
    return None if started is None else estimate_of_pictures(context.machines, started)


async def started_by_approving(scenes: Sequence[Scene]) -> dict[int, Started]:
    """What approving each scene would start."""
    started: dict[int, Started] = dict.fromkeys((scene.id for scene in scenes), None)
    approvable = [
        scene
        for scene in scenes
        if scene.removed_at is None and may_become(Entity.SCENE, scene.status, Status.APPROVED)
    ]
    if not approvable:
        return started
    served = await served_scenes(approvable)
    styles = await _styles(approvable)
    for scene in approvable:
        work = PictureWork(scene.text, scene.title, styles[scene.script_id])
        started[scene.id] = () if scene.id in served else (work,)
    return started


async def started_by_rejecting(images: Sequence[Image]) -> dict[int, Started]:
    """What rejecting each image would start."""
    started: dict[int, Started] = dict.fromkeys((image.id for image in images), None)
    rejectable = [image for image in images if may_become(Entity.IMAGE, image.status, Status.REJECTED)]
    if not rejectable:
        return started
    scenes = await scenes_by_id(sorted({image.scene_id for image in rejectable}))
    doubtful = {image.scene_id for image in rejectable if image.stale or image.job_id is None}
    in_doubt = [scenes[scene_id] for scene_id in sorted(doubtful)]
    usable = await usable_images(in_doubt) if in_doubt else {}
    coming = await scenes_with_image_coming(in_doubt) if in_doubt else set()
    styles = await _styles(list(scenes.values()))
    for image in rejectable:
        scene = scenes[image.scene_id]
        if scene.removed_at is not None:
            continue
        work = PictureWork(scene.text, scene.title, styles[scene.script_id], rejected_prompt=image.prompt)
        served = bool(usable.get(scene.id, set()) - {image.id}) or scene.id in coming
        starts = rejecting_starts_image(scene.status, stale=image.stale, own=image.job_id is None, served=served)
        started[image.id] = (work,) if starts else ()
    return started


async def estimate_of_video(context: Context, *, script_id: int, render: RenderRequest) -> Estimate | None:
    """Of asking for this video of the script as it is now; None while it has no scenes.

    Raises:
        InvalidInput, LimitExceeded: no video can be made so; the field is beneath `render`.
    """
    scenes = await scenes_of_script(script_id)
    if not scenes:
        return None
    spec = resolved(render, context.render, scene_ids=[scene.id for scene in scenes])
    return await video_estimate(context, script_id, spec)


async def video_estimate(context: Context, script_id: int, spec: RenderSpec) -> Estimate:
    """Of making a video of this script: of what has not been spoken yet in its voice."""
    machine = context.machines.speech
    if machine.is_free or spec.narration is Narration.OFF:
        return Estimate()
    voice = voice_sha256(machine.speaker_sha256, spec.voice or machine.voice or "")
    script, scenes = await script_by_id(script_id), await scenes_of_script(script_id)
    shown = card_title(spec, script.title if script is not None else None)
    texts = texts_behind_card([scene.text for scene in scenes], shown)
    wanted = {sha256_of_text(words): words for text in texts if (words := words_of(text))}
    spoken = await spoken_texts(script_id, voice, list(wanted))
    return estimate_of_speech(context.machines, [words for sha256, words in wanted.items() if sha256 not in spoken])


async def _styles(scenes: Sequence[Scene]) -> Mapping[int, str | None]:
    return await styles_of_scripts(sorted({scene.script_id for scene in scenes}))
