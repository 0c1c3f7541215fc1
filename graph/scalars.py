"""The schema's own scalars."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NewType

import strawberry
from graphql import FloatValueNode, GraphQLError, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from domain.money import amount_of, amount_text

Url = NewType("Url", str)
Cursor = NewType("Cursor", str)


def _in_utc(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise GraphQLError("This must be a string.")
    return value


def _amount(value: object) -> Decimal:
    try:
        return amount_of(value)
    except ValueError as error:
        raise GraphQLError(f"A Decimal {error}") from None


def _written_amount(node: ValueNode, _variables: object = None) -> Decimal:
    """From the document's own text: a number in it never becomes a binary one."""
    if isinstance(node, StringValueNode | IntValueNode | FloatValueNode):
        return _amount(node.value)
    return _amount(None)


SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment, as ISO 8601 (RFC 3339) in UTC: `2026-11-22T14:05:09.123456Z`. Never sent to the server.",
        serialize=_in_utc,
        parse_value=datetime.fromisoformat,
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="An exact decimal number. Always sent as a string without an exponent, such as `12.5`. Taken as a "
        "string or as a number; send a string where it has more than 15 digits.",
        serialize=amount_text,
        parse_value=_amount,
        parse_literal=_written_amount,
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


def thumbnail_url(key: str, sha256: str, width: int | None) -> Url:
    """Where a smaller one of this picture is served, or for no width the picture; kept while it holds what it holds."""
    small = "" if width is None else f"width={width}&"
    return Url(f"/media/{key}?{small}v={sha256[:16]}")
