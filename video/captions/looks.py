"""What captions and titles look like, in parts of their letters' size, and where they may stand. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from domain.rendering import Captions

Colour = tuple[int, int, int]
WHITE: Final = (255, 255, 255)
INK: Final = (9, 12, 20)
AMBER: Final = (255, 214, 140)


@dataclass(frozen=True, slots=True)
class Box:
    """Behind the words: room at the sides and above, the corners' radius, in ems; opacity from 0 to 1."""

    side: float
    above: float
    radius: float
    opacity: float


@dataclass(frozen=True, slots=True)
class Look:
    """Lengths in ems, opacities from 0 to 1. `glow` is a soft dark shade around the words."""

    weight: int
    outline: float
    outline_opacity: float
    glow: float
    glow_opacity: float
    drop: float
    box: Box | None = None
    colour: Colour = WHITE
    rule: bool = False


LOOKS: Final = {
    Captions.PLAIN: Look(600, outline=0.055, outline_opacity=0.88, glow=0.17, glow_opacity=0.6, drop=0.03),
    Captions.BOXED: Look(
        500, outline=0, outline_opacity=0, glow=0, glow_opacity=0, drop=0, box=Box(0.55, 0.26, 0.28, 0.74)
    ),
    Captions.BOLD: Look(800, outline=0.075, outline_opacity=1, glow=0.2, glow_opacity=0.5, drop=0.05),
}
TITLE: Final = Look(600, outline=0, outline_opacity=0, glow=0.22, glow_opacity=0.45, drop=0.02, rule=True)


@dataclass(frozen=True, slots=True)
class SafeArea:
    """In whole pixels of the video; right and bottom are just outside."""

    left: int
    top: int
    right: int
    bottom: int


def safe_area(width: int, height: int) -> SafeArea:
    """Where captions may stand: clear of edges that screens cut off (EBU R 95), and in a tall video also of the buttons
    and words that apps put over its lower fifth and its right side."""
    tall = width * 10 <= height * 8
    side, top, bottom = (0.11, 0.08, 0.2) if tall else (0.07, 0.06, 0.055)
    return SafeArea(
        round(width * side), round(height * top), width - round(width * side), height - round(height * bottom)
    )


def em_pixels(style: Captions, width: int, height: int) -> float:
    """The letters' size for a video of this shape."""
    bold = style is Captions.BOLD
    if width * 10 >= height * 13:
        return height * (0.064 if bold else 0.047)
    if width * 10 > height * 8:
        return width * (0.06 if bold else 0.046)
    return width * (0.074 if bold else 0.052)


def title_em_pixels(width: int, height: int) -> float:
    return min(height * 0.1, width * 0.088)
