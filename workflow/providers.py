"""The providers in use, and whether they work or are paused. Nothing here holds a key, an address or a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.calls import Role
from domain.errors import JobErrorCode
from domain.machines import ImageMachine, SpeechMachine, TextMachine
from storage.calls import Pause, pauses
from storage.transaction import database_now_ms
from workflow.context import Context


class ProviderState(StrEnum):
    READY = "ready"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class ProviderPause:
    """Why it is paused. `retry_at`: the first job from then on tries it; `attempts` counts how often that failed."""

    code: JobErrorCode
    message: str
    since: datetime
    retry_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class ProviderInUse:
    """`model` is None for a provider that has none."""

    role: Role
    provider: str
    model: str | None
    pause: ProviderPause | None

    @property
    def state(self) -> ProviderState:
        return ProviderState.READY if self.pause is None else ProviderState.PAUSED


class ProvidersPaused(Exception):
    """Some are; what needs them waits."""

    def __init__(self, paused: Sequence[ProviderInUse]) -> None:
        self.paused = tuple(paused)
        super().__init__("Paused: " + ", ".join(provider.role.value for provider in paused))


async def providers_in_use(context: Context) -> list[ProviderInUse]:
    """One for each role."""
    machines: dict[Role, TextMachine | ImageMachine | SpeechMachine] = {
        Role.TEXT: context.machines.text,
        Role.IMAGES: context.machines.images,
        Role.SPEECH: context.machines.speech,
    }
    paused = {pause.role: pause for pause in await pauses()}
    now_ms = await database_now_ms() if paused else 0
    return [_in_use(context, role, machine, paused.get(role), now_ms) for role, machine in machines.items()]


async def require_no_pause(context: Context) -> None:
    """Raises `ProvidersPaused`."""
    if paused := [provider for provider in await providers_in_use(context) if provider.pause is not None]:
        raise ProvidersPaused(paused)


def _in_use(
    context: Context, role: Role, machine: TextMachine | ImageMachine | SpeechMachine, pause: Pause | None, now_ms: int
) -> ProviderInUse:
    """A pause that earlier settings have left behind is none of a machine that calls nobody."""
    if machine.is_free or pause is None:
        return ProviderInUse(role, machine.provider, machine.model, None)
    # How long it lasts is known by the database's clock, which need not agree with the one that people read.
    retry_at = context.clock.now() + timedelta(milliseconds=pause.until_ms - now_ms)
    shown = ProviderPause(pause.code, pause.message, pause.since, retry_at, pause.pauses)
    return ProviderInUse(role, machine.provider, machine.model, shown)
