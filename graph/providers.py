"""The schema's providers."""

from __future__ import annotations

from datetime import datetime

from graph import enums
from graph.fields import attribute, object_type


@object_type("Why a provider is paused. Jobs that need it wait meanwhile, and lose no attempt by it.")
class ProviderPause:
    code: enums.JobErrorCode = attribute("A stable code.")
    message: str = attribute("What happened and what can be done, for a person.")
    since: datetime = attribute("When it stopped working.")
    retry_at: datetime = attribute(
        "From when on a job tries it again by itself. `retryJob` on any job that waits tries it at once."
    )
    attempts: int = attribute("How often it was tried in vain.")


@object_type("Who makes something here, and whether that works at present.")
class Provider:
    role: enums.ProviderRole = attribute("What it is used for.")
    provider: str = attribute(
        "Its name: `offline`, which needs no network and costs nothing, or `openai`; for speech also `none`."
    )
    model: str | None = attribute("The model that is asked; null for `offline` and `none`.")
    state: enums.ProviderState = attribute("Whether it works.")
    pause: ProviderPause | None = attribute("Why it is paused; null if it is not.")
