"""Every error has one shape, whoever declines."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import get_args

import httpx
import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from domain.errors import DomainError, ErrorCode
from rest.app import create_rest
from rest.errors import REFUSALS, problem_of
from rest.guard import Guard
from rest.openapi import Problem as ProblemSchema
from rest.problems import HttpCode
from storage.database import close_database
from storage.errors import DatabaseBusy, DatabaseUnavailable
from tests.rest.making import problem
from workflow import reading
from workflow.context import Context

IDS = ["0", "-1", "+1", "007", "1.0", "abc", "%20", "1_0", "٣", str(2**31), str(2**63), str(10**30), "9" * 5_000]
ROUTES = [
    ("GET", "scripts/{}", "script"),
    ("PUT", "scripts/{}", "script"),
    ("POST", "scripts/{}/approve", "script"),
    ("GET", "scripts/{}/scenes", "script"),
    ("POST", "scripts/{}/create-video", "script"),
    ("GET", "scripts/{}/video", "script"),
    ("PUT", "scenes/{}", "scene"),
    ("POST", "scenes/{}/approve", "scene"),
    ("GET", "scenes/{}/images", "scene"),
    ("POST", "images/{}/approve", "image"),
    ("POST", "images/{}/reject", "image"),
    ("GET", "videos/{}", "video"),
    ("GET", "jobs/{}", "job"),
    ("POST", "jobs/{}/retry", "job"),
    ("POST", "jobs/{}/cancel", "job"),
]


def test_each_code_has_its_line() -> None:
    assert set(REFUSALS) == set(ErrorCode)
    assert set(get_args(ProblemSchema.model_fields["code"].annotation)) == {ErrorCode, HttpCode}
    for code in ErrorCode:
        error = DomainError("Not now.", field=("field",))
        error.code = code
        said = problem_of(error)
        assert (said.code, said.detail, 400 <= said.status < 500) == (code, "Not now.", True)


@pytest.mark.parametrize(("method", "path", "entity"), ROUTES)
async def test_ids_that_name_nothing(client: httpx.AsyncClient, method: str, path: str, entity: str) -> None:
    body = {"PUT": {"title": "a"}, "POST": {}}.get(method)
    for given in IDS:
        answer = await client.request(method, "/api/" + path.format(given), json=body)
        assert answer.status_code == 404, (given, answer.text)
        said = answer.json()
        assert (said["code"], answer.headers["content-type"]) == ("NOT_FOUND", "application/problem+json")
        assert said["detail"].startswith(f"There is no {entity} ")
        assert len(said["detail"]) < 80
    said = problem(await client.request(method, "/api/" + path.format(2**31 - 1), json=body), 404, "NOT_FOUND")
    assert said["detail"] == f"There is no {entity} {2**31 - 1}."


@pytest.mark.parametrize(
    "path", ["/api/", "/api/nothing", "/api/scripts/", "/api/scripts/1/", "/nothing", "/api/scripts/1/2/3"]
)
async def test_unknown_paths(client: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        problem(await client.request(method, path), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/scripts", "GET, HEAD, POST"),
        ("/api/scripts/1", "GET, HEAD, PUT"),
        ("/api/scenes/1", "GET, HEAD, PUT"),
        ("/api/scripts/1/approve", "POST"),
        ("/api/videos/1", "GET, HEAD"),
        ("/media/images/scene_1/image_1.png", "GET, HEAD"),
    ],
)
async def test_other_methods_are_405_with_allow(client: httpx.AsyncClient, path: str, allowed: str) -> None:
    for method in ("DELETE", "PATCH", "OPTIONS", "PROPFIND"):
        answer = await client.request(method, path)
        problem(answer, 405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"] == allowed


async def test_head_is_get_without_the_body(client: httpx.AsyncClient) -> None:
    got, headed = await client.get("/api/scripts"), await client.head("/api/scripts")
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == got.headers["content-length"]
    assert (await client.head("/api/scripts/4")).status_code == 404


def behind_guard(fail: Callable[[], None]) -> httpx.AsyncClient:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        fail()

    return httpx.AsyncClient(transport=httpx.ASGITransport(app=Guard(app)), base_url="http://localhost")


async def test_what_nobody_expected_is_masked_and_logged_once() -> None:
    def fail() -> None:
        raise RuntimeError("password=hunter2")

    with capture_logs() as logged, structlog.contextvars.bound_contextvars(request_id="r-1"):
        async with behind_guard(fail) as client:
            answer = await client.get("/api/scripts")
    said = problem(answer, 500, "INTERNAL")
    assert said["request_id"] == "r-1"
    assert "r-1" in said["detail"]
    assert "hunter2" not in answer.text
    assert [(line["log_level"], line["request_id"], str(line["exc_info"])) for line in logged] == [
        ("error", "r-1", "password=hunter2")
    ]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (DatabaseBusy("locks on host db-7"), "1"),
        (DatabaseUnavailable("no route to db-7"), "5"),
        (sqlite3.OperationalError("unable to open db-7"), None),
        (ConnectionRefusedError("db-7"), "5"),
    ],
)
async def test_a_database_that_does_not_answer_is_503(error: Exception, seconds: str | None) -> None:
    if isinstance(error, sqlite3.OperationalError):
        error.sqlite_errorcode, seconds = sqlite3.SQLITE_CANTOPEN, "5"

    def fail() -> None:
        raise error

    with capture_logs() as logged:
        async with behind_guard(fail) as client:
            answer = await client.get("/api/scripts")
    problem(answer, 503, "UNAVAILABLE")
    assert answer.headers["retry-after"] == seconds
    assert "db-7" not in answer.text
    assert len(logged) == 1


async def test_a_closed_database_is_masked(context: Context) -> None:
    await close_database()
    transport = httpx.ASGITransport(app=create_rest(context))
    with capture_logs() as logged:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.get("/scripts")
    assert answer.status_code in (500, 503)
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(logged) == 1


async def test_a_fault_after_the_answer_began_is_logged() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("broken")

    sent: list[str] = []

    async def send(message: Message) -> None:
        sent.append(message["type"])

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    with capture_logs() as logged:
        await Guard(app)({"type": "http", "method": "GET", "path": "/"}, receive, send)
    assert sent == ["http.response.start"]  # for want of the rest the server breaks the connection off
    assert len(logged) == 1


async def test_messages_repeat_a_little_of_what_was_sent(client: httpx.AsyncClient) -> None:
    for answer in (
        await client.get("/api/" + "a" * 60_000),
        await client.delete("/api/scripts/" + "1" * 60_000),
        await client.delete("/media/" + "a" * 60_000),
        await client.post("/api/scripts", json={"a" * 40_000: 1}),
        await client.post("/api/scripts", json={f"name{number}": 1 for number in range(2_000)}),
    ):
        said = answer.json()
        assert answer.status_code in (404, 405, 422)
        assert len(said["detail"]) <= 500
        assert len(answer.content) < 15_000
        assert len(said.get("errors", [])) <= 20


async def test_a_cancellation_that_is_not_ours_is_a_fault(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cancelled(_: int) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(reading, "read_script", cancelled)
    with capture_logs() as logged:
        problem(await client.get("/api/scripts/1"), 500, "INTERNAL")
    assert [line["event"] for line in logged] == ["request failed", "request"]
