"""Editing a text at the terminal, in the person's own editor."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_USUAL: Final = ("sensible-editor", "nano", "vim", "vi")


class NoEditor(Exception):
    """No editor can be run; the text says what to do."""


def edit(text: str) -> str:
    """The text as the person left it, without line ends at its end. Raises `NoEditor`."""
    command = _editor()
    descriptor, name = tempfile.mkstemp(prefix="scene-", suffix=".txt")
    os.close(descriptor)
    path = Path(name)
    try:
        path.write_bytes(f"{text}\n".encode())
        with _interrupts_left_to_the_editor():
            code = subprocess.run([*command, name]).returncode
        if code != 0:
            raise NoEditor(f"{command[0]} ended with exit code {code}.")
        return path.read_bytes().decode("utf-8", errors="replace").rstrip("\r\n")
    except OSError as error:
        raise NoEditor(f"{command[0]} cannot be run: {error.strerror}. Name another editor with EDITOR.") from None
    finally:
        path.unlink(missing_ok=True)


def _editor() -> list[str]:
    for name in ("VISUAL", "EDITOR"):
        if chosen := os.environ.get(name, "").strip():
            return shlex.split(chosen)
    found = next(filter(None, map(shutil.which, _USUAL)), None)
    if found is None:
        raise NoEditor("There is no editor. Name one with the environment variable EDITOR.")
    return [found]


@contextmanager
def _interrupts_left_to_the_editor() -> Iterator[None]:
    """Ctrl-C inside of an editor is the editor's; a handler of ours, unlike `SIG_IGN`, is not inherited by it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
