"""The REST application, to be mounted at `/api`.

It has no lifespan of its own: whoever mounts it opens and closes the database.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.protocols import Limits
from rest import arranging, images, jobs, music, providers, scenes, scripts, videos
from rest.docs import docs_routes
from rest.errors import exception_handlers
from rest.guard import Guard
from rest.openapi import DESCRIPTION, TAGS, DescribedApi
from workflow.context import Context

PREFIX: Final = "/api"
_PICTURES: Final = re.compile(re.escape(PREFIX) + "/scenes/[0-9]{1,10}/images")
_MUSIC: Final = re.compile(re.escape(PREFIX) + "/scripts/[0-9]{1,10}/music")
_FORM_BYTES: Final = 16 * 1024
"""What a form may have around its file."""


def larger_bodies(limits: Limits) -> list[tuple[re.Pattern[str], int]]:
    """The paths whose bodies may be longer than others, and how many bytes they may have."""
    return [(_PICTURES, limits.max_picture_bytes + _FORM_BYTES), (_MUSIC, limits.max_music_bytes + _FORM_BYTES)]


def create_rest(context: Context) -> FastAPI:
    """All routes, on this context."""
    rest = DescribedApi(
        title="Reelgate",
        version=version("reelgate"),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False},
        generate_unique_id_function=lambda route: route.name,
        middleware=[Middleware(Guard), Middleware(HeadAsGet)],
        exception_handlers=exception_handlers(),
    )
    rest.state.context = context
    for module in (scripts, scenes, arranging, images, music, videos, jobs, providers):
        rest.include_router(module.router)
    rest.routes.extend(docs_routes())
    return rest


class HeadAsGet:
    """Answers HEAD as GET without the body: the routes name GET alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET"}, receive, send_head)
