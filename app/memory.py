"""Memory of large pictures goes back to the system as soon as it is free."""

import ctypes
from contextlib import suppress
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_ONE_MIB: Final = 1 << 20


def return_large_blocks() -> None:
    """Tell glibc to give back blocks from 1 MiB on when they are freed; other systems' libraries are left alone.

    By itself it raises that bound to 32 MiB with the first large block, and then keeps what threads have freed:
    several times what the pictures under way need.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _ONE_MIB)
