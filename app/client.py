"""A small GraphQL client for the command line, patient with a server that restarts or moves."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import httpx

Json = dict[str, Any]
T = TypeVar("T")

_PATIENCE_SECONDS: Final = 60.0
_FIRST_ANSWER_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.25
_CHUNK_BYTES: Final = 1 << 20
_NOT_NOW: Final = {httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT}
_HELLO: Final = "{ eventCursor }"


class Declined(Exception):
    """The server declined; the text is its reason, `code` its stable word for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ServerGone(Exception):
    """The server does not answer, or what answers there is not one of ours."""


class Whereabouts(Protocol):
    """Where the server is."""

    named: bool
    """Whether a person named it, so that no other one will do."""

    def locate(self) -> str:
        """Its URL, without a slash at the end. Asked again after each failure, for it may be elsewhere by then."""
        ...


class Client:
    """Speaks to one server. A request is repeated while the server is away, for a minute.

    A repeated create carries the same key; a repeated decision that had been made already is declined as a conflict.
    `on_absence` hears why, once for each absence.
    """

    def __init__(self, server: Whereabouts, on_absence: Callable[[str], None] = lambda reason: None) -> None:
        self.url = server.locate()
        self._server = server
        self._on_absence = on_absence
        self._http = httpx.Client(timeout=_ANSWER_SECONDS, trust_env=False)
        self._met = False

    def close(self) -> None:
        self._http.close()

    def meet(self) -> None:
        """See that a Reelgate server is there; one that a person named must be there now. Raises `ServerGone`."""
        self._http.timeout = httpx.Timeout(_FIRST_ANSWER_SECONDS)
        try:
            self.query(_HELLO)
        except Declined as declined:
            raise ServerGone(str(declined)) from None
        self._http.timeout = httpx.Timeout(_ANSWER_SECONDS)
        self._met = True

    def query(self, document: str, **variables: object) -> Json:
        """The `data` of a query. Raises `Declined` or `ServerGone`."""
        return self._patiently(lambda: self._post(document, variables))

    def command(self, document: str, **arguments: object) -> Json:
        """The payload of a mutation with one field and one `$input`. Raises `Declined` or `ServerGone`."""
        data = self.query(document, input={name: value for name, value in arguments.items() if value is not None})
        payload: Json = next(iter(data.values()))
        for error in payload["userErrors"]:
            raise Declined(error["code"], error["message"])
        return payload

    def send(self, path: str, name: str, file: Path) -> Json:
        """Send a file by the REST face; answers what was made of it. The same file is taken once.

        Raises `Declined` or `ServerGone`, and `OSError` for the file.
        """
        data = file.read_bytes()
        key = hashlib.sha256(path.encode() + data).hexdigest()
        return self._patiently(lambda: self._sent(path, {name: (file.name, data)}, key))

    def download(self, path: str, target: Path, sha256: str) -> int:
        """Write the file to `target`, whole or not at all; answers its bytes. Raises `OSError` as well."""
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".reelgate-{secrets.token_hex(4)}.part")
        try:
            size, found = self._patiently(lambda: self._stream(path, partial))
            if found != sha256:
                raise Declined("UNEXPECTED", f"{self.url}{path} is not the file that was made (its SHA-256 differs).")
            partial.replace(target)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(target)) from None
        finally:
            partial.unlink(missing_ok=True)
        return size

    def _post(self, document: str, variables: Json) -> Json:
        response = self._http.post(f"{self.url}/graphql", json={"query": document, "variables": variables})
        _require_now(response)
        try:
            answer = response.json()
            errors, data = answer.get("errors") or (), answer.get("data")
            for error in errors:
                raise self._declined(error.get("extensions", {}).get("code", "UNEXPECTED"), error["message"])
            if "detail" in answer:
                raise Declined(str(answer.get("code")), f"{self.url} declines: {answer['detail']}")
        except (ValueError, AttributeError, KeyError, TypeError):
            data = None
        if not isinstance(data, dict):
            raise ServerGone(
                f"What answers at {self.url} does not seem to be Reelgate (status {response.status_code}). "
                "Is the address right?"
            )
        return data

    def _sent(self, path: str, files: dict[str, tuple[str, bytes]], key: str) -> Json:
        response = self._http.post(f"{self.url}{path}", files=files, headers={"Idempotency-Key": key})
        _require_now(response)
        try:
            answer: Json = response.json()
        except ValueError:
            answer = {}
        if response.is_success and answer:
            return answer
        reason = str(answer.get("detail") or f"{self.url}{path} answered {response.status_code}.")
        raise Declined(str(answer.get("code", "UNEXPECTED")), reason)

    def _declined(self, code: str, message: str) -> Declined:
        if code in ("BAD_REQUEST", "UNEXPECTED"):  # our own documents are well formed
            message = (
                f"The server at {self.url} does not speak this command's version of the API ({message.rstrip('.')}). "
                "Use the reelgate command that came with it."
            )
        elif code == "INTERNAL":
            message = f"The server at {self.url} met a defect of its own; its log has the details."
        return Declined(code, message)

    def _stream(self, path: str, partial: Path) -> tuple[int, str]:
        digest = hashlib.sha256()
        with self._http.stream("GET", f"{self.url}{path}") as response, partial.open("wb") as file:
            _require_now(response)
            if not response.is_success:
                raise Declined("UNEXPECTED", f"{self.url}{path} answered {response.status_code}.")
            for chunk in response.iter_bytes(_CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
            return file.tell(), digest.hexdigest()

    def _patiently(self, request: Callable[[], T]) -> T:
        deadline: float | None = None
        while True:
            try:
                return request()
            except httpx.TransportError as error:
                reason = _reason(error)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise ServerGone(f"The server at {self.url} cannot be used: {_reason(error)}.") from None
            if self._server.named and not self._met:
                raise ServerGone(f"No server answers at {self.url}: {reason}.")
            if deadline is None:
                deadline = time.monotonic() + _PATIENCE_SECONDS
                self._on_absence(reason)
            elif time.monotonic() > deadline:
                raise ServerGone(f"The server at {self.url} has not answered for a minute: {reason}.")
            time.sleep(_PAUSE_SECONDS)
            self.url = self._server.locate()


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "it takes too long to answer"
    return str(error).rstrip(".") or type(error).__name__


def _require_now(response: httpx.Response) -> None:
    if response.status_code in _NOT_NOW:
        raise httpx.ConnectError(f"it answers {response.status_code} {response.reason_phrase}")
