"""The record that goes with a video: what it was made from, who approved that, how it was made and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from importlib.metadata import version
from typing import Any, Final

from domain.entities import Decision, Image, MediaFile, Music, SceneWords, Script
from domain.lifecycle import Entity
from domain.money import CURRENCY, Cost, amount_text
from domain.rendering import spec_values
from storage.provenance import approvals_of, image_models
from storage.videos import video_by_id
from workflow.asking import asking
from workflow.reading import costs_of_images, read_script
from workflow.work import VideoTask

FORMAT: Final = "reelgate-manifest"
FORMAT_VERSION: Final = 1
OFFLINE: Final = "offline"
"""The model of a picture that this installation made by itself."""


@dataclass(frozen=True, slots=True)
class SceneSpeech:
    """What is heard of a scene: the kept sound, the name of its voice, and the hash of the words that it speaks."""

    voice: str
    text_sha256: str
    file_path: str
    sha256: str
    duration_seconds: float


@dataclass(frozen=True, slots=True)
class SceneFrames:
    """Where a scene is in the video. Neighbours share the frames of the transition between them."""

    first_frame: int
    frames: int


@dataclass(frozen=True, slots=True)
class Made:
    """What came of the task. `scenes` and `speech` go with the scenes of the task's words; `files` by their endings."""

    width: int
    height: int
    fps: int
    frames: int
    scenes: Sequence[SceneFrames]
    speech: Sequence[SceneSpeech | None]
    files: Mapping[str, MediaFile]
    ffmpeg: str
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is known of the parts, by scene and by image."""

    script: Script
    scene_approvals: Mapping[int, Decision]
    image_approvals: Mapping[int, Decision]
    models: Mapping[int, str]
    costs: Mapping[int, Cost]


@asking
async def manifest_of(task: VideoTask, made: Made) -> bytes:
    """The record of this video, as indented JSON."""
    video = await video_by_id(task.video_id)
    assert video is not None, "videos are never deleted"
    images = {image.id: image.sha256 for image in task.images}
    texts = {scene.scene_id: scene.text_sha256 for scene in task.words.scenes}
    provenance = Provenance(
        await read_script(video.script_id),
        await approvals_of(Entity.SCENE, texts, until=video.created_at),
        await approvals_of(Entity.IMAGE, images, until=video.created_at),
        await image_models([image.job_id for image in task.images if image.job_id is not None]),
        await costs_of_images(task.images),
    )
    return json.dumps(manifest(task, made, provenance), ensure_ascii=False, indent=2).encode()


def manifest(task: VideoTask, made: Made, provenance: Provenance) -> dict[str, Any]:
    """The same as plain values. Pure."""
    script = provenance.script
    parts = zip(task.words.scenes, task.images, made.scenes, made.speech, strict=True)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "video": {
            "id": task.video_id,
            "width": made.width,
            "height": made.height,
            "fps": made.fps,
            "frames": made.frames,
            "duration_seconds": _seconds(made.frames, made.fps),
        },
        # An approved script's text is fixed, and only its scenes can be edited: this is what they were cut from.
        "script": {"id": script.id, "title": task.words.title, "content_sha256": script.content_sha256},
        "render": spec_values(task.spec),
        "scenes": [_scene(made.fps, provenance, *part) for part in parts],
        "music": None if task.music is None else _music(task.music),
        "files": {ending: asdict(file) for ending, file in made.files.items()},
        "notes": list(made.notes),
        "made_by": {"reelgate": version("reelgate"), "ffmpeg": made.ffmpeg},
    }


def _scene(
    fps: int, provenance: Provenance, words: SceneWords, image: Image, place: SceneFrames, speech: SceneSpeech | None
) -> dict[str, Any]:
    return {
        "scene_id": words.scene_id,
        "order": words.order,
        "title": words.title,
        "text": words.text,
        "text_sha256": words.text_sha256,
        "first_frame": place.first_frame,
        "frames": place.frames,
        "start_seconds": _seconds(place.first_frame, fps),
        "duration_seconds": _seconds(place.frames, fps),
        "approved": _approval(provenance.scene_approvals.get(words.scene_id)),
        "image": {
            "id": image.id,
            "file_path": image.file_path,
            "sha256": image.sha256,
            "width": image.width,
            "height": image.height,
            "origin": "sent" if image.job_id is None else "made",
            "model": None if image.job_id is None else provenance.models.get(image.job_id, OFFLINE),
            "prompt": image.prompt or None,
            "cost": _cost(provenance.costs[image.id]),
            "approved": _approval(provenance.image_approvals.get(image.id)),
        },
        "speech": None if speech is None else asdict(speech),
    }


def _approval(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {"by": decision.actor, "at": decision.decided_at.isoformat(), "feedback": decision.feedback}


def _cost(cost: Cost) -> dict[str, Any]:
    return {"amount": None if cost.known is None else amount_text(cost.known), "currency": CURRENCY,
            "calls": cost.calls, "unknown_calls": cost.unknown}  # fmt: skip


def _music(music: Music) -> dict[str, Any]:
    return {"id": music.id, "title": music.title, "file_path": music.file_path, "sha256": music.sha256,
            "duration_seconds": music.duration_seconds}  # fmt: skip


def _seconds(frames: int, fps: int) -> float:
    return float(Fraction(frames, fps))
