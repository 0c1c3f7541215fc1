"""Which addresses a server's answer may send us to: names on a list, and public IP addresses only.

A picture's address comes from outside. Followed blindly it would reach whatever this machine reaches: its neighbours,
a cloud's metadata, its own database.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

_LONGEST_URL = 8_000
_HTTPS = 443
_NAT64 = IPv6Network("64:ff9b::/96")
_TUNNELS = (
    IPv6Network("2001::/23"),  # Teredo, ORCHID and other special uses
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("::/96"),  # IPv4-compatible, long deprecated
    IPv6Network("fec0::/10"),  # the site-local of old
)


class Forbidden(Exception):
    """An address that is not to be followed. The message ends a sentence that begins "on an address"."""


@dataclass(frozen=True, slots=True)
class Target:
    """A place allowed by its name. `url` has this very host and port, and neither user nor fragment."""

    url: httpx.URL
    host: str
    port: int


def target_of(url: str, allowed: Sequence[str]) -> Target:
    """What `url` points to, if it is https and on the list.

    Raises:
        Forbidden: anything else.
    """
    try:
        parsed = httpx.URL(url) if len(url) <= _LONGEST_URL else None
    except (httpx.InvalidURL, ValueError):
        parsed = None
    if parsed is None or not parsed.raw_host:
        raise Forbidden("that is not valid")
    if parsed.scheme != "https":
        raise Forbidden("that is not https")
    if parsed.userinfo:
        raise Forbidden("with a user name in it")
    host = parsed.raw_host.decode("ascii").lower().rstrip(".")
    port = parsed.port or _HTTPS
    if not any(_allows(entry, host, port) for entry in allowed):
        raise Forbidden("whose host is not on the list of allowed hosts")
    return Target(parsed.copy_with(fragment=None), host, port)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, whatever it is wrapped in."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip.scope_id is not None:
            return False
        if ip in _NAT64:
            return is_public(str(IPv4Address(int(ip) & 0xFFFF_FFFF)))
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is not None:
            return is_public(str(inner))
        if any(ip in network for network in _TUNNELS):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


async def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a name, IPv4 first. Raises OSError if there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    return sorted(addresses, key=lambda address: ":" in address)


def _allows(entry: str, host: str, port: int) -> bool:
    name, _, wanted_port = entry.strip().lower().partition(":")
    if wanted_port != str(port) and (wanted_port or port != _HTTPS):
        return False
    name = name.rstrip(".")
    return host.endswith(name[1:]) and len(host) > len(name) - 1 if name.startswith("*.") else host == name
