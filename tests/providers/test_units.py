"""Units tile any text, and break it where a reader would."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.segmentation import LossyCuts
from providers.headings import LineKind
from providers.sentences import language_of, sentence_ends
from providers.units import LONGEST_UNIT, Break, cut_points, units_of
from tests.costs import assert_cheap, assert_grows_no_faster_than

AWKWARD = " \n\t.!?\r\u2028\u00a0é漢。「」😀\u0301\u200d\u200babAB#-—«»“”\"'1)…\ud800\x00\x85"
any_text = st.text(alphabet=st.one_of(st.characters(), st.sampled_from(AWKWARD)), max_size=400)


def sentences(text: str) -> list[str]:
    ends = sentence_ends(text, language_of(text))
    return [text[start:end].strip() for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def unit_texts(text: str) -> list[str]:
    return [text[unit.start : unit.end].strip() for unit in units_of(text)]


@given(any_text)
@settings(max_examples=400, deadline=None)
def test_units_tile_any_text(text: str) -> None:
    units = units_of(text)
    assert "".join(text[unit.start : unit.end] for unit in units) == text
    assert all(unit.end > unit.start for unit in units)
    if text.strip():
        assert all(text[unit.start : unit.end].strip() for unit in units)


@given(any_text)
@settings(max_examples=200, deadline=None)
def test_sentence_ends_rise_to_the_end(text: str) -> None:
    ends = sentence_ends(text, language_of(text))
    assert ends == sorted(set(ends))
    assert ends[-1:] == ([len(text)] if text else [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Smith paid 3.5 dollars. He left.", ["Dr. Smith paid 3.5 dollars.", "He left."]),
        ("Bring fruit, e.g. apples. Thanks.", ["Bring fruit, e.g. apples.", "Thanks."]),
        ("The U.S. Army came. It left.", ["The U.S. Army came.", "It left."]),
        ("J. R. R. Tolkien wrote it. We read.", ["J. R. R. Tolkien wrote it.", "We read."]),
        ("Wait... what? Now.", ["Wait... what?", "Now."]),
        ("“I went home.” She smiled.", ["“I went home.”", "She smiled."]),
        ('"Are you sure?" she asked. "Yes."', ['"Are you sure?" she asked.', '"Yes."']),
        ("«Куда ты?» — спросил он. Она молчала.", ["«Куда ты?» — спросил он.", "Она молчала."]),
        ("Это г. Иванов. Он пришёл.", ["Это г. Иванов.", "Он пришёл."]),
        ("她走了。“你好！”他说。真的？", ["她走了。", "“你好！”", "他说。", "真的？"]),
        ("यह एक वाक्य है। यह दूसरा है।", ["यह एक वाक्य है।", "यह दूसरा है।"]),
        ("ذهب إلى البيت. هل عاد؟ نعم.", ["ذهب إلى البيت.", "هل عاد؟", "نعم."]),
        ("See example.com or v2.Final today. Done.", ["See example.com or v2.Final today.", "Done."]),
        ("1. First do this. 2. Then that.", ["1. First do this.", "2. Then that."]),
        ("no punctuation at all", ["no punctuation at all"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The sea was calm and it was late.", "en"),
        ("Das Meer war ruhig und es war nicht spät.", "de"),
        ("La mer était calme dans la nuit, elle est belle.", "fr"),
        ("Море было спокойно.", "ru"),
        ("Море було спокійне, її човен зник.", "uk"),
        ("海は静かだった。", "ja"),
        ("大海很平静。", "zh"),
        ("یہ ایک کشتی ہے۔", "ur"),
        ("12345", "en"),
    ],
)
def test_the_language_is_guessed_from_the_script(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "heading",
    ["INT. HOUSE - DAY", "EXT. STREET - NIGHT", "# Chapter", "## The storm", "Scene 3", "CHAPTER IV", "Part Two: Rain",
     "3. INT. ROOM", "第三章", "Глава 2", "Prologue", "FADE IN:"],
)  # fmt: skip
def test_headings_open_a_unit_of_their_own(heading: str) -> None:
    units = units_of(f"He left.\n\n{heading}\n\nShe came back.\n")
    assert [unit.kind for unit in units] == [LineKind.BODY, LineKind.HEADING, LineKind.BODY]


@pytest.mark.parametrize("line", ["Part of me wanted to stay.", "Scene of the crime, he thought.", "I", "It was 3."])
def test_running_text_is_no_heading(line: str) -> None:
    unit = units_of(f"{line} Nothing else was said that day.")[0]
    assert unit.kind is LineKind.BODY


def test_dividers_and_transitions_close() -> None:
    kinds = [unit.kind for unit in units_of("He left.\n\n* * *\n\nShe came.\n\nCUT TO:\n\nRain fell.\n")]
    assert kinds == [LineKind.BODY, LineKind.CLOSING, LineKind.BODY, LineKind.CLOSING, LineKind.BODY]


def test_hard_wrapped_lines_are_one_sentence() -> None:
    text = "The keeper climbed the long spiral stairs of the\nold lighthouse with a lantern and\nsang. Then he slept.\n"
    assert unit_texts(text) == [text.split(" Then")[0].strip(), "Then he slept."]


def test_unpunctuated_lines_are_units() -> None:
    assert unit_texts("the fog comes\non little feet\nand moves on") == [
        "the fog comes",
        "on little feet",
        "and moves on",
    ]


def test_crlf_stays_in_one_piece() -> None:
    text = "One here.\r\nTwo there.\r\n\r\nThree now."
    units = units_of(text)
    assert [text[unit.start : unit.end] for unit in units] == ["One here.\r\n", "Two there.\r\n\r\n", "Three now."]
    assert [unit.after for unit in units] == [Break.LINE, Break.PARAGRAPH, Break.PARAGRAPH]


@pytest.mark.parametrize("text", ["word, " * 700, "word " * 700, "x" * 3000, "漢" * 3000, "e\u0301" * 2000])
def test_very_long_sentences_are_cut_evenly(text: str) -> None:
    lengths = [unit.end - unit.start for unit in units_of(text)]
    assert max(lengths) <= LONGEST_UNIT * 1.3
    assert min(lengths) >= LONGEST_UNIT * 0.4
    assert all(not text[unit.start :].startswith("\u0301") for unit in units_of(text))


def test_cut_points_refuse_what_does_not_tile() -> None:
    units = units_of("One. Two. Three.")
    assert [cut.end for cut in cut_points(units, [(0, "a"), (2, None)])] == [5, 16]
    for numbers in ([0, 1], [1, 1, 2], [2, 1], [0, 3], [-1, 2], []):
        with pytest.raises(LossyCuts):
            cut_points(units, [(number, None) for number in numbers])


@pytest.mark.parametrize(
    "piece",
    ['Dr. Smith paid 3.5. "Sure?" she asked. He nodded… Then he went.\n\n', "她走了。“你好！”", "a", '("a. ', "。"],
)
def test_units_take_linear_time(piece: str) -> None:
    small, large = (piece * (length // len(piece)) for length in (20_000, 160_000))
    assert_cheap(lambda: units_of(large), 1.5)
    assert_grows_no_faster_than(24, lambda: units_of(small), lambda: units_of(large))
