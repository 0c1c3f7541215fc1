"""The worker process: `reelgate worker`, or a child of `reelgate serve`."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from redis.exceptions import RedisError

from app.errors import StartError
from app.lifeline import BROKER_VARIABLE
from app.machines import image_options, speaker_options, speech_options, spending_rules, text_options
from app.memory import return_large_blocks
from app.server_check import check_servers
from app.setting_rules import cpus
from app.settings import Settings
from app.wiring import System, open_system
from domain.errors import WorkFailed
from domain.generation import SpeechProvider
from jobs.attempts import Attempts
from jobs.sweep import sweep_until
from jobs.tools import Tools
from jobs.worker import WakingWorker
from providers.registry import image_provider, speech_provider, text_provider
from video.cache import SegmentCache
from video.runner import find_ffmpeg
from workflow.resuming import take_up
from workflow.work import release_lost_jobs

_STALE_STAGING_SECONDS: Final = 24 * 3600.0
_PATIENCE_SECONDS: Final = 1.0
"""With a Redis or a database that does not answer when the worker is to stop."""

_log = structlog.get_logger(__name__)


async def run_worker(settings: Settings, *, embedded: bool) -> None:
    """Work until SIGTERM or SIGINT; unfinished jobs are given back.

    `embedded`: this is the only worker of the data folder, and Redis is its own. Then whatever an earlier one held is
    free, and what it left in the queue and in staging means nothing.
    """
    return_large_blocks()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    configured = (text_options(settings), image_options(settings), speech_options(settings))
    servers = [options for options in configured if options is not None]
    async with open_system(settings) as system, _tools(settings, system) as tools:
        owner_prefix = _owner_prefix(settings, embedded=embedded)
        if embedded:
            await _take_over(system, owner_prefix)
        await system.context.media.sweep_staging(0.0 if _owns_media(settings) else _STALE_STAGING_SECONDS)
        await take_up(system.context, tools.rules)
        checking = asyncio.create_task(check_servers(system.context, servers, tools.rules), name="models")
        try:
            attempts = Attempts(tools, owner=owner_prefix + secrets.token_hex(4))
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, _stop, stop, attempts)
            await work_until(stop, system, attempts, concurrency=settings.concurrency)
        finally:
            checking.cancel()
            await asyncio.gather(checking, return_exceptions=True)


def _stop(stop: asyncio.Event, attempts: Attempts) -> None:
    """Asked twice, paid calls under way are not waited for."""
    if stop.is_set():
        attempts.hurry()
    stop.set()


async def work_until(stop: asyncio.Event, system: System, attempts: Attempts, *, concurrency: int) -> None:
    """Take deliveries and sweep until `stop` is set; then give back what is unfinished."""
    worker = WakingWorker(system.redis, system.names, attempts, concurrency=concurrency)
    main = asyncio.create_task(worker.main(), name="deliveries")
    sweeping = asyncio.create_task(
        sweep_until(stop, system.context, system.redis, system.names, attempts=attempts), name="sweep"
    )
    stopping = asyncio.create_task(stop.wait())
    _log.info("worker ready", concurrency=concurrency)
    try:
        done, _ = await asyncio.wait({stopping, main, sweeping}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopping}:
            task.result()  # neither ends by itself before `stop`: let its error end the process, to be restarted
    finally:
        stop.set()
        worker.stop_picking()
        await attempts.stop()
        await asyncio.wait({main, sweeping}, timeout=_PATIENCE_SECONDS)
        for task in (stopping, main, sweeping):
            task.cancel()
        await asyncio.gather(stopping, main, sweeping, return_exceptions=True)
        await worker.close()


async def _take_over(system: System, owner_prefix: str) -> None:
    if os.environ.get(BROKER_VARIABLE):
        with suppress(RedisError, OSError):
            await system.redis.flushdb()
    if released := await release_lost_jobs(system.context, owner_prefix=owner_prefix):
        _log.info("took over the jobs of a worker that is gone", count=released)


def _owner_prefix(settings: Settings, *, embedded: bool) -> str:
    """Names the worker in leases. An embedded one's is its data folder's, so that its successor knows them."""
    if embedded:
        return f"embedded:{hashlib.sha256(str(settings.data_dir).encode()).hexdigest()[:12]}:"
    return f"worker:{socket.gethostname()[:64]}:{os.getpid()}:"


def _owns_media(settings: Settings) -> bool:
    """Whether nobody else can be writing there: a private broker, and the media inside the locked data folder."""
    return bool(os.environ.get(BROKER_VARIABLE)) and settings.storage_dir.is_relative_to(settings.data_dir)


def _segment_cache(settings: Settings) -> SegmentCache | None:
    limit = settings.render_cache * 1_000_000
    return SegmentCache(settings.storage_dir / "cache" / "segments", limit) if limit else None


@asynccontextmanager
async def _tools(settings: Settings, system: System) -> AsyncIterator[Tools]:
    threads = cpus()
    tools = Tools(
        context=system.context,
        text=text_provider(text_options(settings)),
        images=image_provider(image_options(settings), lettered=settings.lettering),
        image_width=settings.image_width,
        image_height=settings.image_height,
        cache=_segment_cache(settings),
        ffmpeg=find_ffmpeg(str(settings.ffmpeg_binary) if settings.ffmpeg_binary else None),
        threads=1,
        parallel=threads,
        rules=spending_rules(settings),
        speech=_speaker(settings),
    )
    try:
        yield tools
    finally:
        await tools.text.aclose()
        await tools.images.aclose()
        await tools.speech.aclose()


def _speaker(settings: Settings) -> SpeechProvider:
    try:
        return speech_provider(speaker_options(settings))
    except WorkFailed as missing:
        raise StartError(f"REELGATE_SPEECH_VOICE: {missing.message}") from None
