"""The voices that are installed on this machine, and the commands that speak with them.

A voice is a program that takes a text and writes a WAV or bare samples; none of them is loaded into this process.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

ESPEAK: Final = "espeak-ng"
_ESPEAK_LANGUAGES: Final = {
    "en": "en-us", "de": "de", "fr": "fr", "es": "es", "it": "it", "pt": "pt", "nl": "nl", "ru": "ru", "el": "el",
}  # fmt: skip
_WORDS_A_MINUTE: Final = 160
_SENTENCE_PAUSE: Final = 0.25
_VOICE_PACKAGE: Final = "piper-voice"


@dataclass(frozen=True, slots=True)
class InstalledVoice:
    """A voice. `languages` are those it speaks, the first one by default. `rate` is that of the bare samples it
    writes, None for one that writes a WAV. `identity` is of all that is heard."""

    name: str
    natural: bool
    languages: tuple[str, ...]
    program: tuple[str, ...]
    rate: int | None
    identity: str

    def command(self, language: str) -> list[str]:
        """Takes the text on its standard input, in UTF-8 and on one line."""
        if self.rate is not None:
            return list(self.program)
        return [*self.program, "-v", _ESPEAK_LANGUAGES[language]]


def installed_voices(chosen: str | None = None) -> list[InstalledVoice]:
    """Those of piper first, then espeak-ng. `chosen` may be the path of one more voice for piper (`.onnx`).

    Looks at files: call it once, at start.
    """
    voices: list[InstalledVoice] = []
    if find_spec("piper") is not None:
        models = [Path(chosen)] if chosen is not None and chosen.endswith(".onnx") else []
        voices += [voice for path in (*models, *_packaged_models()) if (voice := _piper_voice(path))]
    if (binary := shutil.which(ESPEAK)) is not None:
        program = (binary, "--stdin", "--stdout", "-b", "1", "-s", str(_WORDS_A_MINUTE))
        voices.append(
            InstalledVoice(ESPEAK, False, tuple(_ESPEAK_LANGUAGES), program, None, f"{ESPEAK} {_WORDS_A_MINUTE}")
        )
    return voices


def _packaged_models() -> Iterator[Path]:
    """What packages that are named as voices of piper have brought."""
    for package in distributions():
        if _VOICE_PACKAGE in package.metadata["Name"].lower().replace("_", "-"):
            for file in package.files or ():
                if file.suffix == ".onnx":
                    yield Path(str(package.locate_file(file)))


def _piper_voice(model: Path) -> InstalledVoice | None:
    """The voice in this file, None if it is none."""
    described = Path(f"{model}.json")
    try:
        text = described.read_text(encoding="utf-8")
        told: dict[str, Any] = json.loads(text)
        rate = int(told["audio"]["sample_rate"])
        language = str(told.get("language", {}).get("family") or told["espeak"]["voice"].split("-")[0])
        size = model.stat().st_size
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    program = (
        sys.executable, "-I", "-m", "piper", "-m", str(model.absolute()), "--output-raw", "--sentence-silence",
        str(_SENTENCE_PAUSE),
    )  # fmt: skip
    identity = hashlib.sha256(f"{size}{text}".encode()).hexdigest()
    return InstalledVoice(model.stem, True, (language,), program, rate, f"piper {identity} {_SENTENCE_PAUSE}")
