"""The media files over HTTP: whole, in ranges, or not at all because the client has them.

Pictures, music, videos and what comes with these alone: whatever else lies in the folder is nobody's business, and
links are not followed. A key never gets other content, but its URL can: a new installation begins at `image_1.png`
again. So a browser asks each time and is told 304; only a picture whose URL rightly says what it holds, by `v`, is the
browser's for good.

`width` asks for a smaller picture. Where none can be made, the picture itself is served, and not for good.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from domain.errors import WorkFailed
from domain.pictures import thumbnail_width
from rest.errors import no_such_path
from rest.guard import Guard
from rest.objects import MEDIA_PATH
from rest.problems import HttpCode, Problem, problem_response, shortened
from workflow.context import Context
from workflow.reading import MediaMissing
from workflow.thumbnails import Thumbnails

_TYPES: Final[Mapping[str, str]] = {
    ".flac": "audio/flac",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt; charset=utf-8",
    ".webp": "image/webp",
}
_ID: Final = "[1-9][0-9]{0,9}"
_SERVED: Final = re.compile(
    rf"images/scene_{_ID}/image_{_ID}\.png|videos/video_{_ID}\.(?:mp4|vtt|srt|jpg|webp|json)|music/music_{_ID}\.flac",
    re.ASCII,
)
_LONGEST_DATE: Final = 64
_RANGE: Final = "(?:[0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})"
_RANGES: Final = re.compile(rf"bytes=[ \t]*({_RANGE}(?:[ \t]*,[ \t]*{_RANGE})*)", re.IGNORECASE)
_MOST_RANGES: Final = 20
_WIDTH: Final = re.compile("[1-9][0-9]{0,5}", re.ASCII)
_VERSION_DIGITS: Final = 16
_ASK_EACH_TIME: Final = "private, no-cache"
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


def media_route(context: Context) -> Route:
    """For the root of the server: the address of a file is `/media/` and its key."""
    return Route(MEDIA_PATH + "{key:path}", Guard(Media(context)), name="media")


class Media:
    """Serves GET and HEAD; `path_params["key"]` is the key."""

    def __init__(self, context: Context) -> None:
        self.media = context.media
        self.thumbnails = Thumbnails(context)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._answer(scope)
        if isinstance(answer, Problem):
            answer = problem_response(answer, scope)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response | Problem:
        if scope["method"] not in ("GET", "HEAD"):
            detail = shortened(f"{scope['method']} is not possible at {scope['path']}. These are: GET, HEAD.")
            headers = {"Allow": "GET, HEAD"}
            return Problem(405, HttpCode.METHOD_NOT_ALLOWED, "Not with this method", detail, headers=headers)
        key = str(scope["path_params"]["key"])
        try:
            path, stat = await asyncio.to_thread(self._found, key)
            small, sha256 = await self._small(scope, key, stat)
        except (MediaMissing, FileNotFoundError):
            return no_such_path(scope["path"])
        if small is not None:
            return small
        headers = {
            "ETag": f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"',
            "Cache-Control": _lasting(scope, sha256, small=False),
            "X-Content-Type-Options": "nosniff",
        }
        file = FileResponse(path, headers=headers, media_type=_TYPES[path.suffix], stat_result=stat)
        return _conditional(scope, file, stat.st_size)

    async def _small(
        self, scope: Scope, key: str, stat: os.stat_result
    ) -> tuple[Response | Problem | None, str | None]:
        """The smaller picture if one is asked for and can be had; and the picture's hash if it is of any use.

        Raises `MediaMissing`.
        """
        asked = QueryParams(scope.get("query_string", b""))
        if not key.endswith(".png") or not ("width" in asked or "v" in asked):
            return None, None
        try:
            sha256 = await self.thumbnails.sha256_of(key, stat)
        except WorkFailed:  # it cannot be read just now; whoever serves it says so
            return None, None
        width = _width(scope)
        if width is None:
            return None, sha256
        etag = f'"{sha256[:32]}-{width}"'
        headers = {"ETag": etag, "Cache-Control": _lasting(scope, sha256, small=True)}
        if _is_known(Headers(scope=scope), etag, None):
            return Response(status_code=304, headers=headers), sha256
        data = await self.thumbnails.webp(key, sha256, width)
        if data is None:
            return None, sha256
        headers |= {"X-Content-Type-Options": "nosniff", "Content-Length": str(len(data))}
        sent = b"" if scope["method"] == "HEAD" else data
        return Response(sent, headers=headers, media_type="image/webp"), sha256

    def _found(self, key: str) -> tuple[Path, os.stat_result]:
        """Raises `MediaMissing`."""
        if not _SERVED.fullmatch(key):
            raise MediaMissing(key)
        path = self.media.path_of(key)
        # The folder as a whole may be a link, nothing inside of it.
        if path.resolve() != self.media.folder.resolve() / key:
            raise MediaMissing(key)
        return path, path.stat()


def _width(scope: Scope) -> int | None:
    """Of the smaller picture that is asked for; None for the picture itself."""
    asked = QueryParams(scope.get("query_string", b"")).get("width", "")
    return thumbnail_width(int(asked)) if _WIDTH.fullmatch(asked) else None


def _lasting(scope: Scope, sha256: str | None, *, small: bool) -> str:
    """For how long the answer is good: for ever if it is what the URL says, a `small` picture or the whole one."""
    named = QueryParams(scope.get("query_string", b"")).get("v")
    right = sha256 is not None and named == sha256[:_VERSION_DIGITS] and small == (_width(scope) is not None)
    return _FOR_GOOD if right else _ASK_EACH_TIME


def _conditional(scope: Scope, file: FileResponse, size: int) -> Response | Problem:
    """The file, or what the request's conditions make of it (RFC 9110, 13.2.2)."""
    asked = Headers(scope=scope)
    etag = file.headers["etag"]
    if _precondition_fails(asked, etag, file.headers["last-modified"]):
        detail = "The file is not the one that the request is about."
        return Problem(412, HttpCode.PRECONDITION_FAILED, "A condition of the request is not met", detail)
    if _is_known(asked, etag, file.headers["last-modified"]):
        kept = {name: file.headers[name] for name in ("etag", "cache-control", "last-modified")}
        return Response(status_code=304, headers=kept)
    return _in_range(scope, asked, file, size)


def _precondition_fails(asked: Headers, etag: str, modified: str) -> bool:
    if (wanted := asked.get("if-match")) is not None:
        return wanted.strip() != "*" and etag not in _tags(wanted)
    since = _date(asked.get("if-unmodified-since"))
    return since is not None and _is_later(modified, since)


def _is_known(asked: Headers, etag: str, modified: str | None) -> bool:
    """`modified` None: nothing is said of when it was."""
    if (known := asked.get("if-none-match")) is not None:
        return known.strip() == "*" or etag in [tag.removeprefix("W/") for tag in _tags(known)]
    since = _date(asked.get("if-modified-since"))
    return since is not None and modified is not None and not _is_later(modified, since)


def _tags(header: str) -> list[str]:
    return re.findall(r'(?:W/)?"[^"]*"', header)


def _date(text: str | None) -> datetime | None:
    """None for what is no date: such a condition counts as not given (RFC 9110, 13.1.3 and 13.1.4)."""
    if text is None or len(text) > _LONGEST_DATE:
        return None
    try:
        found = parsedate_to_datetime(text)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError, TypeError, IndexError):  # the parser's own faults among them
        return None


def _is_later(modified: str, than: datetime) -> bool:
    return parsedate_to_datetime(modified) > than


def _in_range(scope: Scope, asked: Headers, file: FileResponse, size: int) -> Response | Problem:
    """Hands on only ranges that can be served: FileResponse refuses a request with one that is malformed or outside."""
    found = _RANGES.fullmatch(asked.get("range", "").strip())
    fresh = asked.get("if-range") in (None, file.headers["etag"], file.headers["last-modified"])
    headers = MutableHeaders(raw=[(name, value) for name, value in scope["headers"] if name != b"range"])
    scope["headers"] = headers.raw
    if found is None or not fresh or scope["method"] != "GET":
        return file
    ranges = [part.strip().partition("-") for part in found[1].split(",")]
    if len(ranges) > _MOST_RANGES or any(first and last and int(last) < int(first) for first, _, last in ranges):
        return file
    served = [part for part in ranges if (int(part[0]) < size if part[0] else int(part[2]) > 0 and size > 0)]
    if not served:
        detail = f"The file has {size} bytes; the request asks for none of them."
        headers_of_refusal = {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"}
        return Problem(416, HttpCode.RANGE_NOT_SATISFIABLE, "Outside of the file", detail, headers=headers_of_refusal)
    headers["range"] = "bytes=" + ",".join("".join(part) for part in served)
    scope["headers"] = headers.raw
    return file
