"""Asks the paid servers about key and models when a worker starts. Costs nothing, and delays nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from domain.calls import ProviderError
from providers.openai_compatible.options import Options, role_of
from workflow.book import Rules, pause_provider
from workflow.context import Context

_log = structlog.get_logger(__name__)


async def check_servers(context: Context, servers: Sequence[Options], rules: Rules) -> None:
    """Log what a person should know; a provider whose key is not accepted is paused before a job runs into it."""
    await asyncio.gather(*(_check(context, options, rules) for options in servers))


async def _check(context: Context, options: Options, rules: Rules) -> None:
    from providers.openai_compatible.models import check_models  # loads the SDK

    role = role_of(options)
    try:
        notices = await check_models([options], context.clock.now().date())
    except ProviderError as error:
        _log.error("provider paused", role=role.value, code=error.code.value, reason=error.message)
        await pause_provider(context, role=role, error=error, rules=rules, probe=False)
        return
    except Exception as error:
        _log.warning("models could not be checked", role=role.value, error=type(error).__name__)
        return
    for notice in notices:
        said = _log.warning if notice.urgent else _log.info
        said("model", role=role.value, model=notice.model, notice=notice.message)
