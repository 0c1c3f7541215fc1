"""The scene's number, title and a line of its text, set top left over a soft shade.

The lower third stays free for captions. Nothing is set in letters the fonts lack, nor where there is no room.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from providers.offline.painter.fonts import INTER, NOTO, SERIF, font_for, load_font

_SMALLEST_SIDE = 200
_DARK_ENOUGH = 0.34
_INK = (9, 12, 20)
_AMBER = (255, 214, 140)
_WHITE = (255, 255, 255)
_PALE = (228, 232, 238)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    font: ImageFont.FreeTypeFont
    y: float
    colour: tuple[int, int, int]
    spacing: float = 0.0


def add_lettering(picture: Image.Image, *, order: int, title: str | None, line: str | None) -> Image.Image:
    """The picture with its lettering; the same picture if it is too small for any."""
    unit = min(picture.height, picture.width * 0.8) / 1000
    if min(picture.size) < _SMALLEST_SIDE:
        return picture
    margin = round(70 * unit)
    room = picture.width - 2 * margin if picture.width < picture.height * 1.2 else picture.width * 0.47
    lines = _lines(room, unit, margin, order, title, line)
    if not lines:
        return picture
    shaded = _shade(picture, lines, margin)
    _shadow_text(shaded, lines, margin, unit)
    return shaded


def _lines(width: float, unit: float, margin: int, order: int, title: str | None, line: str | None) -> list[_Line]:
    lines: list[_Line] = []
    y = float(margin)
    number_font = load_font(INTER, max(9, round(21 * unit)), 600)
    lines.append(_Line(f"SCENE {order:02d}", number_font, y, _AMBER, spacing=3.4 * unit))
    y += 44 * unit
    clean = " ".join((title or "").split())
    face = font_for(clean, SERIF, NOTO) if clean else None
    if face is not None:
        size = _title_size(clean, face, width, unit)
        font = load_font(face, size, 600)
        for text in _balanced(clean, font, width):
            lines.append(_Line(text, font, y, _WHITE))
            y += size * 1.16
        y += 16 * unit
    told = " ".join((line or "").split())
    face = font_for(told, INTER, NOTO) if told and told.rstrip("….") != clean.rstrip("….") else None
    if face is not None:
        font = load_font(face, max(10, round(25 * unit)), 400)
        for text in _wrapped(told, font, min(width, 900 * unit), 2):
            lines.append(_Line(text, font, y, _PALE))
            y += 36 * unit
    return lines


def _title_size(title: str, face: Path, width: float, unit: float) -> int:
    """Smaller for a title that then fits one line, or else two."""
    size, smallest = max(14, round(64 * unit)), max(12, round(44 * unit))
    long = load_font(face, size, 600).getlength(title)
    if width < long <= width * 1.25:
        return max(smallest, int(size * width / long))
    return size if long <= width * 1.8 else smallest


def _balanced(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """One line, or two of about the same length."""
    lines = _wrapped(text, font, width, 2)
    narrower = width
    while len(lines) == 2 and narrower > width * 0.5 and not lines[1].endswith("…"):
        narrower *= 0.96
        tried = _wrapped(text, font, narrower, 2)
        if tried[1:] and tried[1].endswith("…"):
            break
        lines = tried
    return lines


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float, most: int) -> list[str]:
    """At most `most` lines of whole words; what is left over becomes an ellipsis."""
    lines: list[str] = []
    current = ""
    for word in text.split():
        longer = f"{current} {word}".strip()
        if font.getlength(longer) <= width or not current:
            current = longer
        else:
            lines.append(current)
            current = word
    lines.append(current)
    if len(lines) > most:
        lines = lines[:most]
        lines[-1] += "…"
    return [_cut(line, font, width) for line in lines]


def _cut(line: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    if font.getlength(line) <= width:
        return line
    line = line.rstrip("…")
    while " " in line and font.getlength(f"{line}…") > width:
        line = line.rsplit(" ", 1)[0]
    while len(line) > 1 and font.getlength(f"{line}…") > width:
        line = line[:-1]
    return f"{line.rstrip(' ,;:—–-')}…"


def _shade(picture: Image.Image, lines: list[_Line], margin: int) -> Image.Image:
    """Darkens the corner behind the lettering as far as the picture there is too bright for white letters."""
    width, height = picture.size
    right = margin + max(line.font.getlength(line.text) + line.spacing * len(line.text) for line in lines) + margin
    bottom = lines[-1].y + lines[-1].font.size * 1.4
    behind = (
        picture.crop((0, 0, min(width, int(right)), min(height, int(bottom))))
        .convert("L")
        .resize((32, 16), Image.Resampling.BOX)
    )
    bright = float(np.percentile(np.asarray(behind, np.float32) / 255, 97))
    strength = float(np.clip(1 - _DARK_ENOUGH / max(bright, 0.01), 0.15, 0.66))
    small = (max(2, width // 8), max(2, height // 8))
    x = np.linspace(0, width, small[0], dtype=np.float32)[None] / np.float32(right)
    y = np.linspace(0, height, small[1], dtype=np.float32)[:, None] / np.float32(bottom)
    away = np.sqrt(np.clip(x - np.float32(0.75), 0, None) ** 2 + np.clip(y - np.float32(0.85), 0, None) ** 2)
    fall = np.clip(1 - away / np.float32(1.15), 0, 1)
    alpha = fall * fall * (3 - 2 * fall) * np.float32(strength * 255)
    mask = Image.fromarray(alpha.astype(np.uint8)).resize(picture.size, Image.Resampling.BICUBIC)
    shaded = picture.copy()
    shaded.paste(Image.new("RGB", picture.size, _INK), mask=mask)
    return shaded


def _shadow_text(picture: Image.Image, lines: list[_Line], margin: int, unit: float) -> None:
    draw = ImageDraw.Draw(picture)
    rule_width, gap = 30 * unit, 14 * unit
    for number, line in enumerate(lines):
        x = float(margin)
        if number == 0:
            middle = line.y + line.font.size * 0.58
            draw.rectangle((x, middle - unit, x + rule_width, middle + 1.5 * unit), fill=(255, 196, 92))
            x += rule_width + gap
        drop = max(1.0, 1.6 * unit)
        for shift, colour in ((drop, (8, 10, 16)), (0.0, line.colour)):
            _set(draw, line, x + shift, line.y + shift, colour)


def _set(draw: ImageDraw.ImageDraw, line: _Line, x: float, y: float, colour: tuple[int, int, int]) -> None:
    if not line.spacing:
        draw.text((x, y), line.text, font=line.font, fill=colour)
        return
    for char in line.text:
        draw.text((x, y), char, font=line.font, fill=colour)
        x += line.font.getlength(char) + line.spacing
