"""A process's tie to the one that started it: a pipe that ends when that one does, however it died.

On Linux the kernel kills our processes as well (`launch.py`); elsewhere this is all there is. The private broker
cannot watch a pipe, so whoever sees the end shuts it down.
"""

import os
import signal
import socket
import threading
import time
from contextlib import suppress

DESCRIPTOR_VARIABLE = "REELGATE_LIFELINE_FD"
BROKER_VARIABLE = "REELGATE_LIFELINE_BROKER"
GRACE = 1.0


def watch_lifeline(grace: float = GRACE) -> bool:
    """End this process when its parent is gone: SIGTERM to itself, `grace` seconds later without any ceremony.

    Call it first thing in a process that one of ours starts. Does nothing (False) in a process started by a person.
    """
    descriptor = os.environ.get(DESCRIPTOR_VARIABLE)
    if descriptor is None:
        return False
    with suppress(OSError):
        os.set_inheritable(int(descriptor), False)
    broker = os.environ.get(BROKER_VARIABLE)
    threading.Thread(target=_watch, args=(int(descriptor), broker, grace), name="lifeline", daemon=True).start()
    return True


def shut_broker_down(socket_path: str) -> None:
    """Tell the broker on this socket to end without saving; nothing happens when there is none."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(0.5)
        connection.connect(socket_path)
        connection.sendall(b"SHUTDOWN NOSAVE\r\n")
        connection.recv(64)  # an end of file: it obeyed


def _watch(descriptor: int, broker: str | None, grace: float) -> None:
    with suppress(OSError):
        while os.read(descriptor, 64):
            pass
    if broker:
        shut_broker_down(broker)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace)
    os._exit(1)
