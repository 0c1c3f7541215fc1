"""Thousands of subscribers in one process: sockets, one epoll, frames compared as bytes.

Each subscriber is a socket of its own with one subscription. All that an event brings must be the same bytes for all,
so the first frame is kept for the caller to look into and the others are compared with it. Told what to do by lines of
JSON on standard input; `Crowd` is the other end.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from typing import Any, Final

from benchmarks.live import http_load
from benchmarks.live.frames import CLOSE, PING, PONG, TEXT, client_frame, message, take_frames, upgrade_request

OPERATION_ID: Final = "1"
_AT_ONCE: Final = 64
"""Handshakes under way."""
_CONNECT_SECONDS: Final = 300
_PER_ADDRESS: Final = 50
"""Subscribers that share a source address, so that neither ports nor limits per client run short."""
_IP_BIND_ADDRESS_NO_PORT: Final = 24
_INIT: Final = message(type="connection_init")


class Subscriber:
    """A socket. Its `step` is what it waits for; `received` counts the frames of its subscription."""

    __slots__ = ("buffer", "number", "received", "socket", "step")

    def __init__(self, number: int, connection: socket.socket) -> None:
        self.number = number
        self.socket = connection
        self.step = "upgrade"
        self.buffer = bytearray()
        self.received = 0


class Listeners:
    """All of them, on one server."""

    def __init__(self, port: int, document: str) -> None:
        self._port = port
        subscribe = message(id=OPERATION_ID, type="subscribe", payload={"query": document})
        # The pong says that the server has come to the frame behind.
        self._subscribe = subscribe + message(type="ping")
        self._poll = select.epoll()
        self._poll.register(sys.stdin.fileno(), select.EPOLLIN)
        self._by_descriptor: dict[int, Subscriber] = {}
        self._live = 0
        self._expected: bytes | None = None
        self.arrivals: list[int] = []
        self.wrong: list[str] = []

    def connect(self, count: int) -> None:
        """Until there are that many, subscribed as far as can be told."""
        deadline = time.monotonic() + _CONNECT_SECONDS
        while self._live < count:
            while len(self._by_descriptor) < min(count, self._live + _AT_ONCE):
                self._open(len(self._by_descriptor))
            self.turn(1.0)
            if time.monotonic() > deadline:
                raise TimeoutError(f"only {self._live} of {count} subscribed")

    def await_event(self, count: int, silence: float) -> None:
        """Until that many frames have come, or none has for so many seconds."""
        known, deadline = 0, time.monotonic() + silence
        while len(self.arrivals) < count and (left := deadline - time.monotonic()) > 0:
            self.turn(left)
            if len(self.arrivals) > known:
                known, deadline = len(self.arrivals), time.monotonic() + silence

    def begin_event(self) -> None:
        self._expected = None
        self.arrivals = []

    def forget(self) -> None:
        """Counts from here."""
        self.wrong = []
        for subscriber in self._by_descriptor.values():
            subscriber.received = 0

    def tally(self) -> tuple[int, int]:
        """The fewest and the most frames that one of them has received."""
        received = [subscriber.received for subscriber in self._by_descriptor.values()]
        return min(received), max(received)

    def close(self) -> None:
        for subscriber in self._by_descriptor.values():
            subscriber.socket.close()
        self._poll.close()

    def turn(self, seconds: float) -> bool:
        """Take what there is; answers whether a line waits on standard input."""
        told = False
        now = time.monotonic_ns
        for descriptor, _ in self._poll.poll(seconds, 1024):
            subscriber = self._by_descriptor.get(descriptor)
            if subscriber is None:
                told = True
                continue
            data = subscriber.socket.recv(65_536)
            if data == self._expected and not subscriber.buffer:
                self.arrivals.append(now())
                subscriber.received += 1
            elif data:
                self._take(subscriber, data)
            else:
                raise ConnectionError(f"the server closed subscriber {subscriber.number} at its {subscriber.step}")
        return told

    def _open(self, number: int) -> None:
        connection = socket.socket()
        block = number // _PER_ADDRESS
        connection.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        connection.bind((f"127.0.{block // 250}.{block % 250 + 1}", 0))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.connect(("127.0.0.1", self._port))
        connection.sendall(upgrade_request(self._port, number))
        self._by_descriptor[connection.fileno()] = Subscriber(number, connection)
        self._poll.register(connection.fileno(), select.EPOLLIN)

    def _take(self, subscriber: Subscriber, data: bytes) -> None:
        subscriber.buffer += data
        if subscriber.step == "upgrade":
            head, end, rest = bytes(subscriber.buffer).partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(f"refused: {head[:500]!r}")
            subscriber.buffer[:] = rest
            subscriber.step = "connection_ack"
            subscriber.socket.sendall(_INIT)
        for opcode, payload, whole in take_frames(subscriber.buffer):
            if opcode == TEXT:
                self._take_message(subscriber, payload, whole)
            elif opcode == PING:
                subscriber.socket.sendall(client_frame(PONG, payload))
            elif opcode == CLOSE:
                raise ConnectionError(f"closed with {payload!r}")

    def _take_message(self, subscriber: Subscriber, payload: bytes, whole: bytes) -> None:
        if subscriber.step == "next":
            self.arrivals.append(time.monotonic_ns())
            subscriber.received += 1
            if self._expected is None:
                self._expected = whole
            elif whole != self._expected:
                self.wrong.append(payload.decode())
            return
        kind = json.loads(payload)["type"]
        if kind == "next":  # an event between the subscription and its pong
            return
        wanted = subscriber.step
        if kind != wanted:
            raise ConnectionError(f"{payload!r} instead of {wanted}")
        if kind == "connection_ack":
            subscriber.step = "pong"
            subscriber.socket.sendall(self._subscribe)
        else:
            subscriber.step = "next"
            self._live += 1

    def sample(self) -> str | None:
        """The message of the last event."""
        if self._expected is None:
            return None
        ((_, payload, _),) = take_frames(bytearray(self._expected))
        return payload.decode()


class _Orders:
    """What can be asked for, one order after another."""

    def __init__(self) -> None:
        self.listeners: Listeners | None = None

    def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        match order.pop("do"):
            case "requests":
                return http_load.send_requests(**order)
            case "connect":
                self.listeners = self.listeners or Listeners(order["port"], order["document"])
                self.listeners.connect(order["count"])
                return {}
        assert self.listeners is not None
        return self._about_events(self.listeners, **order)

    def _about_events(self, listeners: Listeners, *, step: str, count: int = 0, silence: float = 0.0) -> dict[str, Any]:
        match step:
            case "begin":
                listeners.begin_event()
                return {}
            case "await":
                listeners.await_event(count, silence)
                return {"arrivals": listeners.arrivals, "sample": listeners.sample(), "wrong": listeners.wrong[:3]}
            case "forget":
                listeners.forget()
                return {}
            case "tally":
                fewest, most = listeners.tally()
                return {"fewest": fewest, "most": most}
        raise ValueError(step)

    def wait_for_line(self) -> str:
        """Frames, pings above all, are taken meanwhile."""
        if self.listeners is not None:
            while not self.listeners.turn(60.0):
                pass
        return sys.stdin.readline()


def main() -> None:
    orders = _Orders()
    while line := orders.wait_for_line():
        print(json.dumps(orders.obey(json.loads(line))), flush=True)
    if orders.listeners is not None:
        orders.listeners.close()


if __name__ == "__main__":
    main()
