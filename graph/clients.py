"""Counts what each client has open, so that none takes all there is.

A client is an address. All who come through one reverse proxy are one client then.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from graph.limits import Limit, RequestLimits, beyond

_IPV6_NETWORK = 64
"""Bits that are one household's, in which it makes up as many addresses as it likes."""


@dataclass(slots=True)
class Client:
    """One address and what it has open."""

    limits: RequestLimits
    connections: int = 0
    subscriptions: int = 0

    @contextmanager
    def subscription(self) -> Iterator[None]:
        """For as long as it is open. Raises `RequestRefused`."""
        most = self.limits.subscriptions
        if most and self.subscriptions >= most:
            raise beyond(
                Limit.TOO_MANY_SUBSCRIPTIONS,
                f"There are {most} subscriptions of this client already. End one, or try again later.",
            )
        self.subscriptions += 1
        try:
            yield
        finally:
            self.subscriptions -= 1


@dataclass
class Clients:
    """All who have something open. One for all faces of a process."""

    limits: RequestLimits = field(default_factory=RequestLimits)
    _known: dict[str, Client] = field(default_factory=dict)

    @contextmanager
    def connection(self, address: str) -> Iterator[Client]:
        """A WebSocket or a stream, for as long as it is open. Raises `RequestRefused`."""
        key = _client_at(address)
        client = self._known.get(key) or Client(self.limits)
        most = self.limits.connections
        if most and client.connections >= most:
            raise beyond(
                Limit.TOO_MANY_CONNECTIONS,
                f"There are {most} connections of this client already. Close one, or try again later.",
            )
        self._known[key] = client
        client.connections += 1
        try:
            yield client
        finally:
            client.connections -= 1
            if not client.connections:
                del self._known[key]

    @property
    def connections(self) -> int:
        """Of all clients together."""
        return sum(client.connections for client in self._known.values())

    @cached_property
    def ending(self) -> asyncio.Future[None]:
        """Done once the server stops: streams end then. They would hold it up, since their answers never end."""
        return asyncio.get_running_loop().create_future()

    def end_streams(self) -> None:
        if not self.ending.done():
            self.ending.set_result(None)


def _client_at(address: str) -> str:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Network((found, _IPV6_NETWORK), strict=False))
    return str(found)
