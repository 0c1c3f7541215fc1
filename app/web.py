"""What stands around all faces: who may ask, how much they may send, and what is noted about it.

The server listens on a person's own machine, where any web page can reach it through that person's browser. Hence:
a Host header must name this server (DNS rebinding), and whatever is not mere reading must not come from another site.
Programs send neither `Origin` nor `Sec-Fetch-Site` and are let in.
"""

from __future__ import annotations

import ipaddress
import re
import time
import uuid
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import get_logger, log_context
from rest.guard import Guard
from rest.problems import HttpCode, Problem, problem_response

log = get_logger(__name__)

_READING: Final = ("GET", "HEAD", "OPTIONS")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_PROBES: Final = ("/healthz", "/readyz")
_SANE_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_HOST: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+)(?::(\d{1,5}))?")
_SECURITY_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_EXPOSED: Final = ("Allow", "Content-Range", "ETag", "Link", "Location", "Retry-After", "X-Request-ID")
_ACCEPTED: Final = (
    "Apollo-Require-Preflight", "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match",
    "Last-Event-ID", "Range", "X-Request-ID",
)  # fmt: skip


def wrap(
    app: ASGIApp, *, allowed_hosts: Sequence[str], cors_origins: Sequence[str], max_body_bytes: int,
    bounded_paths: Sequence[str] = (), larger_bodies: Sequence[tuple[re.Pattern[str], int]] = (),
) -> ASGIApp:  # fmt: skip
    """The application behind all of this. `allowed_hosts` are names without ports; `*` and `*.example.com` are
    understood. `cors_origins` are spelt as browsers send them. What is at `bounded_paths` limits its bodies itself;
    `larger_bodies` are limits of whole paths, in bytes, instead of `max_body_bytes`.
    """
    wrapped: ASGIApp = BodyLimit(app, max_body_bytes, bounded_paths, larger_bodies)
    wrapped = Origins(wrapped, cors_origins)
    wrapped = Guard(wrapped)
    if cors_origins:
        wrapped = CORSMiddleware(
            wrapped, allow_origins=cors_origins, allow_methods=("GET", "HEAD", "POST", "PUT"),
            allow_headers=_ACCEPTED, expose_headers=_EXPOSED,
        )  # fmt: skip
    wrapped = Hosts(wrapped, allowed_hosts)
    return RequestLog(SecurityHeaders(wrapped))


class RequestLog:
    """Gives each request an id, which every log line and the answer carry, and logs how it ended."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _SANE_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        status = 0
        began = time.perf_counter()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            elif message["type"] == "websocket.close":
                status = message.get("code", 1000)
            await send(message)

        with log_context(request_id=request_id):
            try:
                await self.app(scope, receive, note)
            finally:
                said = log.debug if scope["path"] in _PROBES else log.info
                said(
                    "request" if scope["type"] == "http" else "websocket", method=scope.get("method"),
                    path=scope["path"], status=status, milliseconds=round((time.perf_counter() - began) * 1000, 1),
                )  # fmt: skip


class SecurityHeaders:
    """Where the application has not said something else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, add)


class Hosts:
    """Refuses a Host header that does not name this server: a page of another site that has made its own name lead
    here (DNS rebinding) would otherwise count as ours. The port is of no interest.
    """

    def __init__(self, app: ASGIApp, allowed: Sequence[str]) -> None:
        self.app = app
        self.any = "*" in allowed
        self.exact = {_plain(name) for name in allowed}
        self.suffixes = tuple(name[1:].lower() for name in allowed if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._is_allowed(scope):
            await self.app(scope, receive, send)
            return
        detail = "The Host header does not name this server. REELGATE_ALLOWED_HOSTS lists the names that do."
        await _refuse(Problem(400, HttpCode.HOST_REFUSED, "Not the name of this server", detail), scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        given = Headers(scope=scope).getlist("host")
        found = _HOST.fullmatch(given[0]) if len(given) == 1 else None
        if found is None:
            return False
        name = _plain(found[1])
        return self.any or name in self.exact or name.endswith(self.suffixes)


class Origins:
    """Refuses what is not mere reading when a page of another site asks for it, so that none can spend its visitor's
    money. WebSockets count as not mere reading: nothing else keeps another site from listening.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        if "*" in trusted:
            raise ValueError("Name the origins of the sites that may use the API; `*` would let all of them in.")
        self.app = app
        self.trusted = frozenset(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reads = scope["type"] == "http" and scope["method"] in _READING
        if scope["type"] not in ("http", "websocket") or reads or self._is_allowed(scope):
            await self.app(scope, receive, send)
            return
        detail = (
            "This was asked for by a web page of another site, and is not done for it. REELGATE_CORS_ORIGINS lists "
            "the sites that may."
        )
        await _refuse(Problem(403, HttpCode.ORIGIN_REFUSED, "Not for this site", detail), scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origins = headers.getlist("origin")
        if len(origins) > 1:
            return False
        if origins and origins[0] in self.trusted:
            return True
        if headers.get("sec-fetch-site", "").strip().lower() == "cross-site":
            return False
        return not origins or _is_same_origin(origins[0], scope, headers.get("host", ""))


class BodyLimit:
    """Answers 413 as soon as a body is known to be longer than the limit, and reads no more of it.

    Not at the paths of a face that says so in its own shape.
    """

    def __init__(
        self, app: ASGIApp, most: int, but_for: Sequence[str], larger: Sequence[tuple[re.Pattern[str], int]] = ()
    ) -> None:
        self.app = app
        self.most = most
        self.but_for = frozenset(but_for)
        self.larger = tuple(larger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self.but_for:
            await self.app(scope, receive, send)
            return
        most = next((most for paths, most in self.larger if paths.fullmatch(scope["path"])), self.most)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > most:
            await self._answer(most, scope, receive, send)
            return
        await self._counted(most, scope, receive, send)

    async def _counted(self, most: int, scope: Scope, receive: Receive, send: Send) -> None:
        received, started, answered = 0, False, False

        async def count() -> Message:
            nonlocal received, answered
            if answered:
                return {"type": "http.disconnect"}
            message = await receive()
            received += len(message.get("body", b""))
            if received <= most or started:
                return message
            answered = True
            await self._answer(most, scope, receive, send)
            return {"type": "http.disconnect"}

        async def unless_answered(message: Message) -> None:
            nonlocal started
            if not answered:
                started = True
                await send(message)

        try:
            await self.app(scope, count, unless_answered)
        except Exception:
            if not answered:  # else it has only lost its client
                raise

    async def _answer(self, most: int, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"The body is longer than the {most} bytes that this installation takes."
        headers = {"Connection": "close"}
        problem = Problem(413, HttpCode.LIMIT_EXCEEDED, "It is too large", detail, headers=headers)
        await problem_response(problem, scope)(scope, receive, send)


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """A WebSocket is closed before it was accepted: servers answer that handshake with 403."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": problem.title})
    else:
        await problem_response(problem, scope)(scope, receive, send)


def _plain(host: str) -> str:
    """One spelling for each host: lower case, no brackets, no full stop at the end."""
    name = host.lower().removesuffix(".")
    if name.startswith("[") or ":" in name:
        try:
            return ipaddress.IPv6Address(name.strip("[]")).compressed
        except ValueError:
            return name
    return name


def _is_same_origin(origin: str, scope: Scope, host: str) -> bool:
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    try:
        return _origin(origin) == _origin(f"{scheme}://{host}")
    except ValueError:
        return False


def _origin(url: str) -> tuple[str, str, int]:
    """Raises ValueError, for `null` too."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.path or parts.query or "@" in parts.netloc:
        raise ValueError("not an origin")
    port = _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    return parts.scheme, _plain(parts.hostname), port
