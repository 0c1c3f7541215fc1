"""The decisions that `reelgate produce` asks for: of nobody, or of the person at the terminal.

Nothing that was typed before a question was shown counts as its answer, and Enter alone approves nothing.
"""

from __future__ import annotations

import sys
import termios
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from app.client import Json
from app.produce_board import Board, plain
from app.produce_editor import NoEditor, edit

_EXCERPT: Final = 1200
_SNIPPET: Final = 160


class Quit(Exception):
    """The person wants to stop here."""


class Gates(Protocol):
    """Each gate returns when the step is decided, or raises `Quit`."""

    asks: bool
    """Whether a person is asked; then also about pictures of an earlier text, which are otherwise left alone."""

    def script(self, script: Json) -> None: ...

    def scene(self, scene: Json, total: int) -> str | None:
        """None approves; a text replaces the scene's and is asked about again."""
        ...

    def image(self, scene: Json, image: Json) -> str | None:
        """None approves; a text, perhaps empty, rejects with it as feedback."""
        ...

    def retry(self, trouble: str) -> bool: ...


class AutoApproval:
    """Approves everything, retries nothing."""

    asks = False

    def script(self, script: Json) -> None:
        return

    def scene(self, scene: Json, total: int) -> str | None:
        return None

    def image(self, scene: Json, image: Json) -> str | None:
        return None

    def retry(self, trouble: str) -> bool:
        return False


class Asking:
    """Asks at the terminal."""

    asks = True

    def __init__(self, console: Console, board: Board) -> None:
        self._console = console
        self._board = board
        self._all_scenes = False
        self._all_images = False

    def script(self, script: Json) -> None:
        content = script["content"]
        excerpt = content if len(content) <= _EXCERPT else f"{content[:_EXCERPT].rstrip()} …"
        self._panel(script["title"] or "Script", excerpt)
        self._board.say(f"{len(content.split())} words, {len(content)} characters.")
        self._ask("Divide this script into scenes?", ("approve", "quit"))

    def scene(self, scene: Json, total: int) -> str | None:
        if self._all_scenes:
            return None
        title = f"Scene {scene['order']} of {total}"
        self._panel(f"{title}: {scene['title']}" if scene["title"] else title, scene["text"])
        while True:
            answer, _ = self._ask("Make an image of it?", ("approve", "edit", "all", "quit"))
            if answer == "edit" and (text := self._edited(scene["text"])):
                return text
            if answer in ("approve", "all"):
                self._all_scenes = answer == "all"
                return None

    def image(self, scene: Json, image: Json) -> str | None:
        if self._all_images and not image["stale"]:
            return None
        snippet = " ".join(scene["text"].split())
        self._board.say(
            f"\nScene {scene['order']}: {snippet if len(snippet) <= _SNIPPET else snippet[:_SNIPPET] + '…'}"
        )
        earlier = " (made from an earlier text)" if image["stale"] else ""
        self._board.say(f"Image {image['attempt']}{earlier}: {image['url']}", whole=True)
        answer, reason = self._ask("Does it fit?", ("approve", "reject", "all", "quit"))
        if answer == "reject":
            return reason or self._line("What should be different? (Enter: just another one) ")
        self._all_images = answer == "all"
        return None

    def retry(self, trouble: str) -> bool:
        self._board.say(trouble)
        answer, _ = self._ask("Try again?", ("yes", "no", "quit"))
        return answer == "yes"

    def _ask(self, question: str, answers: Sequence[str]) -> tuple[str, str]:
        """The answer, of which one letter is enough, and what follows it on the line. Raises `Quit`."""
        prompt = Text.assemble(question, " ")
        for index, answer in enumerate(answers):
            # `all` is written out: one slip of the finger is not to approve everything.
            key = answer if answer == "all" else answer[0]
            prompt.append(", " if index else "").append(key, "bold underline").append(answer[len(key) :])
        while True:
            word, _, rest = self._line(prompt.copy().append("? ")).strip().partition(" ")
            chosen = next((answer for answer in answers if word and _means(word.lower(), answer)), None)
            if chosen == "quit":
                raise Quit
            if chosen:
                return chosen, rest.strip()
            self._board.say(f"Please answer with {', '.join(answers[:-1])} or {answers[-1]}.")

    def _line(self, prompt: str | Text) -> str:
        """One line. Raises `Quit` at the end of input (Ctrl-D)."""
        with suppress(termios.error):
            termios.tcflush(sys.stdin, termios.TCIFLUSH)
        self._console.print(prompt, end="", highlight=False)
        # Not input(): it would add Python's line editing, which takes the prompt for part of what was typed.
        line = sys.stdin.buffer.readline()
        if not line.endswith(b"\n"):
            self._board.say("")
            raise Quit
        return line.decode("utf-8", errors="replace").strip()

    def _edited(self, text: str) -> str | None:
        """The changed text; None if nothing came of it."""
        try:
            changed = edit(text)
        except NoEditor as error:
            self._board.say(str(error))
            return None
        if not changed.strip():
            self._board.say("A scene needs a text; nothing was changed.")
            return None
        if changed == text:
            self._board.say("Nothing was changed.")
            return None
        return changed

    def _panel(self, title: str, text: str) -> None:
        self._console.print(Panel(Text(plain(text.strip("\r\n"))), title=Text(plain(title), overflow="ellipsis")))


def _means(word: str, answer: str) -> bool:
    return word == answer or (len(word) == 1 and answer != "all" and word == answer[0])
