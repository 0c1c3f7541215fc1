"""The command line's client against servers that are away, slow to return, or something else altogether."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.client import Client, Declined, ServerGone
from app.local_server import NamedServer

Answer = tuple[int, str, bytes]
HELLO: Answer = (200, "application/json", b'{"data": {"eventCursor": "x"}}')


def said(body: object, status: int = 200) -> Answer:
    return status, "application/json", json.dumps(body).encode()


@contextmanager
def answering(answer: Callable[[int], Answer]) -> Iterator[str]:
    """A server that gives its n-th request the n-th answer; status 0 breaks off."""
    count = iter(range(1_000_000))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def do_GET(self) -> None:
            status, kind, body = answer(next(count))
            if not status:
                return
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def client_of(url: str, absences: list[str] | None = None) -> Iterator[Client]:
    client = Client(NamedServer(url), (absences if absences is not None else []).append)
    try:
        yield client
    finally:
        client.close()


@pytest.mark.parametrize(
    "answer",
    [
        (404, "text/html", b"<h1>Not found</h1>"),
        (200, "text/html", b"hello"),
        said(["a", "list"]),
        said({"hello": "world"}),
        said({"errors": ["text"]}),
        said(None),
        (200, "application/json", b"\xff"),
    ],
    ids=["404", "page", "list", "object", "errors", "null", "not utf-8"],
)
def test_something_else_answers(answer: Answer) -> None:
    with answering(lambda _: answer) as url, client_of(url) as client, pytest.raises(ServerGone) as gone:
        client.meet()
    assert str(gone.value).startswith(f"What answers at {url} does not seem to be Reelgate")


def test_nobody_answers_at_a_named_address() -> None:
    absences: list[str] = []
    with client_of("http://127.0.0.1:1", absences) as client, pytest.raises(ServerGone, match="No server answers at"):
        client.meet()
    assert absences == []


def test_a_server_of_another_version() -> None:
    unknown = said({"errors": [{"message": "Cannot query field 'x'.", "extensions": {"code": "BAD_REQUEST"}}]})
    with answering(lambda n: unknown if n else HELLO) as url, client_of(url) as client:
        client.meet()
        with pytest.raises(Declined, match=r"does not speak this command's version .*\(Cannot query field 'x'\)\."):
            client.query("{ x }")


def test_a_problem_document_is_passed_on() -> None:
    refusal = said({"code": "HOST_REFUSED", "detail": "Not my name."}, 400)
    with answering(lambda _: refusal) as url, client_of(url) as client, pytest.raises(ServerGone) as gone:
        client.meet()
    assert str(gone.value) == f"{url} declines: Not my name."


def test_a_declined_command_has_its_code() -> None:
    payload = {"data": {"createScript": {"userErrors": [{"code": "INVALID", "message": "It is blank."}]}}}
    with answering(lambda _: said(payload)) as url, client_of(url) as client, pytest.raises(Declined) as declined:
        client.command("mutation", content=" ")
    assert (declined.value.code, str(declined.value)) == ("INVALID", "It is blank.")


def test_an_absence_is_waited_out_and_said_once() -> None:
    absences: list[str] = []
    away = [HELLO, said({}, 503), (0, "", b""), said({}, 502), said({"data": {"x": 1}})]
    with answering(lambda n: away[n]) as url, client_of(url, absences) as client:
        client.meet()
        assert client.query("{ x }") == {"x": 1}
    assert absences == ["it answers 503 Service Unavailable"]


def test_a_server_that_moves_is_followed() -> None:
    with answering(lambda _: said({}, 503)) as old, answering(lambda _: HELLO) as new:

        class Moving:
            named = False

            def __init__(self) -> None:
                self.urls = iter([old, old, new])

            def locate(self) -> str:
                return next(self.urls)

        client = Client(Moving())
        client.meet()
        assert client.url == new
        client.close()


def test_a_download_is_whole_or_not_at_all(tmp_path: Path) -> None:
    body = b"film" * 1000
    answers = [HELLO, (0, "", b""), (200, "video/mp4", body), (200, "video/mp4", b"another")]
    target = tmp_path / "folder" / "film.mp4"
    digest = hashlib.sha256(body).hexdigest()
    with answering(lambda n: answers[n]) as url, client_of(url) as client:
        client.meet()
        assert client.download("/x.mp4", target, digest) == len(body)
        with pytest.raises(Declined, match="is not the file that was made"):
            client.download("/x.mp4", target, digest)
    assert target.read_bytes() == body
    assert [path.name for path in target.parent.iterdir()] == ["film.mp4"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("http://localhost:8000/", "http://localhost:8000"),
        (" https://example.org/reelgate ", "https://example.org/reelgate"),
        ("http://127.0.0.1:8000/graphql", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/api/", "http://[::1]:8000"),
    ],
)
def test_addresses(typed: str, meant: str) -> None:
    assert NamedServer(typed).locate() == meant


@pytest.mark.parametrize(
    "typed", ["localhost:8000", "htp://localhost", "http://", "http://x:y", "http://a b", "", "8000"]
)
def test_addresses_that_are_none(typed: str) -> None:
    with pytest.raises(ValueError, match="is not the URL of a server, such as"):
        NamedServer(typed)
    if typed == "localhost:8000":
        with pytest.raises(ValueError, match=r"Did you mean http://localhost:8000\?"):
            NamedServer(typed)
