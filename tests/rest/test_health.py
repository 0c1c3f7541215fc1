"""`/healthz` and `/readyz`."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from rest import health
from rest.health import Check, health_routes
from storage.errors import DatabaseUnavailable


async def fine() -> None:
    return None


async def unavailable() -> None:
    raise DatabaseUnavailable("The database cannot be reached.")


async def secretive() -> None:
    raise OSError("redis://:secret@host")


async def stuck() -> None:
    await asyncio.Event().wait()


async def asked(path: str, checks: dict[str, Check]) -> httpx.Response:
    app = Starlette(routes=health_routes(checks, optional=("redis",)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
        return await client.get(path)


async def test_alive_without_any_check() -> None:
    answer = await asked("/healthz", {"database": unavailable, "stuck": stuck})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_ready() -> None:
    answer = await asked("/readyz", {"database": fine, "redis": fine})
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"database": {"ok": True, "error": None}, "redis": {"ok": True, "error": None}},
    }


async def test_not_ready_says_what_is_missing() -> None:
    answer = await asked("/readyz", {"database": unavailable, "redis": fine})
    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
    error = "It does not work; the server's log says why."
    assert answer.json()["checks"]["database"] == {"ok": False, "error": error}
    assert answer.headers["retry-after"] == "5"


async def test_degraded_without_what_is_optional_and_without_its_secrets() -> None:
    with capture_logs() as logged:
        answer = await asked("/readyz", {"database": fine, "redis": secretive})
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "secret" not in answer.text
    assert [line["check"] for line in logged] == ["redis"]


async def test_a_check_that_hangs_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.05)
    answer = await asked("/readyz", {"database": stuck})
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["error"] == "It did not answer within 0.05 s."
