"""`python -m tests.providers.double`: the double as a process. Prints its address as its first line."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from pydantic import TypeAdapter

from tests.providers.double.brain import think
from tests.providers.double.rules import LEAST_PIXELS
from tests.providers.double.script import Rule
from tests.providers.double.serving import listening_socket, make_server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.providers.double", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--script", type=Path, help="a JSON list of rules")
    parser.add_argument("--ledger", type=Path, help="one JSON line per request; continued if it exists")
    parser.add_argument("--key", help="the only API key let in")
    parser.add_argument("--least-pixels", type=int, default=LEAST_PIXELS, help="smallest picture of gpt-image models")
    told = parser.parse_args()
    server, provider = make_server(told.ledger, think, told.key, told.least_pixels)
    if told.script:
        provider.script.add(TypeAdapter(list[Rule]).validate_json(told.script.read_bytes()))
    listening = listening_socket(told.host, told.port)
    print(f"http://{told.host}:{listening.getsockname()[1]}", flush=True)
    try:
        asyncio.run(server.serve(sockets=[listening]))
    finally:
        listening.close()
        provider.ledger.close()


if __name__ == "__main__":
    main()
