"""Builds, once per process, what the faces and the worker are handed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from arq.connections import ArqRedis

from app.clock import SystemClock
from app.errors import StartError
from app.settings import Settings
from domain.protocols import Limits
from jobs.bell import RedisBell, connect
from jobs.names import Names
from storage.database import close_database, open_database
from storage.events import log_identity
from storage.media import MediaStore
from storage.migrate import require_migrated
from workflow.context import Context


@dataclass(frozen=True, slots=True)
class System:
    """The open database, Redis and media of one process."""

    context: Context
    redis: ArqRedis
    names: Names


@asynccontextmanager
async def open_system(settings: Settings) -> AsyncIterator[System]:
    """Open everything that `api` and `worker` share, and close it again.

    Raises:
        StartError: no Redis is set.
        StorageError: the database cannot be reached or is not migrated.
        WorkFailed: the media folder cannot be written.
    """
    if settings.redis_url is None:
        raise StartError("REDIS_URL is not set. Set it, or run everything with `reelgate serve`, which brings its own.")
    await open_database(settings.database_url)
    try:
        await require_migrated()
        names = Names(await log_identity())
        media = MediaStore(settings.storage_dir)
        await media.prepare()
        redis = connect(settings.redis_url, names)
        try:
            yield System(Context(RedisBell(redis, names), SystemClock(), limits_of(settings), media), redis, names)
        finally:
            await redis.aclose(close_connection_pool=True)
    finally:
        await close_database()


def limits_of(settings: Settings) -> Limits:
    return Limits(max_script_chars=settings.max_script_chars, max_scenes=settings.max_scenes)
