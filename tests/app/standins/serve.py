"""Runs the real supervisor with stand-ins for its parts.

    python serve.py HOST PORT [migrate=…] [worker=…] [api=…] [insecure] [untied] [grace=S]

Each `part=word` passes the word to that stand-in; `untied` leaves children to their lifeline, as on macOS.
"""

import sys
from pathlib import Path

from app import children, embedded
from app.embedded import Commands, run_embedded
from app.settings import load_settings

HERE = Path(__file__).parent


def command(part: str, words: list[str]) -> tuple[str, ...]:
    chosen = [word.removeprefix(f"{part}=") for word in words if word.startswith(f"{part}=")]
    return (sys.executable, "-P", str(HERE / f"{part}.py"), *chosen)


if __name__ == "__main__":
    host, port, *words = sys.argv[1:]
    if "untied" in words:
        children.ties_children = False
    for word in words:
        if word.startswith("grace="):
            embedded.GRACE = float(word.removeprefix("grace="))
    failing = (sys.executable, "-P", str(HERE / "worker.py"), "crash")
    commands = Commands(
        migrate=command("migrate", words),
        worker=command("worker", words),
        api=failing if "api=crash" in words else command("api", words),
    )
    sys.exit(
        run_embedded(
            load_settings(env_file=None), host=host, port=int(port), insecure="insecure" in words, commands=commands
        )
    )
