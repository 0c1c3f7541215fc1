"""What OpenAPI says beyond what FastAPI finds out by itself: the problems, and where the API lives."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel, Field

from domain.errors import ErrorCode
from rest.problems import MEDIA_TYPE, HttpCode

Responses = dict[int | str, dict[str, Any]]

DESCRIPTION: Final = """\
Reelgate turns a written script into a finished video, with a person's decision between every two machine steps:

1. `POST /scripts`, then `POST /scripts/{id}/approve`: the script is cut into scenes.
2. `PUT /scenes/{id}` where a scene needs other words, then `POST /scenes/{id}/approve`: a picture is made. With a
   picture of your own instead: `POST /scenes/{id}/images` first.
3. `POST /images/{id}/approve`, or `/reject` with feedback: another picture is made.
4. `POST /scripts/{id}/create-video`, then `GET /videos/{id}` until it is no longer `pending`. `render` says how it is
   to be made; music of your own is sent to `POST /scripts/{id}/music` first.

Starting machine work answers 202; `job` in the object, and `GET /jobs/{id}`, say how far it is. Every object has a
`version`: sent as `expected_version` with a decision, it makes sure that nobody has changed the object meanwhile.
Every error is an `application/problem+json` object with a stable `code`. Any request can be answered with 400
`HOST_REFUSED`, when its Host header does not name this server; whatever is not GET or HEAD with 403 `ORIGIN_REFUSED`,
when a web page of another site asks for it.
"""

TAGS: Final = [
    {"name": "scripts", "description": "Written texts, from draft to approved."},
    {"name": "scenes", "description": "The pieces that an approved script is cut into."},
    {"name": "images", "description": "Pictures of scenes, waiting for a decision."},
    {"name": "music", "description": "Pieces to be heard beneath a script's videos."},
    {"name": "videos", "description": "Made from the approved pictures of a script."},
    {"name": "providers", "description": "Who makes scenes and pictures here, and whether that works."},
    {"name": "jobs", "description": "Machine work: how far it is, and what to do when it fails."},
]

_SAID: Final = {
    400: "The Host header does not name this server (`HOST_REFUSED`), or the body cannot be read as JSON (`INVALID`).",
    403: "A web page of another site asked for this (`ORIGIN_REFUSED`).",
    404: "There is no such thing.",
    408: "The rest of the body did not come.",
    409: "The present state does not allow this, or it has changed since it was read. Nothing was changed.",
    413: "Larger than this installation takes.",
    415: "The body is not JSON.",
    422: "The request is understood, but can never be accepted as it is.",
    500: "A fault of the server; `request_id` finds it in the log.",
    503: "The database does not answer at the moment.",
}


class FieldProblem(BaseModel):
    """What is wrong with one part of the request."""

    field: str
    message: str


class SceneShortfall(BaseModel):
    """What keeps one scene out of a video."""

    scene_id: int
    order: int
    reason: str = Field(examples=["scene_pending", "image_missing", "image_pending", "image_stale"])
    message: str


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable, `detail` is for a person; the other members depend on the code."""

    type: str = Field(examples=["urn:reelgate:problem:state-conflict"])
    title: str
    status: int
    detail: str
    code: ErrorCode | HttpCode
    instance: str | None = Field(default=None, description="The path that was asked for.")
    errors: list[FieldProblem] | None = None
    scenes: list[SceneShortfall] | None = Field(default=None, description="Why no video can be made yet.")
    current_status: str | None = None
    wanted_status: str | None = None
    current_version: int | None = None
    expected_version: int | None = None
    request_id: str | None = None


def problems(*statuses: int) -> Responses:
    """What an operation answers when it declines."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _SAID[status], "content": content} for status in statuses}


def _upload(too_large: str, unfit: str, several: str) -> Responses:
    said = {
        400: "The Host header does not name this server (`HOST_REFUSED`), or the body cannot be read (`INVALID`).",
        413: too_large,
        415: "The body is not multipart/form-data.",
        422: unfit,
        503: f"The database or the media folder fails, or too many {several} are being checked at the moment.",
    }
    answers = problems(*(int(status) for status in WRITE), 408)
    return {status: {**answer, "description": said.get(int(status), answer["description"])}
            for status, answer in answers.items()}  # fmt: skip


READ: Final = problems(400, 404, 500, 503)
LIST: Final = problems(400, 404, 422, 500, 503)
COLLECTION: Final = problems(400, 500, 503)
CREATE: Final = problems(400, 403, 409, 413, 415, 422, 500, 503)
WRITE: Final = problems(400, 403, 404, 409, 413, 415, 422, 500, 503)
REMOVE: Final = problems(400, 403, 404, 409, 500, 503)
UPLOAD: Final = _upload(
    "More bytes or pixels than this installation takes.",
    "The file is not one whole, still PNG, JPEG or WebP picture.",
    "pictures",
)
MUSIC: Final = _upload(
    "More bytes, seconds or pieces than this installation takes.",
    "The file is no sound that can be read.",
    "pieces of music",
)


class DescribedApi(FastAPI):
    """FastAPI, with the problems of this API in its OpenAPI document instead of FastAPI's own error objects."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            schemas: dict[str, Any] = document["components"]["schemas"]
            for name in _OWN_ERRORS:
                schemas.pop(name, None)
            for path in document["paths"].values():
                for operation in path.values():
                    if MEDIA_TYPE not in operation["responses"].get("422", {}).get("content", {MEDIA_TYPE: None}):
                        del operation["responses"]["422"]
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= {**problem.pop("$defs"), "Problem": problem}
            self.openapi_schema = document
        return self.openapi_schema


_OWN_ERRORS: Final = ("HTTPValidationError", "ValidationError")
