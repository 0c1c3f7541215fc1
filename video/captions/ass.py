"""A subtitle file for libass, one caption a frame. Pure.

Words come into it as literals only: whatever a script says, libass reads no command out of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from video.captions.looks import Colour, Look
from video.captions.scripts import is_right_to_left
from video.captions.typefaces import ASCENT, BACKSLASH, DESCENT

FRAMES_A_SECOND: Final = 10
WORDS: Final = (255, 0, 0)
SHADE: Final = (0, 255, 0)
"""Not the colours that are seen: how much of each a pixel has tells its colour and its opacity."""
_RLM, _LRM = "\u200f", "\u200e"
_KEPT_MARKS: Final = frozenset("\u200c\u200d\u200e\u200f")
_FORMAT: Final = (
    "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, "
    "StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, "
    "Encoding"
)


@dataclass(frozen=True, slots=True)
class AssLine:
    """A line of text, centred at `x`, with its base line at `base`, both in pixels. Each run names its typeface."""

    runs: tuple[tuple[str, str], ...]
    x: float
    base: int


@dataclass(frozen=True, slots=True)
class AssFrame:
    """What is drawn in one frame; `em` is the letters' size in pixels."""

    lines: tuple[AssLine, ...]
    look: Look
    em: float


def ass_file(frames: Sequence[AssFrame], width: int, height: int) -> str:
    """The whole file, for a canvas of this size. Frame `n` is at `n / FRAMES_A_SECOND` seconds."""
    head = [
        "[Script Info]",
        "ScriptType: v4.00+",
        f"PlayResX: {width}",
        f"PlayResY: {height}",
        "WrapStyle: 2",
        "ScaledBorderAndShadow: yes",
        "YCbCr Matrix: None",
        "",
        "[V4+ Styles]",
        f"Format: {_FORMAT}",
        # Encoding -1: the whole line is ordered and shaped at once, from whichever side it begins.
        "Style: Default,none,10,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,0,0,2,0,0,0,-1",
        "",
        "[Events]",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
    ]
    return "\n".join([*head, *(event for index, frame in enumerate(frames) for event in _events(index, frame)), ""])


def literal(text: str) -> str:
    """A text in which libass finds neither override blocks nor escapes nor line ends; it is drawn as it reads."""
    kept = (char if _is_drawn(char) else " " if char.isspace() else "" for char in text)
    return "".join(kept).replace("\\", BACKSLASH).replace("{", "\\{").replace("}", "\\}")


def visible(text: str) -> str:
    """What of a text is drawn at all."""
    return "".join(char for char in text if _is_drawn(char))


def _is_drawn(char: str) -> bool:
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return char in _KEPT_MARKS
    return not ("\ufe00" <= char <= "\ufe0f" or "\U000e0000" <= char <= "\U000e01ef")


def _events(index: int, frame: AssFrame) -> list[str]:
    start, end = _time(index), _time(index + 1)
    look, em = frame.look, frame.em
    words = "".join(text for line in frame.lines for _, text in line.runs)
    mark = _RLM if is_right_to_left(words) else _LRM
    found = []
    for layer, tags, drop in _layers(look, em):
        for line in frame.lines:
            body = "".join(f"{{\\fn{name}}}{literal(text)}" for name, text in line.runs)
            size = em * (ASCENT + DESCENT)
            place = f"\\pos({line.x:g},{line.base + DESCENT * em + drop:.2f})\\fs{size:.2f}"
            first = line.runs[0][0]
            found.append(f"Dialogue: {layer},{start},{end},Default,,0,0,0,,{{{place}\\fn{first}{tags}}}{mark}{body}")
    return found


def _layers(look: Look, em: float) -> list[tuple[int, str, float]]:
    """From the back: a soft shade, the outline, the words."""
    layers = []
    if look.glow:
        colour = _colour(SHADE, look.glow_opacity)
        blur = f"\\bord{(look.outline + look.glow * 0.35) * em:.2f}\\blur{look.glow * em:.2f}"
        layers.append((0, f"{colour}{blur}", look.drop * em))
    if look.outline:
        colour = _colour(SHADE, look.outline_opacity)
        layers.append((1, f"{colour}\\bord{look.outline * em:.2f}\\blur0.6", 0.0))
    layers.append((2, f"{_colour(WORDS, 1)}\\bord0\\blur0", 0.0))
    return layers


def _colour(colour: Colour, opacity: float) -> str:
    red, green, blue = colour
    code = f"&H{blue:02X}{green:02X}{red:02X}&"
    return f"\\c{code}\\3c{code}\\alpha&H{255 - round(255 * opacity):02X}&"


def _time(index: int) -> str:
    tenths = index  # a frame lasts a tenth of a second
    return f"{tenths // 36000}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}0"
