"""Commands on videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.entities import Image, Job, Pin, Scene, Video
from domain.errors import SceneShortfall, ScenesNotReady, StateConflict
from domain.lifecycle import INITIAL, Entity, JobKind, Status
from domain.protocols import Actor
from domain.text import sha256_of_text
from storage.idempotency import earlier_answer, remember_answer
from storage.images import chosen_of, images_of_script
from storage.jobs import NewJob, latest_jobs
from storage.scenes import scenes_of_script
from storage.videos import insert_video, pins_sha256, video_by_id, video_with_pins
from workflow.scripts import accept_key
from workflow.taking import taken_script
from workflow.unit import Unit, command


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """The video that was asked for and the job that makes it."""

    video: Video
    job: Job | None


@command
async def create_video(unit: Unit, *, script_id: int, actor: Actor, idempotency_key: str | None = None) -> VideoRequest:
    """Pin the chosen picture of every scene and start a video of exactly these.

    While a video of the same pictures is pending, asking again returns that one.

    Raises:
        NotFound, IdempotencyConflict.
        StateConflict: the script is not approved, or has no scenes yet.
        ScenesNotReady: names each scene that is short of something.
    """
    key = accept_key(idempotency_key, unit)
    script = await taken_script(script_id)
    body_sha256 = sha256_of_text(str(script_id))
    if key is not None and (earlier := await earlier_answer("create_video", key, body_sha256)) is not None:
        return await _answer(earlier)
    if script.status is not Status.APPROVED:
        raise StateConflict("This script is a draft. Approve it first; then approve its scenes and their images.")
    pins = await _pins(script_id)
    video = await video_with_pins(script_id, pins, Status.PENDING)
    if video is None:
        video = await insert_video(script_id, pins, status=INITIAL[Entity.VIDEO], now=unit.now)
        unit.record_created(Entity.VIDEO, video.id, script_id=script_id, status=video.status, actor=actor)
        await unit.start_job(
            NewJob(JobKind.COMPILE_VIDEO, Entity.VIDEO, video.id, script_id, text_sha256=pins_sha256(pins)),
            actor=actor,
        )
    if key is not None:
        await remember_answer("create_video", key, body_sha256, video.id, now=unit.now)
    return await _answer(video.id)


async def _answer(video_id: int) -> VideoRequest:
    video = await video_by_id(video_id)
    assert video is not None, "videos are never deleted"
    return VideoRequest(video, (await latest_jobs(Entity.VIDEO, [video_id])).get(video_id))


async def _pins(script_id: int) -> list[Pin]:
    scenes = await scenes_of_script(script_id)
    if not scenes:
        raise StateConflict("This script has no scenes yet. Wait for its segmentation, or retry it if it failed.")
    images: dict[int, list[Image]] = {scene.id: [] for scene in scenes}
    for image in await images_of_script(script_id):
        images[image.scene_id].append(image)
    shortfalls = [short for scene in scenes if (short := shortfall(scene, images[scene.id])) is not None]
    if shortfalls:
        raise ScenesNotReady(shortfalls)
    chosen = {scene.id: chosen_of(images[scene.id]) for scene in scenes}
    return [Pin(scene_id, image.id, image.sha256) for scene_id, image in chosen.items() if image is not None]


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
