"""The settings about how much of GraphQL one request, one connection and one client may take."""

from typing import Annotated

from pydantic import Field

from app.provider_settings import ProviderSettings
from app.setting_fields import setting

_MILLION = 1_000_000
_FROM_ONE = "should be a whole number from 1 to 1000000"
_FROM_NOUGHT = "should be a whole number from 0 to 1000000"
_SECONDS = "should be a number of seconds from 0 to 3600"
_Count = Annotated[int, Field(ge=1, le=_MILLION)]
_CountOrNone = Annotated[int, Field(ge=0, le=_MILLION)]


class GraphSettings(ProviderSettings):
    """Read by the API."""

    graphql_seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = setting(
        "REELGATE_GRAPHQL_SECONDS",
        30.0,
        "Seconds that a GraphQL query or mutation, or the answer to one event of a subscription, may take before it is "
        "ended; up to 3600, 0 is no limit.",
        expected=_SECONDS,
    )
    graphql_body_seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = setting(
        "REELGATE_GRAPHQL_BODY_SECONDS",
        30.0,
        "Seconds in which the body of a GraphQL request has to come; up to 3600, 0 is no limit.",
        expected=_SECONDS,
    )
    graphql_depth: _Count = setting(
        "REELGATE_GRAPHQL_DEPTH", 15, "How deep the fields of a GraphQL operation may be nested.", expected=_FROM_ONE
    )
    graphql_fields: _Count = setting(
        "REELGATE_GRAPHQL_FIELDS",
        1_000,
        "Fields and uses of fragments that a GraphQL operation may have. An alias makes a field count again.",
        expected=_FROM_ONE,
    )
    graphql_directives: _CountOrNone = setting(
        "REELGATE_GRAPHQL_DIRECTIVES", 100, "Directives that a GraphQL operation may have.", expected=_FROM_NOUGHT
    )
    graphql_cost: Annotated[int, Field(ge=1, le=1_000_000_000)] = setting(
        "REELGATE_GRAPHQL_COST",
        200_000,
        "Fields that the answer of a GraphQL operation may be expected to have, each counted once for every item of "
        "the lists around it.",
        expected="should be a whole number from 1 to 1000000000",
    )
    connection_operations: _Count = setting(
        "REELGATE_CONNECTION_OPERATIONS", 100, "Operations at once on one WebSocket.", expected=_FROM_ONE
    )
    client_connections: _CountOrNone = setting(
        "REELGATE_CLIENT_CONNECTIONS",
        2_000,
        "WebSockets and streams that one address may have open on one API process; 0 is no limit.",
        expected=_FROM_NOUGHT,
    )
    client_subscriptions: _CountOrNone = setting(
        "REELGATE_CLIENT_SUBSCRIPTIONS",
        10_000,
        "Subscriptions that one address may have open on one API process; 0 is no limit.",
        expected=_FROM_NOUGHT,
    )
