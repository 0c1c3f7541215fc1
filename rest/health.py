"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workflow.providers import ProvidersPaused
from workflow.reading import DatabaseNotMigrated

Check = Callable[[], Awaitable[None]]

CHECK_SECONDS: Final = 5.0

log = structlog.stdlib.get_logger(__name__)


def health_routes(checks: Mapping[str, Check], *, optional: Collection[str] = ()) -> list[Route]:
    """`/healthz`: the process answers, nothing else is touched. `/readyz`: each check, which raises when it fails.

    Without what is `optional` the system is only slower, or waits for a person: it is then `degraded`, with status 200
    still.
    """

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        listed = dict(zip(checks, await asyncio.gather(*map(_outcome_of, checks, checks.values())), strict=True))
        failed = {name for name, outcome in listed.items() if not outcome["ok"]}
        status = "unavailable" if failed - set(optional) else "degraded" if failed else "ready"
        return JSONResponse(
            {"status": status, "checks": listed},
            status_code=503 if status == "unavailable" else 200,
            headers={"Retry-After": "5"} if status == "unavailable" else None,
        )

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


async def _outcome_of(name: str, check: Check) -> dict[str, Any]:
    """What is wrong, in words for anyone: names of databases and folders are in the log alone."""
    error: str | None = None
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except TimeoutError:
        error = f"It did not answer within {CHECK_SECONDS:g} s."
    except ProvidersPaused as waiting:
        return {"ok": False, "error": f"{waiting}.", "paused": _paused(waiting)}
    except DatabaseNotMigrated as missing:
        error = str(missing)
    except Exception as failure:
        log.warning("readiness check failed", check=name, exc_info=failure)
        error = "It does not work; the server's log says why."
    return {"ok": error is None, "error": error}


def _paused(waiting: ProvidersPaused) -> list[dict[str, str]]:
    return [
        {"role": provider.role.value, "code": provider.pause.code.value, "retry_at": _moment(provider.pause.retry_at)}
        for provider in waiting.paused
        if provider.pause is not None
    ]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
