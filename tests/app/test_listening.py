"""The listening socket, who may reach it, and asking whether somebody answers there."""

import socket
import threading

import pytest

from app.errors import StartError
from app.health import is_answering
from app.listening import inherited_socket, is_loopback, listen, require_loopback, url_of


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST", "::1", "[::1]"])
def test_this_machine_alone(host: str) -> None:
    assert is_loopback(host)
    require_loopback(host, insecure=False)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "192.168.0.3", "example.com", "127.0.0.1.example.com", "127.1.example"]
)
def test_everything_else_needs_to_be_asked_for(host: str) -> None:
    with pytest.raises(StartError, match=r"no authentication yet.*--insecure"):
        require_loopback(host, insecure=False)
    require_loopback(host, insecure=True)


def test_any_free_port() -> None:
    with listen("localhost", 0) as listening:
        port = listening.getsockname()[1]
        assert url_of(listening) == f"http://127.0.0.1:{port}"
        assert not listening.get_inheritable()


def test_six() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with listen("[::1]", 0) as listening:
        assert url_of(listening) == f"http://[::1]:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("127.0.0.1", 70_000, "Port 70000 does not exist"),
        ("127.0.0.1", -1, "Port -1 does not exist"),
        ("203.0.113.9", 0, "cannot listen on 203.0.113.9"),
        ("no.such.host.invalid", 0, "cannot listen on no.such.host.invalid"),
    ],
)
def test_what_cannot_be_had_is_said(host: str, port: int, said: str) -> None:
    with pytest.raises(StartError, match=said):
        listen(host, port)


def test_a_port_that_becomes_free_is_waited_for() -> None:
    other = listen("127.0.0.1", 0)
    port = other.getsockname()[1]
    with pytest.raises(StartError, match=f"Port {port} on 127.0.0.1 is taken.*--port"):
        listen("127.0.0.1", port)
    threading.Timer(0.1, other.close).start()
    listen("127.0.0.1", port, patience=10).close()


def test_an_inherited_socket_is_not_passed_on() -> None:
    with listen("127.0.0.1", 0) as listening:
        copy = listening.dup()
        with inherited_socket(copy.detach()) as inherited:
            assert inherited.getsockname() == listening.getsockname()
            assert not inherited.get_inheritable()


@pytest.mark.parametrize(
    ("answer", "answers"), [("200 OK", True), ("421 No", True), ("503 Later", False), ("junk", False)]
)
def test_what_counts_as_an_answer(answer: str, answers: bool) -> None:
    with listen("127.0.0.1", 0) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())

        server = threading.Thread(target=serve)
        server.start()
        assert is_answering(url_of(listening)) is answers
        server.join()


def test_nobody_there() -> None:
    with listen("127.0.0.1", 0) as listening:
        url = url_of(listening)
    assert not is_answering(url)
    with listen("127.0.0.1", 0) as silent:
        assert not is_answering(url_of(silent), timeout=0.1)
