"""Which font draws which words: what is installed, what each font really has, and what is missing.

Fonts come from wheels (Inter, Noto Sans and DM Serif Display always; the extra `fonts` adds the other scripts, Chinese,
Japanese and Korean among them), from a folder of the user's, and last from the system. A character that none of them
has is reported, and never drawn as an empty box.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]

from video.captions.scripts import CJK, clusters, invisible, script_of

log = logging.getLogger(__name__)

MOST_FONTS_IN_A_FOLDER: Final = 500
MOST_FONT_BYTES: Final = 128_000_000
OUTLINES: Final = frozenset({"glyf", "CFF ", "CFF2"})
SYSTEM_FOLDERS: Final = tuple(
    Path(folder).expanduser()
    for folder in {
        "darwin": ("/Library/Fonts", "/System/Library/Fonts", "~/Library/Fonts"),
        "win32": (r"C:\Windows\Fonts",),
    }.get(sys.platform, ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"))
)
_BUNDLED: Final = (
    ("fontpkg_inter", "files/Inter[opsz,wght].ttf"),
    ("fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),
)
_SERIF: Final = ("fontpkg_dm_serif_display", "files/DMSerifDisplay-Regular.ttf")
_EXTRA: Final = "manimgx_fonts"
_EXTRA_CJK: Final = ("manimgx_fonts_cjk", "NotoSansCJK-VF.otf.ttc")
_CJK_LOCALES: Final = ("ja", "ko", "zh-Hans", "zh-Hant", "zh-HK")
_SUFFIXES: Final = (".ttf", ".otf", ".ttc", ".otc")
_UNWANTED: Final = ("italic", "oblique", "mono", "condensed", "bold", "black", "light", "thin")


@dataclass(frozen=True, slots=True)
class FontFile:
    """One face: `index` counts the faces of a collection; `locale` is whose forms of Chinese characters it has."""

    path: Path
    index: int = 0
    locale: str | None = None

    @property
    def sha256(self) -> str:
        """Of the file; read once."""
        return _sha256(*_version(self.path))

    @property
    def characters(self) -> frozenset[int]:
        """The code points it has a glyph for; none if it cannot be read or holds bitmaps only."""
        return _characters(*_version(self.path), self.index)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a line in one font."""

    text: str
    font: FontFile


@dataclass(frozen=True, slots=True)
class MissingGlyphs:
    """What no installed font has: the script's name, some of its characters, and what a person can do about it."""

    script: str
    characters: str
    remedy: str


@dataclass(frozen=True)
class FontLibrary:
    """The fonts of this installation, in the order in which they are asked."""

    fonts: tuple[FontFile, ...]
    serif: FontFile
    system_folders: tuple[Path, ...] = SYSTEM_FOLDERS

    @cached_property
    def system_fonts(self) -> tuple[FontFile, ...]:
        """Looked for when no other font will do."""
        return tuple(font for folder in self.system_folders for font in _fonts_in(folder))

    def runs(self, line: str, *, locale: str, title: bool = False) -> tuple[Run, ...] | None:
        """The fonts of a line; None if a character has none. `title` prefers the display serif."""
        pieces = clusters(line)
        found: list[tuple[str, FontFile]] = []
        for index, piece in enumerate(pieces):
            previous = found[-1][1] if found else None
            following = next((later for later in pieces[index:] if script_of(later[0])), piece)
            font = self._font_for(piece, following, previous, locale, title)
            if font is None:
                return None
            if previous == font:
                found[-1] = (found[-1][0] + piece, font)
            else:
                found.append((piece, font))
        return tuple(Run(text, font) for text, font in found)

    def _font_for(
        self, piece: str, following: str, previous: FontFile | None, locale: str, title: bool
    ) -> FontFile | None:
        """Shared signs are drawn in the font of the letters beside them, if it has them."""
        needed = frozenset(ord(char) for char in piece if not invisible(char))
        if script_of(piece[0]) is None:
            beside = previous or self._first_with(_visible(following), locale, title)
            if beside is not None and needed <= beside.characters:
                return beside
        return self._first_with(needed, locale, title)

    def _first_with(self, needed: frozenset[int], locale: str, title: bool) -> FontFile | None:
        if title and needed <= self.serif.characters:
            return self.serif
        ordered = sorted(self.fonts, key=lambda font: font.locale not in (None, locale))
        own = next((font for font in ordered if needed <= font.characters), None)
        return own or next((font for font in self.system_fonts if needed <= font.characters), None)

    def missing_glyphs(self, text: str) -> tuple[MissingGlyphs, ...]:
        """What of a text cannot be drawn, by script; nothing if all of it can."""
        missing: dict[str, list[str]] = {}
        for piece in dict.fromkeys(clusters(text)):
            if not piece.isspace() and self._first_with(_visible(piece), "", False) is None:
                chars = missing.setdefault(script_of(piece[0]) or "Symbols", [])
                chars.append(piece)
        return tuple(MissingGlyphs(script, "".join(found[:12]), _remedy(script)) for script, found in missing.items())


def installed_fonts(own_folder: Path | None = None, *, system_folders: Sequence[Path] = SYSTEM_FOLDERS) -> FontLibrary:
    """What this installation has. Fonts in `own_folder` (and its subfolders) come before those of the extra packages.

    Blocks for milliseconds; with many fonts of one's own, the first text that needs them takes longer.
    """
    bundled = [FontFile(path) for package, name in _BUNDLED for path in _in_package(package, name)]
    own = list(_fonts_in(own_folder)) if own_folder else []
    extra = [FontFile(path) for path in _in_package(_EXTRA, "*.ttf") if "Italic" not in path.name]
    cjk = [FontFile(path, i, locale) for path in _in_package(*_EXTRA_CJK) for i, locale in enumerate(_CJK_LOCALES)]
    serif = next(_in_package(*_SERIF))
    # The emoji and the symbols come last: they have digits and letters as well.
    extra.sort(key=lambda font: ("Emoji" in font.path.name, "Symbols" in font.path.name, font.path.name))
    return FontLibrary((*bundled, *own, *extra, *cjk), FontFile(serif), tuple(system_folders))


def locale_of(text: str) -> str:
    """Whose forms a text's Chinese characters take, judged by the text itself: `ja`, `ko`, `zh-Hans` or `zh-Hant`."""
    scripts = [script_of(char) for char in text]
    if "Japanese" in scripts:
        return "ja"
    if "Korean" in scripts:
        return "ko"
    han = [char for char, script in zip(text, scripts, strict=True) if script in CJK]
    simplified = sum(_encodes(char, "gb2312") and not _encodes(char, "big5") for char in han)
    traditional = sum(_encodes(char, "big5") and not _encodes(char, "gb2312") for char in han)
    return "zh-Hant" if traditional > simplified else "zh-Hans"


def _encodes(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _visible(piece: str) -> frozenset[int]:
    return frozenset(ord(char) for char in piece if not invisible(char))


def _remedy(script: str) -> str:
    if script == "Symbols":
        return "Put a font that has them into the folder named by REELGATE_FONTS_DIR."
    return (
        f"Install the extra fonts (pip install 'reelgate[fonts]'), or put a font for {script} into the folder named by "
        "REELGATE_FONTS_DIR."
    )


def _in_package(package: str, pattern: str) -> Iterator[Path]:
    """Files of an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    for folder in spec.submodule_search_locations or [] if spec else []:
        names = [pattern] if "*" not in pattern else sorted(path.name for path in Path(folder).glob(pattern))
        yield from (path for name in names if (path := Path(folder, name)).is_file())


def _fonts_in(folder: Path) -> Iterator[FontFile]:
    """In an order that does not depend on the file system: upright, regular faces with "noto" in their names first."""
    names: list[Path] = []
    for place, folders, files in os.walk(folder):
        folders.sort()
        names += [Path(place, name) for name in sorted(files) if name.lower().endswith(_SUFFIXES)]
        if len(names) > MOST_FONTS_IN_A_FOLDER:
            log.warning("%s has more than %d fonts; the others are not looked at", folder, MOST_FONTS_IN_A_FOLDER)
            break
    kept = [path for path in names[:MOST_FONTS_IN_A_FOLDER] if path.stat().st_size <= MOST_FONT_BYTES]
    kept.sort(key=lambda path: (any(word in path.name.lower() for word in _UNWANTED), "noto" not in path.name.lower()))
    for path in kept:
        for index in range(_faces(path)):
            yield FontFile(path, index)


def _faces(path: Path) -> int:
    with path.open("rb") as file:
        start = file.read(12)
    return min(int.from_bytes(start[8:12], "big"), 16) if start[:4] == b"ttcf" else 1


def _version(path: Path) -> tuple[Path, int, int]:
    """A file that was replaced is read again."""
    facts = path.stat()
    return path, facts.st_mtime_ns, facts.st_size


@lru_cache(maxsize=256)
def _sha256(path: Path, changed: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=512)
def _characters(path: Path, changed: int, size: int, index: int) -> frozenset[int]:
    try:
        with path.open("rb") as file, TTFont(file, lazy=True, fontNumber=index) as font:
            if not OUTLINES & set(font.keys()):
                return frozenset()
            return frozenset(font.getBestCmap() or {})
    except (TTLibError, OSError, ValueError, KeyError, AssertionError, EOFError) as error:
        log.warning("the font %s cannot be read: %s", path.name, error)
        return frozenset()
