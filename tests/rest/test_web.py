"""Who may ask: hosts, origins, sizes; and what every answer carries."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message
from starlette.websockets import WebSocket
from structlog.testing import capture_logs

from app.web import wrap
from tests.rest.conftest import MAX_BODY_BYTES
from tests.rest.making import problem
from workflow import reading
from workflow.context import Context

FOREIGN = [
    "https://evil.example",
    "null",
    "http://localhost:3000",
    "https://localhost",
    "http://127.0.0.1",
    "http://localhost.evil.example",
    "http://localhost@evil.example",
    "http://localhost/",
    "file://",
    "",
    "chrome-extension://abc",
    "http://[::1",
    "http://localhost:99999",
    "https://studio.example.evil.example",
    "http://studio.example",
]


async def test_programs_are_let_in(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/scripts", json={"content": "a"})).status_code == 201


@pytest.mark.parametrize("origin", FOREIGN)
async def test_foreign_pages_change_nothing(client: httpx.AsyncClient, context: Context, origin: str) -> None:
    for method, path in (("POST", "/api/scripts"), ("PUT", "/api/scripts/1"), ("DELETE", "/x"), ("PATCH", "/x")):
        answer = await client.request(method, path, json={"content": "a"}, headers={"Origin": origin})
        problem(answer, 403, "ORIGIN_REFUSED")
        assert "access-control-allow-origin" not in answer.headers
    page = await reading.page_of_scripts(
        first=None, after=None, where=reading.ScriptFilter(), order=reading.ScriptOrder.ID_ASC
    )
    assert page.total == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "Cross-Site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
    ],
)
async def test_what_browsers_say_of_the_site(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    problem(await client.post("/api/scripts", json={"content": "a"}, headers=headers), 403, "ORIGIN_REFUSED")


async def test_two_origins_are_refused(client: httpx.AsyncClient) -> None:
    headers = [("Origin", "http://localhost"), ("Origin", "https://evil.example")]
    problem(await client.post("/api/scripts", json={"content": "a"}, headers=headers), 403, "ORIGIN_REFUSED")


@pytest.mark.parametrize(
    ("base", "headers"),
    [
        ("http://localhost", {"Origin": "http://localhost"}),
        ("http://localhost", {"Origin": "http://localhost:80"}),
        ("http://localhost:8000", {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}),
        ("http://127.0.0.1:8000", {"Origin": "http://127.0.0.1:8000"}),
        ("http://[::1]:8000", {"Origin": "http://[::1]:8000"}),
        ("https://localhost", {"Origin": "https://localhost"}),
        ("http://localhost", {"Origin": "https://studio.example"}),
        ("http://localhost", {"Origin": "https://studio.example", "Sec-Fetch-Site": "cross-site"}),
        ("http://localhost", {"Sec-Fetch-Site": "none"}),
    ],
)
async def test_our_own_pages_and_trusted_sites_are_let_in(app: ASGIApp, base: str, headers: dict[str, str]) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base) as client:
        assert (await client.post("/api/scripts", json={"content": "a"}, headers=headers)).status_code == 201


async def test_reading_is_free_but_shown_to_trusted_sites_alone(client: httpx.AsyncClient) -> None:
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = await client.get("/api/scripts", headers=foreign)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    answer = await client.get("/api/scripts", headers={"Origin": "https://studio.example"})
    assert answer.headers["access-control-allow-origin"] == "https://studio.example"
    assert "access-control-allow-credentials" not in answer.headers
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"Location", "Link", "ETag", "X-Request-ID", "Content-Range"} <= set(exposed)
    assert "Origin" in answer.headers["vary"]


async def test_preflights(client: httpx.AsyncClient) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,idempotency-key"}
    answer = await client.options("/api/scripts", headers={**asked, "Origin": "https://studio.example"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "https://studio.example")
    answer = await client.options("/api/scripts", headers={**asked, "Origin": "https://evil.example"})
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers


async def test_headers_that_a_trusted_site_may_send(client: httpx.AsyncClient) -> None:
    for name in ("apollo-require-preflight", "authorization", "content-type", "if-match", "if-none-match", "range"):
        asked = {
            "Origin": "https://studio.example", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": name,
        }  # fmt: skip
        assert (await client.options("/graphql", headers=asked)).status_code == 200, name


async def test_a_trusted_site_sees_errors_too(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/scripts", json={}, headers={"Origin": "https://studio.example"})
    problem(answer, 422, "INVALID")
    assert answer.headers["access-control-allow-origin"] == "https://studio.example"


def test_every_site_cannot_be_trusted() -> None:
    with pytest.raises(ValueError, match="all of them"):
        wrap(PlainTextResponse("a"), allowed_hosts=("localhost",), cors_origins=("*",), max_body_bytes=1)


HOSTS = {
    "localhost": True,
    "LOCALHOST:8000": True,
    "localhost.": True,
    "127.0.0.1:1": True,
    "[::1]": True,
    "[::1]:8000": True,
    "[0:0:0:0:0:0:0:1]:8000": True,
    "evil.example": False,
    "localhost.evil.example": False,
    "evil.example:8000": False,
    "127.0.0.2": False,
    "[::2]": False,
    "::1": False,
    "localhost:8000:1": False,
    "localhost@evil.example": False,
    "localhost, evil.example": False,
    "localhost/": False,
    "": False,
}


@pytest.mark.parametrize(("host", "fine"), HOSTS.items())
async def test_hosts(client: httpx.AsyncClient, host: str, fine: bool) -> None:
    answer = await client.get("/api/scripts", headers={"Host": host})
    if fine:
        assert answer.status_code == 200
    else:
        problem(answer, 400, "HOST_REFUSED")


async def test_patterns_of_hosts() -> None:
    for allowed, host, status in (
        (("*.example.com",), "a.example.com", 200),
        (("*.example.com",), "a.b.example.com:80", 200),
        (("*.example.com",), "example.com", 400),
        (("*.example.com",), "evilexample.com", 400),
        (("*",), "anything.example", 200),
        (("*",), "any thing", 400),
        (("::1",), "[::1]:80", 200),
    ):
        app = wrap(PlainTextResponse("a"), allowed_hosts=allowed, cors_origins=(), max_body_bytes=1)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
            assert (await client.get("/", headers={"Host": host})).status_code == status, (allowed, host)


async def test_two_hosts_are_refused(client: httpx.AsyncClient) -> None:
    headers = [("Host", "localhost"), ("Host", "evil.example")]
    problem(await client.get("/api/scripts", headers=headers), 400, "HOST_REFUSED")


async def test_a_body_up_to_the_limit_is_read(client: httpx.AsyncClient) -> None:
    longest = json.dumps({"content": "😀" * 2_000}).encode()
    assert len(longest) < MAX_BODY_BYTES
    padded = longest + b" " * (MAX_BODY_BYTES - len(longest))
    assert (await client.post("/api/scripts", content=padded)).status_code == 201
    problem(await client.post("/api/scripts", content=padded + b" "), 413, "LIMIT_EXCEEDED")


async def test_a_body_without_a_length_is_counted(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 1_000

    answer = await client.post("/api/scripts", content=endless())
    problem(answer, 413, "LIMIT_EXCEEDED")
    assert str(MAX_BODY_BYTES) in answer.json()["detail"]
    assert sent <= MAX_BODY_BYTES // 1_000 + 2


async def test_a_fault_of_losing_the_body_is_not_logged() -> None:
    async def careless(request: Request) -> JSONResponse:
        try:
            return JSONResponse(await request.json())
        except Exception:
            raise RuntimeError("no body") from None

    app = wrap(
        Starlette(routes=[Route("/", careless, methods=["POST"])]),
        allowed_hosts=("x",), cors_origins=(), max_body_bytes=10,
    )  # fmt: skip

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"12345"

    with capture_logs() as logged:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
            problem(await client.post("/", content=chunks()), 413, "LIMIT_EXCEEDED")
    assert [line["event"] for line in logged] == ["request"]


async def test_every_answer_carries_these_headers(client: httpx.AsyncClient) -> None:
    for path in ("/api/scripts", "/nothing", "/api/docs", "/media/x"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"]


async def test_request_ids(client: httpx.AsyncClient) -> None:
    sane = await client.get("/api/scripts", headers={"X-Request-ID": "abc-1.2_3"})
    assert sane.headers["x-request-id"] == "abc-1.2_3"
    made = {(await client.get("/api/scripts")).headers["x-request-id"] for _ in range(2)}
    assert len(made) == 2
    for insane in ("a b", "a\tb", "é", "x" * 129, "", "{}"):
        answer = await client.get("/api/scripts", headers=[(b"X-Request-ID", insane.encode("latin-1"))])
        assert answer.headers["x-request-id"] != insane
    refused = await client.get("/api/scripts", headers={"Host": "evil.example", "X-Request-ID": "seen"})
    assert refused.headers["x-request-id"] == "seen"


async def test_each_request_is_logged_once_without_its_query(client: httpx.AsyncClient) -> None:
    with capture_logs() as logged:
        await client.get("/api/scripts?limit=5&cursor=secret", headers={"X-Request-ID": "r"})
    assert len(logged) == 1
    line = logged[0]
    assert (line["event"], line["method"], line["path"], line["status"]) == ("request", "GET", "/api/scripts", 422)
    assert "secret" not in str(line)


async def handshake(app: ASGIApp, headers: dict[str, str], scheme: str = "ws") -> list[str]:
    """The types of the messages that answer a WebSocket handshake."""
    sent: list[str] = []

    async def send(message: Message) -> None:
        sent.append(message["type"])

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "websocket", "path": "/", "scheme": scheme, "headers": raw, "query_string": b"", "root_path": ""}
    await app(scope, receive, send)
    return sent


async def test_websockets() -> None:
    async def greet(socket: WebSocket) -> None:
        await socket.accept()

    app = wrap(
        Starlette(routes=[WebSocketRoute("/", greet)]),
        allowed_hosts=("localhost",), cors_origins=("https://studio.example",), max_body_bytes=1,
    )  # fmt: skip
    host = {"Host": "localhost:8000"}
    assert await handshake(app, host) == ["websocket.accept"]
    assert await handshake(app, {**host, "Origin": "http://localhost:8000"}) == ["websocket.accept"]
    assert await handshake(app, {**host, "Origin": "https://localhost:8000"}, "wss") == ["websocket.accept"]
    assert await handshake(app, {**host, "Origin": "https://studio.example"}) == ["websocket.accept"]
    for origin in FOREIGN:
        assert await handshake(app, {**host, "Origin": origin}) == ["websocket.close"], origin
    assert await handshake(app, {**host, "Sec-Fetch-Site": "cross-site"}) == ["websocket.close"]
    assert await handshake(app, {"Host": "evil.example"}) == ["websocket.close"]
