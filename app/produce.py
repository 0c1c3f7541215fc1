"""`reelgate produce`: the main job from the shell. What it was told is checked before anything is started."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from rich.console import Console

from app import produce_documents as documents
from app.client import Client, Declined, ServerGone
from app.errors import StartError
from app.gates import Asking, AutoApproval, Quit
from app.local_server import LocalServer, NamedServer
from app.produce_board import Board
from app.produce_look import Look
from app.produce_steps import CannotProduce, Production
from app.settings import Settings

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
QUIT: Final = 3
INTERRUPTED: Final = 130

STDIN: Final = "-"
_MOST_BYTES: Final = 40_000_000
"""Four for each of the most characters that an installation can be set to take."""
_SAME_KEYSTROKE_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True)
class Order:
    """What to produce. Exactly one of `script` (a path, `-` for standard input) and `script_id` is given."""

    script: Path | None
    output: Path
    title: str | None
    auto_approve: bool
    server: str | None
    script_id: int | None
    look: Look = field(default_factory=Look)


class WrongUsage(Exception):
    """The order cannot be carried out as it is; the text says what to change. Nothing was started."""


def produce_video(settings: Settings, order: Order) -> int:
    """Do it, and answer the exit code of the command. The path of the MP4 is all that is written to standard output."""
    console = Console(stderr=True, highlight=False)
    board = Board(console)
    with _signals_as_interrupts():
        try:
            _require_sense(order)
            content = None if order.script is None else _content(order.script)
            _require_writable(order.output)
            server = LocalServer(settings) if order.server is None else _named(order.server)
        except WrongUsage as error:
            board.say(f"reelgate: {error}")
            return USAGE
        except KeyboardInterrupt:
            return INTERRUPTED
        for name in settings.unknown_variables:
            board.say(f"Not a setting, and ignored: {name}")
        attempt = _Attempt(order, content, console, board)
        try:
            with server:
                return attempt.run(server)
        except KeyboardInterrupt:  # while the server was being stopped
            return INTERRUPTED


class _Attempt:
    """One run of the command with a server."""

    def __init__(self, order: Order, content: str | None, console: Console, board: Board) -> None:
        self._order = order
        self._content = content
        self._board = board
        self._gates = AutoApproval() if order.auto_approve else Asking(console, board)
        self._script_number = order.script_id

    def run(self, server: LocalServer | NamedServer) -> int:
        """The exit code, after everything has been said."""
        try:
            self._produce(server)
            return OK
        except KeyboardInterrupt:
            stored = self._script_number is not None
            self._board.say(
                "\nInterrupted; nothing is lost." if stored else "\nInterrupted before anything was stored."
            )
            code = INTERRUPTED
        except Quit:
            self._board.say("Stopped; nothing is lost.")
            code = QUIT
        except (StartError, ServerGone, CannotProduce, Declined) as error:
            self._board.say(f"reelgate: {error}")
            code = FAILED
        except OSError as error:
            self._board.say(f"reelgate: {error.filename or 'The video'} cannot be written: {error.strerror}.")
            code = FAILED
        if self._script_number is not None:
            self._board.say(f"Go on with:\n  {again(self._order, self._script_number)}", whole=True)
        return code

    def _produce(self, server: LocalServer | NamedServer) -> None:
        began = time.monotonic()
        client = Client(
            server, lambda reason: self._board.say(f"The server does not answer ({reason}); waiting for it.")
        )
        try:
            client.meet()
            resumed = self._script_number is not None
            if self._content is not None:
                self._script_number = _create(client, self._order.title, self._content)
            self._board.say(f"Script {self._script_number} on {client.url}")
            script_id = f"script_{self._script_number}"
            render = self._order.look.render_input(self._sent_music(client))
            production = Production(client, script_id, self._gates, self._board, resumed=resumed, render=render)
            video = production.run()
            size = client.download(video["url"], self._order.output, video["sha256"])
        finally:
            client.close()
        took = time.monotonic() - began
        self._board.say(f"{video['durationSeconds']:g} s of video, {size / 1e6:.1f} MB, after {took:.1f} s:")
        with suppress(BrokenPipeError):
            print(self._order.output.resolve(), flush=True)

    def _sent_music(self, client: Client) -> str | None:
        """The id of the music on the server. Sent again, it is the same one: its content is the key."""
        if (music := self._order.look.music) is None:
            return None
        number = client.send(f"/api/scripts/{self._script_number}/music", "music", music)["id"]
        return f"music_{number}"


def again(order: Order, script_number: int) -> str:
    """The command line that goes on with this order, to be copied."""
    words = [*_program(), "produce", "--script", str(script_number), "-o", str(order.output)]
    words += ["--server", order.server] if order.server else []
    words += ["--auto-approve"] if order.auto_approve else []
    words += order.look.words()
    return shlex.join(words)


def _program() -> list[str]:
    """This program as it can be called from here."""
    called = Path(sys.argv[0])
    if called.name != "reelgate":
        return [sys.executable, "-m", "app.cli"]
    found = shutil.which("reelgate")
    if found and called.exists() and os.path.samefile(found, called):
        return ["reelgate"]
    return [min(os.path.relpath(called), str(called), key=len)]


def _create(client: Client, title: str | None, content: str) -> int:
    key = secrets.token_hex(8)
    created = client.command(documents.CREATE, title=title, content=content, idempotencyKey=key)
    return int(created["script"]["id"].removeprefix("script_"))


def _require_sense(order: Order) -> None:
    """Raises `WrongUsage`."""
    if (order.script is None) == (order.script_id is None):
        raise WrongUsage("Name a script file, or an earlier script with --script; one of the two.")
    if order.script is None and order.title is not None:
        raise WrongUsage("--title is for a new script; this one has its title.")
    _require_music(order.look.music)
    if order.auto_approve:
        return
    add = "Add --auto-approve to approve every step."
    if str(order.script) == STDIN or not sys.stdin.isatty():
        raise WrongUsage(f"There is nobody to ask: standard input is not a terminal. {add}")
    if not sys.stderr.isatty():
        raise WrongUsage(f"There is nobody to ask: the error stream, where the questions go, is not a terminal. {add}")


def _require_music(music: Path | None) -> None:
    """Raises `WrongUsage`."""
    if music is None:
        return
    try:
        with music.open("rb"):
            pass
    except OSError as error:
        raise WrongUsage(f"The music {music} cannot be read: {error.strerror}.") from None


def _content(script: Path) -> str:
    """The text of the script, without a byte order mark, otherwise as it is. Raises `WrongUsage`."""
    name = "Standard input" if str(script) == STDIN else str(script)
    try:
        with sys.stdin.buffer if str(script) == STDIN else script.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise WrongUsage(f"The script {name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise WrongUsage(
            f"{name} is not UTF-8 text (byte {error.start + 1} cannot be read). Save it as UTF-8."
        ) from None
    if len(data) > _MOST_BYTES:
        raise WrongUsage(f"{name} is far too long for a script: more than {_MOST_BYTES // 1_000_000} MB.")
    if not text.strip():
        raise WrongUsage(f"{name} is empty. Write the script into it first.")
    return text


def _require_writable(output: Path) -> None:
    """Now, not after an hour of work. Folders that are not there are made. Raises `WrongUsage`."""
    if output.is_dir():
        raise WrongUsage(f"{output} is a folder; name the MP4 file to write.")
    if str(output) == STDIN:
        raise WrongUsage("The video is not written to standard output; name the MP4 file to write.")
    trial = output.parent / f".reelgate-{secrets.token_hex(4)}.part"
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise WrongUsage(f"{output} cannot be written: {error.strerror} ({output.parent}).") from None


def _named(url: str) -> NamedServer:
    try:
        return NamedServer(url)
    except ValueError as error:
        raise WrongUsage(str(error)) from None


@contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """SIGTERM and a closed terminal stop like Ctrl-C: what was started is stopped too, and the way on is said."""
    last = float("-inf")

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        # One Ctrl-C can arrive twice: from the terminal, and passed on by a wrapper.
        nonlocal last
        before, last = last, time.monotonic()
        if last - before > _SAME_KEYSTROKE_SECONDS:
            raise KeyboardInterrupt

    numbers = [number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if _is_heeded(number)]
    earlier = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _is_heeded(number: signal.Signals) -> bool:
    """Not under `nohup`, for instance."""
    return signal.getsignal(number) is not signal.SIG_IGN
