"""What resolvers get beside the row they work on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

import strawberry

from domain.events import Event
from domain.protocols import LOCAL, Actor
from graph.live import EventFeed
from graph.loaders import Loaders
from workflow.context import Context


@dataclass(slots=True)
class GraphContext:
    """Made for one operation. `event_cursor` is the place in the log before anything else was read, if asked for."""

    commands: Context
    feed: EventFeed
    actor: Actor = LOCAL
    loaders: Loaders = field(default_factory=Loaders)
    event_cursor: str | None = None
    fields_resolved: int = 0
    bytes_taken: int = 0

    def forget(self) -> None:
        """Something was changed: what was read before counts no more."""
        self.loaders = Loaders()
        self.feed.forget()

    def renewed(self, payload: object) -> GraphContext:
        """For the next event of a subscription: it sees things as they are by then."""
        loaders = self.feed.loaders_behind(payload) if isinstance(payload, Event) else Loaders()
        return replace(self, loaders=loaders, fields_resolved=0, bytes_taken=0)


Info: TypeAlias = strawberry.Info[GraphContext, None]
