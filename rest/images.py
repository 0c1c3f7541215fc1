"""Routes of images."""

from __future__ import annotations

from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from domain.protocols import LOCAL
from rest import objects
from rest.arranging_bodies import Choice
from rest.asking import GivenContext, IdempotencyKey
from rest.bodies import Decision, ImageApproval, body_of, described_body
from rest.encoding import encode_image, encode_images
from rest.openapi import LIST, UPLOAD, WRITE
from rest.paging import AskedPage, link_next, page_of
from rest.paths import ImageId, SceneId
from rest.uploads import described_file, file_in
from workflow import images, own_images, reading

router = APIRouter(tags=["images"])


@router.get("/scenes/{scene_id}/images", responses=LIST)
async def list_images(
    scene_id: SceneId, request: Request, response: Response, asked: AskedPage, context: GivenContext
) -> list[objects.Image]:
    """The pictures of a scene, in the order they were made."""
    await reading.read_scene(scene_id)
    found = (await reading.images_of_scenes([scene_id]))[scene_id]
    page, cursor = page_of(
        found, asked, list_name=f"images_of_{scene_id}", place=lambda image: (image.attempt, image.id)
    )
    link_next(request, response, asked, cursor)
    return await encode_images(context, page)


@router.post(
    "/scenes/{scene_id}/images", status_code=201, responses=UPLOAD,
    openapi_extra=described_file("image", "A PNG, JPEG or WebP picture, told by its content."),
)  # fmt: skip
async def add_image(
    scene_id: SceneId, request: Request, context: GivenContext, key: IdempotencyKey = None
) -> objects.Image:
    """Add a picture of one's own to a scene, pending or approved: it waits for a decision like a made one, and stands
    for the scene's present text. It is stored upright, as a PNG, without metadata; its `prompt` is empty.
    """
    async with aclosing(file_in(request, "image")) as data:
        image = await own_images.add_image(context, scene_id=scene_id, data=data, actor=LOCAL, idempotency_key=key)
    return await encode_image(context, image)


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
    return await encode_image(context, image)


@router.post("/images/{image_id}/choose", responses=WRITE, openapi_extra=described_body(Choice, optional=True))
async def choose_image(
    image_id: ImageId, context: GivenContext, body: Annotated[Choice, Depends(body_of(Choice, optional=True))]
) -> objects.Image:
    """Go back to an earlier approved picture of the scene's present text: a new decision, no status change."""
    image = await images.choose_image(context, image_id=image_id, actor=LOCAL, expected_version=body.expected_version)
    return await encode_image(context, image)


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
    return await encode_image(context, rejection.image)
