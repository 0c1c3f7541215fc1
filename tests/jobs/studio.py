"""A worker in this process: the real queue, database, media and ffmpeg; the outside world's pictures as told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

from arq.connections import ArqRedis

from app.wiring import System
from app.worker import work_until
from domain.calls import CallBook
from domain.entities import Image, Job, Scene, Video
from domain.generation import (
    GeneratedImage,
    ImageProvider,
    ImageRequest,
    PromptRequest,
    SegmentationRequest,
    SpeechProvider,
    TextProvider,
)
from domain.lifecycle import Entity, JobState
from domain.protocols import LOCAL
from domain.render_requests import NO_REQUEST, RenderRequest
from domain.rendering import RenderSpec
from domain.segmentation import Segmentation
from jobs.attempts import Attempts
from jobs.bell import RedisBell, connect
from jobs.names import Names
from jobs.tools import Tools
from providers.offline import OfflineImages, OfflineText
from providers.offline.speech import NoSpeech
from storage import models
from storage.events import log_identity
from tests.world import TINY, World, a_png
from video.runner import find_ffmpeg
from workflow import reading, scenes, videos
from workflow.book import Rules
from workflow.context import Context

T = TypeVar("T")


async def until(condition: Callable[[], T], seconds: float = 60.0, what: str = "the condition") -> T:
    """What the condition answers once that is true."""

    async def asked() -> T:
        return condition()

    return await until_true(asked, seconds, what)


async def until_true(condition: Callable[[], Awaitable[T]], seconds: float = 60.0, what: str = "the condition") -> T:
    """The same for a condition that has to be waited for."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (value := await condition()):
        assert asyncio.get_running_loop().time() < deadline, f"{what} did not come about in {seconds:g} s"
        await asyncio.sleep(0.01)
    return value


@dataclass
class Painter:
    """A picture service: raises what it is told to, once each, and makes pictures while its door is open."""

    troubles: list[Exception] = field(default_factory=list)
    door: asyncio.Event = field(default_factory=asyncio.Event)
    requests: list[ImageRequest] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    inside: int = 0

    async def make_image(self, request: ImageRequest, book: CallBook) -> GeneratedImage:
        self.requests.append(request)
        self.times.append(asyncio.get_running_loop().time())
        if self.troubles:
            raise self.troubles.pop(0)
        self.inside += 1
        try:
            await self.door.wait()
        finally:
            self.inside -= 1
        return GeneratedImage(a_png(len(self.requests)))

    async def aclose(self) -> None:
        """Nothing is open."""


def an_open_painter(*troubles: Exception) -> Painter:
    painter = Painter(list(troubles))
    painter.door.set()
    return painter


@dataclass
class Writer:
    """A text service that fails as told, and else does what the offline one does."""

    troubles: list[Exception]
    asked: int = 0

    async def segment(self, request: SegmentationRequest, book: CallBook) -> Segmentation:
        self.asked += 1
        if self.troubles:
            raise self.troubles.pop(0)
        return await OfflineText().segment(request)

    async def write_prompt(self, request: PromptRequest, book: CallBook) -> str:
        return await OfflineText().write_prompt(request)

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass
class Studio:
    """The system, and workers on it. `context` rings the real bell; the world's own only notes what it would."""

    world: World
    redis: ArqRedis
    names: Names
    context: Context

    def system(self) -> System:
        return System(self.context, self.redis, self.names)

    def tools(
        self, *, images: ImageProvider | None = None, text: TextProvider | None = None, rules: Rules | None = None,
        speech: SpeechProvider | None = None,
    ) -> Tools:  # fmt: skip
        return Tools(
            context=self.context, text=text or OfflineText(), images=images or OfflineImages(), image_width=64,
            image_height=36, ffmpeg=find_ffmpeg(), threads=1, parallel=1, rules=rules or Rules(),
            speech=speech or NoSpeech(),
        )  # fmt: skip

    @asynccontextmanager
    async def worker(
        self, *, images: ImageProvider | None = None, text: TextProvider | None = None,
        speech: SpeechProvider | None = None, concurrency: int = 2, url: str | None = None,
        owner: str | None = None, rules: Rules | None = None,
    ) -> AsyncIterator[AtWork]:  # fmt: skip
        """A worker as the program runs it, stopped at the end; `url` is another way to the same Redis."""
        redis = connect(url, self.names) if url else connect_like(self.redis, self.names)
        context = replace(self.context, bell=RedisBell(redis, self.names))
        tools = replace(self.tools(images=images, text=text, rules=rules, speech=speech), context=context)
        attempts = Attempts(tools, owner=owner or f"test:{random.randrange(10**9)}")
        stop = asyncio.Event()
        system = System(context, redis, self.names)
        running = asyncio.create_task(work_until(stop, system, attempts, concurrency=concurrency))
        at_work = AtWork(stop, running, attempts)
        try:
            yield at_work
        finally:
            await at_work.end()
            with suppress(OSError):
                await redis.aclose(close_connection_pool=True)

    # --- what there is to do ---------------------------------------------------------------------------------------

    async def some_scenes(self, number: int) -> list[Scene]:
        """Of one script, pending."""
        texts = tuple(f"Scene number {place} of the tale." for place in range(1, number + 1))
        script = await self.world.a_script(scene_texts=texts)
        return (await reading.scenes_of_scripts([script.id]))[script.id]

    async def approve(self, scene: Scene, context: Context | None = None) -> Job:
        """With the bell, so that workers hear of it."""
        approval = await scenes.approve_scene(context or self.context, scene_id=scene.id, actor=LOCAL)
        assert approval.job is not None
        return approval.job

    async def a_picture_job(self, *, heard: bool = True) -> Job:
        (scene,) = await self.some_scenes(1)
        return await self.approve(scene, None if heard else self.world.context)

    async def a_video_job(self, number_of_scenes: int = 2, *, render: RenderSpec = TINY) -> tuple[Video, Job]:
        """Not yet heard of by any worker."""
        script = await self.world.a_ready_script(number_of_scenes)
        context = replace(self.world.context, render=render)
        request = await videos.create_video(context, script_id=script.id, actor=LOCAL)
        assert request.job is not None
        return request.video, request.job

    async def asked_again(self, script_id: int, *, render: RenderSpec = TINY, asked: RenderRequest = NO_REQUEST) -> Job:
        """The job of one more video of a ready script, not yet heard of."""
        context = replace(self.world.context, render=render)
        request = await videos.create_video(context, script_id=script_id, actor=LOCAL, render=asked)
        assert request.job is not None
        return request.job

    # --- what became of it -----------------------------------------------------------------------------------------

    async def reaches(self, job: Job, *states: JobState, seconds: float = 60.0) -> Job:
        async def there() -> Job | None:
            found = await reading.read_job(job.id)
            return found if found.state in states else None

        found = await until_true(there, seconds, f"job {job.id} in {states}")
        assert found is not None
        return found

    async def pictures(self, scene_id: int) -> list[Image]:
        return (await reading.images_of_scenes([scene_id]))[scene_id]

    async def moves_of(self, job: Job) -> list[str]:
        """The states that the log says the job went to."""
        rows = models.Event.filter(subject=Entity.JOB.value, subject_id=job.id).order_by("id")
        return [row["new"] for row in await rows.values("new")]

    def staged(self) -> list[str]:
        return sorted(path.name for path in self.context.media.staging.iterdir())


@dataclass
class AtWork:
    """A worker that runs."""

    stop: asyncio.Event
    task: asyncio.Task[None]
    attempts: Attempts

    async def end(self) -> None:
        """As on SIGTERM."""
        self.stop.set()
        async with asyncio.timeout(10):
            await self.task


def connect_like(redis: ArqRedis, names: Names) -> ArqRedis:
    """Another client of the same server."""
    options = redis.connection_pool.connection_kwargs
    if "path" in options:
        return connect(f"unix://{options['path']}", names)
    return connect(f"redis://{options['host']}:{options['port']}/{options['db']}", names)


async def lost_leases(job: Job) -> int:
    row = await models.Job.get(id=job.id).values("lost_leases")
    number: int = row["lost_leases"]
    return number


@asynccontextmanager
async def open_studio(world: World, url: str) -> AsyncIterator[Studio]:
    names = Names(await log_identity())
    redis = connect(url, names)
    try:
        yield Studio(world, redis, names, replace(world.context, bell=RedisBell(redis, names)))
    finally:
        await redis.aclose(close_connection_pool=True)
