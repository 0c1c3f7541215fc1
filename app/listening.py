"""The socket on which the server listens: made by the supervisor, inherited by the API process.

While the supervisor holds it, the port is kept and connections wait, even in the moment in which a killed API process
is being replaced.
"""

import errno
import ipaddress
import socket
import time

from app.errors import StartError

BACKLOG = 2048


def require_loopback(host: str, insecure: bool) -> None:
    """Refuse to be reachable from other machines: there is no authentication yet. Raises `StartError`."""
    if insecure or is_loopback(host):
        return
    raise StartError(
        f"Reelgate has no authentication yet, so anyone who reaches {host or 'this machine'} could use it. "
        "Listen on 127.0.0.1 (the default), or add --insecure if the network is safe."
    )


def is_loopback(host: str) -> bool:
    """Whether the host means this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int, patience: float = 0.0) -> socket.socket:
    """A listening socket; port 0 means any free one. Waits `patience` seconds for one in use. Raises `StartError`."""
    if not 0 <= port <= 65_535:
        raise StartError(f"Port {port} does not exist: a port is a number from 0 to 65535.")
    deadline = time.monotonic() + patience
    while True:
        try:
            return _bound(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            raise StartError(_reason(host, port, error)) from None


def inherited_socket(descriptor: int) -> socket.socket:
    """The listening socket that the supervisor passed to this process."""
    inherited = socket.socket(fileno=descriptor)
    inherited.set_inheritable(False)
    return inherited


def reachable_address(listening: socket.socket) -> tuple[str, int]:
    """Host and port at which this machine reaches the socket."""
    host, port = listening.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port


def url_of(listening: socket.socket) -> str:
    """The URL for a browser on this machine."""
    host, port = reachable_address(listening)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bound(host: str, port: int) -> socket.socket:
    # `localhost` can mean ::1 first, on machines that then have no such address.
    name = "127.0.0.1" if host.lower() == "localhost" else host.strip("[]")
    found = socket.getaddrinfo(name or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _reason(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Choose another with --port, or 0 for any free one."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Choose one above 1023 with --port."
    return f"Reelgate cannot listen on {host}, port {port}: {error.strerror}."
