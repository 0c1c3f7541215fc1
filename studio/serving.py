"""The files of the page, over HTTP. They are read and packed once, when the server starts.

The page itself is asked for anew each time (ETag); all that it loads lies under an address with the hash of all files
in it, and is kept by the browser for good. The page names every module, so that none waits for another to name it.
No path but those listed here is answered: the other faces keep theirs.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

FOLDER: Final = Path(__file__).parent
FILES: Final = "/studio"
PAGES: Final = ("/", "/new", "/review", "/jobs", "/scripts/{rest:path}")
"""The page finds out by itself which of its views an address means."""

_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_PACKED: Final = (".css", ".html", ".js", ".md", ".svg")
_PAGE: Final = "index.html"
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """`packed` is the body as gzip; None where that does not pay."""

    media_type: str
    body: bytes
    packed: bytes | None
    etag: str


def studio_routes(folder: Path = FOLDER) -> list[Route]:
    """The page at each of its addresses, and its files."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in _TYPES and path.is_file()
    }
    build = hashlib.sha256(b"".join(name.encode() + b"\0" + body for name, body in files.items())).hexdigest()[:16]
    page = _static_file(_PAGE, _filled(files.pop(_PAGE), f"{FILES}/{build}", list(files)))
    served = {name: _static_file(name, body) for name, body in files.items()}

    async def the_page(request: Request) -> Response:
        headers = {
            "Cache-Control": "no-cache", "Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }  # fmt: skip
        return _answer(request, page, headers)

    async def a_file(request: Request) -> Response:
        found = served.get(request.path_params["name"])
        if found is None or request.path_params["build"] != build:
            return PlainTextResponse("There is no such file.\n", 404, headers={"Cache-Control": "no-store"})
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return _answer(request, found, headers)

    return [
        *(Route(path, the_page, name="studio") for path in PAGES),
        Route(f"{FILES}/{{build}}/{{name:path}}", a_file, name="studio-files"),
    ]


def _filled(page: bytes, root: str, names: list[str]) -> bytes:
    modules = [name for name in names if name.endswith(".js") and not name.startswith("early/")]
    preloads = "\n".join(f'    <link rel="modulepreload" href="{root}/{name}">' for name in modules)
    return page.decode().replace("{modules}", preloads.strip()).replace("{root}", root).encode()


def _static_file(name: str, body: bytes) -> StaticFile:
    suffix = Path(name).suffix
    packed = gzip.compress(body, mtime=0) if suffix in _PACKED and len(body) > 1_024 else None
    return StaticFile(_TYPES[suffix], body, packed, f'W/"{hashlib.sha256(body).hexdigest()[:24]}"')


def _answer(request: Request, file: StaticFile, headers: dict[str, str]) -> Response:
    asked = Headers(scope=request.scope)
    headers = {**headers, "ETag": file.etag, "Vary": "Accept-Encoding"}
    known = [tag.strip() for tag in asked.get("if-none-match", "").split(",")]
    if file.etag in known:
        return Response(status_code=304, headers=headers)
    packs = "gzip" in asked.get("accept-encoding", "")
    if file.packed is None or not packs:
        return Response(file.body, media_type=file.media_type, headers=headers)
    return Response(file.packed, media_type=file.media_type, headers={**headers, "Content-Encoding": "gzip"})
