"""A real system for the tests of the GraphQL face: database, commands, live feed, and workers by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

from PIL import Image as Picture

from domain.entities import Image, Job, Scene, Script
from domain.lifecycle import Entity, JobKind
from domain.protocols import LOCAL, Limits, Ring
from domain.segmentation import CutPoint, Segmentation
from graph.live import EventFeed
from storage.videos import VideoFile
from workflow import reading, scenes, scripts, work
from workflow.context import Context

LIMITS = Limits(max_script_chars=5_000)


class FeedBell:
    """The bell of a system whose API and workers are one process. `broken`: nobody hears it."""

    def __init__(self, feed: EventFeed) -> None:
        self._feed = feed
        self.broken = False

    async def ring(self, ring: Ring) -> None:
        if self.broken:
            return
        if ring.script_ids:
            self._feed.ring_events()
        for job_id in ring.progressed:
            self._feed.ring_job(job_id)


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Studio:
    """People and workers of one system, below the GraphQL face."""

    context: Context
    feed: EventFeed
    bell: FeedBell

    async def a_script(self, *, scenes: int = 0, content: str | None = None, title: str | None = "Title") -> Script:
        """With scenes it is approved and segmented."""
        content = content or "".join(f"Scene {number}.\n\n" for number in range(1, max(scenes, 1) + 1))
        script = await scripts.create_script(self.context, title=title, content=content, actor=LOCAL)
        if scenes:
            approval = await scripts.approve_script(self.context, script_id=script.id, actor=LOCAL)
            await self.segment(approval.job)
        return await reading.read_script(script.id)

    async def scenes_of(self, script: Script) -> list[Scene]:
        return (await reading.scenes_of_scripts([script.id]))[script.id]

    async def claim(self, job: Job) -> Job:
        claimed = await work.claim_job(self.context, job_id=job.id, fence=job.fence, owner="test")
        assert claimed is not None
        return claimed

    async def segment(self, job: Job) -> None:
        script = await reading.read_script(job.script_id)
        ends = [place + 2 for place in range(len(script.content)) if script.content.startswith("\n\n", place)]
        if not ends or ends[-1] != len(script.content):
            ends.append(len(script.content))
        cuts = tuple(CutPoint(end, f"Part {number}") for number, end in enumerate(ends, 1))
        await work.record_segmentation(self.context, await self.claim(job), segmentation=Segmentation(cuts))

    async def draw(self, job: Job) -> Image:
        """A picture, as a worker makes it."""
        return await self.draw_held(await self.claim(job))

    async def draw_held(self, claimed: Job) -> Image:
        """The same of a job that is claimed already."""
        task = await work.picture_task(self.context, claimed)
        data = BytesIO()
        Picture.new("RGB", (8, 6), (claimed.id % 256, 40, 90)).save(data, "PNG")
        staged = await self.context.media.stage_bytes("picture.png", data.getvalue())
        return await work.record_image(
            self.context, claimed, staged=staged, width=8, height=6, prompt="a prompt", text_sha256=task.text_sha256
        )

    async def illustrated_scene(self, scene: Scene) -> Image:
        """Approves the scene and draws its picture, which waits for a decision."""
        approval = await scenes.approve_scene(self.context, scene_id=scene.id, actor=LOCAL)
        assert approval.job is not None
        return await self.draw(approval.job)

    async def film(self, job: Job) -> None:
        claimed = await self.claim(job)
        staged = await self.context.media.stage_bytes("video.mp4", b"not really a video")
        file = VideoFile(staged.sha256, 1920, 1080, 10.0, 3_000_000_000)
        await work.record_video(self.context, claimed, staged=staged, file=file)

    async def job_of(self, entity: Entity, entity_id: int, kind: JobKind | None = None) -> Job:
        job = (await reading.latest_jobs(entity, [entity_id]))[entity_id]
        assert kind in (None, job.kind)
        return job


async def wait_until(condition: Callable[[], bool | Awaitable[bool]], *, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if found is True or (found is not False and await found):
                return
            await asyncio.sleep(0.005)
