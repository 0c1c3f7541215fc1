"""Stands in for the API process: answers /healthz on the inherited socket, `/` with its process id."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import FrameType

from app.lifeline import watch_lifeline
from app.listening import inherited_socket


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def stop(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    watch_lifeline()
    signal.signal(signal.SIGTERM, stop)
    server = HTTPServer(("", 0), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = inherited_socket(int(sys.argv[-1]))
    server.serve_forever()
