"""How far `reelgate produce` is, on the error stream: bars on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

_STAGE_WIDTH: Final = 6
_BAR_WIDTH: Final = 24
_CONTROLS: Final = {
    code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"
}


def plain(text: str) -> str:
    """The text without characters that would do something to a terminal."""
    return text.replace("\r\n", "\n").translate(_CONTROLS)


class Board:
    """Shows stages while it is open; `say` works at any time."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._draws = console.is_terminal and not console.is_dumb_terminal
        self._bars = Progress(
            TextColumn("{task.description}", table_column=Column(width=_STAGE_WIDTH)),
            BarColumn(bar_width=min(_BAR_WIDTH, console.width // 4)),
            TaskProgressColumn(),
            TextColumn("{task.fields[note]}", markup=False, table_column=Column(no_wrap=True, ratio=1)),
            TimeElapsedColumn(),
            console=console, expand=True,
        )  # fmt: skip
        self._live: Live | None = None
        self._tasks: dict[str, TaskID] = {}
        self._said: dict[str, tuple[int, str]] = {}

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stop(transient=False)

    def say(self, text: str, *, whole: bool = False) -> None:
        """Lines for the person. `whole` ones are left to the terminal to wrap, so that they can be copied."""
        soft = whole or not self._console.is_terminal
        self._console.print(plain(text), markup=False, highlight=False, soft_wrap=soft)

    def show(self, stage: str, done: int, total: int, note: str) -> None:
        """`total` 0 means that it is not known yet. A stage whose `done` is its `total` is over."""
        if self._draws:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=None, note="")
            self._bars.update(self._tasks[stage], completed=done, total=total or None, note=plain(note))
            return
        tenth = 10 * done // total if total else -1
        before = self._said.get(stage)
        if before is None or tenth != before[0] or (note != before[1] and (not total or "," in note)):
            self._said[stage] = (tenth, note)
            self.say(f"{stage} {100 * done // total}%: {note}" if total else f"{stage}: {note}")

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Bars and questions do not go together. After an exception the bars stay away: it is said what happened."""
        was_shown = self._live is not None
        self._stop(transient=True)
        yield
        if was_shown:
            self._start()

    def _start(self) -> None:
        if self._draws:
            # A new one each time: one that is started again wipes the lines above it.
            self._live = Live(self._bars, console=self._console, redirect_stdout=False, redirect_stderr=False)
            self._live.start()

    def _stop(self, *, transient: bool) -> None:
        live, self._live = self._live, None
        if live:
            live.transient = transient
            live.stop()
