"""Builds, once per process, what the faces and the worker are handed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from arq.connections import ArqRedis

from app.clock import SystemClock
from app.errors import StartError
from app.music_checking import MusicEar
from app.picture_checking import PictureChild
from app.provider_rules import ImageParameters, ProviderName, SpeechName
from app.settings import Settings
from app.thumbnails import ThumbnailChildren
from domain.machines import (
    ImageMachine,
    Machines,
    SpeechMachine,
    TextMachine,
    is_of_gpt_image_family,
    speaker_sha256,
)
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
        shrinker = ThumbnailChildren()
        try:
            bell = RedisBell(redis, names)
            context = Context(
                bell, SystemClock(), limits_of(settings), media, machines=machines_of(settings),
                pictures=PictureChild(), shrinker=shrinker,
                music=MusicEar(str(settings.ffmpeg_binary) if settings.ffmpeg_binary else None), render=settings.render,
            )  # fmt: skip
            yield System(context, redis, names)
        finally:
            await shrinker.close()
            await redis.aclose(close_connection_pool=True)
    finally:
        await close_database()


def limits_of(settings: Settings) -> Limits:
    return Limits(max_script_chars=settings.max_script_chars, max_scenes=settings.max_scenes)


def machines_of(settings: Settings) -> Machines:
    """What people may know of who does the work. No addresses, no keys, and nothing of the providers is loaded."""
    return Machines(_text_machine(settings), _image_machine(settings), _speech_machine(settings))


def _text_machine(settings: Settings) -> TextMachine:
    if settings.text_provider is ProviderName.OFFLINE:
        return TextMachine()
    return TextMachine(
        provider=settings.text_provider.value,
        model=settings.text_model,
        price=settings.price_table.models.get(settings.text_model),
        window_characters=settings.text_window_chars,
    )


def _image_machine(settings: Settings) -> ImageMachine:
    if settings.image_provider is ProviderName.OFFLINE:
        return ImageMachine()
    model, known = settings.images_model, settings.images_parameters
    known_to_take_it = known is ImageParameters.GPT_IMAGE
    takes_quality = is_of_gpt_image_family(model) if known is ImageParameters.AUTO else known_to_take_it
    return ImageMachine(
        provider=settings.image_provider.value,
        model=model,
        price=settings.price_table.models.get(model),
        width=settings.image_width,
        height=settings.image_height,
        size=settings.images_request_size,
        quality=settings.images_quality.value if takes_quality else None,
    )


def _speech_machine(settings: Settings) -> SpeechMachine:
    if settings.speech_provider is not SpeechName.OPENAI:
        return SpeechMachine(provider=settings.speech_provider.value)
    base_url = settings.speech_base_url or settings.openai_base_url
    return SpeechMachine(
        provider=settings.speech_provider.value,
        model=settings.speech_model,
        price=settings.price_table.models.get(settings.speech_model),
        most_characters=settings.speech_most_chars,
        voice=settings.paid_voice,
        speaker_sha256=speaker_sha256(base_url, settings.speech_model, settings.speech_instructions),
    )
