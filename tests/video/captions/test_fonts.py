"""Which font draws what, what is missing, and fonts of one's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from video.captions.fonts import FontLibrary, installed_fonts, locale_of


@pytest.fixture(scope="module")
def library() -> FontLibrary:
    return installed_fonts(system_folders=())


@pytest.fixture
def plain_library(library: FontLibrary) -> FontLibrary:
    """As it is without the extra packages."""
    bundled = tuple(font for font in library.fonts if "fontpkg" in str(font.path))
    return FontLibrary(bundled, library.serif, system_folders=())


def names(library: FontLibrary, line: str, **options: bool) -> list[tuple[str, str]]:
    runs = library.runs(line, locale=locale_of(line), **options)
    assert runs is not None
    return [(run.text, run.font.path.name.split("[")[0].split("-")[0]) for run in runs]


def test_latin_greek_and_cyrillic_need_no_extra_package(plain_library: FontLibrary) -> None:
    assert names(plain_library, "Ночь, night, νύχτα – 1845!") == [("Ночь, night, νύχτα – 1845!", "Inter")]
    assert plain_library.missing_glyphs("Tiếng Việt, čeština, Ἀρχή …") == ()


def test_signs_go_with_the_letters_beside_them(library: FontLibrary) -> None:
    assert names(library, "1845: كان البرد، OK!") == [("1845: كان البرد، ", "NotoSansArabic"), ("OK!", "Inter")]


def test_what_is_missing_is_named_with_a_remedy(plain_library: FontLibrary) -> None:
    text = "Cold: كان البرد 天冷 ひ"
    assert plain_library.runs(text, locale="ja") is None
    missing = plain_library.missing_glyphs(text)
    assert [found.script for found in missing] == ["Arabic", "Chinese", "Japanese"]
    assert missing[1].characters == "天冷"
    assert "reelgate[fonts]" in missing[0].remedy
    assert "REELGATE_FONTS_DIR" in missing[0].remedy


def test_titles_are_in_the_display_serif_if_it_has_their_letters(library: FontLibrary) -> None:
    assert names(library, "The Match Seller", title=True) == [("The Match Seller", "DMSerifDisplay")]
    assert names(library, "Девочка", title=True) == [("Девочка", "Inter")]


def test_fonts_of_ones_own_folder_are_used_and_damaged_ones_passed_over(
    library: FontLibrary, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hebrew = next(font.path for font in library.fonts if "NotoSansHebrew" in font.path.name)
    (tmp_path / "deep").mkdir()
    shutil.copy(hebrew, tmp_path / "deep" / "mine.ttf")
    (tmp_path / "a damaged.ttf").write_bytes(b"\0\1\0\0 not a font")
    (tmp_path / "empty.otf").touch()
    (tmp_path / "readme.txt").write_text("no font")
    own = installed_fonts(tmp_path, system_folders=())
    assert names(own, "שלום") == [("שלום", "mine.ttf")]
    assert "a damaged.ttf" in caplog.text


def test_system_fonts_are_asked_last(library: FontLibrary, tmp_path: Path) -> None:
    hebrew = next(font.path for font in library.fonts if "NotoSansHebrew" in font.path.name)
    shutil.copy(hebrew, tmp_path / "system.ttf")
    bundled = tuple(font for font in library.fonts if "fontpkg" in str(font.path))
    assert names(FontLibrary(bundled, library.serif, (tmp_path,)), "שלום") == [("שלום", "system.ttf")]
    assert FontLibrary(bundled, library.serif, (tmp_path / "missing",)).missing_glyphs("ש")[0].script == "Hebrew"


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("雪も降って", "ja"),
        ("下着雪，天气冷极了", "zh-Hans"),
        ("下著雪，天氣冷極了", "zh-Hant"),
        ("추운 날 雪", "ko"),
        ("snow", "zh-Hans"),
    ],
)
def test_whose_forms_of_chinese_characters(text: str, locale: str) -> None:
    assert locale_of(text) == locale


def test_the_forms_follow_the_language() -> None:
    pytest.importorskip("manimgx_fonts_cjk")
    fonts = installed_fonts(system_folders=())
    runs = [fonts.runs("雪", locale=locale) for locale in ("ja", "ko", "zh-Hans", "zh-Hant")]
    assert [run[0].font.locale for run in runs if run] == ["ja", "ko", "zh-Hans", "zh-Hant"]
