"""Asks the servers about the configured models when a worker starts.

Models are shut down on dates known long before. Nothing here costs anything, and only a key that the server does not
accept is an error: many servers list no models, or let a key use a model but not look at the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from openai import APIStatusError, AsyncOpenAI

from domain.calls import ProviderError, Role
from providers.openai_compatible.client import open_client
from providers.openai_compatible.failures import ROLE_NAMES, from_exception
from providers.openai_compatible.options import Options, role_of

NEAR_DAYS = 60
_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class ModelNotice:
    """Something to tell a person about a configured model. `urgent` if it will not work, or soon not any more."""

    role: Role
    model: str
    message: str
    urgent: bool
    shutdown_date: date | None = None


async def check_models(servers: Sequence[Options], today: date) -> list[ModelNotice]:
    """Notices about the configured models; none where all is well.

    Raises:
        ProviderError: CONFIG, a server does not accept its key.
    """
    notices: list[ModelNotice] = []
    for options in servers:
        role = role_of(options)
        client = open_client(options.base_url, options.api_key, min(_SECONDS, options.timeout_seconds))
        try:
            notice = await _notice(client, role, options.model, today)
        finally:
            await client.close()
        if notice is not None:
            notices.append(notice)
    return notices


async def _notice(client: AsyncOpenAI, role: Role, model: str, today: date) -> ModelNotice | None:
    try:
        found = await client.models.retrieve(model)
        return shutdown_notice(role, model, getattr(found, "shutdown_date", None), today)
    except Exception as error:  # as of every call, kinds beyond the SDK's come through
        if isinstance(error, APIStatusError) and _says_nothing_of_the_key(error):
            missing = error.status_code == 404
            failure = None
        else:
            missing, failure = False, from_exception(error, role)
    if missing:
        return await _missing(client, role, model)
    if failure is None:
        return ModelNotice(role, model, f"The {ROLE_NAMES[role]} server does not tell about its models.", urgent=False)
    if isinstance(failure, ProviderError) and not failure.retryable:
        raise failure
    return ModelNotice(role, model, f"The model could not be checked. {failure.message}", urgent=False)


async def _missing(client: AsyncOpenAI, role: Role, model: str) -> ModelNotice:
    """The notice for a model that its own address does not know: some servers have only the list, or neither."""
    listed: set[str] = set()
    try:
        page = await client.models.list()
        listed = {name for entry in page.data or () if isinstance(name := getattr(entry, "id", None), str)}
    except Exception:  # whatever comes instead of a list says nothing about the model
        listed = set()
    if listed and model not in listed:
        message = f"The {ROLE_NAMES[role]} server has no model {model!r}. Choose another one in the settings."
        return ModelNotice(role, model, message, urgent=True)
    return ModelNotice(role, model, f"The {ROLE_NAMES[role]} server does not tell about its models.", urgent=False)


def shutdown_notice(role: Role, model: str, told: object, today: date) -> ModelNotice | None:
    """A notice if the model's end is near or past."""
    try:
        end = date.fromisoformat(told[:10]) if isinstance(told, str) else None
    except ValueError:
        end = None
    if end is None or (end - today).days > NEAR_DAYS:
        return None
    when = f"was shut down on {end}" if end < today else f"will be shut down on {end}"
    message = f"The {ROLE_NAMES[role]} model {model!r} {when}. Choose another one in the settings."
    return ModelNotice(role, model, message, urgent=True, shutdown_date=end)


def _says_nothing_of_the_key(error: APIStatusError) -> bool:
    """A missing page, a request that is not understood, or a key that may use models but not look at them."""
    body: Any = error.body
    text = str(body.get("message", "")) if isinstance(body, dict) else ""
    status = error.status_code
    if status == 401:
        return "scope" in text.lower()
    return status == 501 or (status < 500 and status not in (402, 408, 409, 425, 429))
