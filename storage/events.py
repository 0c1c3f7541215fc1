"""The append-only log of what happened.

Ids rise in commit order, so that `id > last` never misses an event: on SQLite there is one writer at a time, on
PostgreSQL every appending transaction takes one advisory lock after all its other writes. Append last.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.errors import CursorInvalid
from domain.events import Event, EventKind, NewEvent
from storage import models
from storage.rows import EVENT_FIELDS, to_event
from storage.transaction import in_transaction, lock_event_log

_LARGEST_EVENT_ID = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def append_events(events: Sequence[NewEvent], *, now: datetime) -> None:
    """Append in this order. Must be the transaction's last writes."""
    if not events:
        return
    await lock_event_log()
    await models.Event.bulk_create(
        [
            models.Event(
                kind=event.kind.value, subject=event.subject.value, subject_id=event.subject_id,
                script_id=event.script_id, version=event.version, previous=event.previous, new=event.new,
                actor=event.actor, payload=dict(event.payload), occurred_at=now,
            )
            for event in events
        ],
        batch_size=500,
    )  # fmt: skip


async def events_after(
    event_id: int, *, limit: int, script_id: int | None = None, kinds: Collection[EventKind] | None = None
) -> list[Event]:
    """The next events after this one, in order."""
    query = models.Event.filter(id__gt=event_id)
    if script_id is not None:
        query = query.filter(script_id=script_id)
    if kinds is not None:
        query = query.filter(kind__in=[kind.value for kind in kinds])
    return [to_event(row) for row in await query.order_by("id").limit(limit).values(*EVENT_FIELDS)]


async def events_before(event_id: int | None, *, limit: int, script_id: int) -> list[Event]:
    """What happened in a script before this event, or up to now: the newest first."""
    query = models.Event.filter(script_id=script_id)
    if event_id is not None:
        query = query.filter(id__lt=event_id)
    return [to_event(row) for row in await query.order_by("-id").limit(limit).values(*EVENT_FIELDS)]


async def count_events(*, script_id: int, kinds: Collection[EventKind]) -> int:
    return await models.Event.filter(script_id=script_id, kind__in=[kind.value for kind in kinds]).count()


async def event_by_id(event_id: int) -> Event | None:
    if not 1 <= event_id <= _LARGEST_EVENT_ID:
        return None
    row = await models.Event.filter(id=event_id).first().values(*EVENT_FIELDS)
    return to_event(row) if row else None


async def last_event_id() -> int:
    """0 while the log is empty."""
    row = await models.Event.all().order_by("-id").first().values("id")
    return row["id"] if row else 0


@dataclass(frozen=True, slots=True)
class LogPlace:
    """The place behind an event in one particular log; `event_id` 0 is its beginning.

    The moment of the event is part of it: a database that was restored from a backup goes on with the same identity
    and the same ids, but with other events.
    """

    identity: str
    event_id: int
    occurred_at: datetime | None

    def encode(self) -> str:
        raw = f"{self.identity}:{self.event_id}:{self.stamp}"
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @property
    def stamp(self) -> str:
        """Of the microsecond of the event, in short."""
        if self.occurred_at is None:
            return "0"
        return f"{(self.occurred_at - _EPOCH) // timedelta(microseconds=1) % 2**40:x}"


async def log_identity() -> str:
    """Which log this database holds; made up at the first call on a new database."""
    row = await models.EventLog.filter(id=1).first().values("identity")
    if not row:
        await in_transaction(_create_log)
        row = await models.EventLog.get(id=1).values("identity")
    identity: str = row["identity"]
    return identity


async def _create_log() -> None:
    await lock_event_log()
    if not await models.EventLog.filter(id=1).exists():
        await models.EventLog.create(id=1, identity=secrets.token_hex(8), kept_from=0)


async def last_place() -> LogPlace:
    """The end of the log."""
    row = await models.Event.all().order_by("-id").first().values("id", "occurred_at")
    identity = await log_identity()
    return LogPlace(identity, row["id"], row["occurred_at"]) if row else LogPlace(identity, 0, None)


async def decode_cursor(cursor: str) -> int:
    """The id of the event that the cursor names.

    Raises:
        CursorInvalid: not a cursor, of another log, from the future, older than what is kept, or of an event that was
            lost when the database was restored.
    """
    try:
        raw = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        identity, digits, stamp = raw.decode("ascii").split(":")
        if not (digits.isdecimal() and len(digits) <= 19):
            raise ValueError(digits)
    except (binascii.Error, ValueError):
        raise CursorInvalid("it is not an event cursor") from None
    event_id = int(digits)
    if identity != await log_identity():
        raise CursorInvalid("it belongs to another installation or database")
    if event_id > min(await last_event_id(), _LARGEST_EVENT_ID):
        raise CursorInvalid("it is newer than anything that has happened here")
    log = await models.EventLog.get(id=1).values("kept_from")
    if event_id < log["kept_from"]:
        raise CursorInvalid("what happened just after it is no longer kept")
    row = await models.Event.filter(id=event_id).first().values("occurred_at")
    known = LogPlace(identity, event_id, row["occurred_at"] if row else None)
    if (event_id > 0 and not row) or stamp != known.stamp:
        raise CursorInvalid("it belongs to a state of the database that has been replaced since")
    return event_id
