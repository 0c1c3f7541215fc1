"""Routes of videos."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from domain.lifecycle import Status
from domain.protocols import LOCAL
from rest import objects
from rest.asking import GivenContext, IdempotencyKey, path_to
from rest.bodies import Nothing, body_of, described_body
from rest.encoding import encode_video
from rest.openapi import READ, WRITE
from rest.paths import ScriptId, VideoId
from workflow import reading, videos

router = APIRouter(tags=["videos"])


@router.post(
    "/scripts/{script_id}/create-video", status_code=202, openapi_extra=described_body(Nothing, optional=True),
    responses={200: {"model": objects.Video, "description": "The video of this key has ended already."}, **WRITE},
    dependencies=[Depends(body_of(Nothing, optional=True))],
)  # fmt: skip
async def create_video(
    script_id: ScriptId, request: Request, response: Response, context: GivenContext, key: IdempotencyKey = None
) -> objects.Video:
    """Start a video of the chosen pictures of all scenes. While one of the same pictures is pending, that is it."""
    asked = await videos.create_video(context, script_id=script_id, actor=LOCAL, idempotency_key=key)
    response.status_code = 202 if asked.video.status is Status.PENDING else 200
    response.headers["Location"] = path_to(request, f"/videos/{asked.video.id}")
    return await encode_video(asked.video)


@router.get("/scripts/{script_id}/video", responses=READ)
async def newest_video(script_id: ScriptId) -> objects.Video:
    """The newest video of a script."""
    return await encode_video(await reading.newest_video(script_id))


@router.get("/videos/{video_id}", responses=READ)
async def read_video(video_id: VideoId) -> objects.Video:
    """One video; `pending` while it is being made."""
    return await encode_video(await reading.read_video(video_id))
