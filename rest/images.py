"""Routes of images."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from domain.protocols import LOCAL
from rest import objects
from rest.asking import GivenContext
from rest.bodies import Decision, ImageApproval, body_of, described_body
from rest.openapi import LIST, WRITE
from rest.paging import AskedPage, link_next, page_of
from rest.paths import ImageId, SceneId
from workflow import images, reading

router = APIRouter(tags=["images"])


@router.get("/scenes/{scene_id}/images", responses=LIST)
async def list_images(scene_id: SceneId, request: Request, response: Response, asked: AskedPage) -> list[objects.Image]:
    """The pictures of a scene, in the order they were made."""
    await reading.read_scene(scene_id)
    found = (await reading.images_of_scenes([scene_id]))[scene_id]
    page, cursor = page_of(
        found, asked, list_name=f"images_of_{scene_id}", place=lambda image: (image.attempt, image.id)
    )
    link_next(request, response, asked, cursor)
    return [objects.image_object(image) for image in page]


@router.post("/images/{image_id}/approve", responses=WRITE, openapi_extra=described_body(ImageApproval, optional=True))
async def approve_image(
    image_id: ImageId, context: GivenContext,
    body: Annotated[ImageApproval, Depends(body_of(ImageApproval, optional=True))],
) -> objects.Image:  # fmt: skip
    """Approve a picture: it becomes its scene's chosen one. A stale one needs `accept_stale`."""
    image = await images.approve_image(
        context, image_id=image_id, actor=LOCAL, feedback=body.feedback, accept_stale=bool(body.accept_stale),
        expected_version=body.expected_version, expected_scene_version=body.expected_scene_version,
    )  # fmt: skip
    return objects.image_object(image)


@router.post(
    "/images/{image_id}/reject", status_code=202, openapi_extra=described_body(Decision, optional=True),
    responses={200: {"model": objects.Image, "description": "Its scene is not approved: no other is made."}, **WRITE},
)  # fmt: skip
async def reject_image(
    image_id: ImageId, response: Response, context: GivenContext,
    body: Annotated[Decision, Depends(body_of(Decision, optional=True))],
) -> objects.Image:  # fmt: skip
    """Reject a picture, and start another one if its scene is approved; `feedback` steers it."""
    rejection = await images.reject_image(
        context, image_id=image_id, actor=LOCAL, feedback=body.feedback, expected_version=body.expected_version
    )
    response.status_code = 202 if rejection.job is not None else 200
    return objects.image_object(rejection.image)
