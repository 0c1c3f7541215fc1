"""What an HTTP request asks for."""

from __future__ import annotations

import asyncio
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request as HttpRequest

from domain.errors import ErrorCode
from graph.errors import BAD_REQUEST
from graph.limits import Limit
from graph.media_types import JSON
from graph.operations import Request


class HttpRefused(Exception):
    """Not a GraphQL request. `status` is the HTTP status that says so."""

    def __init__(
        self, status: int, message: str, code: str = BAD_REQUEST, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.headers = headers or {}
        self.status = status
        self.message = message
        self.code = code


async def read_body(request: HttpRequest, *, most: int, seconds: float = 0.0) -> Request:
    """The request in a POST's body.

    Raises:
        HttpRefused: another media type, more than `most` bytes, not there in so many seconds, or not a GraphQL request.
    """
    name, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if name.strip().lower() != JSON or charset not in ("", "utf-8", "utf8"):
        raise HttpRefused(415, f"Send the request as `{JSON}`, in UTF-8.")
    too_large = HttpRefused(413, f"The request is larger than {most} bytes.", ErrorCode.LIMIT_EXCEEDED)
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > most):
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds or None):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise too_large
    except TimeoutError:
        late = f"The request has not come whole in {seconds:g} s."
        raise HttpRefused(408, late, Limit.TIMED_OUT, {"connection": "close"}) from None
    return _checked(_decoded(bytes(body).removeprefix(BOM_UTF8), "The body"))


def read_url(request: HttpRequest) -> Request:
    """The request in a GET's query parameters. Raises `HttpRefused`."""
    given: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = _decoded(given[name], f"`{name}`")
        else:
            given.pop(name, None)
    return _checked(given)


def _decoded(text: bytes | str, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise HttpRefused(400, f"{what} is not JSON: {str(error)[:200]}.") from None


def _checked(given: Any) -> Request:
    if isinstance(given, list):
        raise HttpRefused(400, "Send one operation at a time: lists of them are not taken.")
    if not isinstance(given, dict):
        raise HttpRefused(400, "The body must be a JSON object with a `query`.")
    fault = fault_in_request(given)
    if fault is not None:
        raise HttpRefused(400, fault)
    return request_of(given)


def fault_in_request(given: Mapping[str, Any]) -> str | None:
    """What keeps these parameters from being a GraphQL request."""
    if not isinstance(given.get("query"), str):
        return "`query` must be a string: the GraphQL document."
    for name in ("variables", "extensions"):
        if not isinstance(given.get(name), dict | None):
            return f"`{name}` must be an object."
    if not isinstance(given.get("operationName"), str | None):
        return "`operationName` must be a string."
    return None


def request_of(given: Mapping[str, Any]) -> Request:
    """From parameters without a fault. An empty operation name means none, as some clients send it."""
    return Request(given["query"], given.get("variables"), given.get("operationName") or None)
