"""Videos, from the moment they are asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from tortoise.expressions import F
from tortoise.functions import Max

from domain.entities import Deliverable, MediaFile, Pin, Video, Words
from domain.lifecycle import Status
from domain.paging import Page, decode_place, encode_place
from domain.rendering import RenderSpec, spec_values
from storage import models
from storage.rows import VIDEO_FIELDS, is_storable_id, to_video, to_words


@dataclass(frozen=True, slots=True)
class VideoFile:
    """The facts of a finished MP4. `duration_seconds` is exact to a frame, `sha256` lower-case hex."""

    sha256: str
    width: int
    height: int
    duration_seconds: float
    byte_size: int


@dataclass(frozen=True, slots=True)
class Pinned:
    """All that a video is made from, fixed when it is asked for."""

    pins: tuple[Pin, ...]
    words: Words
    spec: RenderSpec

    @property
    def sha256(self) -> str:
        """Identifies exactly these pictures in this order, with these words, made this way."""
        values = [_pin_rows(self.pins), asdict(self.words), spec_values(self.spec)]
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def video_key(video_id: int, ending: str = "mp4") -> str:
    return f"videos/video_{video_id}.{ending}"


async def insert_video(script_id: int, pinned: Pinned, *, status: Status, now: datetime) -> Video:
    row = await models.Video.create(
        script_id=script_id, status=status.value, pins=_pin_rows(pinned.pins), pins_sha256=pinned.sha256,
        spec=spec_values(pinned.spec), words=asdict(pinned.words), version=1, created_at=now, updated_at=now,
    )  # fmt: skip
    video = await video_by_id(row.id)
    assert video is not None
    return video


async def video_by_id(video_id: int) -> Video | None:
    return (await videos_by_id([video_id])).get(video_id)


async def videos_by_id(video_ids: Sequence[int]) -> dict[int, Video]:
    wanted = [video_id for video_id in video_ids if is_storable_id(video_id)]
    rows = await models.Video.filter(id__in=wanted).values(*VIDEO_FIELDS)
    return {row["id"]: to_video(row) for row in rows}


async def words_of_video(video_id: int) -> Words | None:
    """What was pinned with it; None for a video of an earlier version."""
    row = await models.Video.filter(id=video_id).first().values("words")
    return to_words(row["words"]) if row and row["words"] is not None else None


async def video_with_pins(script_id: int, pinned: Pinned, status: Status) -> Video | None:
    """The script's newest video of exactly this that has this status."""
    query = models.Video.filter(script_id=script_id, status=status.value, pins_sha256=pinned.sha256)
    row = await query.order_by("-id").first().values(*VIDEO_FIELDS)
    return to_video(row) if row else None


async def pending_videos_with_music(script_id: int, music_id: int) -> list[int]:
    """The ids of the script's videos that wait or are being made with this piece, oldest first."""
    rows = (
        await models.Video.filter(script_id=script_id, status=Status.PENDING.value).order_by("id").values("id", "spec")
    )
    return [row["id"] for row in rows if row["spec"] is not None and row["spec"].get("music_id") == music_id]


async def videos_of_scripts(script_ids: Sequence[int]) -> dict[int, list[Video]]:
    """Newest first."""
    found: dict[int, list[Video]] = {script_id: [] for script_id in script_ids}
    for row in await models.Video.filter(script_id__in=list(script_ids)).order_by("-id").values(*VIDEO_FIELDS):
        found[row["script_id"]].append(to_video(row))
    return found


async def newest_videos(script_ids: Sequence[int]) -> dict[int, Video]:
    """The newest video of each script that has one."""
    query = models.Video.filter(script_id__in=list(script_ids)).annotate(newest=Max("id")).group_by("script_id")
    ids = [row["newest"] for row in await query.values("script_id", "newest")]
    return {video.script_id: video for video in (await videos_by_id(ids)).values()}


async def page_of_videos(*, first: int, after: str | None, status: Status | None) -> Page[Video]:
    """Newest first."""
    query = models.Video.all() if status is None else models.Video.filter(status=status.value)
    total = await query.count()
    if after is not None:
        (last_id,) = decode_place("videos", after, int)
        query = query.filter(id__lt=last_id)
    rows = await query.order_by("-id").limit(first + 1).values(*VIDEO_FIELDS)
    videos = tuple(to_video(row) for row in rows[:first])
    cursors = tuple(encode_place("videos", [video.id]) for video in videos)
    return Page(videos, cursors, len(rows) > first, after is not None, total)


async def finish_video(
    video_id: int, file: VideoFile, files: Mapping[Deliverable, MediaFile], *, now: datetime
) -> bool:
    """pending → approved with its files; False if it was not pending any more."""
    count = await models.Video.filter(id=video_id, status=Status.PENDING.value).update(
        status=Status.APPROVED.value, file_path=video_key(video_id), sha256=file.sha256, width=file.width,
        height=file.height, duration_seconds=file.duration_seconds, byte_size=file.byte_size,
        files={kind.value: asdict(found) for kind, found in files.items()}, version=F("version") + 1, updated_at=now,
    )  # fmt: skip
    return count == 1


async def reject_video(video_id: int, error: str, *, now: datetime) -> bool:
    """pending → rejected with the reason; False if it was not pending any more."""
    count = await models.Video.filter(id=video_id, status=Status.PENDING.value).update(
        status=Status.REJECTED.value, error=error, version=F("version") + 1, updated_at=now
    )
    return count == 1


def _pin_rows(pins: Sequence[Pin]) -> list[list[int | str | None]]:
    return [[pin.scene_id, pin.image_id, pin.sha256, pin.text_sha256] for pin in pins]
