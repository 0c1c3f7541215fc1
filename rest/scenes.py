"""Routes of scenes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from domain.protocols import LOCAL
from rest import objects
from rest.asking import GivenContext
from rest.bodies import Decision, SceneEdit, body_of, described_body
from rest.encoding import encode_scene, encode_scenes
from rest.openapi import LIST, READ, WRITE
from rest.paging import AskedPage, link_next, page_of
from rest.paths import SceneId, ScriptId
from workflow import reading, scenes

router = APIRouter(tags=["scenes"])


@router.get("/scripts/{script_id}/scenes", responses=LIST)
async def list_scenes(
    script_id: ScriptId, request: Request, response: Response, asked: AskedPage, context: GivenContext
) -> list[objects.Scene]:
    """The scenes of a script, in playing order; none while it is being cut."""
    await reading.read_script(script_id)
    found = (await reading.scenes_of_scripts([script_id]))[script_id]
    page, cursor = page_of(
        found, asked, list_name=f"scenes_of_{script_id}", place=lambda scene: (scene.order, scene.id)
    )
    link_next(request, response, asked, cursor)
    return await encode_scenes(context, page)


@router.get("/scenes/{scene_id}", responses=READ)
async def read_scene(scene_id: SceneId, context: GivenContext) -> objects.Scene:
    """One scene; one that was merged into another has `removed_at`."""
    return await encode_scene(context, await reading.read_scene(scene_id))


@router.put("/scenes/{scene_id}", responses=WRITE, openapi_extra=described_body(SceneEdit))
async def update_scene(
    scene_id: SceneId, body: Annotated[SceneEdit, Depends(body_of(SceneEdit))], context: GivenContext
) -> objects.Scene:
    """Change text or title. New text takes an approved scene back to `pending` and cancels its waiting picture."""
    scene = await scenes.update_scene(
        context, scene_id=scene_id, actor=LOCAL, text=body.text, title=body.title,
        expected_version=body.expected_version,
    )  # fmt: skip
    return await encode_scene(context, scene)


@router.post(
    "/scenes/{scene_id}/approve", status_code=202, openapi_extra=described_body(Decision, optional=True),
    responses={200: {"model": objects.Scene, "description": "There is a picture of this text already."}, **WRITE},
)  # fmt: skip
async def approve_scene(
    scene_id: SceneId, response: Response, context: GivenContext,
    body: Annotated[Decision, Depends(body_of(Decision, optional=True))],
) -> objects.Scene:  # fmt: skip
    """Approve a scene, and start a picture unless one of its present text is there or being made."""
    approval = await scenes.approve_scene(
        context, scene_id=scene_id, actor=LOCAL, feedback=body.feedback, expected_version=body.expected_version
    )
    response.status_code = 202 if approval.job is not None else 200
    return await encode_scene(context, approval.scene)
