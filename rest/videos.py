"""Routes of videos."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.lifecycle import Status
from domain.protocols import LOCAL
from domain.render_requests import RenderRequest
from domain.rendering import Narration
from rest import objects
from rest.asking import GivenContext, IdempotencyKey, path_to
from rest.bodies import NewVideo, body_of, described_body
from rest.encoding import encode_video
from rest.openapi import READ, WRITE
from rest.paths import ScriptId, VideoId
from rest.renders import render_request
from workflow import reading, videos
from workflow.estimating import estimate_of_video

router = APIRouter(tags=["videos"])


@router.post(
    "/scripts/{script_id}/create-video", status_code=202, openapi_extra=described_body(NewVideo, optional=True),
    responses={200: {"model": objects.Video, "description": "The video of this key has ended already."}, **WRITE},
)  # fmt: skip
async def create_video(
    script_id: ScriptId, request: Request, response: Response, context: GivenContext,
    body: Annotated[NewVideo, Depends(body_of(NewVideo, optional=True))], key: IdempotencyKey = None,
) -> objects.Video:  # fmt: skip
    """Start a video of the chosen pictures and the texts of all scenes. While one of the same, made the same way, is
    pending, that is it.
    """
    asked = await videos.create_video(
        context, script_id=script_id, actor=LOCAL, render=render_request(body.render), idempotency_key=key
    )
    response.status_code = 202 if asked.video.status is Status.PENDING else 200
    response.headers["Location"] = path_to(request, f"/videos/{asked.video.id}")
    return await encode_video(asked.video)


@router.get("/scripts/{script_id}/video-estimate", responses=READ)
async def video_estimate(
    script_id: ScriptId, context: GivenContext,
    narration: Annotated[Narration | None, Query(description="As in `render`.")] = None,
    voice: Annotated[str | None, Query(description="As in `render`.")] = None,
) -> objects.Estimate | None:  # fmt: skip
    """What asking for a video would start: the speech that narrating it takes and that is not there yet. Null until the
    script has been segmented.
    """
    await reading.read_script(script_id)
    asked = RenderRequest(narration=narration, voice=voice)
    return objects.estimate_object(await estimate_of_video(context, script_id=script_id, render=asked))


@router.get("/scripts/{script_id}/video", responses=READ)
async def newest_video(script_id: ScriptId) -> objects.Video:
    """The newest video of a script."""
    return await encode_video(await reading.newest_video(script_id))


@router.get("/videos/{video_id}", responses=READ)
async def read_video(video_id: VideoId) -> objects.Video:
    """One video; `pending` while it is being made."""
    return await encode_video(await reading.read_video(video_id))
