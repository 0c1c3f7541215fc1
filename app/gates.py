"""The decisions that `reelgate produce` asks for: of nobody, or of the person at the terminal."""

from __future__ import annotations

from typing import Protocol

import click
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.prompt import Confirm, Prompt

from app.client import Json


class Quit(Exception):
    """The person wants to stop here."""


class Gates(Protocol):
    """Each gate returns when the step is approved, or raises `Quit`."""

    asks: bool

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

    def __init__(self, console: Console, url: str) -> None:
        self._console = console
        self._url = url
        self._all_scenes = False

    def script(self, script: Json) -> None:
        content = script["content"]
        excerpt = content if len(content) <= 1200 else f"{content[:1200]} …"
        self._console.print(Panel(escape(excerpt), title=escape(script["title"] or "Script")))
        self._console.print(f"{len(content.split())} words, {len(content)} characters.")
        if self._choice("Approve the script? [bold]a[/]pprove, [bold]q[/]uit", "aq") == "q":
            raise Quit

    def scene(self, scene: Json, total: int) -> str | None:
        if self._all_scenes:
            return None
        title = f"Scene {scene['order']} of {total}"
        if scene["title"]:
            title += f": {escape(scene['title'])}"
        self._console.print(Panel(escape(scene["text"]), title=title))
        match self._choice("[bold]a[/]pprove, [bold]A[/]ll scenes, [bold]e[/]dit, [bold]q[/]uit", "aAeq"):
            case "q":
                raise Quit
            case "e":
                text = click.edit(scene["text"])
                return (text.rstrip("\n") or None) if text is not None else self.scene(scene, total)
            case "A":
                self._all_scenes = True
        return None

    def image(self, scene: Json, image: Json) -> str | None:
        stale = " [yellow](made from an earlier text)[/]" if image["stale"] else ""
        self._console.print(
            f"Scene {scene['order']}, attempt {image['attempt']}{stale}: {escape(self._url + image['url'])}"
        )
        match self._choice("[bold]a[/]pprove, [bold]r[/]eject, [bold]q[/]uit", "arq"):
            case "q":
                raise Quit
            case "r":
                return Prompt.ask(
                    "What should be different? (empty: just another one)", console=self._console, default=""
                )
        return None

    def retry(self, trouble: str) -> bool:
        self._console.print(escape(trouble))
        return Confirm.ask("Try again?", console=self._console, default=True)

    def _choice(self, question: str, letters: str) -> str:
        answer = Prompt.ask(
            question, console=self._console, choices=list(letters), default=letters[0], show_choices=False
        )
        return answer
