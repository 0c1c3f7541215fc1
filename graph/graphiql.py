"""GraphiQL, a page to try the API in, served whole from the project: it asks no other host for anything."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

_FOLDER: Final = Path(__file__).parent / "static"

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss:",
        "worker-src 'self' blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def graphiql_page() -> Response:
    page = (_FOLDER / "graphiql.html").read_text("utf-8")
    return HTMLResponse(
        page,
        headers={
            "content-security-policy": _POLICY,
            "cache-control": "no-cache",
            "vary": "accept",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
        },
    )


def static_files() -> StaticFiles:
    return StaticFiles(directory=_FOLDER)
