"""Batches reads: what many fields of one operation ask for one by one is read with one statement.

A set of loaders remembers what it has read, so it lives for one operation, and until the next command or event in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar, assert_never

from strawberry.dataloader import DataLoader

from domain.entities import Decision, Image, Job, Music, Scene, Script, Video
from domain.lifecycle import Entity
from domain.money import Cost
from workflow import estimating, reading

K = TypeVar("K")
T = TypeVar("T")
R = TypeVar("R", Scene, Image, Video)

_LARGEST_BATCH = 500


class Loader(DataLoader[K, T]):
    """A read belongs to all who wait for it: that one of them is cancelled does not end it for the others.

    graphql-core cancels the fields beside one that failed, and by that would cancel a future that other fields share.
    """

    def load(self, key: K) -> Awaitable[T]:
        return asyncio.shield(super().load(key))


class Loaders:
    """`load(key)` answers None where there is nothing, an empty list where there are none."""

    @cached_property
    def script(self) -> Loader[int, Script | None]:
        return _one(reading.scripts_by_id)

    @cached_property
    def scene(self) -> Loader[int, Scene | None]:
        return _one(reading.scenes_by_id)

    @cached_property
    def image(self) -> Loader[int, Image | None]:
        return _one(reading.images_by_id)

    @cached_property
    def video(self) -> Loader[int, Video | None]:
        return _one(reading.videos_by_id)

    @cached_property
    def job(self) -> Loader[int, Job | None]:
        return _one(reading.jobs_by_id)

    @cached_property
    def scenes_of_script(self) -> Loader[int, list[Scene]]:
        return _some(reading.scenes_of_scripts)

    @cached_property
    def images_of_scene(self) -> Loader[int, list[Image]]:
        return _some(reading.images_of_scenes)

    @cached_property
    def videos_of_script(self) -> Loader[int, list[Video]]:
        return _some(reading.videos_of_scripts)

    @cached_property
    def music_of_script(self) -> Loader[int, list[Music]]:
        return _some(reading.music_of_scripts)

    @cached_property
    def newest_video(self) -> Loader[int, Video | None]:
        return _one(reading.newest_videos)

    @cached_property
    def progress(self) -> Loader[int, reading.ScriptProgress]:
        return _some(reading.progress_of_scripts)

    @cached_property
    def latest_job(self) -> Loader[tuple[Entity, int], Job | None]:
        return Loader(load_fn=_by_subject(reading.latest_jobs), max_batch_size=_LARGEST_BATCH)

    @cached_property
    def last_decision(self) -> Loader[tuple[Entity, int], Decision | None]:
        return Loader(load_fn=_by_subject(reading.decisions_on), max_batch_size=_LARGEST_BATCH)

    @cached_property
    def video_stale(self) -> Loader[Video, bool]:
        return _of_rows(reading.stale_videos)

    @cached_property
    def cost_of_script(self) -> Loader[int, Cost]:
        return _some(reading.costs_of_scripts)

    @cached_property
    def cost_of_job(self) -> Loader[int, Cost]:
        return _some(reading.costs_of_jobs)

    @cached_property
    def cost_of_image(self) -> Loader[Image, Cost]:
        return _of_rows(reading.costs_of_images)

    @cached_property
    def started_by_approving(self) -> Loader[Scene, estimating.Started]:
        return _of_rows(estimating.started_by_approving)

    @cached_property
    def started_by_rejecting(self) -> Loader[Image, estimating.Started]:
        return _of_rows(estimating.started_by_rejecting)

    async def entity(self, entity: Entity, entity_id: int) -> Script | Scene | Image | Video | Job | None:
        match entity:
            case Entity.SCRIPT:
                return await self.script.load(entity_id)
            case Entity.SCENE:
                return await self.scene.load(entity_id)
            case Entity.IMAGE:
                return await self.image.load(entity_id)
            case Entity.VIDEO:
                return await self.video.load(entity_id)
            case Entity.JOB:
                return await self.job.load(entity_id)
        assert_never(entity)


def _one(read: Callable[[list[int]], Awaitable[Mapping[int, T]]]) -> Loader[int, T | None]:
    async def load(keys: list[int]) -> list[T | None]:
        found = await read(keys)
        return [found.get(key) for key in keys]

    return Loader(load_fn=load, max_batch_size=_LARGEST_BATCH)


def _some(read: Callable[[list[int]], Awaitable[Mapping[int, T]]]) -> Loader[int, T]:
    async def load(keys: list[int]) -> list[T]:
        found = await read(keys)
        return [found[key] for key in keys]

    return Loader(load_fn=load, max_batch_size=_LARGEST_BATCH)


def _by_subject(
    read: Callable[[Entity, Sequence[int]], Awaitable[Mapping[int, T]]],
) -> Callable[[list[tuple[Entity, int]]], Awaitable[list[T | None]]]:
    async def load(keys: list[tuple[Entity, int]]) -> list[T | None]:
        subjects = sorted({subject for subject, _ in keys})
        found = {subject: await read(subject, [key for other, key in keys if other is subject]) for subject in subjects}
        return [found[subject].get(key) for subject, key in keys]

    return load


def _of_rows(read: Callable[[list[R]], Awaitable[Mapping[int, T]]]) -> Loader[R, T]:
    """For reads that need more of a row than its id."""

    async def load(rows: list[R]) -> list[T]:
        found = await read(rows)
        return [found[row.id] for row in rows]

    return Loader(load_fn=load, max_batch_size=_LARGEST_BATCH, cache_key_fn=_id_of)


def _id_of(row: Any) -> Hashable:
    key: int = row.id
    return key
