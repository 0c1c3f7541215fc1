"""The schema's own scalars."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

Url = NewType("Url", str)
Cursor = NewType("Cursor", str)


def _in_utc(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise GraphQLError("This must be a string.")
    return value


SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment, as ISO 8601 (RFC 3339) in UTC: `2026-11-22T14:05:09.123456Z`. Never sent to the server.",
        serialize=_in_utc,
        parse_value=datetime.fromisoformat,
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
    ),
    Url: strawberry.scalar(
        name="URL",
        description="An absolute path on this server, such as `/media/images/scene_7/image_12.png`; resolve it against "
        "the address that the API was asked at.",
        serialize=str,
        parse_value=_text,
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description="A place in the log of status changes: opaque, of this installation's database alone, and good "
        "across reconnects and restarts. Not to be mixed up with the cursor of a page.",
        serialize=str,
        parse_value=_text,
    ),
}
"""For the schema's configuration: Python type → scalar."""


def media_url(key: str) -> Url:
    """Where the media file with this key is served."""
    return Url(f"/media/{key}")
