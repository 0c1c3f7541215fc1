"""The route of the providers, and their JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from domain.calls import Role
from domain.errors import JobErrorCode
from rest.asking import GivenContext
from rest.openapi import COLLECTION
from workflow.providers import ProviderInUse, ProviderState, providers_in_use

router = APIRouter(tags=["providers"])


class ProviderPause(BaseModel):
    """Why a provider is paused. Jobs that need it wait meanwhile, and lose no attempt by it."""

    code: JobErrorCode
    message: str
    since: datetime
    retry_at: Annotated[datetime, Field(description="From when on a job tries it again; a job's retry tries it now.")]
    attempts: Annotated[int, Field(description="How often it was tried in vain.")]


class Provider(BaseModel):
    """Who makes something here, and whether that works at present."""

    role: Annotated[Role, Field(description="What it is used for.")]
    provider: Annotated[str, Field(description="`offline`, which costs nothing, or `openai`; for speech also `none`.")]
    model: Annotated[str | None, Field(description="The model that is asked; null for `offline` and `none`.")]
    state: ProviderState
    pause: ProviderPause | None


@router.get("/providers", responses=COLLECTION)
async def list_providers(context: GivenContext) -> list[Provider]:
    """The providers in use, one for each role."""
    return [_provider(provider) for provider in await providers_in_use(context)]


def _provider(provider: ProviderInUse) -> Provider:
    pause = provider.pause
    return Provider(
        role=provider.role, provider=provider.provider, model=provider.model, state=provider.state,
        pause=None if pause is None else ProviderPause(
            code=pause.code, message=pause.message, since=pause.since, retry_at=pause.retry_at, attempts=pause.attempts
        ),
    )  # fmt: skip
