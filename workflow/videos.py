"""Commands on videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.entities import Image, Job, Pin, Scene, SceneWords, Script, Video, Words
from domain.errors import InvalidInput, SceneShortfall, ScenesNotReady, StateConflict
from domain.lifecycle import INITIAL, Entity, JobKind, Status
from domain.protocols import Actor
from domain.render_requests import NO_REQUEST, RenderRequest, resolved
from domain.text import sha256_of_text
from storage.idempotency import earlier_answer, remember_answer
from storage.images import chosen_of, images_of_script
from storage.jobs import NewJob, latest_jobs
from storage.music import music_by_id
from storage.scenes import scenes_by_id, scenes_of_script
from storage.scripts import script_by_id
from storage.videos import Pinned, insert_video, video_by_id, video_with_pins
from workflow.scripts import accept_key
from workflow.taking import taken_script
from workflow.unit import Unit, command


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """The video that was asked for and the job that makes it."""

    video: Video
    job: Job | None


@command
async def create_video(
    unit: Unit, *, script_id: int, actor: Actor, render: RenderRequest = NO_REQUEST, idempotency_key: str | None = None
) -> VideoRequest:
    """Pin the chosen picture and the text of every scene, and start a video of exactly these, made as `render` says.

    What that leaves open is as this installation has it. While a video of the same is pending, asking again returns
    that one.

    Raises:
        NotFound, IdempotencyConflict.
        InvalidInput, LimitExceeded: what was asked for cannot be made; the field is beneath `render`.
        StateConflict: the script is not approved, or has no scenes yet.
        ScenesNotReady: names each scene that is short of something.
    """
    key = accept_key(idempotency_key, unit)
    script = await taken_script(script_id)
    body_sha256 = sha256_of_text(f"{script_id}{render.identity}")
    if key is not None and (earlier := await earlier_answer("create_video", key, body_sha256)) is not None:
        return await _answer(earlier)
    if script.status is not Status.APPROVED:
        raise StateConflict("This script is a draft. Approve it first; then approve its scenes and their images.")
    pinned = await _pinned(unit, script, render)
    video = await video_with_pins(script_id, pinned, Status.PENDING)
    if video is None:
        video = await insert_video(script_id, pinned, status=INITIAL[Entity.VIDEO], now=unit.now)
        unit.record_created(Entity.VIDEO, video.id, script_id=script_id, status=video.status, actor=actor)
        await unit.start_job(
            NewJob(JobKind.COMPILE_VIDEO, Entity.VIDEO, video.id, script_id, text_sha256=pinned.sha256),
            actor=actor,
        )
    if key is not None:
        await remember_answer("create_video", key, body_sha256, video.id, now=unit.now)
    return await _answer(video.id)


async def _answer(video_id: int) -> VideoRequest:
    video = await video_by_id(video_id)
    assert video is not None, "videos are never deleted"
    return VideoRequest(video, (await latest_jobs(Entity.VIDEO, [video_id])).get(video_id))


async def words_of_pins(script_id: int, pins: Sequence[Pin]) -> Words:
    """What the pinned scenes say by now, those that were removed since too, in the pins' order."""
    script = await script_by_id(script_id)
    scenes = await scenes_by_id([pin.scene_id for pin in pins])
    ordered = [replace(scenes[pin.scene_id], order=place) for place, pin in enumerate(pins, 1)]
    return _words(script.title if script else None, ordered)


def _words(title: str | None, scenes: Sequence[Scene]) -> Words:
    said = [SceneWords(scene.id, scene.order, scene.title, scene.text, scene.text_sha256) for scene in scenes]
    return Words(title, tuple(said))


async def _pinned(unit: Unit, script: Script, render: RenderRequest) -> Pinned:
    scenes = await scenes_of_script(script.id)
    if not scenes:
        raise StateConflict("This script has no scenes yet. Wait for its segmentation, or retry it if it failed.")
    spec = resolved(render, unit.context.render, scene_ids=[scene.id for scene in scenes])
    await _require_music(script.id, spec.music_id)
    return Pinned(tuple(await _pins(script.id, scenes)), _words(script.title, scenes), spec)


async def _require_music(script_id: int, music_id: int | None) -> None:
    if music_id is None:
        return
    music = await music_by_id(music_id)
    if music is None or music.script_id != script_id:
        raise InvalidInput(f"Music {music_id} is not one of this script.", field=("render", "musicId"))


async def _pins(script_id: int, scenes: Sequence[Scene]) -> list[Pin]:
    images: dict[int, list[Image]] = {scene.id: [] for scene in scenes}
    for image in await images_of_script(script_id):
        images[image.scene_id].append(image)
    shortfalls = [short for scene in scenes if (short := shortfall(scene, images[scene.id])) is not None]
    if shortfalls:
        raise ScenesNotReady(shortfalls)
    chosen = [(scene, chosen_of(images[scene.id])) for scene in scenes]
    return [Pin(scene.id, image.id, image.sha256, scene.text_sha256) for scene, image in chosen if image is not None]


def shortfall(scene: Scene, images: Sequence[Image]) -> SceneShortfall | None:
    """What keeps this scene out of a video, None if nothing does."""
    chosen = chosen_of(images)
    reason: str | None = None
    if scene.status is not Status.APPROVED:
        reason = "scene_pending"
    elif chosen is None:
        reason = "image_pending" if any(image.status is Status.PENDING for image in images) else "image_missing"
    elif chosen.stale:
        reason = "image_stale"
    return SceneShortfall(scene.id, scene.order, reason, _WHAT_TO_DO[reason]) if reason else None


_WHAT_TO_DO: Mapping[str, str] = {
    "scene_pending": "approve the scene.",
    "image_missing": "it has no image to approve; wait for the next one, or retry its job.",
    "image_pending": "approve one of its images.",
    "image_stale": "its image was made from an earlier text; accept it as it is, or approve a new one.",
}
