"""Overlays as libass draws them: inside the safe area, shaped, with clean edges, and words are never commands."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Awaitable, Callable, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from domain.rendering import Captions
from video.captions import ass, overlays
from video.captions.ass import literal
from video.captions.cues import cues_of, line_limits
from video.captions.drawing import Drawn
from video.captions.fonts import FontLibrary, installed_fonts
from video.captions.looks import INK, safe_area
from video.captions.overlays import Lettering, caption_lettering, render_overlays, title_lettering

SIZES = [(640, 360), (360, 640), (400, 400)]
STYLES = [Captions.PLAIN, Captions.BOXED, Captions.BOLD]


@pytest.fixture(scope="module")
def library() -> FontLibrary:
    return installed_fonts(system_folders=())


@pytest.fixture
def lettering(library: FontLibrary) -> Callable[..., Lettering | None]:
    def build(*lines: str, style: Captions = Captions.PLAIN, size: tuple[int, int] = (640, 360)) -> Lettering | None:
        return caption_lettering(lines, style=style, width=size[0], height=size[1], library=library, ffmpeg="test")

    return build


@pytest.fixture
def draw(tmp_path: Path, ffmpeg_binary: str) -> Callable[[Sequence[Lettering | None]], Awaitable[list[Drawn | None]]]:
    async def run(letterings: Sequence[Lettering | None]) -> list[Drawn | None]:
        assert None not in letterings
        wanted = [each for each in letterings if each is not None]
        found = await render_overlays(wanted, folder=tmp_path / "overlays", ffmpeg=ffmpeg_binary)
        return [found.get(each.sha256) for each in wanted]

    return run


def pixels(drawn: Drawn | None) -> NDArray[np.float64]:
    assert drawn is not None
    with Image.open(drawn.picture) as image:
        assert image.mode == "RGBA"
        return np.asarray(image, dtype=np.float64)


async def test_all_styles_and_shapes_stay_inside_the_safe_area(lettering: Any, draw: Any) -> None:
    texts = ["In the cold and the darkness, a poor little girl roamed through the streets.", "M" * 300, "ý", "Ấ " * 40]
    cases = [
        (lettering(*cue.lines, style=style, size=size), size)
        for size in SIZES
        for style in STYLES
        for text in texts
        for cue in cues_of(text, frames=90, fps=30, limits=line_limits(style, *size))[:1]
    ]
    cases += [
        (lettering("M" * 60, "and " * 30, "x", "y", "z", "q", style=Captions.BOLD, size=size), size) for size in SIZES
    ]
    for drawn, (_, size) in zip(await draw([case[0] for case in cases]), cases, strict=True):
        safe = safe_area(*size)
        assert drawn is not None
        assert safe.left - 1 <= drawn.x < drawn.x + drawn.width <= safe.right + 2
        assert safe.top <= drawn.y < drawn.y + drawn.height <= safe.bottom + 2
        assert drawn.x % 2 == drawn.y % 2 == drawn.width % 2 == drawn.height % 2 == 0
        assert pixels(drawn)[..., 3].max() > 200


async def test_commands_in_a_text_are_drawn_as_they_read(lettering: Any, draw: Any) -> None:
    nasty = [r"{\p1}m 0 0 l 100 0{\p0}", r"a\Nb\nc\hd", r"{\fs200\pos(0,0)}big", r"{}\{x\}", "{\\an8}", "\\"]
    harmless = [text.translate(str.maketrans("{}\\", "()/")) for text in nasty]
    drawn = await draw([lettering(text) for text in [*nasty, *harmless]])
    for strange, usual in zip(drawn[: len(nasty)], drawn[len(nasty) :], strict=True):
        assert abs(strange.height - usual.height) <= 4
        assert strange.width == pytest.approx(usual.width, rel=0.15, abs=6)
        assert strange.y == pytest.approx(usual.y, abs=4)


def test_literal_text_has_no_commands() -> None:
    assert "\n" not in literal("a\r\nb\u2028c\x00")
    assert literal("{\\b1}") == "\\{\ue05cb1\\}"


async def test_nothing_is_drawn_for_nothing(lettering: Any, draw: Any, tmp_path: Path) -> None:
    for lines in ((), ("",), ("  ", "\u200b\ufeff", "\x00")):
        assert lettering(*lines) is None
    assert lettering("Words", style=Captions.NONE) is None
    assert lettering("Words and \U000f1234") is None
    assert await draw([]) == []
    assert not (tmp_path / "overlays").exists()


async def test_arabic_is_joined_and_runs_from_the_right(lettering: Any, draw: Any) -> None:
    joined, apart, backwards = await draw(
        [lettering("كان البرد"), lettering("\u200c".join("كان البرد")), lettering("دربلا ناك")]
    )
    assert joined.width < apart.width * 0.95
    assert pixels(joined).shape != pixels(backwards).shape or (pixels(joined) != pixels(backwards)).any()
    # Its full stop is at the left, even where the line begins with figures.
    stopped, plain = await draw([lettering("1845 كان البرد."), lettering("1845 كان البرد")])
    left = pixels(stopped)[..., 3], pixels(plain)[..., 3]
    assert stopped.width > plain.width
    assert np.abs(left[0][:, -plain.width // 2 :].sum() - left[1][:, -plain.width // 2 :].sum()) < left[1].sum() * 0.05


async def test_devanagari_is_shaped(lettering: Any, draw: Any) -> None:
    conjunct, apart = await draw([lettering("क्षि"), lettering("क्\u200cषि")])
    assert conjunct.width < apart.width


@pytest.mark.parametrize("size", [(426, 240), (3840, 2160)])
async def test_edges_are_right_over_light_and_dark(
    size: tuple[int, int],
    lettering: Any,
    draw: Any,
    tmp_path: Path,
    ffmpeg_binary: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The overlay composited as straight alpha is what libass draws on an opaque picture of that colour."""
    (drawn,) = await draw([lettering("Wx", size=size)])
    shown = pixels(drawn)
    kept: dict[str, NDArray[np.float64]] = {}

    async def on_opaque(arguments: list[str], *, folder: Path, environment: dict[str, str], **_: Any) -> None:
        for colour in ("black", "white", "0x4080C0"):
            changed = [
                each.replace("c=black", f"c={colour}").replace("%06d", "000000")
                for each in [*arguments[:1], "-y", *arguments[1:]]
            ]
            subprocess.run(changed, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
            kept[colour] = np.asarray(Image.open(folder / "000000.png").convert("RGB"), dtype=np.float64)

    monkeypatch.setattr(ass, "WORDS", (255, 255, 255))
    monkeypatch.setattr(ass, "SHADE", INK)
    monkeypatch.setattr(overlays, "run_ffmpeg", on_opaque)
    monkeypatch.setattr(overlays, "_finish", lambda *_: ({}, []))
    again = lettering("Wx", size=size)
    await render_overlays([again], folder=tmp_path / "other", ffmpeg=ffmpeg_binary)
    for colour, ground in (("black", (0, 0, 0)), ("white", (255, 255, 255)), ("0x4080C0", (64, 128, 192))):
        whole = kept[colour]
        canvas_top = again.base - (whole.shape[0] - ceil(1.2 * again.em))
        first = int(drawn.y - canvas_top)
        alpha = shown[..., 3:] / 255
        composited = shown[..., :3] * alpha + np.array(ground) * (1 - alpha)
        part = whole[first : first + drawn.height, drawn.x : drawn.x + drawn.width]
        assert np.abs(part - composited).max() <= 3
        assert np.abs(part - composited).mean() < 0.8


async def test_the_hash_is_of_what_is_drawn_and_nothing_is_drawn_twice(
    lettering: Any, draw: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = lettering("Words")
    keys = {one.sha256, lettering("Other").sha256, lettering("Words", style=Captions.BOLD).sha256}
    assert len(keys | {lettering("Words", size=(320, 180)).sha256}) == 4
    assert one.sha256 == lettering("Words").sha256
    (first,) = await draw([one])

    async def never(*_: Any, **__: Any) -> None:
        raise AssertionError("ffmpeg was started")

    monkeypatch.setattr(overlays, "run_ffmpeg", never)
    assert await draw([one, one]) == [first, first]


async def test_an_overlay_does_not_depend_on_what_is_drawn_with_it(
    lettering: Any, tmp_path: Path, ffmpeg_binary: str
) -> None:
    one, other = lettering("Words, fi and VAT"), lettering("Three", "more", "lines", style=Captions.BOLD)
    alone = await render_overlays([one], folder=tmp_path / "a", ffmpeg=ffmpeg_binary)
    both = await render_overlays([other, one], folder=tmp_path / "b", ffmpeg=ffmpeg_binary)
    assert alone[one.sha256].picture.read_bytes() == both[one.sha256].picture.read_bytes()


async def test_titles_stand_in_the_middle(library: FontLibrary, draw: Any) -> None:
    for size in SIZES:
        title = title_lettering("The Little Match Seller", width=size[0], height=size[1], library=library, ffmpeg="x")
        (drawn,) = await draw([title])
        assert drawn.x + drawn.width / 2 == pytest.approx(size[0] / 2, abs=4)
        assert drawn.y + drawn.height / 2 == pytest.approx(size[1] / 2, abs=size[1] * 0.05)
    assert title_lettering(" ", width=640, height=360, library=library, ffmpeg="x") is None


async def test_nothing_that_takes_long_with_many_captions_runs_in_the_event_loops_thread(
    monkeypatch: pytest.MonkeyPatch, lettering: Any, draw: Any
) -> None:
    threads: dict[str, set[int]] = {}

    def noting(name: str) -> None:
        real = getattr(overlays, name)

        def noted(*given: Any, **named: Any) -> Any:
            threads.setdefault(name, set()).add(threading.get_ident())
            return real(*given, **named)

        monkeypatch.setattr(overlays, name, noted)

    slow = ("position_of", "ass_file", "_fitting_em", "make_typeface", "finish")
    for name in slow:
        noting(name)
    await draw([lettering("some words"), lettering("some more")])
    assert set(threads) == set(slow)
    assert threading.get_ident() not in set[int]().union(*threads.values())
