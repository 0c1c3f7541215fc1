"""The page that shows the OpenAPI document, from files of this project alone: nothing is loaded from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

_STATIC: Final = Path(__file__).parent / "static"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def docs_routes() -> list[Route | Mount]:
    """`/docs` and its files."""
    page = (_STATIC / "docs.html").read_text(encoding="utf-8")

    async def docs(request: Request) -> Response:
        root = str(request.scope.get("root_path", ""))
        return HTMLResponse(page.replace("{root}", root), headers={"Content-Security-Policy": _POLICY})

    return [
        Route("/docs", docs, include_in_schema=False),
        Mount("/docs/files", StaticFiles(directory=_STATIC), name="docs-files"),
    ]
