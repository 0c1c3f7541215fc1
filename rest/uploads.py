"""The one file of a multipart body, piece by piece as it arrives: nothing of it is kept here.

Starlette's own form reading is not used: it takes any number of parts, and says little about what is wrong.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import PurePosixPath
from typing import Any, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from rest.arriving import pieces_of
from rest.errors import invalid
from rest.problems import FieldProblem, HttpCode, Problem, Refused, shortened

MULTIPART: Final = "multipart/form-data"


def described_file(name: str, description: str) -> dict[str, Any]:
    """The body in OpenAPI."""
    file = {"type": "string", "format": "binary", "description": description}
    schema = {"type": "object", "properties": {name: file}, "required": [name], "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {MULTIPART: {"schema": schema}}}}


async def file_in(request: Request, name: str, called: list[str] | None = None) -> AsyncGenerator[bytes, None]:
    """The content of the file of this name, which must be all that the body holds. `called` gets what the sender calls
    it, without folders and ending, before the first piece comes.

    What is wrong may show only after the last piece. Raises `Refused`, or Starlette's `ClientDisconnect`.
    """
    form = _Form(name, [] if called is None else called)
    parser = MultipartParser(_boundary(request), form.callbacks())  # type: ignore[arg-type]
    async with aclosing(pieces_of(request)) as pieces:
        async for chunk in pieces:
            try:
                parser.write(chunk)
            except FormParserError:
                raise _unreadable("The body is not well-formed multipart/form-data.") from None
            for piece in form.taken():
                yield piece
    if form.parts == 0:
        raise invalid(FieldProblem(name, f"`{name}` is missing: the body holds no file."))
    if not form.ended:
        raise _unreadable("The body ends before its last boundary.")


class _Form:
    """What the parser has found: its callbacks are called while it is given data."""

    def __init__(self, name: str, called: list[str]) -> None:
        self.name = name
        self.called = called
        self.parts = 0
        self.ended = False
        self._pieces: list[bytes] = []
        self._header = (b"", b"")
        self._disposition = b""

    def callbacks(self) -> dict[str, Any]:
        names = ("part_begin", "part_data", "header_field", "header_value", "header_end", "headers_finished", "end")
        return {f"on_{name}": getattr(self, name) for name in names}

    def taken(self) -> list[bytes]:
        pieces, self._pieces = self._pieces, []
        return [b"".join(pieces)] if pieces else []

    def part_begin(self) -> None:
        self.parts += 1
        self._disposition = b""

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0] + data[start:end], b"")

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0], self._header[1] + data[start:end])

    def header_end(self) -> None:
        field, value = self._header
        if field.strip().lower() == b"content-disposition":
            self._disposition = value
        self._header = (b"", b"")

    def headers_finished(self) -> None:
        """Raises `Refused`."""
        _, options = parse_options_header(self._disposition)
        found = options.get(b"name", b"").decode("utf-8", "replace")
        if found != self.name:
            shown = found[:60]
            message = f"`{shown}` is not a field of this request; its only field is: {self.name}."
            raise invalid(FieldProblem(shown, message))
        if self.parts > 1:
            raise invalid(FieldProblem(self.name, f"`{self.name}` came more than once. Send one file."))
        if b"filename" not in options and b"filename*" not in options:
            message = f"`{self.name}` came as text, not as a file; with curl, write -F {self.name}=@FILE."
            raise invalid(FieldProblem(self.name, message))
        self.called.append(_stem(options.get(b"filename", b"").decode("utf-8", "replace")))

    def part_data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def end(self) -> None:
        self.ended = True


def _stem(filename: str) -> str:
    return PurePosixPath(filename.replace("\\", "/")).stem


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", "").encode("latin-1"))
    shown = kind.decode("latin-1").lower()
    if shown != MULTIPART:
        raise _unsupported(f"The body is {shown[:80] or 'of no type'}; send the file as {MULTIPART}.")
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        raise _unsupported("Compressed bodies are not understood; leave Content-Encoding out.")
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:  # RFC 2046, 5.1.1
        raise _unreadable("The Content-Type header names no boundary of 1 to 70 characters.")
    return boundary


def _unsupported(detail: str) -> Refused:
    headers = {"Accept-Post": MULTIPART}
    return Refused(
        Problem(415, HttpCode.UNSUPPORTED_MEDIA_TYPE, "Not this type of body", shortened(detail), headers=headers)
    )


def _unreadable(message: str) -> Refused:
    return invalid(FieldProblem("body", message), status=400)
