"""Routes of scripts."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.protocols import LOCAL
from rest import objects
from rest.arranging_bodies import Archiving, ScriptCopy
from rest.asking import GivenContext, IdempotencyKey, path_to
from rest.bodies import Decision, NewScript, ScriptEdit, body_of, described_body
from rest.encoding import encode_script, encode_scripts
from rest.openapi import CREATE, LIST, READ, WRITE
from rest.paging import AskedPage, link_next
from rest.paths import ScriptId
from workflow import reading, scripts

router = APIRouter(tags=["scripts"])


@router.post("/scripts", status_code=201, responses=CREATE, openapi_extra=described_body(NewScript))
async def create_script(
    request: Request, response: Response, context: GivenContext,
    body: Annotated[NewScript, Depends(body_of(NewScript))], key: IdempotencyKey = None,
) -> objects.Script:  # fmt: skip
    """Store a new draft."""
    script = await scripts.create_script(
        context, title=body.title, content=body.content, style=body.style, budget=body.budget, actor=LOCAL,
        idempotency_key=key,
    )  # fmt: skip
    response.headers["Location"] = path_to(request, f"/scripts/{script.id}")
    return await encode_script(context, script)


Archived = Annotated[
    Literal["true", "false"], Query(description="`true` lists the archived scripts instead of the others.")
]


@router.get("/scripts", responses=LIST)
async def list_scripts(
    request: Request, response: Response, asked: AskedPage, context: GivenContext, archived: Archived = "false"
) -> list[objects.Script]:
    """All scripts that are not archived, or all that are; oldest first."""
    page = await reading.page_of_scripts(
        first=asked.limit, after=asked.cursor, where=reading.ScriptFilter(archived=archived == "true"),
        order=reading.ScriptOrder.ID_ASC,
    )  # fmt: skip
    where = {"archived": archived} if archived == "true" else None
    link_next(request, response, asked, page.cursors[-1] if page.has_next else None, where)
    return await encode_scripts(context, page.items)


@router.get("/scripts/{script_id}", responses=READ)
async def read_script(script_id: ScriptId, context: GivenContext) -> objects.Script:
    """One script."""
    return await encode_script(context, await reading.read_script(script_id))


@router.put("/scripts/{script_id}", responses=WRITE, openapi_extra=described_body(ScriptEdit))
async def update_script(
    script_id: ScriptId, body: Annotated[ScriptEdit, Depends(body_of(ScriptEdit))], context: GivenContext
) -> objects.Script:
    """Change title, style and budget (always) or the text (while the script is a draft).

    Jobs that wait for a higher budget go on when it is raised or removed.
    """
    script = await scripts.update_script(
        context, script_id=script_id, actor=LOCAL, title=body.title, content=body.content, style=body.style,
        budget=body.budget, no_budget=bool(body.no_budget), expected_version=body.expected_version,
    )  # fmt: skip
    return await encode_script(context, script)


@router.post(
    "/scripts/{script_id}/approve", status_code=202, responses=WRITE,
    openapi_extra=described_body(Decision, optional=True),
)  # fmt: skip
async def approve_script(
    script_id: ScriptId, body: Annotated[Decision, Depends(body_of(Decision, optional=True))], context: GivenContext
) -> objects.Script:
    """Approve a draft, and start cutting it into scenes."""
    approval = await scripts.approve_script(
        context, script_id=script_id, actor=LOCAL, feedback=body.feedback, expected_version=body.expected_version
    )
    return await encode_script(context, approval.script)


@router.post(
    "/scripts/{script_id}/duplicate", status_code=201, responses=WRITE,
    openapi_extra=described_body(ScriptCopy, optional=True),
)  # fmt: skip
async def duplicate_script(
    script_id: ScriptId, request: Request, response: Response, context: GivenContext,
    body: Annotated[ScriptCopy, Depends(body_of(ScriptCopy, optional=True))], key: IdempotencyKey = None,
) -> objects.Script:  # fmt: skip
    """Make a new draft with the words, style and budget of a script as they are now."""
    script = await scripts.duplicate_script(
        context, script_id=script_id, title=body.title, actor=LOCAL, idempotency_key=key
    )
    response.headers["Location"] = path_to(request, f"/scripts/{script.id}")
    return await encode_script(context, script)


@router.post("/scripts/{script_id}/archive", responses=WRITE, openapi_extra=described_body(Archiving, optional=True))
async def archive_script(
    script_id: ScriptId, context: GivenContext, body: Annotated[Archiving, Depends(body_of(Archiving, optional=True))]
) -> objects.Script:
    """Take a script out of the list and of what waits for a person, or bring it back. Its jobs must have ended."""
    script = await scripts.archive_script(
        context, script_id=script_id, actor=LOCAL, archived=body.archived is not False,
        expected_version=body.expected_version,
    )  # fmt: skip
    return await encode_script(context, script)
