"""Routes of scripts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from domain.protocols import LOCAL
from rest import objects
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
        context, title=body.title, content=body.content, actor=LOCAL, idempotency_key=key
    )
    response.headers["Location"] = path_to(request, f"/scripts/{script.id}")
    return await encode_script(script)


@router.get("/scripts", responses=LIST)
async def list_scripts(request: Request, response: Response, asked: AskedPage) -> list[objects.Script]:
    """All scripts, oldest first."""
    page = await reading.page_of_scripts(
        first=asked.limit, after=asked.cursor, where=reading.ScriptFilter(), order=reading.ScriptOrder.ID_ASC
    )
    link_next(request, response, asked, page.cursors[-1] if page.has_next else None)
    return await encode_scripts(page.items)


@router.get("/scripts/{script_id}", responses=READ)
async def read_script(script_id: ScriptId) -> objects.Script:
    """One script."""
    return await encode_script(await reading.read_script(script_id))


@router.put("/scripts/{script_id}", responses=WRITE, openapi_extra=described_body(ScriptEdit))
async def update_script(
    script_id: ScriptId, body: Annotated[ScriptEdit, Depends(body_of(ScriptEdit))], context: GivenContext
) -> objects.Script:
    """Change the title (always) or the text (while the script is a draft)."""
    script = await scripts.update_script(
        context, script_id=script_id, actor=LOCAL, title=body.title, content=body.content,
        expected_version=body.expected_version,
    )  # fmt: skip
    return await encode_script(script)


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
    return objects.script_object(approval.script, approval.job)
