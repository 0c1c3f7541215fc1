"""Ends a connection without waiting for its peer."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final

_NO_LINGERING: Final = struct.pack("ii", 1, 0)


def reset(transport: asyncio.Transport) -> None:
    """Drops it and all that is still to be sent. After a plain `abort` the kernel keeps its part of that, which can be
    megabytes, for as long as the peer is there and does not read.
    """
    connection = transport.get_extra_info("socket")
    if connection is not None and not transport.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
    transport.abort()
