"""All faces together, as they are served: paths, bodies that are too long, and the address that was bound."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from app.api import create_app, max_body_bytes, request_limits_of, run_api
from app.settings import Settings, load_settings
from app.wiring import open_system
from graph.limits import DocumentLimits, RequestLimits
from graph.live import EventFeed
from storage.migrate import migrate


@pytest_asyncio.fixture
async def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Of a system with a migrated database and a Redis that is away."""
    monkeypatch.setenv("REELGATE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    (tmp_path / "data").mkdir()
    found = load_settings()
    await migrate(found.database_url)
    return found


@pytest_asyncio.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with open_system(settings) as system:
        app = create_app(settings, system, EventFeed())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
            yield client


async def test_nothing_is_redirected_for_a_slash(client: httpx.AsyncClient) -> None:
    for method, path in (
        ("GET", "/graphql/"), ("POST", "/graphql/"), ("GET", "/media"), ("GET", "/media/"), ("GET", "/healthz/"),
        ("GET", "/api/scripts/"), ("POST", "/api/scripts/"),
    ):  # fmt: skip
        answer = await client.request(method, path, json={"query": "{ __typename }"} if method == "POST" else None)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
    assert (await client.post("/graphql", json={"query": "{ __typename }"})).json() == {"data": {"__typename": "Query"}}


async def test_what_is_away_and_what_is_paused_degrades(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert {name: check["ok"] for name, check in answer.json()["checks"].items()} == {
        "database": True, "media": True, "redis": False, "providers": True,
    }  # fmt: skip


@pytest.mark.parametrize("announced", [True, False])
async def test_each_face_says_in_its_own_shape_that_a_body_is_too_long(
    client: httpx.AsyncClient, settings: Settings, announced: bool
) -> None:
    body = b'{"query": "' + b" " * (max_body_bytes(settings) + 1_000_000) + b'"}'

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    headers = {"Content-Type": "application/json"}
    answer = await client.post("/graphql", content=body if announced else in_pieces(), headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/json; charset=utf-8")
    assert answer.json()["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}
    answer = await client.post("/api/scripts", content=body if announced else in_pieces(), headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


async def test_the_address_it_listens_on_is_allowed(settings: Settings) -> None:
    with socket.create_server(("127.0.0.2", 0)) as listening:
        port = listening.getsockname()[1]
        serving = asyncio.create_task(run_api(settings, listening=listening))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.2:{port}", timeout=20) as client:
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/healthz", headers={"Host": f"127.0.0.3:{port}"})).status_code == 400
        os.kill(os.getpid(), signal.SIGTERM)
        await serving


async def test_streams_do_not_hold_up_the_end(settings: Settings) -> None:
    """uvicorn would wait for them, and then call their end an error."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        serving = asyncio.create_task(run_api(settings, listening=listening))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            asked = {"query": "subscription { statusChanged { id } }"}
            headers = {"accept": "text/event-stream"}
            async with client.stream("POST", "/graphql", json=asked, headers=headers) as response:
                lines = response.aiter_lines()
                assert await anext(lines) == ":"
                began = time.monotonic()
                os.kill(os.getpid(), signal.SIGTERM)
                assert not [line async for line in lines if line.startswith("event")]
                await serving
                assert time.monotonic() - began < 2


def test_limits_of_requests_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (
        "GRAPHQL_DEPTH", "GRAPHQL_FIELDS", "GRAPHQL_DIRECTIVES", "GRAPHQL_COST", "GRAPHQL_SECONDS",
        "CONNECTION_OPERATIONS", "CLIENT_CONNECTIONS", "CLIENT_SUBSCRIPTIONS", "GRAPHQL_BODY_SECONDS",
    )  # fmt: skip
    for number, name in enumerate(names, 1):
        monkeypatch.setenv(f"REELGATE_{name}", str(number))
    expected = RequestLimits(
        DocumentLimits(1, 2, 3, 4), seconds=5, operations=6, connections=7, subscriptions=8, body_seconds=9
    )
    assert request_limits_of(load_settings()) == expected
    for name in names:
        monkeypatch.delenv(f"REELGATE_{name}")
    assert request_limits_of(load_settings()) == RequestLimits()
