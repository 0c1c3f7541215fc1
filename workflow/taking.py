"""Taking the rows that a command decides on.

Every command beneath a script takes the script's row first and reads only then: what it reads cannot change before it
commits.
"""

from __future__ import annotations

from domain.entities import Image, Job, Music, Scene, Script, Video
from domain.errors import NotFound, StateConflict, VersionConflict
from storage.images import image_by_id
from storage.jobs import job_by_id
from storage.music import music_by_id
from storage.scenes import scene_by_id
from storage.scripts import take_script
from storage.videos import video_by_id


async def taken_script(script_id: int) -> Script:
    script = await take_script(script_id)
    if script is None:
        raise NotFound("script", script_id)
    return script


async def taken_scene(scene_id: int, *, removed_too: bool = False) -> tuple[Script, Scene]:
    found = await scene_by_id(scene_id)
    if found is None:
        raise NotFound("scene", scene_id)
    script = await taken_script(found.script_id)
    scene = await scene_by_id(scene_id)
    if scene is None:
        raise NotFound("scene", scene_id)
    if scene.removed_at is not None and not removed_too:
        raise StateConflict("This scene was merged into the one before it and takes no more changes. Use that one.")
    return script, scene


async def taken_image(image_id: int) -> tuple[Scene, Image]:
    found = await image_by_id(image_id)
    if found is None:
        raise NotFound("image", image_id)
    _, scene = await taken_scene(found.scene_id)
    image = await image_by_id(image_id)
    if image is None:
        raise NotFound("image", image_id)
    return scene, image


async def taken_music(music_id: int) -> tuple[Script, Music]:
    found = await music_by_id(music_id)
    if found is None:
        raise NotFound("music", music_id)
    script = await taken_script(found.script_id)
    music = await music_by_id(music_id)
    if music is None:
        raise NotFound("music", music_id)
    return script, music


async def taken_job(job_id: int) -> Job:
    found = await job_by_id(job_id)
    if found is None:
        raise NotFound("job", job_id)
    await taken_script(found.script_id)
    job = await job_by_id(job_id)
    if job is None:
        raise NotFound("job", job_id)
    return job


async def taken_video(video_id: int) -> Video:
    found = await video_by_id(video_id)
    if found is None:
        raise NotFound("video", video_id)
    await taken_script(found.script_id)
    video = await video_by_id(video_id)
    if video is None:
        raise NotFound("video", video_id)
    return video


def require_version(entity: str, *, expected: int | None, current: int, field: str = "expectedVersion") -> None:
    """Raise `VersionConflict` if the decision was made on another version; None means that the client does not say."""
    if expected is not None and expected != current:
        raise VersionConflict(entity, expected, current, field=field)
