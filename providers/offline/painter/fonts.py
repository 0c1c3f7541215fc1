"""The bundled fonts, and which characters each of them really has.

Coverage is read from the font's own character map, so that no text is ever set with an empty box.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path
from threading import Lock

import fontpkg_dm_serif_display  # type: ignore[import-untyped]
import fontpkg_inter  # type: ignore[import-untyped]
import fontpkg_noto_sans  # type: ignore[import-untyped]
from PIL import ImageFont

SERIF: Path = fontpkg_dm_serif_display.ROOT / "files" / "DMSerifDisplay-Regular.ttf"
INTER: Path = fontpkg_inter.ROOT / "files" / "Inter[opsz,wght].ttf"
NOTO: Path = fontpkg_noto_sans.ROOT / "files" / "NotoSans[wdth,wght].ttf"
# Letters that change with their neighbours need a shaping engine, which an installation may lack.
_SIMPLE_SCRIPTS_END = 0x0590
_LOADING = Lock()


def font_for(text: str, *fonts: Path) -> Path | None:
    """The first of the fonts that has every character of a text; None if none has, or the script needs shaping."""
    needed = {ord(char) for char in text if not char.isspace()}
    if any(_SIMPLE_SCRIPTS_END <= code < 0x1E00 for code in needed):
        return None
    return next((font for font in fonts if needed <= covered_by(font)), None)


@lru_cache(maxsize=16)
def covered_by(font: Path) -> frozenset[int]:
    """The code points a font has a glyph for."""
    data = font.read_bytes()
    tables = struct.unpack(">H", data[4:6])[0]
    for number in range(tables):
        tag, _, offset, _ = struct.unpack(">4sIII", data[12 + 16 * number : 28 + 16 * number])
        if tag == b"cmap":
            return frozenset(_read_cmap(data, offset))
    return frozenset()


def _read_cmap(data: bytes, start: int) -> set[int]:
    found: set[int] = set()
    for number in range(struct.unpack(">H", data[start + 2 : start + 4])[0]):
        platform, _, offset = struct.unpack(">HHI", data[start + 4 + 8 * number : start + 12 + 8 * number])
        table = start + offset
        kind = struct.unpack(">H", data[table : table + 2])[0]
        if platform in (0, 3) and kind == 4:
            found |= _segments(data, table)
        elif platform in (0, 3) and kind == 12:
            groups = struct.unpack(">I", data[table + 12 : table + 16])[0]
            for first, last, _glyph in struct.iter_unpack(">III", data[table + 16 : table + 16 + 12 * groups]):
                found.update(range(first, last + 1))
    return found


def _segments(data: bytes, table: int) -> set[int]:
    """The code points of a format 4 subtable that map to a glyph other than "missing"."""
    count = struct.unpack(">H", data[table + 6 : table + 8])[0] // 2

    def words(at: int, signs: str = "H") -> tuple[int, ...]:
        return struct.unpack(f">{count}{signs}", data[at : at + 2 * count])

    ends, starts = words(table + 14), words(table + 16 + 2 * count)
    deltas, range_at = words(table + 16 + 4 * count, "h"), table + 16 + 6 * count
    ranges = words(range_at)
    found: set[int] = set()
    for number, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            if ranges[number] == 0:
                glyph = (code + deltas[number]) & 0xFFFF
            else:
                at = range_at + 2 * number + ranges[number] + 2 * (code - first)
                glyph = struct.unpack(">H", data[at : at + 2])[0]
            if glyph:
                found.add(code)
    return found


@lru_cache(maxsize=64)
def load_font(font: Path, size: int, weight: int) -> ImageFont.FreeTypeFont:
    """A font at a size in pixels; `weight` counts for variable fonts only."""
    with _LOADING:
        loaded = ImageFont.truetype(str(font), size, layout_engine=ImageFont.Layout.BASIC)
        if font is not SERIF:
            values = []
            for axis in loaded.get_variation_axes():
                name = axis["name"] or b""
                label = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)
                lowest, highest = float(axis["minimum"] or 0), float(axis["maximum"] or 0)
                wanted = (
                    float(weight)
                    if "eight" in label
                    else float(size)
                    if "ptical" in label
                    else float(axis["default"] or 0)
                )
                values.append(min(max(wanted, lowest), highest))
            loaded.set_variation_by_axes(values)
    return loaded
