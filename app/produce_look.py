"""How the video of `reelgate produce` is to be made, as it was said on the command line."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from domain.rendering import Aspect, Captions, Fill, Motion, Narration, Quality, Resolution, Transition


@dataclass(frozen=True, slots=True)
class Look:
    """What is None is as the server has it. `music` is a file that is sent to the server first."""

    aspect: Aspect | None = None
    resolution: Resolution | None = None
    fps: int | None = None
    quality: Quality | None = None
    motion: Motion | None = None
    transition: Transition | None = None
    fill: Fill | None = None
    captions: Captions | None = None
    title_card: bool | None = None
    narration: Narration | None = None
    voice: str | None = None
    scene_seconds: float | None = None
    music: Path | None = None

    def render_input(self, music_id: str | None) -> dict[str, Any] | None:
        """For `createVideo`; None if nothing was said."""
        given = {
            _in_camel_case(name): value.name if isinstance(value, Enum) else value
            for name, value in self._given()
            if name != "music"
        }
        if music_id is not None:
            given["musicId"] = music_id
        return given or None

    def words(self) -> list[str]:
        """The options of the command line that say the same."""
        found: list[str] = []
        for name, value in self._given():
            option = name.replace("_", "-")
            match value:
                case True:
                    found.append(f"--{option}")
                case False:
                    found.append(f"--no-{option}")
                case _:
                    found += [f"--{option}", str(value)]
        return found

    def _given(self) -> list[tuple[str, Any]]:
        values = [(field.name, getattr(self, field.name)) for field in dataclasses.fields(self)]
        return [(name, value) for name, value in values if value is not None]


def _in_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
