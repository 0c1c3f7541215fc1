"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workflow.reading import DatabaseNotMigrated

Check = Callable[[], Awaitable[None]]

CHECK_SECONDS: Final = 5.0

log = structlog.stdlib.get_logger(__name__)


def health_routes(checks: Mapping[str, Check], *, optional: Collection[str] = ()) -> list[Route]:
    """`/healthz`: the process answers, nothing else is touched. `/readyz`: each check, which raises when it fails.

    Without what is `optional` the system is only slower: it is then `degraded`, with status 200 still.
    """

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        errors = dict(zip(checks, await asyncio.gather(*map(_error_of, checks, checks.values())), strict=True))
        failed = {name for name, error in errors.items() if error is not None}
        status = "unavailable" if failed - set(optional) else "degraded" if failed else "ready"
        listed = {name: {"ok": error is None, "error": error} for name, error in errors.items()}
        return JSONResponse(
            {"status": status, "checks": listed},
            status_code=503 if status == "unavailable" else 200,
            headers={"Retry-After": "5"} if status == "unavailable" else None,
        )

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


async def _error_of(name: str, check: Check) -> str | None:
    """What is wrong, in words for anyone: names of databases and folders are in the log alone."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except TimeoutError:
        return f"It did not answer within {CHECK_SECONDS:g} s."
    except DatabaseNotMigrated as error:
        return str(error)
    except Exception as error:
        log.warning("readiness check failed", check=name, exc_info=error)
        return "It does not work; the server's log says why."
    return None
