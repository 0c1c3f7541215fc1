"""What resolvers get beside the row they work on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

import strawberry

from domain.events import Event
from domain.protocols import LOCAL, Actor
from graph.limits import RequestLimits
from graph.live import EventFeed
from graph.loaders import Loaders
from graph.turns import Turns
from workflow.context import Context


@dataclass(slots=True)
class GraphContext:
    """Made for one operation. `event_cursor` is the place in the log before anything else was read, if asked for.

    `resume_after` is the cursor that a transport was given beside the request: it wins over the `after` in it.
    With `tells_place` a subscription without either notes in `began_at` where it began.
    """

    commands: Context
    feed: EventFeed
    actor: Actor = LOCAL
    limits: RequestLimits = field(default_factory=RequestLimits)
    loaders: Loaders = field(default_factory=Loaders)
    event_cursor: str | None = None
    resume_after: str | None = None
    tells_place: bool = False
    began_at: str | None = None
    fields_resolved: int = 0
    bytes_taken: int = 0
    turns: Turns = field(default_factory=Turns)

    def forget(self) -> None:
        """Something was changed: what was read before counts no more."""
        self.loaders = Loaders()
        self.feed.forget()

    def renewed(self, payload: object) -> GraphContext:
        """For the next event of a subscription: it sees things as they are by then."""
        loaders = self.feed.loaders_behind(payload) if isinstance(payload, Event) else Loaders()
        return replace(self, loaders=loaders, fields_resolved=0, bytes_taken=0, turns=Turns())


Info: TypeAlias = strawberry.Info[GraphContext, None]
