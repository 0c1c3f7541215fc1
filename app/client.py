"""A small GraphQL client for the command line, patient with a server that restarts."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

Json = dict[str, Any]
T = TypeVar("T")

_PATIENCE_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.5
_CHUNK_BYTES: Final = 1 << 20
_NOT_NOW: Final = {httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT}


class Declined(Exception):
    """The server declined; the text is its reason, `code` its stable word for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ServerGone(Exception):
    """The server does not answer any more."""


class Client:
    """Speaks to one server. A request is repeated while the server is away, for a minute.

    A repeated create carries the same key; a repeated decision that had been made already is declined as a conflict.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, timeout=60.0, trust_env=False)

    def close(self) -> None:
        self._http.close()

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

    def download(self, path: str, target: Path) -> int:
        """Write the file to `target`, whole or not at all; answers its bytes. Raises `OSError` as well."""
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.part")
        try:
            size = self._patiently(lambda: self._stream(path, partial))
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return size

    def _post(self, document: str, variables: Json) -> Json:
        response = self._http.post("/graphql", json={"query": document, "variables": variables})
        _require_now(response)
        try:
            answer = response.json()
            errors, data = answer.get("errors"), answer.get("data")
        except (ValueError, AttributeError):
            raise Declined("UNEXPECTED", f"{self.url} answered {response.status_code}; is it Reelgate?") from None
        for error in errors or ():
            raise Declined(error.get("extensions", {}).get("code", "UNEXPECTED"), error["message"])
        if not isinstance(data, dict):
            raise Declined("UNEXPECTED", f"{self.url} answered {response.status_code}; is it Reelgate?")
        return data

    def _stream(self, path: str, partial: Path) -> int:
        with self._http.stream("GET", path) as response, partial.open("wb") as file:
            _require_now(response)
            if not response.is_success:
                raise Declined("UNEXPECTED", f"{self.url}{path} answered {response.status_code}.")
            for chunk in response.iter_bytes(_CHUNK_BYTES):
                file.write(chunk)
            return file.tell()

    def _patiently(self, request: Callable[[], T]) -> T:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return request()
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    reason = str(error) or type(error).__name__
                    raise ServerGone(f"The server at {self.url} does not answer: {reason}.") from None
            time.sleep(_PAUSE_SECONDS)


def _require_now(response: httpx.Response) -> None:
    if response.status_code in _NOT_NOW:
        raise httpx.ConnectError(f"it answers {response.status_code}")
