"""What every contestant is asked to make. Standard library only: MoviePy's process reads it too."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

ZOOM: Final = 0.12
"""How far the others zoom in over a scene; this engine goes about as far, on its own path."""


@dataclass(frozen=True, slots=True)
class Task:
    """A video of `pictures`, each shown for `seconds`; neighbours share `overlap` seconds."""

    pictures: tuple[str, ...]
    motion: bool
    overlap: float
    output: str
    seconds: float
    preset: str = "veryfast"
    width: int = 1920
    height: int = 1080
    fps: int = 30

    @property
    def frames(self) -> int:
        return round((len(self.pictures) * self.seconds - (len(self.pictures) - 1) * self.overlap) * self.fps)

    def text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Task:
        values = json.loads(text)
        return cls(**values | {"pictures": tuple(values["pictures"])})
